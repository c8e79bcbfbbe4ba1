"""The product's joints found on a target armature, and which way its body faces."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..errors import RigError
from ..inference import rotations as rot
from .target import TargetRest

# Armatures are modelled along axes; a body within this angle of them leans, a body further off is truly oblique.
_LEAN = np.radians(25.0)
# Share of a foot's length by which it has to point backward; bones without children often merely go on where the shin goes.
_BACKWARD = 0.3


def body_joints(
    target: TargetRest,
    chains: Mapping[str, tuple[int, ...]],
    ends: Mapping[str, tuple[int, ...]],
    fingers: Mapping[str, tuple[int, ...]] | None = None,
) -> dict[str, np.ndarray]:
    """Rest positions `[3]` in armature space of the product's joints, defined on the target as they are on people.

    chains, ends and fingers as in `RigFit`. The pelvis lies between the hips and the thorax between the shoulders, wherever
    the armature's own spine bones run. `index` and `pinky` are there for hands whose ends or fingers tell them apart,
    `thumb` for those that have one, `toe end` for feet with a bone of toes.
    """
    fingers = fingers or {}

    def head(bone: str) -> np.ndarray:
        return target.heads[chains[bone][0]]

    def tail(bone: str) -> np.ndarray:
        return target.heads[list(ends[bone])].mean(axis=0) if bone in ends else target.tails[chains[bone][-1]]

    joints = {"spine": head("spine"), "neck": head("head"), "head": tail("head")}
    for side in ("L", "R"):
        limbs = ((f"hip.{side}", "thigh"), (f"knee.{side}", "shin"), (f"shoulder.{side}", "upper_arm"))
        joints |= {joint: head(f"{bone}.{side}") for joint, bone in (*limbs, (f"elbow.{side}", "forearm"))}
        for joint, upper, lower, tip in (("ankle", "shin", "foot", "toe"), ("wrist", "forearm", "hand", "knuckles")):
            there = f"{lower}.{side}" in chains
            joints[f"{joint}.{side}"] = head(f"{lower}.{side}") if there else tail(f"{upper}.{side}")
            if there:
                joints[f"{tip}.{side}"] = tail(f"{lower}.{side}")
        row = _knuckles(ends.get(f"hand.{side}", ()), fingers, side)
        if len(row) > 1:
            joints[f"index.{side}"], joints[f"pinky.{side}"] = target.heads[row[0]], target.heads[row[-1]]
        if f"thumb.{side}" in fingers:
            joints[f"thumb.{side}"] = target.tails[fingers[f"thumb.{side}"][0]]
        toes = ends.get(f"foot.{side}", ())
        if f"toe.{side}" in joints and len(toes) == 1:
            joints[f"toe end.{side}"] = target.tails[toes[0]]
    joints["pelvis"] = (joints["hip.L"] + joints["hip.R"]) / 2
    joints["thorax"] = (joints["shoulder.L"] + joints["shoulder.R"]) / 2
    return joints


def _knuckles(ends: tuple[int, ...], fingers: Mapping[str, tuple[int, ...]], side: str) -> list[int]:
    """The bones at the outer knuckles, from the index finger's side to the little finger's, as far as they are told."""
    if len(ends) > 1:
        return list(ends)
    row = (f"{digit}.{side}" for digit in ("index", "middle", "ring", "pinky"))
    return [fingers[name][0] for name in row if name in fingers]


def body_basis(name: str, joints: Mapping[str, np.ndarray]) -> np.ndarray:
    """Rotation `[3, 3]` from the product's axes (left +x, front -y, up +z) to armature space.

    Raises RigError when hips and shoulders lie on one spot or left and right are swapped; `name` is the armature's.
    """
    across = (joints["hip.L"] - joints["hip.R"]) + (joints["shoulder.L"] - joints["shoulder.R"])
    up = joints["thorax"] - (joints["ankle.L"] + joints["ankle.R"]) / 2
    back = np.cross(up, across)
    if np.linalg.norm(back) < 1e-3 * np.dot(up, up):
        raise RigError(f'The hips and shoulders of "{name}" have no width in its rest pose, so its front is unknown.')
    estimate = rot.frame(up, across)[:, [1, 2, 0]]
    basis = _nearest_axes(estimate)
    if _sides_swapped(joints, basis):
        raise RigError(f'Left and right look swapped in the rest pose of "{name}". Check the names of its bones.')
    return basis


def _nearest_axes(estimate: np.ndarray) -> np.ndarray:
    """The rotation onto whole axes that is nearest to `estimate`, or `estimate` itself when none is near."""
    order = np.argmax(np.abs(estimate), axis=0)
    whole = np.zeros((3, 3))
    whole[order, range(3)] = np.sign(estimate[order, range(3)])
    angle = np.arccos(np.clip((np.trace(whole.T @ estimate) - 1) / 2, -1.0, 1.0))
    near = len(set(order.tolist())) == 3 and np.linalg.det(whole) > 0 and angle < _LEAN
    return whole if near else estimate


def _sides_swapped(joints: Mapping[str, np.ndarray], basis: np.ndarray) -> bool:
    """Whether the feet point backward, or the shoulders' left is the hips' right."""
    hips, shoulders = joints["hip.L"] - joints["hip.R"], joints["shoulder.L"] - joints["shoulder.R"]
    feet = [joints[f"toe.{side}"] - joints[f"ankle.{side}"] for side in ("L", "R") if f"toe.{side}" in joints]
    foot = np.sum(feet, axis=0) if feet else np.zeros(3)
    backward = float(foot @ basis[:, 1]) > _BACKWARD * float(np.linalg.norm(foot))
    return backward or float(hips @ shoulders) < 0
