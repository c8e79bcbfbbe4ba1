"""Clips of any length through networks that read windows of one length: cut with overlap, answered, and blended."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np


def in_windows(
    values: np.ndarray, length: int, step: int, answer: Callable[[np.ndarray], np.ndarray], batch: int = 32
) -> np.ndarray:
    """What `answer` says of all T frames, from overlapping windows of `length` frames, `step` apart.

    values: `[T, ...]`. answer: `[N, length, ...]` in, `[N, length, D...]` out, N at most `batch`. A clip is continued by
    its first and last frame, so that every frame lies in as many windows and the shortest clip fills one. Frames count
    less toward a window's ends, to nothing just beyond them, so that no seam is left. Raises ValueError for a clip
    without frames or a step that leaves frames out.
    """
    count = len(values)
    if count == 0:
        raise ValueError("A clip without frames cannot be lifted.")
    if not 1 <= step <= length:
        raise ValueError(f"A step of {step} frames does not fit windows of {length}.")
    starts = np.arange(-((length - 1) // step) * step, count, step)
    rows = np.clip(starts[:, None] + np.arange(length), 0, count - 1)
    weights = np.minimum(np.arange(1, length + 1), np.arange(length, 0, -1)).astype(np.float64)
    pieces = [answer(values[rows[first : first + batch]]) for first in range(0, len(starts), batch)]
    found = np.concatenate(pieces)
    weights = weights.reshape(-1, *[1] * (found.ndim - 2))
    total, share = np.zeros((count, *found.shape[2:])), np.zeros((count, *weights.shape[1:]))
    for start, window in zip(starts, found, strict=True):
        inside = slice(max(start, 0), min(start + length, count))
        own = slice(inside.start - start, inside.stop - start)
        total[inside] += weights[own] * window[own]
        share[inside] += weights[own]
    return (total / share).astype(values.dtype)
