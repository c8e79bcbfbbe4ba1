"""More motion: windows, mirror, retiming, exchange, limits and bending."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from penumbra.inference import rotations as rot
from penumbra.inference import turns
from penumbra.inference.body import joints_of
from penumbra.models.skeletons import BONE_NAMES, BONE_PARENTS, JOINTS, mirrored
from penumbra.training import variety
from penumbra.training.bodies import mean_body
from penumbra.training.clips import Clip
from penumbra.training.noise import drifting
from penumbra.training.variety import MotionVariety, bank, exchange, fold_of, mirror, reshape, turn, vary_motion, window

PARTNERS = [JOINTS.index(mirrored(name)) for name in JOINTS]
LOWER = [BONE_NAMES.index(name) for name in ("hips", "thigh.L", "shin.L", "foot.L", "thigh.R", "shin.R", "foot.R")]


def moving(rng: np.random.Generator, count: int, length: int, size: float = 0.3) -> np.ndarray:
    """Smooth random motion `[B, T, 18, 4]` that stays upright."""
    vectors = size * drifting(rng, count, length, 54, 20.0).reshape(count, length, 18, 3)
    vectors[:, :, 0, :2] *= 0.2
    local = turns.from_vector(vectors)
    result = local.copy()
    for bone, parent in enumerate(BONE_PARENTS):
        if parent >= 0:
            result[:, :, bone] = turns.multiply(result[:, :, parent], local[:, :, bone])
    return result


def clip(name: str, length: int, action: str = "dance", size: float = 0.3) -> Clip:
    rotations = moving(np.random.default_rng(len(name) + length), 1, length, size)[0]
    root = np.linspace((0.0, 0.0, 0.9), (1.0, 0.0, 0.9), length).astype(np.float32)
    return Clip(name, "test", "test/1", action, "CC0", rotations, root, mean_body().astype(np.float32))


def bodies(count: int) -> np.ndarray:
    return np.repeat(mean_body()[None], count, axis=0).astype(np.float32)


def local_of(rotations: np.ndarray, name: str) -> np.ndarray:
    bone = BONE_NAMES.index(name)
    return rot.multiply(rot.conjugate(rotations[:, :, BONE_PARENTS[bone]]), rotations[:, :, bone])


def test_fast_quaternions_agree_with_the_projects_own():
    rng = np.random.default_rng(0)
    a, b = (rot.normalize(rng.normal(size=(3, 4, 18, 4))) for _ in range(2))
    vectors = rng.normal(size=(3, 4, 18, 3))
    np.testing.assert_allclose(turns.multiply(turns.components(a), b), rot.multiply(a, b), atol=1e-12)
    np.testing.assert_allclose(turns.to_matrix(turns.components(a)), rot.to_matrix(a), atol=1e-12)
    np.testing.assert_allclose(turns.rotate(turns.to_matrix(a), vectors), rot.rotate(a, vectors), atol=1e-12)
    composed = turns.compose(turns.to_matrix(a), turns.to_matrix(b))
    np.testing.assert_allclose(composed, rot.to_matrix(rot.multiply(a, b)), atol=1e-12)
    near = rot.multiply(turns.from_vector(0.01 * vectors), a)
    blended = turns.blend(a, near, np.full((3, 4, 18, 1), 0.3))
    slerped = rot.slerp(a, near, 0.3)
    assert np.abs(np.sum(blended * slerped, axis=-1)).min() > 1 - 1e-10


def test_mirrored_motion_gives_mirrored_joints():
    rotations = moving(np.random.default_rng(1), 2, 10)
    offsets = bodies(2)
    offsets[:, JOINTS.index("knee.L"), 2] *= 1.1
    root = np.random.default_rng(2).normal(size=(2, 10, 3)).astype(np.float32)
    flipped, flipped_root, flipped_offsets = mirror(rotations, root, offsets)
    before = joints_of(rotations, offsets[:, None]) + root[:, :, None]
    after = joints_of(flipped, flipped_offsets[:, None]) + flipped_root[:, :, None]
    np.testing.assert_allclose(after, before[:, :, PARTNERS] * (-1.0, 1.0, 1.0), atol=1e-5)


def test_mirroring_twice_changes_nothing():
    rotations, root = moving(np.random.default_rng(3), 1, 5), np.ones((1, 5, 3), np.float32)
    again = mirror(*mirror(rotations, root, bodies(1)))
    np.testing.assert_array_equal(again[0], rotations)
    np.testing.assert_array_equal(again[1], root)


def test_a_window_at_one_speed_is_the_clip_retimed():
    motion = bank([clip("a", 200)])
    for speed in (0.6, 1.0, 1.6):
        windows = window(motion, np.random.default_rng(4), 40, 20, MotionVariety(speed=(speed, speed)))
        steps = np.diff(windows.root[..., 0], axis=1)
        np.testing.assert_allclose(steps, speed / 199, rtol=2e-3)
    assert windows.rotations.shape == (20, 40, 18, 4)
    np.testing.assert_allclose(np.linalg.norm(windows.rotations, axis=-1), 1.0, atol=1e-5)


def test_retiming_is_as_often_slow_as_fast():
    motion = bank([clip("a", 400)])
    windows = window(motion, np.random.default_rng(5), 20, 2000)
    speed = np.diff(windows.root[..., 0], axis=1).mean(axis=1) * 399
    assert speed.min() >= 0.59
    assert speed.max() <= 1.61
    middle = np.sqrt(0.6 * 1.6)
    assert (speed < middle).mean() == pytest.approx(0.5, abs=0.05)


def test_some_windows_are_slower_still():
    motion = bank([clip("a", 400)])
    windows = window(motion, np.random.default_rng(6), 20, 2000, MotionVariety(slow=0.3))
    speed = np.diff(windows.root[..., 0], axis=1).mean(axis=1) * 399
    assert 0.09 <= speed.min() < 0.12
    assert (speed < 0.6).mean() == pytest.approx(0.3, abs=0.04)


def test_short_clips_run_forth_and_back_without_a_jump():
    motion = bank([clip("a", 10)])
    windows = window(motion, np.random.default_rng(6), 60, 10)
    assert np.abs(np.diff(windows.root[..., 0], axis=1)).max() < 1.7 / 9
    assert np.ptp(windows.root[..., 0], axis=1).min() > 0.9
    one = window(bank([clip("b", 1)]), np.random.default_rng(6), 5, 2)
    assert np.isfinite(one.rotations).all()


def test_windows_never_cross_from_one_clip_to_the_next():
    first, second = clip("a", 50), clip("bb", 50)
    motion = bank([replace(first, root=first.root * 0), replace(second, root=second.root * 0 + 5)])
    windows = window(motion, np.random.default_rng(7), 45, 200)
    assert set(np.unique(windows.root.round(4))) == {0.0, 5.0}
    assert set(np.unique(windows.clip)) == {0, 1}


def test_everyday_actions_and_rare_ones_are_drawn_more_than_their_share():
    motion = bank([clip("a", 9000, "dance"), clip("b", 1000, "sit down")])
    assert motion.chances.sum() == pytest.approx(1.0)
    assert motion.chances[1] == pytest.approx(2 * np.sqrt(1000) / (2 * np.sqrt(1000) + np.sqrt(9000)))


def test_turning_turns_the_joints():
    rotations, root = moving(np.random.default_rng(8), 2, 4), np.ones((2, 4, 3), np.float32)
    turned, moved = turn(rotations, root, np.full(2, np.pi / 2))
    before, after = (joints_of(which, bodies(2)[:, None]) for which in (rotations, turned))
    np.testing.assert_allclose(after, np.stack([-before[..., 1], before[..., 0], before[..., 2]], -1), atol=1e-5)
    np.testing.assert_allclose(moved[0, 0], (-1.0, 1.0, 1.0), atol=1e-6)


def test_exchanged_bodies_keep_their_legs_and_face_their_pelvis():
    rng = np.random.default_rng(9)
    lower, upper = moving(rng, 3, 12), moving(rng, 3, 12)
    angle = np.array([0.5, 2.0, -2.5])
    mixed = exchange(lower, upper)
    turned, _ = turn(upper, np.zeros((3, 12, 3), np.float32), angle)
    np.testing.assert_array_equal(mixed[:, :, LOWER], lower[:, :, LOWER])
    # which way the upper body's performer faced in the world does not matter
    np.testing.assert_allclose(
        joints_of(exchange(lower, turned), mean_body()), joints_of(mixed, mean_body()), atol=1e-4
    )
    # an upper body on its own legs is itself
    np.testing.assert_allclose(joints_of(exchange(upper, upper), mean_body()), joints_of(upper, mean_body()), atol=1e-5)


def test_who_lies_keeps_its_upper_body():
    rng = np.random.default_rng(10)
    lower, upper = moving(rng, 1, 6), moving(rng, 1, 6)
    lying = turns.multiply(turns.about(0, np.full((1, 1, 1), np.pi / 2, np.float32)), upper)
    np.testing.assert_array_equal(exchange(lower, lying), lower)


def test_no_change_is_no_change():
    rotations, root = moving(np.random.default_rng(11), 4, 20), np.zeros((4, 20, 3), np.float32)
    result, moved = reshape(rotations, root, bodies(4), np.random.default_rng(0), np.zeros(4), np.zeros(4))
    np.testing.assert_allclose(joints_of(result, mean_body()), joints_of(rotations, mean_body()), atol=1e-5)
    np.testing.assert_allclose(moved, root, atol=1e-5)


def test_perturbed_joints_stay_inside_their_limits():
    rest = np.zeros((64, 60, 18, 4), np.float32)
    rest[..., 0] = 1.0
    result, _ = reshape(
        rest, np.zeros((64, 60, 3), np.float32), bodies(64), np.random.default_rng(12), np.full(64, 4.0), np.zeros(64)
    )
    for name in ("spine", "neck", "shoulder.L", "upper_arm.R", "hand.L", "thigh.R", "foot.L"):
        local = local_of(result, name)
        limit = variety._REACH[name.split(".")[0]][0]
        assert np.degrees(turns.angle(local)).max() <= limit + 0.1, name
    for name in ("forearm.L", "forearm.R", "shin.L", "shin.R"):
        fold = fold_of(local_of(result, name), BONE_NAMES.index(name))
        assert fold.min() >= -0.1, name
        assert 40 < fold.max() <= 150.1, name
    assert np.degrees(turns.angle(local_of(result, "upper_arm.L"))).mean() > 30


def test_knees_fold_back_and_elbows_fold_forward():
    rest = np.array([[[[1.0, 0.0, 0.0, 0.0]] * 18]], np.float32)
    for name, axis, sign in (("shin.L", 0, 1), ("shin.R", 0, 1), ("forearm.L", 2, -1), ("forearm.R", 2, 1)):
        bone = BONE_NAMES.index(name)
        assert fold_of(turns.about(axis, np.array(sign * 1.0)), bone) == pytest.approx(np.degrees(1.0), abs=1e-3)
        folded = rest.copy()
        folded[..., bone, :] = turns.about(axis, np.array(sign * np.pi / 2))
        joints = joints_of(folded, mean_body())[0, 0]
        before = joints_of(rest, mean_body())[0, 0]
        end = JOINTS.index("ankle" + name[-2:] if name.startswith("shin") else "wrist" + name[-2:])
        forward = before[end, 1] - joints[end, 1]
        assert (forward < -0.2) if name.startswith("shin") else (forward > 0.2)


def test_bent_legs_lower_the_pelvis_and_keep_the_feet_on_the_floor():
    rest = np.zeros((200, 30, 18, 4), np.float32)
    rest[..., 0] = 1.0
    root = np.tile(np.array([0.0, 0.0, 0.9], np.float32), (200, 30, 1))
    result, sunk = reshape(rest, root, bodies(200), np.random.default_rng(13), np.zeros(200), np.ones(200))
    before = (joints_of(rest, mean_body()) + root[:, :, None])[..., 2].min(axis=-1)
    after = (joints_of(result, mean_body()) + sunk[:, :, None])[..., 2].min(axis=-1)
    np.testing.assert_allclose(after, before, atol=1e-4)
    lowest = sunk[..., 2].min(axis=1)
    assert np.median(lowest) < 0.6
    assert lowest.max() < 0.85


def test_the_whole_variety_keeps_unit_quaternions_and_its_seed():
    motion = bank([clip("a", 100), clip("bb", 150, "walk")])
    windows = window(motion, np.random.default_rng(14), 27, 64)
    first, second = (vary_motion(windows, np.random.default_rng(15)) for _ in range(2))
    np.testing.assert_array_equal(first.rotations, second.rotations)
    np.testing.assert_allclose(np.linalg.norm(first.rotations, axis=-1), 1.0, atol=1e-5)
    assert np.isfinite(first.root).all()
    assert first.rotations.dtype == np.float32
    changed = np.abs(first.rotations - windows.rotations).max(axis=(1, 2, 3)) > 1e-3
    assert 0.5 < changed.mean() < 0.98
