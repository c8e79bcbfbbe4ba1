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


@dataclass(frozen=True, slots=True)
class Expected:
    """Where points are to be expected, from where they were in the last present frame.

    by_flow: `[..., T, P, 2]` if they move as the picture does. steadily: `[..., T, P, 2]` if they go on as they did.
    known: `[..., T, P]` bool, whether the flow says anything. spread: `[..., T, P]` by how much they may miss it, in the
    unit of the points.
    """

    by_flow: np.ndarray
    steadily: np.ndarray
    known: np.ndarray
    spread: np.ndarray


def expect(evidence: Evidence, sigma: float, jitter: float, slip: float) -> Expected:
    """Where the points are to be expected.

    sigma, jitter: the spread, as a share of the body's size, and how much of a point's usual difference between flow and
    displacement in the clip is added to it. slip: forward-backward error from which flow is unknown, as such a share.
    """
    last = last_present(evidence.present)
    before = np.take_along_axis(evidence.points, last[..., None, None], axis=-3)
    by_flow = before + evidence.flow
    size = np.maximum(np.take_along_axis(evidence.size, last, axis=-1), evidence.size)[..., None]
    moved = evidence.present & (last != np.arange(evidence.present.shape[-1]))
    known = moved[..., None] & (evidence.flow_error <= slip * size)
    off = np.linalg.norm(evidence.points - by_flow, axis=-1) / np.maximum(size, 1e-12)
    move = np.where(moved[..., None, None], evidence.points - before, 0.0)
    last_move = np.take_along_axis(move, last[..., None, None], axis=-3)
    return Expected(by_flow, before + last_move, known, size * np.hypot(sigma, jitter * _usual(off, known)))


def _usual(values: np.ndarray, known: np.ndarray) -> np.ndarray:
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
