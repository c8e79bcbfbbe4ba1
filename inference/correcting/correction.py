"""What an animator says of a motion that guesses: poses that are right, and how far each of them reaches."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Correction:
    """One pose that is right.

    frame: its number in the motion. root: `[3]` metres in Blender's world, the pelvis. rotations: `[18, 4]` unit
    quaternions wxyz, global as in `Poses`.
    """

    frame: int
    root: np.ndarray
    rotations: np.ndarray


@dataclass(frozen=True, slots=True)
class CorrectingSettings:
    """How one corrected frame tells of its neighbors. alike and slowest were chosen on validation clips, the rest by hand.

    alike: metres of way of the joints in sight over which what the motion errs by in hidden stretches is alike. slowest: m/s that they
    go at least. even: seconds over which their speed is averaged. hidden: belief below which a joint
    counts as hidden. together: seconds of sight within which two hidden stretches are one. reach: seconds to both sides
    for which a joint that was in sight, and was moved all the same, goes along. moved: metres, turned: radians, from which on
    it was moved. settle: seconds within which what is corrected goes over into what stays. sure: share of a joint's spread
    that is left where a pose tells it. exact: metres by which the corrected pose itself may be missed in the fit. path: metres
    by which the pelvis may stray. steps: of the fit at most.
    """

    alike: float = 0.4
    slowest: float = 0.05
    even: float = 0.2
    hidden: float = 0.5
    together: float = 0.1
    reach: float = 0.35
    moved: float = 0.005
    turned: float = 0.01
    settle: float = 0.15
    sure: float = 0.1
    exact: float = 0.005
    path: float = 0.02
    steps: int = 8
