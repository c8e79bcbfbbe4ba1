"""Noise goes, and hits stay."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penumbra.inference import rotations as rot
from penumbra.inference.contacts import Contacts
from penumbra.inference.poses import Poses
from penumbra.inference.smoothing import SmoothingSettings, smooth
from penumbra.models.skeletons import BONE_NAMES, JOINTS
from tests.walking import RATE, Walk, shaken, walk

_NO_CONTACTS = np.zeros((1, 6))
_HAND = JOINTS.index("wrist.L")


def _smooth(poses: Poses, strength: float = 0.5, present: np.ndarray | None = None, sure: float = 1.0) -> Poses:
    count = len(poses.root)
    seen = np.ones(count, bool) if present is None else present
    contacts = Contacts(np.repeat(_NO_CONTACTS, count, axis=0))
    confidence = np.full((count, len(BONE_NAMES)), sure)
    return smooth(poses, confidence, contacts, np.arange(count) / RATE, seen, SmoothingSettings(strength))


def _accelerations(poses: Poses) -> np.ndarray:
    return np.diff(poses.joints(), n=2, axis=0) * RATE**2


def _off(one: Poses, other: Poses) -> float:
    return float(np.linalg.norm(_accelerations(one) - _accelerations(other), axis=-1).mean())


def _turned(poses: Poses, bone: str, angles: np.ndarray) -> Poses:
    """The motion with `angles` `[T]` in radians about the vertical axis added to a bone and what hangs on it."""
    turn = np.stack([np.cos(angles / 2), 0 * angles, 0 * angles, np.sin(angles / 2)], axis=-1)
    rotations = poses.rotations.copy()
    chain = [bone, bone.replace("upper_arm", "forearm"), bone.replace("upper_arm", "hand")]
    for name in dict.fromkeys(chain):
        index = BONE_NAMES.index(name)
        rotations[:, index] = rot.multiply(turn, rotations[:, index])
    return Poses(poses.offsets, poses.root, rotations)


@pytest.fixture
def still() -> Poses:
    made: Walk = walk(120, speed=0.001)
    rotations = np.repeat(made.poses.rotations[:1], 120, axis=0)
    return Poses(made.poses.offsets, np.repeat(made.poses.root[:1], 120, axis=0), rotations)


def test_no_strength_changes_nothing() -> None:
    poses = shaken(walk().poses)
    assert _smooth(poses, 0.0) is poses


@pytest.mark.parametrize("seed", range(3))
def test_noise_is_more_than_halved_where_nothing_moves(still: Poses, seed: int) -> None:
    noisy = shaken(still, seed, drift=0.0)
    assert _off(_smooth(noisy), still) < 0.4 * _off(noisy, still)


def test_noise_of_a_walk_goes_and_more_with_more_strength() -> None:
    truth = walk().poses
    noisy = shaken(truth, drift=0.0)
    left = [_off(_smooth(noisy, strength), truth) for strength in (0.0, 0.2, 0.5)]
    assert left[0] > left[1] > left[2]
    assert left[2] < 0.6 * left[0]


@pytest.mark.parametrize("size", [0.3, 0.8])
def test_a_hit_is_kept(still: Poses, size: float) -> None:
    swing = np.where(np.arange(120) < 60, np.clip(np.arange(120) - 50, 0, 10) / 10.0, 1.0)
    truth = _turned(still, "upper_arm.L", size * swing**2)
    noisy = shaken(truth, way=0.0005, turn=0.003, drift=0.0)
    true, before, after = (_accelerations(poses)[:, _HAND] for poses in (truth, noisy, _smooth(noisy)))
    hit = int(np.argmax(np.linalg.norm(true, axis=-1)))
    along = true[hit] / np.linalg.norm(true[hit])
    assert after[hit] @ along > 0.9 * (before[hit] @ along)
    assert after[hit] @ along > 0.9 * (true[hit] @ along)


def test_nothing_lags() -> None:
    truth = walk(200).poses
    swing = _turned(truth, "upper_arm.L", 0.4 * np.sin(np.arange(200) / 4.0))
    smoothed = _smooth(shaken(swing, drift=0.0), 0.8).joints()[:, _HAND] - truth.joints()[:, _HAND]
    true = swing.joints()[:, _HAND] - truth.joints()[:, _HAND]
    scores = [np.sum(true[10:-10] * np.roll(smoothed, shift, axis=0)[10:-10]) for shift in range(-4, 5)]
    assert int(np.argmax(scores)) == 4
    assert abs(scores[3] - scores[5]) < 0.01 * scores[4]


@given(st.integers(0, 1000), st.floats(0.05, 1.0))
@settings(max_examples=10, deadline=None)
def test_backwards_is_the_same_backwards(seed: int, strength: float) -> None:
    noisy = shaken(walk(40).poses, seed)
    turned = Poses(noisy.offsets, noisy.root[::-1].copy(), noisy.rotations[::-1].copy())
    one, other = _smooth(noisy, strength), _smooth(turned, strength)
    np.testing.assert_allclose(one.root, other.root[::-1], atol=1e-9)
    np.testing.assert_allclose(one.joints(), other.joints()[::-1], atol=1e-9)


def test_what_is_smooth_stays_and_turns_stay_of_length_one(still: Poses) -> None:
    swing = _turned(still, "upper_arm.L", 0.5 * np.sin(np.arange(120) / 12.0))
    smoothed = _smooth(swing)
    assert np.linalg.norm(smoothed.joints() - swing.joints(), axis=-1).max() < 2e-3
    np.testing.assert_allclose(np.linalg.norm(smoothed.rotations, axis=-1), 1.0, atol=1e-12)


def test_signs_of_quaternions_do_not_matter(still: Poses) -> None:
    noisy = shaken(still)
    signs = np.where(np.arange(120) % 3 == 0, -1.0, 1.0)[:, None, None]
    flipped = Poses(noisy.offsets, noisy.root, noisy.rotations * signs)
    np.testing.assert_allclose(_smooth(flipped).joints(), _smooth(noisy).joints(), atol=1e-9)


def test_what_is_little_known_counts_less(still: Poses) -> None:
    noisy = shaken(still, drift=0.0)
    rotations = noisy.rotations.copy()
    wild = slice(60, 62)
    arm = BONE_NAMES.index("upper_arm.L")
    rotations[wild, arm] = rot.multiply(np.array([np.cos(0.05), 0.0, 0.0, np.sin(0.05)]), rotations[wild, arm])
    poses = Poses(noisy.offsets, noisy.root, rotations)
    confidence = np.ones((120, len(BONE_NAMES)))
    contacts = Contacts(np.zeros((120, 6)))
    times, present = np.arange(120) / RATE, np.ones(120, bool)
    trusted = smooth(poses, confidence, contacts, times, present, SmoothingSettings())
    confidence[wild] = 0.0
    doubted = smooth(poses, confidence, contacts, times, present, SmoothingSettings())
    elbow = JOINTS.index("elbow.L")
    off = [
        np.linalg.norm(each.joints()[wild, elbow] - still.joints()[wild, elbow], axis=-1).mean()
        for each in (trusted, doubted)
    ]
    assert off[1] < 0.8 * off[0]


def test_a_contact_that_changes_parts_a_leg(still: Poses) -> None:
    angles = np.where(np.arange(120) < 60, 0.0, 0.03)
    poses = shaken(_turned(still, "foot.L", angles), way=0.0, turn=0.01, drift=0.0)
    probability = np.zeros((120, 6))
    probability[60:, :2] = 1.0
    known = (np.ones((120, len(BONE_NAMES))), np.arange(120) / RATE, np.ones(120, bool))
    foot = BONE_NAMES.index("foot.L")
    step = []
    for contacts in (Contacts(np.zeros((120, 6))), Contacts(probability)):
        smoothed = smooth(poses, known[0], contacts, known[1], known[2], SmoothingSettings(1.0))
        angle = 2 * np.arcsin(smoothed.rotations[:, foot, 3] * np.sign(smoothed.rotations[:, foot, 0]))
        step.append(angle[60:63].mean() - angle[57:60].mean())
    assert step[1] > step[0]


def test_absent_frames_stay_and_nothing_crosses_them() -> None:
    poses = shaken(walk().poses)
    present = np.ones(150, bool)
    present[70:80] = False
    smoothed = _smooth(poses, present=present)
    np.testing.assert_array_equal(smoothed.root[70:80], poses.root[70:80])
    np.testing.assert_array_equal(smoothed.rotations[70:80], poses.rotations[70:80])
    wild = Poses(poses.offsets, poses.root.copy(), poses.rotations)
    wild.root[70:80] += 100.0
    np.testing.assert_allclose(_smooth(wild, present=present).root[present], smoothed.root[present], atol=1e-9)


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_few_frames(count: int) -> None:
    assert np.isfinite(_smooth(walk(count).poses).joints()).all()
