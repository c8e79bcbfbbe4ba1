"""Wrists bend no further than what is known of the hand tells."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

from penumbra.inference import rotations as rot
from penumbra.inference.poses import Poses
from penumbra.inference.wrists import WristSettings, likely_wrists
from penumbra.models.skeletons import BONE_NAMES, BONES, CARRIERS, JOINTS
from penumbra.training.bodies import mean_body

_HANDS = [BONE_NAMES.index(f"hand.{side}") for side in "LR"]
_FOREARMS = [BONE_NAMES.index(f"forearm.{side}") for side in "LR"]


def _poses(bend: float, twist: float = 0.0, count: int = 8) -> Poses:
    """Arms anyhow in space, whose wrists bend by `bend` radians and whose hands are turned by `twist` about the forearm."""
    rotations = np.tile([1.0, 0.0, 0.0, 0.0], (count, len(BONE_NAMES), 1))
    turn = Rotation.from_quat(np.random.default_rng(0).standard_normal((count, 4)))
    for forearm, hand in zip(_FOREARMS, _HANDS, strict=True):
        own = Rotation.from_rotvec((0.0, 0.0, bend)) * Rotation.from_rotvec(twist * np.array(BONES[hand].rest))
        rotations[:, forearm] = np.roll(turn.as_quat(), 1, axis=-1)
        rotations[:, hand] = np.roll((turn * own).as_quat(), 1, axis=-1)
    return Poses(mean_body(), np.zeros((count, 3)), rotations)


def _likely(poses: Poses, sigma: float) -> Poses:
    return likely_wrists(poses, np.full((len(poses.root), len(JOINTS)), sigma), WristSettings())


def _bends(poses: Poses) -> np.ndarray:
    """`[T, 2]` radians between forearms and hands."""
    found = []
    for forearm, hand in zip(_FOREARMS, _HANDS, strict=True):
        rest = np.array(BONES[hand].rest)
        one, two = (rot.rotate(poses.rotations[:, bone], rest) for bone in (forearm, hand))
        found.append(np.arccos(np.clip(np.sum(one * two, axis=-1), -1.0, 1.0)))
    return np.stack(found, axis=1)


def test_a_hand_that_is_known_exactly_stays() -> None:
    poses = _poses(0.9, 0.7)
    np.testing.assert_allclose(np.abs(np.sum(_likely(poses, 0.0).rotations * poses.rotations, axis=-1)), 1.0)


def test_the_less_is_known_the_straighter_the_wrist() -> None:
    bends = [float(_bends(_likely(_poses(0.9), sigma)).mean()) for sigma in (0.0, 0.02, 0.05, 1.0)]
    assert bends == sorted(bends, reverse=True)
    assert bends[-1] < 0.01
    assert _bends(_likely(_poses(0.9), np.nan)).mean() < 0.5


def test_the_turn_about_the_forearm_stays() -> None:
    straight = _likely(_poses(0.6, 1.1), 10.0)
    expected = _poses(0.0, 1.1)
    apart = np.abs(np.sum(straight.rotations[:, _HANDS] * expected.rotations[:, _HANDS], axis=-1))
    np.testing.assert_allclose(apart, 1.0, atol=1e-4)


def test_nothing_but_the_hands_moves() -> None:
    poses = _poses(0.9, 0.3)
    result = _likely(poses, 0.06)
    others = [index for index, name in enumerate(JOINTS) if not CARRIERS.get(name, "").startswith("hand")]
    np.testing.assert_allclose(result.joints()[:, others], poses.joints()[:, others], atol=1e-12)
    assert np.abs(result.joints() - poses.joints()).max() > 0.02
