"""What a track and the optical flow say about a subject's points, and the measures by which they are compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..models.skeletons import BLAZEPOSE


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for and against a subject's points; T frames, P points, any axes before. Lengths are in one unit.

    points: `[..., T, P, 2]` places in the picture. confidence: `[..., T, P]` the detector's own, 0 to 1.
    flow: `[..., T, P, 2]` how the picture moved since the last present frame at the points' places there.
    flow_error: `[..., T, P]` forward-backward error; infinite where flow is unknown.
    size: `[..., T]` the body's size (`body_size`). present: `[..., T]` bool, whether the subject is seen at all.
    rate: frames per second. names: the P points' names, by which left and right are told.
    """

    points: np.ndarray
    confidence: np.ndarray
    flow: np.ndarray
    flow_error: np.ndarray
    size: np.ndarray
    present: np.ndarray
    rate: float
    names: Sequence[str] = BLAZEPOSE


def body_size(points: np.ndarray) -> np.ndarray:
    """`[..., T]` longer side of the box around points `[..., T, P, 2]`: a standing body's height."""
    return (points.max(axis=-2) - points.min(axis=-2)).max(axis=-1)


def usual(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Median over time of the values `[..., T, P]` that are known, `[..., 1, P]`; 0 where none is."""
    ordered = np.sort(np.where(known, values, np.inf), axis=-2)
    count = known.sum(axis=-2, keepdims=True)
    middle = np.take_along_axis(ordered, np.maximum(count - 1, 0) // 2, axis=-2)
    return np.where(count > 0, middle, 0.0)


def last_present(present: np.ndarray) -> np.ndarray:
    """`[..., T]` the last present frame before each frame; the frame itself where there is none."""
    frames = np.arange(present.shape[-1])
    seen = np.maximum.accumulate(np.where(present, frames, -1), axis=-1)
    earlier = np.concatenate([np.full((*seen.shape[:-1], 1), -1), seen[..., :-1]], axis=-1)
    return np.where(earlier < 0, frames, earlier)


def agreement(points: np.ndarray, expected: np.ndarray, sigma: np.ndarray) -> np.ndarray:
    """exp(−‖a − b‖² / 2 sigma²) for places `[..., 2]`."""
    off = np.square(points - expected).sum(axis=-1)
    return np.exp(-off / np.maximum(2 * np.square(sigma), 1e-12))
