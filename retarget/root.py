"""Which bone carries the body over the floor, and which way it faces there."""

from __future__ import annotations

from typing import Literal

import numpy as np

from ..errors import RigError
from ..inference.motion import Motion
from ..models.skeletons import BONE_NAMES
from .target import TargetRest

Root = Literal["hips", "root", "in-place"]
"""What the path over the floor goes to: the hips' bone, a root bone above it, or nothing."""

# Seconds of the Gaussian that keeps the swing of the hips, step by step, out of the root's heading.
_SMOOTHING = 0.35
# Weight of a frame without the subject, which counts only far from all others.
_HARDLY = 1e-6


def root_bone(target: TargetRest, hips: int) -> int:
    """The topmost bone that carries the hips' bone. Raises RigError where there is none."""
    above = target.carriers(hips)
    if not above:
        raise RigError(
            f'No bone of "{target.name}" is above "{target.bones[hips]}", so there is no root bone to move. '
            "Choose Hips or In Place for the root, or another armature."
        )
    return above[-1]


def heading(motion: Motion) -> np.ndarray:
    """`[T, 4]` turns about the vertical that follow the subject's hips smoothly; none where it faces -y.

    The hips' turn about the vertical is the twist of their rotation (swing-twist decomposition). Twice its half angle, as
    a vector as long as the twist is certain, is averaged under a Gaussian: a subject that bends over or lies down does not
    spin the root.
    """
    hips = motion.rotations[:, BONE_NAMES.index("hips")]
    twist = (hips[:, 0] + 1j * hips[:, 3]) ** 2
    half = np.unwrap(np.angle(_smooth(twist, motion.times, motion.present))) / 2
    return np.stack([np.cos(half), np.zeros_like(half), np.zeros_like(half), np.sin(half)], axis=1)


def _smooth(values: np.ndarray, times: np.ndarray, present: np.ndarray) -> np.ndarray:
    """The weighted mean `[T]` of each value's neighbors in time."""
    trust = np.where(present, 1.0, _HARDLY)
    total, weight = trust * values, trust.copy()
    for shift in range(1, len(values)):
        away = times[shift:] - times[:-shift]
        if away.min() > 3 * _SMOOTHING:
            break
        share = np.exp(-0.5 * (away / _SMOOTHING) ** 2)
        for here, there in ((slice(shift, None), slice(None, -shift)), (slice(None, -shift), slice(shift, None))):
            total[here] += share * (trust * values)[there]
            weight[here] += share * trust[there]
    return total / weight
