"""The normal equations of a fit over a whole clip, in which every frame meets only its neighbors."""

from __future__ import annotations

import numpy as np

from .banded import solve_block_tridiagonal
from .kinematics import FREE


class Equations:
    """Normal equations of Gauss and Newton: T frames with `FREE` unknowns each.

    Terms add what they know of a frame (`add`) and of what changes from a frame to the next (`add_pairs`).
    """

    def __init__(self, count: int) -> None:
        self._diagonal = np.zeros((count, FREE, FREE))
        self._off = np.zeros((max(count - 1, 0), FREE, FREE))
        self._gradient = np.zeros((count, FREE))

    def add(self, first: int, rows: np.ndarray, residual: np.ndarray, weight: np.ndarray) -> None:
        """Residuals `[T, K]` with derivatives `rows` `[T, K, N]` by the unknowns from `first` on, weighted `[T, K]`."""
        span = slice(first, first + rows.shape[-1])
        turned = np.swapaxes(rows, 1, 2) * weight[:, None]
        self._diagonal[:, span, span] += turned @ rows
        self._gradient[:, span] += (turned @ residual[..., None])[..., 0]

    def add_pairs(self, first: int, rows: np.ndarray, residual: np.ndarray, weight: np.ndarray) -> None:
        """The same for the changes of residuals `[T, K]` from each frame to the next, weighted `[T-1, K]`."""
        span = slice(first, first + rows.shape[-1])
        both = np.zeros((len(rows), weight.shape[1]))
        both[1:] += weight
        both[:-1] += weight
        turned = np.swapaxes(rows, 1, 2)
        self._diagonal[:, span, span] += (turned * both[:, None]) @ rows
        self._off[:, span, span] -= (turned[:-1] * weight[:, None]) @ rows[1:]
        push = np.zeros_like(residual)
        change = weight * np.diff(residual, axis=0)
        push[1:] += change
        push[:-1] -= change
        self._gradient[:, span] += (turned @ push[..., None])[..., 0]

    def step(self, damping: float) -> np.ndarray:
        """The step `[T, 57]` that lessens the sum of squares most, each unknown held back by `damping` (Levenberg)."""
        unknowns = np.arange(FREE)
        self._diagonal[:, unknowns, unknowns] += damping
        return solve_block_tridiagonal(self._diagonal, self._off, -self._gradient)
