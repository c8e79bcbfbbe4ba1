"""Occlusion guidance: hidden points filled from the nearest sights in time, with a confidence that says how far those are.

Two rules: that of DTF (Ghafoor et al., 2024, arXiv 2410.04574), which copies the nearest sight, and the straight line
between the sights on both sides, which is nearer to the truth wherever we tried. Both give the paper's confidence and,
beyond the paper, the distance to the sight on either side, because a middle between two is safer than an end.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from .sightings import Neighbors, bridge, neighbors

Fill = Literal["copy", "line"]
"""copy: the nearest sight, the mean where both sides are as near (DTF). line: the straight line between both sides."""

_LEAST = 0.1
"""Confidence of a filled point, however far its sight (DTF)."""


@dataclass(frozen=True, slots=True)
class GuidanceSettings:
    """How hidden points are filled. horizon: frames beyond which a sight says nothing (DTF has 40)."""

    fill: Fill = "line"
    horizon: int = 40


@dataclass(frozen=True, slots=True)
class Filled:
    """Points without gaps; leading axes `[..., T, P]`.

    points: `[..., T, P, D]`, 0 where no sight lies within the horizon. confidence: `[..., T, P]` 0 to 1, that of the
    sights where a point is seen. since, until: `[..., T, P]` distance to the nearest sights before and after, as shares
    of the horizon, at most 1.
    """

    points: np.ndarray
    confidence: np.ndarray
    since: np.ndarray
    until: np.ndarray


def guide(points: np.ndarray, confidence: np.ndarray, seen: np.ndarray, settings: GuidanceSettings) -> Filled:
    """Fill what is not in `seen` `[..., T, P]`; points `[..., T, P, D]`, confidence `[..., T, P]`."""
    near = neighbors(seen)
    frames = np.arange(seen.shape[-2])[:, None]
    since, until = _distances(near, frames, seen, settings.horizon)
    nearest = np.minimum(since, until)
    filled = _copied(points, near, since, until) if settings.fill == "copy" else bridge(points, near)
    reached = nearest < settings.horizon
    faded = np.maximum((settings.horizon - nearest) / settings.horizon, _LEAST)
    return Filled(
        points=np.where(reached[..., None], filled, 0.0).astype(points.dtype),
        confidence=np.where(seen, confidence, np.where(reached, faded, 0.0)).astype(np.float32),
        since=(since / settings.horizon).astype(np.float32),
        until=(until / settings.horizon).astype(np.float32),
    )


def _distances(near: Neighbors, frames: np.ndarray, seen: np.ndarray, horizon: int) -> tuple[np.ndarray, np.ndarray]:
    """Frames to the sight before and to that after, `horizon` where there is none or it is farther."""
    ever = seen.any(axis=-2, keepdims=True)
    since, until = frames - near.before, near.after - frames
    return (
        np.where(ever & (since >= 0), np.minimum(since, horizon), horizon),
        np.where(ever & (until >= 0), np.minimum(until, horizon), horizon),
    )


def _copied(points: np.ndarray, near: Neighbors, since: np.ndarray, until: np.ndarray) -> np.ndarray:
    before = np.take_along_axis(points, near.before[..., None], axis=-3)
    after = np.take_along_axis(points, near.after[..., None], axis=-3)
    share = np.where(since < until, 0.0, np.where(since > until, 1.0, 0.5))[..., None]
    return before + share * (after - before)
