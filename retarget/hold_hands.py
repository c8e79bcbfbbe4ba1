"""Hands that stand on the floor with the subject are held where the target's then stand."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..inference import rotations as rot
from ..inference.along_time import runs
from ..inference.locking.hands import wrist_goals
from ..inference.locking.limb import Limb, bent_to
from ..inference.locking.settings import FootLockSettings
from ..inference.motion import Motion
from ..models.skeletons import BONE_NAMES, HINGES, JOINTS
from .chains import chain_turns
from .figure import Figure
from .local import posed_bone
from .placing import Placing

_ARM = {"shoulder": "upper_arm", "elbow": "forearm", "wrist": "hand"}


def hold_hands(motion: Motion, pelvis: np.ndarray, figure: Figure, placing: Placing) -> np.ndarray:
    """The bones' rotations `[T, 18, 4]` with which the target's hands stay where they stand; the same without contacts.

    pelvis: `[T, 3]` the path along the world's axes in armature units. Arms without hands are left alone.
    """
    rotations = motion.rotations.copy()
    if motion.contacts is None or not motion.present.any():
        return rotations
    settings = FootLockSettings()
    number = runs(motion.present)
    turns = chain_turns(rotations, motion.rest, figure)
    for side in "LR":
        if f"hand.{side}" not in figure.fit.chains:
            continue
        joints = _arm(turns, pelvis, side, figure, placing)
        upper, lower = (BONE_NAMES.index(f"{bone}.{side}") for bone in ("upper_arm", "forearm"))
        start, middle, end = (joints[:, JOINTS.index(f"{joint}.{side}")] for joint in _ARM)
        for run in np.unique(number[motion.present]):
            here = number == run
            goal = wrist_goals(joints[here], motion.contacts[here], motion.times[here], side, settings)
            arm = (start[here], middle[here], end[here], rotations[here, upper], rotations[here, lower])
            limb = Limb(*arm, np.array(HINGES[f"upper_arm.{side}"]))
            rotations[here, upper], rotations[here, lower] = bent_to(limb, goal)
    return rotations


def _arm(
    turns: Mapping[int, np.ndarray], pelvis: np.ndarray, side: str, figure: Figure, placing: Placing
) -> np.ndarray:
    """`[T, 30, 3]` meters above the ground in the captured world: where the target's arm is; other joints are left out.

    turns: by target bone its turn `[T, 4]` along the product's axes.
    """
    target = figure.upright
    hips = figure.bone("hips")
    heads = {hips: pelvis - rot.rotate(turns[hips], figure.joints["pelvis"] - target.heads[hips])}
    joints = np.zeros((len(pelvis), len(JOINTS), 3))
    knuckles = figure.joints[f"knuckles.{side}"]
    places = [(joint, bone, figure.joints[f"{joint}.{side}"]) for joint, bone in _ARM.items()]
    places += [(joint, "hand", figure.joints.get(f"{joint}.{side}", knuckles)) for joint in ("index", "pinky")]
    for joint, name, point in places:
        bone = figure.bone(f"{name}.{side}")
        turn, head = posed_bone(bone, turns, heads, target)
        place = head + rot.rotate(turn, point - target.heads[bone])
        joints[:, JOINTS.index(f"{joint}.{side}")] = placing.to_body(place)
    return joints
