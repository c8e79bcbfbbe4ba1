"""Hinge joints that hinge: elbows and knees fold about one axis exactly, and never backwards."""

from __future__ import annotations

import numpy as np

from ..models.skeletons import BONE_NAMES, BONES, HINGED, HINGES
from . import rotations as rot
from .poses import Poses

# Sines of the bend at which the limb's plane begins to tell the axis, and tells it alone.
_STRAIGHT, _BENT = 0.05, 0.25


def hinged(poses: Poses) -> Poses:
    """The same motion with the lower bones of arms and legs turned about the upper ones' hinge and no other axis.

    Both bones are twisted about their own length, which moves no joint but those beside a bone's line. A joint that is bent
    backwards becomes straight.
    """
    rotations = poses.rotations.astype(float)
    for upper_name, axis in HINGES.items():
        upper, lower = BONE_NAMES.index(upper_name), BONE_NAMES.index(HINGED[upper_name])
        rest = np.array(BONES[upper].rest)
        hinge = np.array(axis)
        one, two = (rot.rotate(rotations[:, bone], rest) for bone in (upper, lower))
        told = rot.rotate(rotations[:, upper], hinge) + rot.rotate(rotations[:, lower], hinge)
        two = _unbent(one, two, told)
        across = _axis(one, two, told)
        for bone, along in ((upper, one), (lower, two)):
            goal = rot.frame(along, across) @ np.swapaxes(rot.frame(rest, hinge), -1, -2)
            rotations[:, bone] = rot.from_matrix(goal)
    return Poses(poses.offsets, poses.root, rot.continuous(rotations))


def _unbent(upper: np.ndarray, lower: np.ndarray, hinge: np.ndarray) -> np.ndarray:
    """Directions `[T, 3]` of the lower bone, those that fold backwards about `hinge` `[T, 3]` laid along the upper bone."""
    backwards = np.sum(np.cross(upper, lower) * hinge, axis=-1, keepdims=True) < 0.0
    return np.where(backwards, upper, lower)


def _axis(upper: np.ndarray, lower: np.ndarray, told: np.ndarray) -> np.ndarray:
    """Axis `[T, 3]` of the hinge: the fold's own where the limb is bent, and the more what the bones tell the straighter."""
    fold = np.cross(upper, lower)
    bend = np.linalg.norm(fold, axis=-1, keepdims=True)
    share = np.clip((bend - _STRAIGHT) / (_BENT - _STRAIGHT), 0.0, 1.0)
    return share * rot.normalize(fold) + (1.0 - share) * rot.normalize(told)
