"""Fitted curves as keys for an f-curve."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .bezier_fit import Fitted
from .key_points import Keys, enum_number, new_keys


@dataclass(frozen=True, slots=True)
class Piece:
    """Curves through keys at `frames` `[K]` of the scene; at `corners`, counted from the first of them, they may break."""

    frames: np.ndarray
    fitted: Fitted
    corners: frozenset[int]


def bezier_keys(pieces: list[Piece], axis: int) -> Keys:
    """The keys of one of the curves; each piece begins at the frame at which the one before ends.

    The handles lie a third of the way to the neighboring keys, in line but at corners. Whatever lies beyond the ends gets handles as
    long as those within.
    """
    frames = np.concatenate([pieces[0].frames[:1], *(piece.frames[1:] for piece in pieces)]).astype(float)
    first, last = pieces[0].fitted, pieces[-1].fitted
    values = np.concatenate([first.values[:1, axis], *(piece.fitted.values[1:, axis] for piece in pieces)])
    left = np.concatenate([first.left[:1, axis], *(piece.fitted.left[1:, axis] for piece in pieces)])
    right = np.concatenate([*(piece.fitted.right[:-1, axis] for piece in pieces), last.right[-1:, axis]])
    broken = {int(piece.frames[0]) + corner for piece in pieces for corner in piece.corners}
    third = np.diff(frames) / 3 if len(frames) > 1 else np.full(1, 1 / 3)
    before, after = np.concatenate([third[:1], third]), np.concatenate([third, third[-1:]])
    keys = new_keys(frames, values)
    for side, reach, slope in (("left", -before[: len(frames)], left), ("right", after[: len(frames)], right)):
        keys.values[f"handle_{side}"][:] = np.stack([frames + reach, values + reach * slope], axis=1)
        kind = f"handle_{side}_type"
        keys.values[kind][:] = enum_number(kind, "ALIGNED")
        keys.values[kind][np.isin(frames, list(broken))] = enum_number(kind, "FREE")
    return keys


def straight_keys(frames: np.ndarray, values: np.ndarray, most: float) -> Keys:
    """Keys between which straight lines stay within `most` of `values` `[T]` at `frames` `[T]`, for a curve such as the confidence."""
    places = _straight_places(values, most)
    return new_keys(frames[places], values[places], "LINEAR")


def _straight_places(values: np.ndarray, most: float) -> np.ndarray:
    """`[K]` places of the keys between which straight lines stay within `most` of `values` `[T]`.

    Where the values become 0 or cease to be, keys stay on both sides, so that 0 stays 0 and nothing else becomes it. (The split at
    the farthest value is Ramer's, An iterative procedure for the polygonal approximation of plane curves, 1972.)
    """
    places = np.arange(len(values))
    edges = np.flatnonzero(np.diff((values == 0).astype(np.int8)))
    keys = np.unique(np.concatenate([[0, len(values) - 1], edges, edges + 1]).astype(int))
    while True:
        off = np.abs(np.interp(places, keys, values[keys]) - values)
        if off.max() <= most:
            return keys
        piece = np.searchsorted(keys, places, side="right")
        wrong = np.unique(piece[off > most])
        farthest = [int(np.argmax(np.where(piece == number, off, 0.0))) for number in wrong]
        keys = np.unique(np.concatenate([keys, farthest]))
