"""The product's motion as local rotations of a target armature's bones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..inference import rotations as rot
from ..inference.motion import Motion, RestPose
from ..models.skeletons import BONE_NAMES
from .alignment import align
from .body import body_basis, body_joints
from .rig_map import RigFit
from .target import TargetRest


@dataclass(frozen=True, slots=True)
class TargetMotion:
    """What to key on a target's pose bones.

    bones: `[B]` names, parents first. rotations: `[T, B, 4]` unit quaternions wxyz in each pose bone's own space
    (Blender's `rotation_quaternion`), without jumps of sign. root: the bone that moves the body. location: `[T, 3]` its
    `location` in armature units. confidence: `[T, B]` 0 to 1. present: `[T]` bool as in `Motion`.
    """

    bones: tuple[str, ...]
    rotations: np.ndarray
    root: str
    location: np.ndarray
    confidence: np.ndarray
    present: np.ndarray


def retarget(motion: Motion, target: TargetRest, fit: RigFit) -> TargetMotion:
    """`motion` on the armature that `fit` was chosen for, in that armature object's own space.

    Raises RigError when the armature's rest pose does not tell which way the body faces.
    """
    joints = body_joints(target, fit.chains, fit.ends)
    basis = body_basis(target.name, joints)
    upright = {name: basis.T @ position for name, position in joints.items()}
    turns = _chain_turns(motion, fit, align(fit, upright))
    turns = _to_armature_axes(turns, basis)
    bones = sorted(turns)
    rests = rot.from_matrix(target.matrices[:, :3, :3])
    local = [_local(turns[bone], _parent_turn(bone, turns, target), rests[bone]) for bone in bones]
    product = {bone: BONE_NAMES.index(name) for name, chain in fit.chains.items() for bone in chain}
    root = fit.chains["hips"][0]
    pelvis = _pelvis(motion, upright) @ basis.T
    head = pelvis - rot.rotate(turns[root], joints["pelvis"] - target.heads[root])
    return TargetMotion(
        bones=tuple(target.bones[bone] for bone in bones),
        rotations=rot.continuous(np.stack(local, axis=1)),
        root=target.bones[root],
        location=(head - target.heads[root]) @ _location_axes(target, root),
        confidence=motion.confidence[:, [product[bone] for bone in bones]],
        present=motion.present,
    )


def leg_length(joints: Mapping[str, np.ndarray]) -> float:
    """Mean length of both legs from hip over knee to ankle."""
    thighs = [np.linalg.norm(joints[f"knee.{side}"] - joints[f"hip.{side}"]) for side in ("L", "R")]
    shins = [np.linalg.norm(joints[f"ankle.{side}"] - joints[f"knee.{side}"]) for side in ("L", "R")]
    return float(np.mean(thighs) + np.mean(shins))


def _chain_turns(motion: Motion, fit: RigFit, alignment: Mapping[str, np.ndarray]) -> dict[int, np.ndarray]:
    """By target bone, its turn `[T, 4]` from rest to pose in the product's axes; a chain shares its bend evenly."""
    goals = {name: rot.multiply(motion.rotations[:, BONE_NAMES.index(name)], alignment[name]) for name in fit.chains}
    turns: dict[int, np.ndarray] = {}
    for name, chain in fit.chains.items():
        parent = fit.parent_of(name)
        start = goals[parent] if parent is not None else goals[name]
        for step, bone in enumerate(chain, start=1):
            turns[bone] = rot.slerp(start, goals[name], step / len(chain))
    return turns


def _to_armature_axes(turns: Mapping[int, np.ndarray], basis: np.ndarray) -> dict[int, np.ndarray]:
    """The same turns about axes given in armature space."""
    return {bone: np.concatenate([turn[:, :1], turn[:, 1:] @ basis.T], axis=-1) for bone, turn in turns.items()}


def _parent_turn(bone: int, turns: Mapping[int, np.ndarray], target: TargetRest) -> np.ndarray:
    """The turn that the bone inherits: that of the nearest bone above that is turned, through bones that inherit."""
    while target.inherit_rotation[bone] and (bone := int(target.parents[bone])) >= 0:
        if bone in turns:
            return turns[bone]
    return np.array([1.0, 0.0, 0.0, 0.0])


def _local(turn: np.ndarray, inherited: np.ndarray, rest: np.ndarray) -> np.ndarray:
    """`turn` `[T, 4]` without what the bone inherits, in the axes of its rest matrix."""
    own = rot.multiply(rot.conjugate(inherited), turn)
    return rot.multiply(rot.multiply(rot.conjugate(rest), own), rest)


def _pelvis(motion: Motion, joints: Mapping[str, np.ndarray]) -> np.ndarray:
    """Where `[T, 3]` the middle of the target's hips goes, in armature units along the product's axes.

    The path is scaled by the legs' lengths and raised so that the target's ankles are where they are in its rest pose
    when the subject's are where they are above its soles: then the target stands on whatever floor it was made for.
    """
    subject = _rest_joints(motion.rest)
    scale = leg_length(joints) / leg_length(subject)
    hips = motion.rotations[:, BONE_NAMES.index("hips")]
    path = motion.root + rot.rotate(hips, (subject["hip.L"] + subject["hip.R"]) / 2)
    subject_ankle = _ankle_level(subject) - min(subject["toe.L"][2], subject["toe.R"][2])
    return scale * path + np.array([0.0, 0.0, _ankle_level(joints) - scale * subject_ankle])


def _location_axes(target: TargetRest, root: int) -> np.ndarray:
    """Rotation `[3, 3]` from the axes of the root bone's `location` to armature space."""
    if target.local_location[root]:
        return target.matrices[root, :3, :3]
    parent = target.parents[root]
    return target.matrices[parent, :3, :3] if parent >= 0 else np.eye(3)


def _rest_joints(rest: RestPose) -> dict[str, np.ndarray]:
    """The joints `[3]` of the subject's legs."""
    joints = {}
    for side in ("L", "R"):
        thigh, shin, foot = (BONE_NAMES.index(f"{bone}.{side}") for bone in ("thigh", "shin", "foot"))
        joints |= {f"hip.{side}": rest.heads[thigh], f"knee.{side}": rest.heads[shin]}
        joints |= {f"ankle.{side}": rest.heads[foot], f"toe.{side}": rest.tails[foot]}
    return joints


def _ankle_level(joints: Mapping[str, np.ndarray]) -> float:
    return float(joints["ankle.L"][2] + joints["ankle.R"][2]) / 2
