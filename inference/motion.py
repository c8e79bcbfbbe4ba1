"""Motion of the product's rig: what the stages left of retargeting hand over."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..models.skeletons import BONE_NAMES, BONE_PARENTS, BONES, JOINTS
from . import rotations as rot
from .body import rest_joints
from .hands import Hands
from .poses import Poses


@dataclass(frozen=True, slots=True)
class RestPose:
    """The subject's proportions: the product's bones in their rest pose, a T-pose facing -y in Blender's world.

    `heads` and `tails` are `[B, 3]` metres in the order of `BONE_NAMES`; the pelvis is the origin.
    """

    heads: np.ndarray
    tails: np.ndarray


def rest_of(poses: Poses) -> RestPose:
    """The rest pose of a body in motion; a hand's bone ends between the knuckles of index and little finger."""
    places: dict[str, np.ndarray] = dict(zip(JOINTS, rest_joints(poses.offsets), strict=True))
    for side in ("L", "R"):
        places[f"knuckles.{side}"] = (places[f"index.{side}"] + places[f"pinky.{side}"]) / 2
    return RestPose(*(np.stack([places[getattr(bone, end)] for bone in BONES]) for end in ("head", "tail")))


@dataclass(frozen=True, slots=True)
class Motion:
    """One subject's motion in Blender's world (z up, metres, right-handed).

    times: `[T]` seconds of the source's own clock. present: `[T]` bool, False where the subject was not seen (the other
    arrays hold the last known values there and must not be keyed). root: `[T, 3]` pelvis position. rotations:
    `[T, B, 4]` unit quaternions wxyz, each the rotation in world axes that takes a bone from the rest pose to its pose
    (global, not relative to the parent). confidence: `[T, B]` 0 to 1, 0 where the subject is absent.
    fps: the footage's own mean frame rate. contacts: `[T, 6]` probability that each of `contacts.CONTACTS` stands, None where
    it was never asked. hands: how the fingers are bent, None where nothing tells.
    """

    times: np.ndarray
    present: np.ndarray
    root: np.ndarray
    rotations: np.ndarray
    confidence: np.ndarray
    rest: RestPose
    fps: float
    contacts: np.ndarray | None = None
    hands: Hands | None = None

    def __len__(self) -> int:
        """Count of frames."""
        return len(self.times)


def bone_heads_and_tails(motion: Motion) -> tuple[np.ndarray, np.ndarray]:
    """Forward kinematics: `[T, B, 3]` positions in metres of every bone's head and tail in Blender's world."""
    rest = motion.rest
    heads = np.empty((len(motion), len(BONE_NAMES), 3))
    for index, parent in enumerate(BONE_PARENTS):
        if parent < 0:
            heads[:, index] = motion.root
        else:
            offset = rest.heads[index] - rest.heads[parent]
            heads[:, index] = heads[:, parent] + rot.rotate(motion.rotations[:, parent], offset)
    return heads, heads + rot.rotate(motion.rotations, rest.tails - rest.heads)
