"""How joints move when bones turn: places by forward kinematics, and their derivatives."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...models.skeletons import BONE_NAMES, JOINT_CARRIERS
from .. import turns
from ..body import joints_of_matrices
from .sizes import GROUPS, resized, size_arms, ways

FREE = 3 + 3 * len(BONE_NAMES)
"""Unknowns of one frame: the pelvis's step in metres, and each bone's turn as a rotation vector in world axes."""


@dataclass(frozen=True, slots=True)
class State:
    """One subject's pose in every frame, for those who take derivatives; T frames.

    offsets: `[30, 3]`, the body. root: `[T, 3]` metres in the world. matrices: `[T, 18, 3, 3]` global rotations of the
    bones. joints: `[T, 30, 3]` metres about the pelvis, world axes. sizes: `[G]` logarithms by which the body has grown since it
    was measured (`inference.fitting.sizes`).
    """

    offsets: np.ndarray
    root: np.ndarray
    matrices: np.ndarray
    joints: np.ndarray
    sizes: np.ndarray

    @staticmethod
    def of(offsets: np.ndarray, root: np.ndarray, matrices: np.ndarray, sizes: np.ndarray | None = None) -> State:
        """The state of a body in a place with bones turned by `matrices`."""
        joints = np.ascontiguousarray(joints_of_matrices(matrices, offsets))
        return State(offsets, root, matrices, joints, np.zeros(len(GROUPS)) if sizes is None else sizes)

    def moved(self, step: np.ndarray, sizes: np.ndarray | None = None) -> State:
        """The state after a step `[T, 57]`: metres of the pelvis, then rotation vectors of the bones.

        sizes: `[G]` logarithms by which the body's groups of bones grow (`inference.fitting.sizes`).
        """
        turn = turns.to_matrix(turns.from_vector(step[:, 3:].reshape(len(step), len(BONE_NAMES), 3)))
        offsets = self.offsets if sizes is None else resized(self.offsets, sizes)
        grown = self.sizes if sizes is None else self.sizes + sizes
        return State.of(offsets, self.root + step[:, :3], np.ascontiguousarray(turn) @ self.matrices, grown)

    def segments(self) -> np.ndarray:
        """`[T, 30, 3]` metres from each joint's parent to the joint, world axes; 0 for the pelvis."""
        return np.einsum("tjab,jb->tja", self.matrices[:, JOINT_CARRIERS], self.offsets)


def lever_arms(state: State) -> np.ndarray:
    """Derivatives `[T, 30, 3, 54 + G]` of the joints about the pelvis by the bones' rotation vectors and the body's sizes.

    A bone that turns by w moves every joint beyond it by w × s, with s the sum of the segments that the bone carries on
    the way to the joint.
    """
    segments = state.segments()
    arms = np.einsum("bjk,tka->tjba", _carried(), segments, optimize=True)
    result = np.zeros((*arms.shape[:2], 3, arms.shape[2], 3))
    x, y, z = np.moveaxis(arms, -1, 0)
    result[:, :, 0, :, 1], result[:, :, 0, :, 2] = z, -y
    result[:, :, 1, :, 0], result[:, :, 1, :, 2] = -z, x
    result[:, :, 2, :, 0], result[:, :, 2, :, 1] = y, -x
    return np.concatenate([result.reshape(*arms.shape[:2], 3, -1), size_arms(segments)], axis=-1)


def _carried() -> np.ndarray:
    """`[18, 30, 30]`: whether bone b carries segment k and that lies on the way from the pelvis to joint j."""
    by_bone = np.array(JOINT_CARRIERS)[None] == np.arange(len(BONE_NAMES))[:, None]
    return ways()[None] * by_bone[:, None]
