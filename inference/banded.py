"""Symmetric systems whose unknowns lie along time and in which each moment meets only its neighbors."""

from __future__ import annotations

import numpy as np


def solve_block_tridiagonal(diagonal: np.ndarray, off: np.ndarray, right: np.ndarray) -> np.ndarray:
    """`[T, n]` solution of the symmetric positive definite system of T moments with n unknowns each.

    diagonal: `[T, n, n]`, each moment with itself. off: `[T-1, n, n]`, each moment (rows) with the next (columns); the
    other half is its transpose. right: `[T, n]`, or `[T, n, K]` for K solutions at once. Cost grows with T n³ (block elimination; Golub and Van Loan, Matrix
    Computations, 4.5). Raises ValueError where the shapes do not fit, numpy's LinAlgError where the system has no solution.
    """
    _check(diagonal, off)
    if right.shape[:2] != diagonal.shape[:2] or right.ndim > 3:
        raise ValueError(f"The right-hand side is {right.shape} where {diagonal.shape[:2]} belongs.")
    count, size = diagonal.shape[:2]
    result = np.array(right if right.ndim == 3 else right[..., None], float)
    toward = np.empty(off.shape)
    if not count:
        return result.reshape(right.shape)
    pivot = diagonal[0]
    for moment in range(count - 1):
        both = np.linalg.solve(pivot, np.concatenate([off[moment], result[moment]], axis=1))
        toward[moment], result[moment] = both[:, :size], both[:, size:]
        pivot = diagonal[moment + 1] - off[moment].T @ toward[moment]
        result[moment + 1] -= off[moment].T @ result[moment]
    result[-1] = np.linalg.solve(pivot, result[-1])
    for moment in range(count - 2, -1, -1):
        result[moment] -= toward[moment] @ result[moment + 1]
    return result.reshape(right.shape)


def inverse_blocks(diagonal: np.ndarray, off: np.ndarray) -> np.ndarray:
    """`[T, n, n]` blocks on the diagonal of the inverse of the system of `solve_block_tridiagonal`.

    Where the system is a precision these are each moment's covariance. Raises as `solve_block_tridiagonal` does.
    """
    _check(diagonal, off)
    count, size = diagonal.shape[:2]
    result = np.empty((count, size, size))
    toward = np.empty(off.shape)
    identity = np.eye(size)
    if not count:
        return result
    pivot = diagonal[0]
    for moment in range(count):
        result[moment] = np.linalg.solve(pivot, identity)
        if moment < count - 1:
            toward[moment] = result[moment] @ off[moment]
            pivot = diagonal[moment + 1] - off[moment].T @ toward[moment]
    for moment in range(count - 2, -1, -1):
        result[moment] += toward[moment] @ result[moment + 1] @ toward[moment].T
    return (result + np.swapaxes(result, -1, -2)) / 2


def _check(diagonal: np.ndarray, off: np.ndarray) -> None:
    if diagonal.ndim != 3 or diagonal.shape[1] != diagonal.shape[2]:
        raise ValueError(f"The diagonal is {diagonal.shape} where [T, n, n] belongs.")
    expected = (max(len(diagonal) - 1, 0), *diagonal.shape[1:])
    if off.shape != expected:
        raise ValueError(f"The blocks off the diagonal are {off.shape} where {expected} belongs.")
