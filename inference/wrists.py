"""Hands that bend at the wrist no further than what is known of them tells.

A hand is short: what a landmark or a lifter is off by turns it by more than people usually bend their wrists. So its swing
is the mean of what was seen and of a straight wrist, each weighted by its inverse variance. How the hand is turned about
the forearm, where people turn it anyhow, stays as it was seen.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..models.skeletons import BONE_NAMES, BONES, JOINTS
from . import rotations as rot
from .poses import Poses

_STRAIGHT = np.array([1.0, 0.0, 0.0, 0.0])


@dataclass(frozen=True, slots=True)
class WristSettings:
    """How far a wrist's bend is believed.

    usual: radians, how far wrists usually bend, the standard deviation of the training clips. together: share of the
    knuckles' standard deviation by which they are off against the wrist, which errs with them. unknown: metres, the
    standard deviation of a joint whose lifter tells none.
    """

    usual: float = 0.24
    together: float = 0.6
    unknown: float = 0.06


def likely_wrists(poses: Poses, sigma: np.ndarray, settings: WristSettings) -> Poses:
    """The motion `poses` with its hands bent at the wrist as far as is likely; no other joint than theirs moves.

    sigma: `[T, 30]` metres, the joints' standard deviations, NaN where none is known.
    """
    rotations = poses.rotations.astype(float)
    for side in ("L", "R"):
        hand, forearm = (BONE_NAMES.index(f"{name}.{side}") for name in ("hand", "forearm"))
        knuckles = [JOINTS.index(f"{name}.{side}") for name in ("index", "pinky")]
        length = np.linalg.norm(poses.offsets[knuckles].mean(axis=0))
        off = np.nan_to_num(sigma[:, knuckles].mean(axis=1), nan=settings.unknown) * settings.together / length
        local = rot.multiply(rot.conjugate(rotations[:, forearm]), rotations[:, hand])
        along = np.broadcast_to(np.array(BONES[hand].rest), (len(local), 3))
        bend = rot.between(along, rot.rotate(local, along))
        likely = rot.slerp(np.broadcast_to(_STRAIGHT, bend.shape), bend, 1.0 / (1.0 + (off / settings.usual) ** 2))
        turned = rot.multiply(likely, rot.multiply(rot.conjugate(bend), local))
        rotations[:, hand] = rot.multiply(rotations[:, forearm], turned)
    return Poses(poses.offsets, poses.root, rot.continuous(rotations))
