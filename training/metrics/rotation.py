"""Metrics of rotations `[T, 18, 4]` (unit quaternions wxyz in the order of `BONE_NAMES`), in degrees.

Global rotations are in world axes and take a bone from the rest pose to its pose; local ones are relative to the parent.
Two motions can be compared where they are told from the same rest pose, which is true of all bones but the feet: there
both are to stand on flat soles (`inference.poses.flat_soled`).
"""

from __future__ import annotations

import numpy as np

from ...inference import rotations as rot
from ...models.skeletons import BONE_NAMES, BONE_PARENTS, BONES
from .position import masked_mean

DIRECTIONS = np.array([(0.0, -1.0, 0.0) if bone.name.startswith("foot") else bone.rest for bone in BONES])
"""`[18, 3]` where each bone points in the rest pose; for feet the sole, heel to toe, whatever the foot's proportions."""
LIMBS = tuple(
    BONE_NAMES.index(f"{bone}.{side}")
    for bone in ("upper_arm", "forearm", "hand", "thigh", "shin", "foot")
    for side in "LR"
)
"""The bones of arms and legs."""


def angles(predicted: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Angles `[...]` in degrees, 0 to 180, between rotations `[..., 4]`."""
    return _degrees(rot.multiply(predicted, rot.conjugate(truth)))


def mpjae(predicted: np.ndarray, truth: np.ndarray, mask: np.ndarray | None = None) -> float:
    """Mean angle in degrees between global rotations; mask: `[T, 18]` bool, what counts."""
    return masked_mean(angles(predicted, truth), mask)


def local(rotations: np.ndarray) -> np.ndarray:
    """Global rotations `[..., 18, 4]` as those relative to the parents; the hips stay."""
    parents = rot.conjugate(rotations[..., BONE_PARENTS[1:], :])
    return np.concatenate([rotations[..., :1, :], rot.multiply(parents, rotations[..., 1:, :])], axis=-2)


def swings(predicted: np.ndarray, truth: np.ndarray, directions: np.ndarray = DIRECTIONS) -> np.ndarray:
    """Angles `[...]` in degrees between where rotations `[..., 4]` point bones that rest along `directions` `[..., 3]`."""
    return _degrees(_swing(predicted, truth, directions))


def twists(predicted: np.ndarray, truth: np.ndarray, directions: np.ndarray = DIRECTIONS) -> np.ndarray:
    """Angles `[...]` in degrees that are left about the bone once the shortest rotation has aligned its directions.

    Arguments as in `swings`. Means little where the directions are opposite.
    """
    aligned = rot.multiply(_swing(predicted, truth, directions), predicted)
    return angles(aligned, truth)


def swing_error(
    predicted: np.ndarray, truth: np.ndarray, mask: np.ndarray | None = None, *, parents: bool = True
) -> float:
    """Mean over limbs' bones of `swings`, for global rotations `[T, 18, 4]`; mask: `[T, 18]` bool.

    parents: whether rotations are compared relative to the parents', as they are keyed; then a parent's twist swings what
    hangs on it. Otherwise it is how far bones point elsewhere in space.
    """
    ours, theirs = (local(predicted), local(truth)) if parents else (predicted, truth)
    return _over_limbs(swings(ours, theirs), mask)


def twist_error(
    predicted: np.ndarray, truth: np.ndarray, mask: np.ndarray | None = None, *, parents: bool = True
) -> float:
    """Mean over limbs' bones of `twists`, for global rotations `[T, 18, 4]`; arguments as in `swing_error`."""
    ours, theirs = (local(predicted), local(truth)) if parents else (predicted, truth)
    return _over_limbs(twists(ours, theirs), mask)


def _over_limbs(errors: np.ndarray, mask: np.ndarray | None) -> float:
    return masked_mean(errors[..., LIMBS], None if mask is None else mask[..., LIMBS])


def _swing(predicted: np.ndarray, truth: np.ndarray, directions: np.ndarray) -> np.ndarray:
    return rot.between(rot.rotate(predicted, directions), rot.rotate(truth, directions))


def _degrees(turns: np.ndarray) -> np.ndarray:
    return np.degrees(2.0 * np.arctan2(np.linalg.norm(turns[..., 1:], axis=-1), np.abs(turns[..., 0])))
