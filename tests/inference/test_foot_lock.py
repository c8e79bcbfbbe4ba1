"""Feet that stand are held, and let go without a pop."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest

from penumbra.inference import rotations as rot
from penumbra.inference.contacts import Contacts
from penumbra.inference.locking.foot_lock import lock_feet
from penumbra.inference.locking.settings import FootLockSettings
from penumbra.inference.poses import Poses
from penumbra.inference.settings import FootLock
from penumbra.models.skeletons import BONE_NAMES, HINGES, JOINT_PARENTS, JOINTS
from tests.walking import FEET, RATE, Walk, raised, shaken, walk

_ANKLES_AND_KNEES = [JOINTS.index(f"{name}.{side}") for name in ("knee", "ankle") for side in "LR"]
_BUT_NEVER = [mode for mode in get_args(FootLock) if mode != "never"]


@pytest.fixture(params=range(3))
def noisy(request: pytest.FixtureRequest) -> tuple[Walk, Poses]:
    """A walk and what a noisy capture of it is."""
    made = walk()
    return made, shaken(made.poses, request.param)


def _locked(made: Walk, poses: Poses, mode: FootLock = "auto") -> Poses:
    return lock_feet(poses, made.contacts, made.times, made.present, mode, FootLockSettings())


def _accelerations(joints: np.ndarray) -> np.ndarray:
    return np.linalg.norm(np.diff(joints, n=2, axis=0), axis=-1) * RATE**2


def test_feet_that_stand_do_not_move_and_are_on_the_floor(noisy: tuple[Walk, Poses]) -> None:
    made, poses = noisy
    feet = _locked(made, poses).joints()[:, FEET]
    ways = np.linalg.norm(np.diff(feet, axis=0), axis=-1)
    assert ways[made.stands[1:] & made.stands[:-1]].max() < 0.5e-3
    assert np.abs(feet[made.stands][:, 2]).max() < 1e-6
    before = np.linalg.norm(np.diff(poses.joints()[:, FEET], axis=0), axis=-1)
    assert before[made.stands[1:] & made.stands[:-1]].mean() > 2e-3


def test_nothing_pops_where_feet_are_caught_and_let_go(noisy: tuple[Walk, Poses]) -> None:
    made, poses = noisy
    before = _accelerations(poses.joints())[:, _ANKLES_AND_KNEES]
    after = _accelerations(_locked(made, poses).joints())[:, _ANKLES_AND_KNEES]
    change = np.diff(made.stands[:, ::2].any(axis=1).astype(int), n=2) != 0
    assert after.max() < 1.6 * before.max()
    assert after[change].max(initial=0.0) < 1.6 * before.max()


def test_feet_come_nearer_to_the_truth(noisy: tuple[Walk, Poses]) -> None:
    made, poses = noisy
    truth = made.poses.joints()
    wrong = np.linalg.norm(poses.joints() - truth, axis=-1).mean()
    assert np.linalg.norm(_locked(made, poses).joints() - truth, axis=-1).mean() < 1.1 * wrong


@pytest.mark.parametrize("mode", _BUT_NEVER)
def test_bones_keep_their_lengths_and_knees_bend_forwards(noisy: tuple[Walk, Poses], mode: FootLock) -> None:
    made, poses = noisy
    locked = _locked(made, poses, mode)
    joints = locked.joints()
    for joint, parent in enumerate(JOINT_PARENTS[1:], start=1):
        length = np.linalg.norm(joints[:, joint] - joints[:, parent], axis=-1)
        np.testing.assert_allclose(length, np.linalg.norm(poses.offsets[joint]), atol=1e-9)
    for side in "LR":
        hip, knee, ankle = (joints[:, JOINTS.index(f"{name}.{side}")] for name in ("hip", "knee", "ankle"))
        turn = locked.rotations[:, BONE_NAMES.index(f"thigh.{side}")]
        axis = rot.rotate(turn, np.array(HINGES[f"thigh.{side}"]))
        assert np.sum(np.cross(knee - hip, ankle - knee) * axis, axis=-1).min() > -1e-3


@pytest.mark.parametrize("mode", _BUT_NEVER)
@pytest.mark.parametrize("depth", [0.02, 0.06])
def test_no_heel_and_no_toe_is_below_the_floor(mode: FootLock, depth: float) -> None:
    made = walk()
    sunk = Poses(made.poses.offsets, made.poses.root - (0.0, 0.0, depth), made.poses.rotations)
    assert _locked(made, sunk, mode).joints()[:, FEET, 2].min() > -0.01


@pytest.mark.parametrize("mode", _BUT_NEVER)
@pytest.mark.parametrize("height", [-2.0, -0.4, 0.5])
def test_another_level_is_left_where_it_is(mode: FootLock, height: float) -> None:
    made = raised(walk(), height, 60, 110)
    poses = shaken(made.poses, drift=0.005)
    joints = _locked(made, poses, mode).joints()
    assert np.linalg.norm(joints - poses.joints(), axis=-1).max() < 0.2
    assert _accelerations(joints).max() < 1.6 * _accelerations(poses.joints()).max()
    feet = joints[:, FEET]
    if mode == "auto":
        ways = np.linalg.norm(np.diff(feet, axis=0), axis=-1)
        # what stands for a few frames only is not held
        assert np.quantile(ways[made.stands[1:] & made.stands[:-1]], 0.95) < 0.5e-3
    upper = made.stands[62:108]
    np.testing.assert_allclose(feet[62:108][upper][:, 2], height, atol=0.03)
    assert np.abs(feet[:50][made.stands[:50]][:, 2]).max() < 1e-6


def test_a_fall_past_the_floor_is_not_held_up() -> None:
    made = walk(60, speed=0.001)
    fall = -4.9 * np.maximum(made.times - 0.7, 0.0) ** 2
    poses = Poses(made.poses.offsets, made.poses.root + fall[:, None] * (0.0, 0.0, 1.0), made.poses.rotations)
    standing = np.where(made.times[:, None] < 0.7, [[0.95] * 4 + [0.0] * 2], 0.0)
    locked = lock_feet(poses, Contacts(standing), made.times, made.present, "auto", FootLockSettings())
    joints = locked.joints()
    assert np.abs(joints - poses.joints()).max() < 0.15
    assert _accelerations(joints).max() < 1.6 * _accelerations(poses.joints()).max()


def test_grounding_brings_feet_to_the_floor_and_lets_them_slide(noisy: tuple[Walk, Poses]) -> None:
    made, poses = noisy
    feet = _locked(made, poses, "grounding").joints()[:, FEET]
    inner = made.stands
    assert np.abs(feet[inner][:, 2]).max() < 1e-6
    ways = np.linalg.norm(np.diff(feet, axis=0), axis=-1)[inner[1:] & inner[:-1]]
    assert ways.mean() > 1e-3


def test_always_holds_a_foot_at_any_time() -> None:
    made = walk(speed=0.5)
    weak = Contacts(0.35 * made.contacts.probability)
    settings = FootLockSettings()
    free = lock_feet(made.poses, weak, made.times, made.present, "auto", settings).joints()[:, FEET]
    held = lock_feet(made.poses, weak, made.times, made.present, "always", settings).joints()[:, FEET]
    np.testing.assert_allclose(free, made.poses.joints()[:, FEET], atol=0.01)
    still = np.linalg.norm(np.diff(held, axis=0), axis=-1).min(axis=1) < 0.5e-3
    assert still.mean() > 0.9


def test_never_changes_nothing(noisy: tuple[Walk, Poses]) -> None:
    made, poses = noisy
    assert _locked(made, poses, "never") is poses


@pytest.mark.parametrize("mode", _BUT_NEVER)
def test_a_walk_without_errors_stays(mode: FootLock) -> None:
    made = walk()
    moved = np.linalg.norm(_locked(made, made.poses, mode).joints() - made.poses.joints(), axis=-1)
    assert moved.max() < 0.04
    assert moved.mean() < 0.01


def test_heel_then_sole_then_toe_roll_about_what_stands() -> None:
    count = 60
    times = np.arange(count) / RATE
    made = walk(2)
    rotations = np.repeat(made.poses.rotations[:1], count, axis=0)
    pitch = np.interp(np.arange(count), [0, 20, 40, 60], [-0.4, 0.0, 0.0, 0.5])
    foot = BONE_NAMES.index("foot.L")
    rotations[:, foot] = np.stack([np.cos(pitch / 2), np.sin(pitch / 2), 0 * pitch, 0 * pitch], axis=1)
    random = np.random.default_rng(0)
    root = made.poses.root[:1] + 0.003 * random.standard_normal((count, 3)) - (0.0, 0.0, 0.02)
    poses = Poses(made.poses.offsets, root, rotations)
    probability = np.zeros((count, 6))
    probability[:42, 0] = probability[18:, 1] = probability[:, 2:4] = 0.95
    joints = lock_feet(poses, Contacts(probability), times, np.ones(count, bool), "auto", FootLockSettings()).joints()
    heel, toe = joints[:, FEET[0]], joints[:, FEET[1]]
    assert np.linalg.norm(np.diff(heel[:42], axis=0), axis=-1).max() < 1e-5
    assert np.linalg.norm(np.diff(toe[18:], axis=0), axis=-1).max() < 1e-5
    assert toe[5, 2] > 0.03
    assert heel[-1, 2] > 0.03
    assert min(heel[:, 2].min(), toe[:, 2].min()) > -0.01


def test_a_drifting_path_is_put_right_as_a_whole() -> None:
    made = walk(90, speed=0.001)
    drift = np.linspace(0.0, 0.25, 90)[:, None] * (1.0, 0.0, 0.0)
    poses = Poses(made.poses.offsets, made.poses.root + drift, made.poses.rotations)
    standing = Contacts(np.tile([0.95] * 4 + [0.0] * 2, (90, 1)))
    locked = lock_feet(poses, standing, made.times, made.present, "auto", FootLockSettings())
    assert np.ptp(locked.root[15:-15, 0]) < 0.05


def test_absent_frames_stay_and_part_what_lies_between(noisy: tuple[Walk, Poses]) -> None:
    made, poses = noisy
    present = made.present
    present[60:80] = False
    settings = FootLockSettings()
    whole = lock_feet(poses, made.contacts, made.times, present, "auto", settings)
    np.testing.assert_array_equal(whole.root[60:80], poses.root[60:80])
    np.testing.assert_array_equal(whole.rotations[60:80], poses.rotations[60:80])
    first = Poses(poses.offsets, poses.root[:60], poses.rotations[:60])
    alone = lock_feet(
        first, Contacts(made.contacts.probability[:60]), made.times[:60], np.ones(60, bool), "auto", settings
    )
    np.testing.assert_allclose(whole.root[:60], alone.root, atol=1e-12)
    assert lock_feet(poses, made.contacts, made.times, np.zeros_like(present), "auto", settings) is poses


def test_a_hand_on_the_floor_is_held_and_can_be_left_alone() -> None:
    made = walk(60, speed=0.001)
    rotations = made.poses.rotations.copy()
    for bone in ("forearm.L", "hand.L"):  # bent forwards, because a straight arm has no room
        rotations[:, BONE_NAMES.index(bone)] = np.cos(0.5), 0.0, 0.0, -np.sin(0.5)
    poses = shaken(Poses(made.poses.offsets, made.poses.root, rotations), way=0.004, drift=0.0)
    probability = np.zeros((60, 6))
    probability[10:50, 4] = 0.95
    contacts = Contacts(probability)
    hand = [JOINTS.index("index.L"), JOINTS.index("pinky.L")]
    moves = []
    for hands in (True, False):
        settings = FootLockSettings(hands=hands)
        locked = lock_feet(poses, contacts, made.times, made.present, "auto", settings)
        middle = locked.joints()[:, hand].mean(axis=1)
        moves.append(np.linalg.norm(np.diff(middle[12:48], axis=0), axis=-1).max())
    assert moves[0] < 0.5e-3
    assert moves[1] > 2e-3


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("mode", _BUT_NEVER)
def test_few_frames(count: int, mode: FootLock) -> None:
    made = walk(count)
    assert np.isfinite(_locked(made, made.poses, mode).joints()).all()
