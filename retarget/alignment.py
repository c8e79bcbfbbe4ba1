"""Rest-pose alignment: how far each limb of a target is from the product's T-pose, whatever pose it rests in."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..inference import rotations as rot
from ..models.skeletons import BONES, HINGES
from .rig_map import RigFit

_FORWARD = np.array([0.0, -1.0, 0.0])
_UP = np.array([0.0, 0.0, 1.0])
_LEFT = np.array([1.0, 0.0, 0.0])
_NONE = np.array([1.0, 0.0, 0.0, 0.0])
_LOWER = {"upper_arm": ("elbow", "wrist"), "thigh": ("knee", "ankle")}
# Bends of a limb in rest from which its fold begins to tell its twist, and tells it alone; and those from which a fold
# against the joint's own way is a twisted limb, not an over-stretched one.
_STRAIGHT, _BENT = np.radians((3.0, 15.0))
_OVER, _TWISTED = np.radians((20.0, 40.0))
# Angles from the vertical by which upright bodies differ at rest, and from which on the whole body leans.
_UPRIGHT, _LEANING = np.radians((5.0, 10.0))
# Angles below the horizontal to which feet on flat soles go from ankle to ball, and from which on they hang; toes' alike.
_FLAT, _HANGING = np.radians((62.0, 76.0))
_TOES_FLAT, _TOES_HANGING = np.radians((25.0, 50.0))


def align(fit: RigFit, joints: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """For each mapped product bone, the rotation `[4]` that takes it from the target's rest pose to the T-pose.

    joints: the target's joints in rest (`body_joints`), turned into the product's axes. Hips and head keep their
    attitude: a person who stands upright looks as the target does in its rest pose, but for a line of hips that is turned and
    a body that leans as a whole. Feet only turn about the vertical, because soles are flat on the floor in rest while the
    ankle's height differs from rig to rig; only feet that hang are pointed. All other bones are pointed along the product's;
    about its own length a bone turns as little as it can after its parent, except that the shoulders' line, a bent elbow or
    knee and the row of knuckles tell the twist.
    """
    turns: dict[str, np.ndarray] = {}
    for bone in BONES:
        if bone.name not in fit.chains:
            continue
        kind, _, side = bone.name.partition(".")
        parent = fit.parent_of(bone.name)
        above = turns[parent] if parent is not None else _NONE
        if kind in {"hips", "head"}:
            turns[bone.name] = _hips(joints) if kind == "hips" else _lean(joints, head=True)
            continue
        direction = joints[bone.tail] - joints["pelvis" if kind == "spine" else bone.head]
        goal = np.array(bone.rest)
        if kind == "foot":
            turns[bone.name] = _foot(joints, side, direction, goal)
            continue
        turn = rot.multiply(rot.between(rot.rotate(above, direction), goal), above)
        if kind == "spine":
            turn = _twisted_to(turn, joints["shoulder.L"] - joints["shoulder.R"], _LEFT, goal)
        elif kind in _LOWER:
            turn = _fold_twist(turn, joints, bone.name, goal)
        elif kind == "hand":
            turn = _palm_twist(turn, joints, side, goal)
        turns[bone.name] = turn
    return turns


def _hips(joints: Mapping[str, np.ndarray]) -> np.ndarray:
    lean = _lean(joints, head=False)
    return rot.multiply(rot.between(rot.rotate(lean, joints["hip.L"] - joints["hip.R"]), _LEFT), lean)


def _lean(joints: Mapping[str, np.ndarray], *, head: bool) -> np.ndarray:
    """The turn that takes out by how much trunk and legs, and the neck where the head is asked for, lean alike to front or back."""
    ankles = (joints["ankle.L"] + joints["ankle.R"]) / 2
    parts = [joints["thorax"] - joints["pelvis"], joints["pelvis"] - ankles]
    if head:
        parts.append(joints["neck"] - joints["thorax"])
    angles = np.array([np.arctan2(-part[1], part[2]) for part in parts])
    if not (np.all(angles > 0) or np.all(angles < 0)):
        return _NONE
    angle = angles[np.argmin(np.abs(angles))]
    return _about(-_LEFT, float(angle * _ramp(abs(angle), _UPRIGHT, _LEANING)))


def _foot(joints: Mapping[str, np.ndarray], side: str, direction: np.ndarray, goal: np.ndarray) -> np.ndarray:
    """The turn of a foot: about the vertical, and one that hangs is pitched along the product's too."""
    yaw = _yaw(direction)
    hangs = 0.0
    # without toes a foot that points down may be a bone that merely goes on
    if (end := joints.get(f"toe end.{side}")) is not None:
        toes = _ramp(_pitch(end - joints[f"toe.{side}"]), _TOES_FLAT, _TOES_HANGING)
        hangs = toes * _ramp(_pitch(direction), _FLAT, _HANGING)
    level = rot.rotate(yaw, direction)
    return rot.multiply(rot.slerp(_NONE, rot.between(level, goal), hangs), yaw)


def _fold_twist(turn: np.ndarray, joints: Mapping[str, np.ndarray], name: str, goal: np.ndarray) -> np.ndarray:
    """`turn` twisted so that the limb's fold in rest is about its hinge, the more the clearer the limb is bent.

    A straight leg is twisted half as far as its foot, as a person's is.
    """
    kind, _, side = name.partition(".")
    middle, end = (joints[f"{joint}.{side}"] for joint in _LOWER[kind])
    start = joints[f"{'shoulder' if kind == 'upper_arm' else 'hip'}.{side}"]
    upper, lower = rot.normalize(middle - start), rot.normalize(end - middle)
    fold = np.cross(upper, lower)
    bend = float(np.arctan2(np.linalg.norm(fold), upper @ lower))
    angle = _twist(rot.rotate(turn, fold), np.array(HINGES[name]), goal)
    share = _ramp(bend, _STRAIGHT, _BENT) if abs(angle) < np.pi / 2 else _ramp(bend, _OVER, _TWISTED)
    straight = 0.0
    if kind == "thigh" and f"toe.{side}" in joints:
        # the leg points down, and so does the axis of its twist
        straight = -_about_up(_yaw(joints[f"toe.{side}"] - end)) / 2
    return rot.multiply(_about(goal, share * angle + (1.0 - share) * straight), turn)


def _palm_twist(turn: np.ndarray, joints: Mapping[str, np.ndarray], side: str, goal: np.ndarray) -> np.ndarray:
    """`turn` twisted so that the row of knuckles points forward, or the thumb where there is no row."""
    if f"index.{side}" in joints:
        return _twisted_to(turn, joints[f"index.{side}"] - joints[f"pinky.{side}"], _FORWARD, goal)
    if f"thumb.{side}" in joints:
        return _twisted_to(turn, joints[f"thumb.{side}"] - joints[f"wrist.{side}"], _FORWARD, goal)
    return turn


def _twisted_to(turn: np.ndarray, line: np.ndarray, wanted: np.ndarray, axis: np.ndarray) -> np.ndarray:
    """`turn` twisted about `axis` so that it takes `line` as near to `wanted` as it can."""
    return rot.multiply(_about(axis, _twist(rot.rotate(turn, line), wanted, axis)), turn)


def _twist(start: np.ndarray, end: np.ndarray, axis: np.ndarray) -> float:
    """Angle in radians about the unit `axis` from `start` to `end`."""
    return float(np.arctan2(np.cross(start, end) @ axis, start @ end - (start @ axis) * (end @ axis)))


def _about(axis: np.ndarray, angle: float) -> np.ndarray:
    return np.concatenate([[np.cos(angle / 2)], np.sin(angle / 2) * axis])


def _about_up(turn: np.ndarray) -> float:
    """Angle in radians of a turn about the vertical."""
    return float(2.0 * np.arctan2(turn[3], turn[0]))


def _pitch(direction: np.ndarray) -> float:
    """Angle in radians below the horizontal."""
    return float(np.arctan2(-direction[2], np.hypot(direction[0], direction[1])))


def _ramp(value: float, low: float, high: float) -> float:
    """0 up to `low`, 1 from `high` on, straight between."""
    return float(np.clip((value - low) / (high - low), 0.0, 1.0))


def _yaw(direction: np.ndarray) -> np.ndarray:
    """The turn about the vertical that makes `direction` face forward; none where it points straight up or down."""
    level = direction * np.array([1.0, 1.0, 0.0])
    if np.linalg.norm(level) < 0.2 * np.linalg.norm(direction):
        return _NONE
    return _about(_UP, _twist(level, _FORWARD, _UP))
