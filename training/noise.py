"""Random signals that change as slowly as asked."""

from __future__ import annotations

import numpy as np


def drifting(rng: np.random.Generator, count: int, length: int, channels: int, period: float) -> np.ndarray:
    """`[count, length, channels]` float32 of variance one: noise at key frames, `period` frames apart, with ease between.

    All clips share the keys' frames, which start anywhere, so that one matrix product makes the whole batch.
    """
    steps = (np.arange(length) + rng.uniform(0.0, period)) / period
    first = steps.astype(int)
    share = steps - first
    ease = share * share * (3.0 - 2.0 * share)
    weights = np.zeros((length, int(first[-1]) + 2), np.float32)
    rows = np.arange(length)
    weights[rows, first], weights[rows, first + 1] = 1.0 - ease, ease
    weights /= np.linalg.norm(weights, axis=1, keepdims=True)
    keys = rng.standard_normal((count, weights.shape[1], channels), dtype=np.float32)
    return weights @ keys
