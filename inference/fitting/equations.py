"""The normal equations of a fit over a whole clip, in which every frame meets only its neighbors, and the body all."""

from __future__ import annotations

import numpy as np

from ..banded import solve_block_tridiagonal
from .kinematics import FREE
from .sizes import GROUPS

_ALL = FREE + len(GROUPS)


class Equations:
    """Normal equations of Gauss and Newton: T frames with `FREE` unknowns each, then the body's sizes, alike in all.

    Terms add what they know of a frame (`add`) and of what changes from a frame to the next (`add_pairs`), as if every
    frame had sizes of its own.
    """

    def __init__(self, count: int) -> None:
        self._diagonal = np.zeros((count, _ALL, _ALL))
        self._off = np.zeros((max(count - 1, 0), _ALL, _ALL))
        self._gradient = np.zeros((count, _ALL))

    def add(self, first: int, rows: np.ndarray, residual: np.ndarray, weight: np.ndarray) -> None:
        """Residuals `[T, K]` with derivatives `rows` `[T, K, N]` by the unknowns from `first` on, weighted `[T, K]`."""
        span = slice(first, first + rows.shape[-1])
        turned = np.swapaxes(rows, 1, 2) * weight[:, None]
        self._diagonal[:, span, span] += turned @ rows
        self._gradient[:, span] += (turned @ residual[..., None])[..., 0]

    def add_pairs(
        self, first: int, before: np.ndarray, after: np.ndarray, residual: np.ndarray, weight: np.ndarray
    ) -> None:
        """Residuals `[T-1, K]` that tell what changes from each frame to the next, weighted `[T-1]`.

        after, before: `[T-1, K, N]`, derivatives by the unknowns of the later frame, and the opposite of those by the
        earlier one's.
        """
        span = slice(first, first + before.shape[-1])
        pull = weight[:, None, None]
        later, earlier = np.swapaxes(after, 1, 2) * pull, np.swapaxes(before, 1, 2) * pull
        self._diagonal[1:, span, span] += later @ after
        self._diagonal[:-1, span, span] += earlier @ before
        self._off[:, span, span] -= earlier @ after
        self._gradient[1:, span] += (later @ residual[..., None])[..., 0]
        self._gradient[:-1, span] -= (earlier @ residual[..., None])[..., 0]

    def step(self, damping: float, sizes: np.ndarray, size: float) -> tuple[np.ndarray, np.ndarray]:
        """The steps `[T, 57]` of the poses and `[G]` of the sizes that lessen the sum of squares most.

        damping: how far each frame's unknowns are held back (Levenberg). sizes: `[G]`, the body's so far, which are near 0 by
        the standard deviation `size`.
        """
        poses, body = slice(0, FREE), slice(FREE, _ALL)
        diagonal, off = self._diagonal[:, poses, poses].copy(), self._off[:, poses, poses]
        unknowns = np.arange(FREE)
        diagonal[:, unknowns, unknowns] += damping
        border = self._diagonal[:, poses, body].copy()
        border[:-1] += self._off[:, poses, body]
        border[1:] += np.swapaxes(self._off[:, body, poses], 1, 2)
        between = self._off[:, body, body].sum(axis=0)
        own = self._diagonal[:, body, body].sum(axis=0) + between + between.T + np.eye(len(sizes)) / size**2
        pull = self._gradient[:, body].sum(axis=0) + sizes / size**2
        right = np.concatenate([self._gradient[:, poses, None], border], axis=2)
        solved = solve_block_tridiagonal(diagonal, off, right)
        alone, along = solved[..., 0], solved[..., 1:]
        left = own - np.einsum("tng,tnh->gh", border, along)
        grown = -np.linalg.solve(left, pull - np.einsum("tng,tn->g", border, alone))
        return -alone - along @ grown, grown
