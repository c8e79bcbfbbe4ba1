"""The body's sizes that a fit may change: each the length of some bones, left and right alike."""

from __future__ import annotations

import numpy as np

from ...models.skeletons import JOINT_PARENTS, JOINTS

GROUPS = {
    "hips": ("hip",),
    "trunk": ("spine", "thorax"),
    "head": ("neck", "head", "nose", "ear"),
    "shoulders": ("shoulder",),
    "upper_arm": ("elbow",),
    "forearm": ("wrist",),
    "thigh": ("knee",),
    "shin": ("ankle",),
}
"""Joints by the size that sets how far each lies from its parent; hands and feet keep theirs."""


def members() -> np.ndarray:
    """`[G, 30]`: whether a group sets a joint's distance from its parent."""
    kinds = [name.partition(".")[0] for name in JOINTS]
    return np.array([[kind in group for kind in kinds] for group in GROUPS.values()], float)


def resized(offsets: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Offsets `[30, 3]` of a body whose groups are exp(`sizes`) `[G]` times as long."""
    return offsets * np.exp(sizes @ members())[:, None]


def ways() -> np.ndarray:
    """`[30, 30]`: 1 where the segment that ends at joint k lies on the way from the pelvis to joint j."""
    way = np.zeros((len(JOINTS), len(JOINTS)))
    for joint in range(len(JOINTS)):
        segment = joint
        while segment > 0:
            way[joint, segment] = 1.0
            segment = JOINT_PARENTS[segment]
    return way


def size_arms(segments: np.ndarray) -> np.ndarray:
    """Derivatives `[T, 30, 3, G]` of the joints about the pelvis by the logarithms of the groups' lengths.

    segments: `[T, 30, 3]` from each joint's parent to the joint.
    """
    return np.einsum("jk,gk,tka->tjag", ways(), members(), segments, optimize=True)
