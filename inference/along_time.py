"""Along the frames of a clip: how far they lie apart, which belong together, and means over them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np


def median_step(times: np.ndarray, alone: float) -> float:
    """Seconds between frames at `times` `[T]`, the usual ones; `alone` where there is one frame only."""
    return float(np.median(np.diff(times))) if len(times) > 1 else alone


def durations(times: np.ndarray, alone: float = 1.0) -> np.ndarray:
    """`[T]` seconds that each frame stands for; a single one stands for `alone`."""
    return np.gradient(times) if len(times) > 1 else np.full(1, alone)


def runs(present: np.ndarray) -> np.ndarray:
    """`[T]` numbers of the stretches of frames in which the subject is present, or absent; rising from 0."""
    return np.cumsum(np.concatenate([[0], np.diff(present.astype(int)) != 0]))[: len(present)]


def stretches(mask: np.ndarray) -> Iterator[tuple[int, int]]:
    """First frame and the frame after the last of every stretch in which `mask` `[T]` is true."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    yield from zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)


def spans(mask: np.ndarray, times: np.ndarray) -> list[slice]:
    """The stretches of frames at `times` `[T]` in which `mask` `[T]` is true, broken where frames are missing in between."""
    missing = np.flatnonzero(np.diff(times) > 1.5 * median_step(times, 0.0)) + 1
    found = []
    for start, stop in stretches(mask):
        inner = missing[(missing > start) & (missing < stop)].tolist()
        found += [slice(first, last) for first, last in pairwise([start, *inner, stop])]
    return found


def overlap(count: int, shift: int) -> tuple[slice, slice]:
    """Slices of the frames that have a neighbor `shift` frames later, and of these neighbors."""
    here = slice(min(max(0, -shift), count), max(count - max(0, shift), 0))
    there = slice(min(max(0, shift), count), max(count - max(0, -shift), 0))
    return here, there


def blurred(values: np.ndarray, times: np.ndarray, sigma: float) -> np.ndarray:
    """`values` `[T, ...]` under a Gaussian of `sigma` seconds; the ends are continued as they are."""
    step = median_step(times, sigma)
    reach = max(1, min(round(3 * sigma / max(step, 1e-3)), 3 * len(values)))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) * step / sigma) ** 2)
    flat = np.pad(values.reshape(len(values), -1), ((reach, reach), (0, 0)), mode="edge")
    columns = [np.convolve(column, kernel / kernel.sum(), mode="valid") for column in flat.T]
    return np.stack(columns, axis=-1).reshape(values.shape)
