"""A made-up person who walks and swings its arms, as a camera and a lifter would tell of it: for the tests of the fit."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from penumbra.inference import rotations as rot
from penumbra.inference.camera import View
from penumbra.inference.contacts import Contacts
from penumbra.inference.observed import Observed
from penumbra.inference.poses import Poses
from penumbra.models.skeletons import BONE_NAMES, JOINTS, POINT_JOINTS
from tests.walking import walk

LEVEL = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]])
"""World from camera axes, of a level camera that looks along +y."""
_PATH_SIGMA = np.array([0.1, 0.1, 0.3])
_DISTANCE = 7.0


@dataclass(frozen=True)
class Told:
    """What is true, and what is told of it."""

    truth: Poses
    view: View
    observed: Observed
    contacts: Contacts

    @property
    def path_sigma(self) -> np.ndarray:
        return np.tile(_PATH_SIGMA, (len(self.truth.root), 1))


def told(count: int = 40) -> Told:
    """A walk toward the camera with arms that hang and swing, elbows bent; points and lifted joints are exact."""
    made = walk(count)
    rotations = made.poses.rotations.copy()
    swing = 0.5 * np.sin(2 * np.pi * made.times)
    for sign, side in ((1.0, "L"), (-1.0, "R")):
        down = _turn(np.full(count, sign * 1.2), (0.0, 1.0, 0.0))
        upper = rot.multiply(_turn(sign * swing - 0.2, (1.0, 0.0, 0.0)), down)
        lower = rot.multiply(upper, _turn(np.full(count, 0.7), (0.0, 0.0, -sign)))
        for bone, turn in (("upper_arm", upper), ("forearm", lower), ("hand", lower)):
            rotations[:, BONE_NAMES.index(f"{bone}.{side}")] = turn
    truth = Poses(made.poses.offsets, made.poses.root, rotations)
    view = View(np.tile(LEVEL, (count, 1, 1)), np.tile([0.0, -_DISTANCE, 1.2], (count, 1)))
    return Told(truth, view, _observed(truth, view, made.times), made.contacts)


def _observed(poses: Poses, view: View, times: np.ndarray) -> Observed:
    joints = poses.joints()
    places = view.to_camera(joints[:, list(POINT_JOINTS)])
    return Observed(
        times=times,
        present=np.ones(len(times), bool),
        slopes=places[..., :2] / places[..., 2:],
        belief=np.full(places.shape[:2], 0.95),
        joints=(joints - poses.root[:, None]) @ LEVEL,
        spread=np.full(joints.shape, 0.03),
        confidence=np.full(joints.shape[:2], 0.9),
    )


def turned(poses: Poses, bone: str, vector: tuple[float, float, float]) -> Poses:
    """The motion with one bone and all of its limb below it turned by a rotation vector in the world's axes."""
    below = [number for number, name in enumerate(BONE_NAMES) if _carries(bone, name)]
    rotations = poses.rotations.copy()
    angle = np.linalg.norm(vector)
    turn = _turn(np.array(angle), np.array(vector) / angle)
    rotations[:, below] = rot.multiply(turn, rotations[:, below])
    return replace(poses, rotations=rotations)


def errors(poses: Poses, truth: Poses) -> np.ndarray:
    """Metres `[T, 30]` between the joints of two motions, about their pelvises."""
    off = poses.joints() - poses.root[:, None] - truth.joints() + truth.root[:, None]
    return np.linalg.norm(off, axis=-1)


def joint(name: str) -> int:
    """The joint's number."""
    return JOINTS.index(name)


def _carries(bone: str, other: str) -> bool:
    limbs = (("shoulder", "upper_arm", "forearm", "hand"), ("thigh", "shin", "foot"))
    (kind, _, side), (under, _, its) = bone.partition("."), other.partition(".")
    return side == its and any(kind in limb and under in limb[limb.index(kind) :] for limb in limbs)


def _turn(angle: np.ndarray, axis: np.ndarray | tuple[float, float, float]) -> np.ndarray:
    """Quaternions `[..., 4]` of turns by `angle` `[...]` about one axis."""
    half = np.asarray(angle)[..., None] / 2
    return np.concatenate([np.cos(half), np.sin(half) * np.asarray(axis)], axis=-1)
