"""Along the frames of a clip: what lies beside a frame, and means over it."""

from __future__ import annotations

import numpy as np


def blurred(values: np.ndarray, times: np.ndarray, sigma: float) -> np.ndarray:
    """`values` `[T, ...]` under a Gaussian of `sigma` seconds; the ends are continued as they are."""
    step = float(np.median(np.diff(times))) if len(times) > 1 else sigma
    reach = max(1, min(round(3 * sigma / max(step, 1e-3)), 3 * len(values)))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) * step / sigma) ** 2)
    flat = np.pad(values.reshape(len(values), -1), ((reach, reach), (0, 0)), mode="edge")
    columns = [np.convolve(column, kernel / kernel.sum(), mode="valid") for column in flat.T]
    return np.stack(columns, axis=-1).reshape(values.shape)


def durations(times: np.ndarray, alone: float = 1.0) -> np.ndarray:
    """`[T]` seconds that each frame stands for; a single one stands for `alone`."""
    return np.gradient(times) if len(times) > 1 else np.full(1, alone)
