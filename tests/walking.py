"""A made-up walk whose contacts are known, for the tests of what happens on the floor."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from penumbra.inference import rotations as rot
from penumbra.inference.body import joints_of
from penumbra.inference.contacts import CONTACTS, Contacts
from penumbra.inference.locking.limb import Limb, bent_to
from penumbra.inference.poses import Poses, flat_soled
from penumbra.models.skeletons import BONE_NAMES, HINGES, JOINTS
from penumbra.training.bodies import mean_body

RATE = 30.0
FEET = [JOINTS.index(name) for name in CONTACTS[:4]]
_STAND, _SWING = 0.6, 0.4


@dataclass(frozen=True)
class Walk:
    """A walk: its motion, when heels and toes truly stand `[T, 4]`, and the frames' times `[T]`."""

    poses: Poses
    stands: np.ndarray
    times: np.ndarray

    @property
    def present(self) -> np.ndarray:
        return np.ones(len(self.times), bool)

    @property
    def contacts(self) -> Contacts:
        """What is known for sure: hands never stand."""
        hands = np.zeros((len(self.times), 2))
        return Contacts(np.concatenate([np.where(self.stands, 0.98, 0.02), hands], axis=1))


def walk(count: int = 150, speed: float = 0.9, rate: float = RATE) -> Walk:
    """A walk towards -y on flat feet: each stands for 0.6 s and swings for 0.4 s."""
    times = np.arange(count) / rate
    identity = np.tile([1.0, 0.0, 0.0, 0.0], (count, len(BONE_NAMES), 1))
    body = flat_soled(Poses(mean_body(), np.zeros((count, 3)), identity)).offsets
    rest = joints_of(identity[:1], body)[0]
    floor = -rest[FEET, 2].min()
    root = np.stack([0.01 * np.sin(2 * np.pi * times), -speed * times, np.full(count, floor - 0.05)], axis=1)
    joints = joints_of(identity, body) + root[:, None]
    rotations, stands = identity.copy(), np.zeros((count, 4), bool)
    for number, side in enumerate("LR"):
        step, phase = np.divmod(times / (_STAND + _SWING) + 0.5 * number, 1.0)
        part = np.clip((phase * (_STAND + _SWING) - _STAND) / _SWING, 0.0, 1.0)
        eased = part**3 * (10 - 15 * part + 6 * part**2)
        hip, knee, ankle = (JOINTS.index(f"{name}.{side}") for name in ("hip", "knee", "ankle"))
        length = speed * (_STAND + _SWING)
        place = np.stack(
            [
                np.full(count, rest[ankle, 0]),
                rest[ankle, 1] - length * (step + eased - 0.5 * number + 0.3),
                rest[ankle, 2] + floor + 0.12 * np.sin(np.pi * eased) ** 2,
            ],
            axis=1,
        )
        upper, lower = BONE_NAMES.index(f"thigh.{side}"), BONE_NAMES.index(f"shin.{side}")
        limb = Limb(
            joints[:, hip],
            joints[:, knee],
            joints[:, ankle],
            identity[:, upper],
            identity[:, lower],
            np.array(HINGES[f"thigh.{side}"]),
        )
        rotations[:, upper], rotations[:, lower] = bent_to(limb, place)
        stands[:, 2 * number : 2 * number + 2] = (part <= 0.0)[:, None]
    return Walk(Poses(body, root, rotations), stands, times)


def shaken(poses: Poses, seed: int = 0, turn: float = 0.005, way: float = 0.001, drift: float = 0.02) -> Poses:
    """The motion with noise: `turn` radians on every bone and `way` metres on the root in each frame, and a slow drift."""
    random = np.random.default_rng(seed)
    count = len(poses.root)
    vectors = turn * random.standard_normal((count, len(BONE_NAMES), 3))
    half = np.concatenate([np.ones((*vectors.shape[:2], 1)), vectors / 2], axis=-1)
    slow = np.sin(np.arange(count)[:, None] / 25.0 + random.uniform(0, 6, 3)) * drift
    root = poses.root + slow + way * random.standard_normal((count, 3))
    return Poses(poses.offsets, root, rot.multiply(rot.normalize(half), poses.rotations))


def raised(made: Walk, height: float, first: int, last: int, taken: int = 6) -> Walk:
    """The walk with `height` metres added from frame `first` to `last`, and in between within `taken` frames at both ends."""
    frames = np.arange(len(made.times))
    part = np.clip(np.minimum((frames - first) / taken + 1.0, (last - frames) / taken + 1.0), 0.0, 1.0)
    root = made.poses.root + (part**2 * (3.0 - 2.0 * part) * height)[:, None] * (0.0, 0.0, 1.0)
    stands = made.stands & ((part == 0.0) | (part == 1.0))[:, None]
    return Walk(Poses(made.poses.offsets, root, made.poses.rotations), stands, made.times)
