"""What every lifter gives and every refiner takes and gives: joints in three dimensions and how far they may be off."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .sightings import Sightings


@dataclass(frozen=True, slots=True)
class Lifted:
    """The 30 `JOINTS` of one subject; T frames.

    joints: `[T, 30, 3]` metres about the pelvis, camera axes (x right, y down, z forward), of a body 1.70 m tall.
    spread: `[T, 30, 3]` standard deviations in metres along the same axes, as the network tells them; NaN from a network
    that tells none. seen: `[T, 30]` bool, False where a joint was out of sight and had to be guessed. confidence:
    `[T, 30]` 0 to 1, how far the points behind the joint were believed. views: `[T, 3, 3]` rotation from the camera's
    axes to those of the view that looks straight at the subject. rate: frames per second.
    """

    joints: np.ndarray
    spread: np.ndarray
    seen: np.ndarray
    confidence: np.ndarray
    views: np.ndarray
    rate: float


Lifter = Callable[[Sightings], Lifted]
"""Points with confidence to joints with uncertainty. Raises ValueError for sightings that fit no clip."""

Refiner = Callable[[Lifted], Lifted]
"""Joints to better joints, of as many frames."""
