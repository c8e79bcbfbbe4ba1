"""What a trained lifter reads: where each point was sighted in every frame, and how gaps between sights are bridged."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Sightings:
    """The 25 `POINTS` of one subject as rays of the camera; T frames.

    points: `[T, 25, 2]` slopes (x/z, y/z) of the rays through the points. confidence: `[T, 25]` 0 to 1, the detector's
    own. seen: `[T, 25]` bool, whether the point is reliable; the values at other points mean nothing.
    rate: frames per second.
    """

    points: np.ndarray
    confidence: np.ndarray
    seen: np.ndarray
    rate: float


@dataclass(frozen=True, slots=True)
class Neighbors:
    """The nearest sights of every point in every frame; all `[..., T, P]`.

    before, after: index of the last frame at or before this one, and of the first at or after it, that has the point
    in sight; where there is none on one side it is the other side's, and the frame itself where there is none at all.
    share: weight of `after` in the straight line between the two, 0 to 1.
    """

    before: np.ndarray
    after: np.ndarray
    share: np.ndarray


def neighbors(seen: np.ndarray) -> Neighbors:
    """The nearest sights in time for `seen` `[..., T, P]` bool."""
    count = seen.shape[-2]
    frames = np.arange(count)[:, None]
    before = np.maximum.accumulate(np.where(seen, frames, -1), axis=-2)
    after = np.flip(np.minimum.accumulate(np.flip(np.where(seen, frames, count), axis=-2), axis=-2), axis=-2)
    first = np.where(before < 0, after, before)
    last = np.where(after >= count, before, after)
    never = first >= count
    first, last = np.where(never, frames, first), np.where(never | (last < 0), frames, last)
    span = last - first
    share = np.divide(frames - first, span, out=np.zeros(span.shape, np.float32), where=span > 0)
    return Neighbors(first, last, share)


def bridge(values: np.ndarray, near: Neighbors) -> np.ndarray:
    """`values` `[..., T, P, D]` with every gap replaced by the straight line between its neighbors in time."""
    first = np.take_along_axis(values, near.before[..., None], axis=-3)
    last = np.take_along_axis(values, near.after[..., None], axis=-3)
    return first + near.share[..., None] * (last - first)


def hold(values: np.ndarray, near: Neighbors) -> np.ndarray:
    """`values` `[..., T, P, D]` with every gap replaced by the last sight before it (else the first after it)."""
    return np.take_along_axis(values, near.before[..., None], axis=-3)
