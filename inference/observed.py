"""What is known of one subject before it becomes motion."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..models.skeletons import JOINTS, POINTS

# What the joints that are no point of their own lie between.
_BETWEEN = {
    "pelvis": ("hip.L", "hip.R"),
    "spine": ("hip.L", "hip.R", "shoulder.L", "shoulder.R"),
    "thorax": ("shoulder.L", "shoulder.R"),
    "neck": ("nose", "ear.L", "ear.R"),
    "head": ("ear.L", "ear.R"),
}


@dataclass(frozen=True, slots=True)
class Observed:
    """One subject as it was seen and lifted; T frames.

    times: `[T]` seconds. present: `[T]` bool. slopes: `[T, 25, 2]` (x/z, y/z) of the rays through `POINTS`, in the camera
    frame (x right, y down, z forward). belief: `[T, 25]` 0 to 1, how far each point is believed, 0 where absent.
    joints: `[T, 30, 3]` metres about the pelvis, camera axes, of a body `STATURE` tall, as the lifter says.
    spread: `[T, 30, 3]` standard deviations in metres along the same axes, NaN where none is known.
    confidence: `[T, 30]` 0 to 1 that a joint lies near its true place, 0 where absent.
    """

    times: np.ndarray
    present: np.ndarray
    slopes: np.ndarray
    belief: np.ndarray
    joints: np.ndarray
    spread: np.ndarray
    confidence: np.ndarray


def joint_belief(belief: np.ndarray) -> np.ndarray:
    """`[T, 30]`: a joint is believed as far as the least believed of the points `[T, 25]` that it lies between."""
    columns = [[POINTS.index(name) for name in _BETWEEN.get(joint, (joint,))] for joint in JOINTS]
    return np.stack([belief[:, points].min(axis=1) for points in columns], axis=1)
