"""How fingers are bent: a relaxed hand, whose thumb and spread follow what the detector shows of the knuckles.

The detector shows a hand by three points: thumb, index finger and little finger at their knuckles. They tell where the thumb points
and how far the fingers are spread; how far fingers are curled they do not tell, so that it is a resting hand's. A network
that sees hands gives the same `Hands` with more in it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..models.skeletons import BLAZEPOSE
from . import rotations as rot
from . import turns
from .along_time import blurred

DIGITS = ("thumb", "index", "middle", "ring", "pinky")
PHALANGES = 3
"""Bones of a digit from the knuckle outward."""
THUMB = (0.72, -0.67, -0.19)
"""Where the left thumb points in the product's rest pose, a T-pose that faces -y with palms down: that of the mean body."""
_SIDES = (("L", 1.0), ("R", -1.0))
_POINTS = ("wrist", "index", "pinky", "thumb")
# How far apart digits go with the spread of index and little finger.
_ASIDE = {"index": 0.5, "middle": 0.17, "ring": -0.17, "pinky": -0.5}


@dataclass(frozen=True, slots=True)
class Hands:
    """The digits of both hands, left first; T frames.

    turns: `[T, 2, 5, 3, 4]` unit quaternions wxyz for `DIGITS` and their phalanges from the knuckle outward. Each turns a
    phalanx from its rest about the bone above it, the hand for the first, along the axes of the product's rest pose: a T-pose
    that faces -y, palms down, fingers along the arm. confidence: `[T, 2]` 0 to 1, of each hand.
    """

    turns: np.ndarray
    confidence: np.ndarray


@dataclass(frozen=True, slots=True)
class HandSettings:
    """Angles in degrees, times in seconds; by hand, after how a hand hangs that nothing holds.

    curl: of a relaxed hand's phalanges for index, middle, ring and little finger. thumb: by which a thumb turns from its rest
    at most. spread: by which index and little finger part from their usual angle at most. still: over which hands are averaged.
    usual: weight of the thumb's rest beside what is seen of it in the same time. sure: confidence of the points from which they tell.
    guessed: share of the hand's confidence that its fingers have.
    """

    curl: tuple[tuple[float, float, float], ...] = (
        (18.0, 28.0, 14.0),
        (22.0, 32.0, 16.0),
        (26.0, 34.0, 17.0),
        (30.0, 36.0, 18.0),
    )
    thumb: float = 30.0
    spread: float = 10.0
    still: float = 0.15
    usual: float = 0.3
    sure: float = 0.5
    guessed: float = 0.5


def hands_of(
    world: np.ndarray,
    confidence: np.ndarray,
    times: np.ndarray,
    present: np.ndarray,
    hands: np.ndarray,
    settings: HandSettings | None = None,
) -> Hands:
    """The digits, as far as a detector of bodies shows them.

    world: `[T, 33, 3]` metres, the detector's landmarks about the hips (x right, y down, z forward). confidence: `[T, 33]` of
    the landmarks. times: `[T]` seconds. present: `[T]` bool. hands: `[T, 2]` confidence of both hands' bones.
    """
    settings = settings or HandSettings()
    result = np.zeros((len(times), 2, len(DIGITS), PHALANGES, 4))
    result[..., 0] = 1.0
    for number, (side, sign) in enumerate(_SIDES):
        members = [BLAZEPOSE.index(f"{point}.{side}") for point in _POINTS]
        sure = np.where(confidence[:, members].min(axis=1) >= settings.sure, confidence[:, members].min(axis=1), 0.0)
        shown = _Shown(world[:, members].astype(float), sure * present, times, settings)
        result[:, number, 0, 0] = shown.thumb(sign)
        part = shown.spread()
        for digit, bends in enumerate(settings.curl, start=1):
            # about y the left fingers curl down to the palm, about z they go forward; the right ones the other way round
            curl = [turns.about(1, np.full(len(times), sign * np.radians(bend))) for bend in bends]
            aside = turns.about(2, -sign * _ASIDE[DIGITS[digit]] * part)
            result[:, number, digit] = np.stack([rot.multiply(aside, curl[0]), *curl[1:]], axis=1)
    return Hands(result, np.where(present[:, None], settings.guessed * hands, 0.0))


class _Shown:
    """One hand's points `[T, 4, 3]` (`_POINTS`), believed as `weight` `[T]` says."""

    def __init__(self, points: np.ndarray, weight: np.ndarray, times: np.ndarray, settings: HandSettings) -> None:
        wrist, index, pinky, thumb = np.swapaxes(points, 0, 1)
        self._index, self._pinky, self._thumb = index - wrist, pinky - wrist, thumb - wrist
        self._weight, self._times, self._settings = weight, times, settings

    def thumb(self, sign: float) -> np.ndarray:
        """`[T, 4]` the turn of the thumb from its rest; sign: 1 for the left hand, -1 for the right."""
        frame = rot.frame(self._index + self._pinky, self._index - self._pinky)
        # along the hand, toward the index finger, and out of the palm as the left hand has it
        seen = np.einsum("tba,tb->ta", frame, rot.normalize(self._thumb)) * (1.0, 1.0, sign)
        rest = np.array(THUMB) * (sign, 1.0, 1.0)
        posed = self._mean(seen * (sign, -1.0, -1.0)) + self._settings.usual * rot.normalize(rest)
        turn = rot.between(rest, posed)
        angle = np.minimum(2.0 * np.arccos(np.clip(turn[:, :1], -1.0, 1.0)), np.radians(self._settings.thumb))
        return np.concatenate([np.cos(angle / 2), np.sin(angle / 2) * rot.normalize(turn[:, 1:])], axis=1)

    def spread(self) -> np.ndarray:
        """`[T]` radians by which index and little finger are farther apart than they usually are."""
        cosine = np.sum(rot.normalize(self._index) * rot.normalize(self._pinky), axis=1)
        angle = np.arccos(np.clip(cosine, -1.0, 1.0))
        told = self._weight > 0.0
        if not told.any():
            return np.zeros(len(angle))
        away = self._mean((angle - np.median(angle[told]))[:, None])[:, 0]
        most = np.radians(self._settings.spread)
        return most * np.tanh(away / most)

    def _mean(self, values: np.ndarray) -> np.ndarray:
        """`[T, K]` weighted sums over the time around; where nothing is believed they go to nothing."""
        return blurred(values * self._weight[:, None], self._times, self._settings.still)
