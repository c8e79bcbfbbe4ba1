"""What every lifter gives and every refiner takes and gives: joints in three dimensions and how far they may be off."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..models.skeletons import JOINTS
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


def check_lifted(lifted: Lifted) -> None:
    """Raise ValueError unless there are frames, all arrays are of them and the 30 joints, and the joints are finite."""
    count = len(lifted.joints)
    if count == 0:
        raise ValueError("A clip without frames cannot be refined.")
    expected = {"joints": (3,), "spread": (3,), "seen": (), "confidence": ()}
    shapes = {name: (count, len(JOINTS), *rest) for name, rest in expected.items()} | {"views": (count, 3, 3)}
    for name, shape in shapes.items():
        if getattr(lifted, name).shape != shape:
            raise ValueError(f"The lifted {name} are {getattr(lifted, name).shape} where {shape} belong.")
    if not np.isfinite(lifted.joints).all():
        raise ValueError("A joint of the clip lies nowhere: its place is no finite number.")


Lifter = Callable[[Sightings], Lifted]
"""Points with confidence to joints with uncertainty. Raises ValueError for sightings that fit no clip."""

Refiner = Callable[[Lifted], Lifted]
"""Joints to better joints, of as many frames."""
