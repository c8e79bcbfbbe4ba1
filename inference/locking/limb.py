"""Limbs of two bones are bent so that their end lies where it should: elbows and knees as hinges that fold one way."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .. import rotations as rot

# Share of the upper bone's length by which the middle joint lies off the straight line from where on it begins to tell
# the plane in which the limb bends, and tells it alone.
_STRAIGHT, _BENT = 0.01, 0.05
# Cosine to the hinge's own way from which a bend is one, and is none but noise or an over-stretch.
_WITH, _AGAINST = 0.3, -0.1
# A limb is never quite straight and never quite folded, where its plane is lost.
_NEAR_STRAIGHT, _NEAR_FOLDED = 1.0 - 1e-6, 1e-3


@dataclass(frozen=True, slots=True)
class Limb:
    """A limb in space; T frames.

    start, middle, end: `[T, 3]` metres, such as hip, knee and ankle. upper, lower: `[T, 4]` the global rotations of the
    two bones. hinge: `[3]`, the axis of the rest pose about which the lower bone folds, as in `models.skeletons.HINGES`.
    """

    start: np.ndarray
    middle: np.ndarray
    end: np.ndarray
    upper: np.ndarray
    lower: np.ndarray
    hinge: np.ndarray

    def lengths(self) -> tuple[np.ndarray, np.ndarray]:
        """`[T]` metres of the upper and the lower bone."""
        upper, lower = self.middle - self.start, self.end - self.middle
        return np.linalg.norm(upper, axis=-1), np.linalg.norm(lower, axis=-1)


def bent_to(limb: Limb, goal: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rotations `[T, 4]` of the upper and the lower bone with which the limb's end lies at `goal` `[T, 3]` metres.

    The start stays, and so does the plane of the bend beside the line from start to end, as far as it is one that the
    hinge allows; a joint that is bent the wrong way round is bent the right one. The bones keep their lengths and turn no
    more about themselves than the bend takes. A goal out of reach is approached as far as the straight limb does.
    """
    line, toward = limb.end - limb.start, goal - limb.start
    swing = rot.between(line, toward)
    side = rot.rotate(swing, _side(limb))
    upper, lower = limb.lengths()
    distance = np.clip(
        np.linalg.norm(toward, axis=-1), np.abs(upper - lower) + _NEAR_FOLDED, (upper + lower) * _NEAR_STRAIGHT
    )
    along = (upper**2 - lower**2 + distance**2) / (2.0 * distance)
    off = np.sqrt(np.maximum(upper**2 - along**2, 0.0))
    ahead = rot.normalize(toward)
    knee = along[:, None] * ahead + off[:, None] * side
    return (
        _pointed(rot.multiply(swing, limb.upper), rot.rotate(swing, limb.middle - limb.start), knee),
        _pointed(
            rot.multiply(swing, limb.lower),
            rot.rotate(swing, limb.end - limb.middle),
            distance[:, None] * ahead - knee,
        ),
    )


def _side(limb: Limb) -> np.ndarray:
    """Directions `[T, 3]` across the line from start to end towards which the middle joint bends."""
    line = rot.normalize(limb.end - limb.start)
    axis = rot.rotate(limb.upper, limb.hinge)
    by_hinge = rot.normalize(np.cross(line, axis))
    bone = limb.middle - limb.start
    off = bone - np.sum(bone * line, axis=-1, keepdims=True) * line
    size = np.linalg.norm(off, axis=-1) / np.maximum(np.linalg.norm(bone, axis=-1), _NEAR_FOLDED)
    off = rot.normalize(off)
    agrees = np.sum(off * by_hinge, axis=-1)
    share = _smooth_step((size - _STRAIGHT) / (_BENT - _STRAIGHT)) * _smooth_step(
        (agrees - _AGAINST) / (_WITH - _AGAINST)
    )
    return rot.normalize(share[:, None] * off + (1.0 - share[:, None]) * by_hinge)


def _smooth_step(values: np.ndarray) -> np.ndarray:
    held = np.clip(values, 0.0, 1.0)
    return held * held * (3.0 - 2.0 * held)


def _pointed(rotations: np.ndarray, direction: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """The rotations `[T, 4]`, turned the shortest way so that what pointed along `direction` points along `wanted`."""
    return rot.multiply(rot.between(direction, wanted), rotations)
