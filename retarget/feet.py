"""Feet that stand on the subject stand on the target, whatever its legs' lengths.

The target's legs are posed as the subject's, the feet are held where they then stand, and the motion goes on with the
pelvis, hips and knees that this takes.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..inference import rotations as rot
from ..inference.contacts import Contacts
from ..inference.locking.foot_lock import lock_feet
from ..inference.locking.settings import FootLockSettings
from ..inference.motion import Motion
from ..inference.poses import Poses
from ..models.skeletons import JOINTS
from .figure import Figure
from .placing import Placing, subject_joints
from .soles import Sole

_LEG = (("hip", "hips", "pelvis"), ("knee", "thigh", "hip"), ("ankle", "shin", "knee"))
# Meters by which a joint of a body's legs may differ from the subject's that is the subject itself.
_SAME = 1e-3


def hold_feet(
    motion: Motion, pelvis: np.ndarray, figure: Figure, soles: Mapping[str, Sole], placing: Placing
) -> tuple[np.ndarray, np.ndarray]:
    """The pelvis's path `[T, 3]` and the bones' rotations `[T, 18, 4]` with the target's feet held where they stand.

    pelvis: `[T, 3]` the path without, along the world's axes in armature units; so is the result. Where the motion has no
    contacts, and on a target with the subject's own legs, whose feet stand as they do, nothing changes.
    """
    if motion.contacts is None or is_subject(motion, figure, placing):
        return pelvis, motion.rotations
    body = Poses(leg_offsets(figure, soles) / placing.unit, placing.to_body(pelvis), motion.rotations)
    settings = FootLockSettings(hands=False)
    locked = lock_feet(body, Contacts(motion.contacts), motion.times, motion.present, "auto", settings)
    return placing.from_body(locked.root), locked.rotations


def leg_offsets(figure: Figure, soles: Mapping[str, Sole]) -> np.ndarray:
    """`[30, 3]` armature units: the target's legs in the T-pose as a body (`inference.body`), the middle of its hips the pelvis.

    What is above the hips is left out.
    """
    offsets = np.zeros((len(JOINTS), 3))
    for side in ("L", "R"):
        for joint, bone, parent in _LEG:
            name = "hips" if bone == "hips" else f"{bone}.{side}"
            start = figure.joints["pelvis" if parent == "pelvis" else f"{parent}.{side}"]
            way = figure.joints[f"{joint}.{side}"] - start
            offsets[JOINTS.index(f"{joint}.{side}")] = rot.rotate(figure.alignment[name], way)
        offsets[JOINTS.index(f"heel.{side}")] = soles[side].heel
        offsets[JOINTS.index(f"toe.{side}")] = soles[side].toe
    return offsets


def is_subject(motion: Motion, figure: Figure, placing: Placing) -> bool:
    """Whether the target's legs are the subject's own."""
    subject = subject_joints(motion.rest)
    middle = (subject["hip.L"] + subject["hip.R"]) / 2
    own = {name: figure.joints[name] - figure.joints["pelvis"] for name in subject if name in figure.joints}
    return all(np.abs(place / placing.unit - subject[name] + middle).max() < _SAME for name, place in own.items())
