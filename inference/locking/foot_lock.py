"""Feet that stand are held where they stand, on the floor, and let go without a pop.

Every stretch of frames in which a heel, a toe or a hand stands has one anchor. Between the anchors the correction runs
out and in along smooth ramps. What the corrections of both feet have in common and what is slow about them the pelvis
takes, so that a path that drifts is put right as a whole; the legs take the rest by their knees.

The floor, z = 0, is only believed near it. What stands well above or below stands on a level of its own, such as a box or
the ground below a roof, and keeps its height.
"""

from __future__ import annotations

import numpy as np

from ...models.skeletons import BONE_NAMES, HINGES, JOINTS
from .. import rotations as rot
from ..along_time import runs
from ..contacts import Contacts
from ..poses import Poses
from ..settings import FootLock
from .anchors import anchored_feet
from .foot import ankle_goals, foot_turns, standing_ankles
from .hands import wrist_goals
from .limb import Limb, bent_to
from .pelvis import pelvis_path, sinking
from .settings import FootLockSettings

_UP = np.array([0.0, 0.0, 1.0])
# Metres from which on an ankle or wrist is moved.
_STILL = 1e-7


def lock_feet(
    poses: Poses, contacts: Contacts, times: np.ndarray, present: np.ndarray, mode: FootLock, settings: FootLockSettings
) -> Poses:
    """The motion with its feet held where they stand; the body's lengths stay.

    poses: T frames in Blender's world, whose floor is z = 0, of a body with flat soles. times: `[T]` seconds, rising.
    present: `[T]` bool; absent frames stay as they are and nothing is carried across them.
    mode: "auto" holds points that probably stand still and on the floor. "always" holds at least the more probable foot at
    any time, but not where both are far from the floor, and not while it is carried farther than the settings' strain.
    "grounding" only brings standing points to the floor's height. In all three no heel or toe is more than a centimeter below
    the floor, but where the subject leaves it for what lies deeper than `contacts.NEAR_FLOOR`. "never" changes nothing.
    """
    if mode == "never" or not present.any():
        return poses
    root, rotations = np.array(poses.root, float), np.array(poses.rotations, float)
    joints = poses.joints().astype(float)
    number = runs(present)
    for run in np.unique(number[present]):
        frames = np.nonzero(number == run)[0]
        here = slice(frames[0], frames[-1] + 1)
        part = Poses(poses.offsets.astype(float), root[here], rotations[here])
        locked = _locked(part, joints[here], contacts.probability[here], times[here], mode, settings)
        root[here], rotations[here] = locked.root, locked.rotations
    return Poses(poses.offsets, root, rotations)


def _locked(
    poses: Poses,
    joints: np.ndarray,
    probability: np.ndarray,
    times: np.ndarray,
    mode: FootLock,
    settings: FootLockSettings,
) -> Poses:
    """One stretch of frames in which the subject is present."""
    feet = anchored_feet(poses, joints, probability, times, mode, settings)
    turned = [foot_turns(foot, times, settings) for foot in feet]
    wanted = [standing_ankles(foot, turn) - foot.ankle for foot, turn in zip(feet, turned, strict=True)]
    path = pelvis_path(feet, wanted, times, settings)
    goals = [
        ankle_goals(foot, turn, shift, path, times, settings)
        for foot, turn, shift in zip(feet, turned, wanted, strict=True)
    ]
    path = path - sinking(feet, joints, path, goals, times, settings)[:, None] * _UP
    moved = joints + path[:, None]
    rotations = poses.rotations.copy()
    for foot, goal, turn in zip(feet, goals, turned, strict=True):
        _bend(rotations, moved, ("thigh", "shin"), ("hip", "knee", "ankle"), foot.side, goal)
        rotations[:, BONE_NAMES.index(f"foot.{foot.side}")] = turn
    if settings.hands and mode != "grounding":
        for side in "LR":
            goal = wrist_goals(moved, probability, times, side, settings)
            _bend(rotations, moved, ("upper_arm", "forearm"), ("shoulder", "elbow", "wrist"), side, goal)
    return Poses(poses.offsets, poses.root + path, rot.normalize(rotations))


def _bend(
    rotations: np.ndarray,
    joints: np.ndarray,
    bones: tuple[str, str],
    names: tuple[str, str, str],
    side: str,
    goal: np.ndarray,
) -> None:
    """Turn the two bones of a limb within `rotations` `[T, 18, 4]` so that it ends at `goal` `[T, 3]`."""
    start, middle, end = (joints[:, JOINTS.index(f"{name}.{side}")] for name in names)
    if np.abs(goal - end).max() < _STILL:
        return
    upper, lower = (BONE_NAMES.index(f"{name}.{side}") for name in bones)
    hinge = np.array(HINGES[f"{bones[0]}.{side}"])
    limb = Limb(start, middle, end, rotations[:, upper], rotations[:, lower], hinge)
    rotations[:, upper], rotations[:, lower] = bent_to(limb, goal)
