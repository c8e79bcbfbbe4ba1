"""Rest-pose alignment: how far each limb of a target is from the product's T-pose, whatever pose it rests in."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..inference import rotations as rot
from ..models.skeletons import BONES, HINGES
from .rig_map import RigFit

_FORWARD = np.array([0.0, -1.0, 0.0])
_LOWER = {"upper_arm": ("elbow", "wrist"), "thigh": ("knee", "ankle")}
# Sines of the bend from which a limb's fold begins to tell its twist, and tells it alone.
_STRAIGHT, _BENT = 0.05, 0.25


def align(fit: RigFit, joints: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """For each mapped product bone, the rotation `[4]` that takes it from the target's rest pose to the T-pose.

    joints: the target's joints in rest (`body_joints`), turned into the product's axes. Hips and head keep their
    attitude: a person who stands upright looks as the target does in its rest pose. Feet only turn about the vertical,
    because every sole is flat on the floor in rest while the ankle's height differs from rig to rig. All other bones
    are pointed along the product's; about its own length a bone turns as little as it can after its parent, except
    that a bent elbow or knee and the row of knuckles tell the twist.
    """
    turns: dict[str, np.ndarray] = {}
    for bone in BONES:
        if bone.name not in fit.chains:
            continue
        kind, _, side = bone.name.partition(".")
        parent = fit.parent_of(bone.name)
        above = turns[parent] if parent is not None else np.array([1.0, 0.0, 0.0, 0.0])
        if kind in {"hips", "head"}:
            turns[bone.name] = np.array([1.0, 0.0, 0.0, 0.0])
            continue
        start = "pelvis" if kind == "spine" else bone.head
        direction = joints[bone.tail] - joints[start]
        if kind == "foot":
            turns[bone.name] = _yaw(direction)
            continue
        goal = np.array(bone.rest)
        turn = rot.multiply(rot.between(rot.rotate(above, direction), goal), above)
        if kind in _LOWER:
            middle, end = (joints[f"{joint}.{side}"] for joint in _LOWER[kind])
            turn = _fold_twist(turn, direction, end - middle, goal, np.array(HINGES[bone.name]))
        elif kind == "hand" and f"index.{side}" in joints:
            row = joints[f"index.{side}"] - joints[f"pinky.{side}"]
            turn = rot.multiply(_about(goal, _twist(rot.rotate(turn, row), _FORWARD, goal)), turn)
        turns[bone.name] = turn
    return turns


def _fold_twist(
    turn: np.ndarray, upper: np.ndarray, lower: np.ndarray, goal: np.ndarray, hinge: np.ndarray
) -> np.ndarray:
    """`turn` twisted so that the limb's fold in rest is about `hinge`, the more the clearer the limb is bent."""
    fold = np.cross(rot.normalize(upper), rot.normalize(lower))
    share = float(np.clip((np.linalg.norm(fold) - _STRAIGHT) / (_BENT - _STRAIGHT), 0.0, 1.0))
    angle = _twist(rot.rotate(turn, fold), hinge, goal)
    # a fold against the joint's own way is an over-stretched limb, not a twisted one
    if abs(angle) > np.pi / 2:
        return turn
    return rot.multiply(_about(goal, share * angle), turn)


def _twist(start: np.ndarray, end: np.ndarray, axis: np.ndarray) -> float:
    """Angle in radians about the unit `axis` from `start` to `end`."""
    return float(np.arctan2(np.cross(start, end) @ axis, start @ end - (start @ axis) * (end @ axis)))


def _about(axis: np.ndarray, angle: float) -> np.ndarray:
    return np.concatenate([[np.cos(angle / 2)], np.sin(angle / 2) * axis])


def _yaw(direction: np.ndarray) -> np.ndarray:
    """The turn about the vertical that makes `direction` face forward; none where it points straight up or down."""
    level = direction * np.array([1.0, 1.0, 0.0])
    if np.linalg.norm(level) < 0.2 * np.linalg.norm(direction):
        return np.array([1.0, 0.0, 0.0, 0.0])
    up = np.array([0.0, 0.0, 1.0])
    return _about(up, _twist(level, _FORWARD, up))
