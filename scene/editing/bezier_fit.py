"""Bezier curves through few keys, near to many values: what keys with free handles can do at given frames.

The handles lie a third of the way to the neighboring keys. Then time runs evenly along the curve, and between two keys it is a
cubic polynomial whose slopes at the keys are free: the nearest curve is a linear problem. (After P. J. Schneider, An algorithm
for automatically fitting digitized curves, Graphics Gems, 1990, with the parameter given by time and all pieces at once.)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# How much the slope in the values themselves counts beside the values, where too few of them would tell the slope.
_SLOPE = 1e-3

Ends = tuple[np.ndarray | None, np.ndarray | None]
"""Slopes `[C]` per frame that are given for the first and the last key."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """C curves through K keys. values: `[K, C]`; left, right: `[K, C]` slopes per frame before and after each key; curve: `[T, C]`."""

    values: np.ndarray
    left: np.ndarray
    right: np.ndarray
    curve: np.ndarray


def fit(goal: np.ndarray, keys: np.ndarray, held: np.ndarray, corners: np.ndarray, ends: Ends = (None, None)) -> Fitted:
    """The curves that come nearest to `goal` `[T, C]`, whose frames are 0 to T-1, in the sense of least squares.

    keys: `[K]` frames of the keys, rising from 0 to T-1. held: `[K]` bool, keys whose values are the goal's own. corners: `[K]` bool,
    keys at which the slope may change at once. ends: the slopes `[C]` of first and last key, where they are given because another piece
    goes on from there.
    """
    slopes = np.gradient(goal, axis=0)[keys] if len(goal) > 1 else np.zeros((1, goal.shape[1]))
    if len(keys) < 2:
        return Fitted(goal[keys], slopes, slopes, goal.copy())
    left_of = len(keys) + np.cumsum(np.concatenate([[0], 1 + corners[:-1].astype(int)]))
    right_of = left_of + corners
    basis = _basis(len(goal), keys, left_of, right_of)
    normal, right = basis.T @ basis, basis.T @ goal
    solution = np.empty((basis.shape[1], goal.shape[1]))
    solution[: len(keys)] = goal[keys]
    for column in (left_of, right_of):
        normal[column, column] += _SLOPE
        right[column] += _SLOPE * slopes
        solution[column] = slopes
    known = np.concatenate([held, np.zeros(len(right) - len(keys), dtype=bool)])
    for column, slope in ((left_of[0], ends[0]), (right_of[-1], ends[1])):
        if slope is not None:
            known[column], solution[column] = True, slope
    free = ~known
    solution[free] = np.linalg.solve(
        normal[np.ix_(free, free)], right[free] - normal[np.ix_(free, known)] @ solution[known]
    )
    return Fitted(solution[: len(keys)], solution[left_of], solution[right_of], basis @ solution)


def missed(fitted: Fitted, keys: np.ndarray, goal: np.ndarray) -> np.ndarray:
    """`[K]` how far at most the curves would go from `goal` without each key, the other keys as they are; nothing at the ends."""
    result = np.zeros(len(keys))
    for number in range(1, len(keys) - 1):
        first, last = int(keys[number - 1]), int(keys[number + 1])
        shape = _hermite(np.arange(last - first + 1) / (last - first), last - first)
        ends = (fitted.values[number - 1], fitted.values[number + 1], fitted.right[number - 1], fitted.left[number + 1])
        result[number] = np.abs(shape @ np.stack(ends) - goal[first : last + 1]).max()
    return result


def _basis(count: int, keys: np.ndarray, left_of: np.ndarray, right_of: np.ndarray) -> np.ndarray:
    """`[T, unknowns]` what each value and slope adds to each frame: cubic Hermite polynomials."""
    basis = np.zeros((count, int(right_of[-1]) + 1))
    frames = np.arange(count)
    piece = np.clip(np.searchsorted(keys, frames, side="right") - 1, 0, len(keys) - 2)
    length = (keys[piece + 1] - keys[piece]).astype(float)
    shape = _hermite((frames - keys[piece]) / length, length)
    for number, column in enumerate((piece, piece + 1, right_of[piece], left_of[piece + 1])):
        basis[frames, column] += shape[:, number]
    return basis


def _hermite(t: np.ndarray, length: np.ndarray | float) -> np.ndarray:
    """`[T, 4]` shares of first value, last value, first slope and last slope at the share `t` of a piece `length` frames long."""
    rest = 1.0 - t
    return np.stack([(1 + 2 * t) * rest**2, t**2 * (3 - 2 * t), length * t * rest**2, -length * t**2 * rest], axis=-1)
