"""Metrics of motion in a world that stands still: joints `[T, 30, 3]` in metres, z up, the floor at z = 0.

W-MPJPE, WA-MPJPE and RTE are those of WHAM (Shin et al., CVPR 2024) and GVHMR (Shen et al., SIGGRAPH Asia 2024). What is
about feet takes heels and toes; where a foot stands is told by the truth (`stands`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...models.skeletons import JOINTS
from .position import MILLIMETRES, fit_similarity, masked_mean

CHUNK = 100
"""Frames that are aligned together."""
STILL = 0.15
"""Metres per second: below it, a heel or toe of the truth stands."""
LOW = 0.05
"""Metres above its own lowest place in the clip below which a heel or toe of the truth may stand."""
GROUND = 0.15
"""Metres above the floor from which a foot's lowest place is not on it; motion capture puts feet no nearer."""
FEET = tuple(JOINTS.index(name) for name in ("heel.L", "toe.L", "heel.R", "toe.R"))
"""The points on which a body stands."""
CENTIMETRES = 100.0


def w_mpjpe(predicted: np.ndarray, truth: np.ndarray, mask: np.ndarray | None = None) -> float:
    """Mean error in mm after each chunk of `CHUNK` frames is moved as fits its first two frames best, scale included.

    mask: `[T, J]` bool, what counts; the similarity is fitted to all joints.
    """
    return masked_mean(_by_chunks(predicted, truth, 2), mask)


def wa_mpjpe(predicted: np.ndarray, truth: np.ndarray, mask: np.ndarray | None = None) -> float:
    """Mean error in mm after each chunk of `CHUNK` frames is moved as fits all of it best, scale included; as `w_mpjpe`."""
    return masked_mean(_by_chunks(predicted, truth, CHUNK), mask)


@dataclass(frozen=True, slots=True)
class RootError:
    """How far a root's path is off.

    aligned: mean distance in cm after the path is turned and moved, not scaled, onto the true one. plain: mean distance in
    cm as it is. path: metres that the true root went.
    """

    aligned: float
    plain: float
    path: float

    @property
    def share(self) -> float:
        """RTE: the aligned error in % of the path's length; infinite for a root that does not move."""
        return 100.0 * self.aligned / CENTIMETRES / self.path if self.path > 0 else float("inf")


def root_error(predicted: np.ndarray, truth: np.ndarray) -> RootError:
    """How far roots `[T, 3]` in metres are off; both in one frame of coordinates, or `plain` means nothing."""
    moved = fit_similarity(predicted, truth, scaled=False).apply(predicted)
    off, plain = (float(np.linalg.norm(path - truth, axis=-1).mean()) * CENTIMETRES for path in (moved, predicted))
    return RootError(off, plain, float(np.linalg.norm(np.diff(truth, axis=0), axis=-1).sum()))


def stands(truth: np.ndarray, rate: float) -> np.ndarray:
    """`[T, 4]` bool: which of `FEET` of the truth `[T, 30, 3]` stand on the floor at `rate` frames per second.

    A point stands where it moves slower than `STILL` both to this frame and from it, near its lowest place in the clip.
    """
    feet = truth[:, FEET]
    slow = np.linalg.norm(np.diff(feet, axis=0), axis=-1) * rate < STILL
    ends = np.ones((1, len(FEET)), bool)
    still = np.concatenate([ends, slow]) & np.concatenate([slow, ends])
    height = feet[..., 2]
    lowest = height.min(axis=0)
    return still & (height < lowest + LOW) & (lowest < GROUND)


def foot_skating(predicted: np.ndarray, standing: np.ndarray) -> float:
    """Mean way in mm per frame that heels and toes of `predicted` `[T, 30, 3]` move while those of the truth stand.

    standing: `[T, 4]` as `stands` tells; a step counts between two frames in which the point stands. NaN for feet that
    never stand.
    """
    ways = np.linalg.norm(np.diff(predicted[:, FEET], axis=0), axis=-1)
    return masked_mean(ways, standing[1:] & standing[:-1]) * MILLIMETRES


def penetration(joints: np.ndarray, depth: float, floor: float = 0.0) -> float:
    """Share of frames, 0 to 1, in which a heel or toe is more than `depth` metres below the floor."""
    return float((joints[:, FEET, 2] < floor - depth).any(axis=1).mean())


def foot_float(predicted: np.ndarray, standing: np.ndarray, floor: float = 0.0) -> float:
    """Mean height in mm above the floor of the lowest heel or toe in frames in which the truth stands.

    What is below the floor counts as on it (`penetration` tells of that). standing: `[T, 4]` as `stands` tells. NaN for
    a truth that never stands.
    """
    above = np.maximum(predicted[:, FEET, 2].min(axis=1) - floor, 0.0)
    return masked_mean(above, standing.any(axis=1)) * MILLIMETRES


def _by_chunks(predicted: np.ndarray, truth: np.ndarray, fitted: int) -> np.ndarray:
    """Distances `[T, J]` in mm after each chunk is moved as fits the first `fitted` frames of it."""
    moved = []
    for start in range(0, len(truth), CHUNK):
        first, whole = slice(start, start + fitted), slice(start, start + CHUNK)
        moved.append(fit_similarity(_flat(predicted[first]), _flat(truth[first])).apply(_flat(predicted[whole])))
    return np.linalg.norm(np.concatenate(moved).reshape(truth.shape) - truth, axis=-1) * MILLIMETRES


def _flat(joints: np.ndarray) -> np.ndarray:
    return joints.reshape(-1, 3)
