"""How fingers are bent: what a hand's stage hands over."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

DIGITS = ("thumb", "index", "middle", "ring", "pinky")
PHALANGES = 3
"""Bones of a digit from the knuckle outward."""


@dataclass(frozen=True, slots=True)
class Hands:
    """The digits of both hands, left first; T frames.

    turns: `[T, 2, 5, 3, 4]` unit quaternions wxyz for `DIGITS` and their phalanges from the knuckle outward. Each turns a
    phalanx from its rest about the bone above it, the hand for the first, along the axes of the product's rest pose: a T-pose
    that faces -y, palms down, fingers along the arm. confidence: `[T, 2]` 0 to 1, of each hand.
    """

    turns: np.ndarray
    confidence: np.ndarray
