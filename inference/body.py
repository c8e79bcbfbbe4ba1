"""A body as data, and its forward kinematics: rotations of the product's bones and offsets of its joints give places.

A body is `offsets` `[30, 3]`: metres from each joint's parent to the joint in the rest pose, a T-pose that faces -y with
the subject's left at +x and z up; the pelvis's own row is zero. Every body is `STATURE` tall, because one picture cannot
tell a small person from a far one.
"""

from __future__ import annotations

import numpy as np

from ..models.skeletons import BONE_NAMES, JOINT_CARRIERS, JOINT_PARENTS, JOINTS
from . import turns


def joints_of(rotations: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Joints `[..., 30, 3]` in metres about the pelvis, by forward kinematics.

    rotations: `[..., 18, 4]` unit quaternions wxyz, each the turn in world axes that takes a bone from the rest pose to
    its pose (global, not relative to the parent). offsets: `[..., 30, 3]`, broadcast against the rotations' leading axes.
    """
    return joints_of_matrices(turns.to_matrix(rotations), offsets)


def joints_of_matrices(matrices: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """`joints_of` for bone rotations given as matrices `[..., 18, 3, 3]`."""
    places: list[np.ndarray] = []
    for joint, parent in enumerate(JOINT_PARENTS):
        turned = turns.rotate(matrices[..., JOINT_CARRIERS[joint], :, :], offsets[..., joint, :])
        places.append(turned if parent < 0 else places[parent] + turned)
    result = turns.room(places[0][..., 0], len(JOINTS), 3)
    for joint, place in enumerate(places):
        result[..., joint, :] = place
    return result


def rest_joints(offsets: np.ndarray) -> np.ndarray:
    """Joints `[..., 30, 3]` of a body in its rest pose, the pelvis at the origin."""
    identity = np.zeros((*offsets.shape[:-2], len(BONE_NAMES), 4))
    identity[..., 0] = 1.0
    return joints_of(identity, offsets)
