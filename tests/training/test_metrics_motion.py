from __future__ import annotations

import numpy as np
import pytest

from penumbra.models.skeletons import JOINTS
from penumbra.tests.training.mannequin import t_pose
from penumbra.training.metrics import motion

RATE = 30.0


def _still(frames: int) -> np.ndarray:
    return np.repeat(t_pose()[None], frames, axis=0)


def _index(name: str) -> int:
    return JOINTS.index(name)


def test_velocity_error_by_hand():
    truth, predicted = np.zeros((3, 2, 3)), np.zeros((3, 2, 3))
    # the second joint of the truth goes 1 cm a frame along x, that of the prediction 1 cm along y: apart by √2 cm a frame
    truth[:, 1, 0] = [0.0, 0.01, 0.02]
    predicted[:, 1, 1] = [0.0, 0.01, 0.02]
    expected = np.sqrt(2) * 10 * RATE
    assert motion.velocity_error(predicted, truth, RATE) == pytest.approx(expected / 2)
    only = np.array([[False, True]] * 3)
    assert motion.velocity_error(predicted, truth, RATE, only) == pytest.approx(expected)
    # a root that wanders off is forgiven, unless it is asked for
    predicted += np.arange(3)[:, None, None] * (0.0, 0.0, 0.02)
    assert motion.velocity_error(predicted, truth, RATE) == pytest.approx(expected / 2)
    # in space: 2 cm a frame at the root, √(1 + 1 + 4) cm a frame at the other
    assert motion.velocity_error(predicted, truth, RATE, root=None) == pytest.approx((20 + 10 * np.sqrt(6)) / 2 * RATE)


def test_acceleration_error_by_hand():
    frames = np.arange(5) / RATE
    truth, predicted = np.zeros((5, 2, 3)), np.zeros((5, 2, 3))
    # the prediction falls at 9.81 m/s², the truth moves evenly
    predicted[:, 1, 2] = 0.5 * 9.81 * frames**2
    truth[:, 1, 2] = 3.0 * frames
    assert motion.acceleration_error(predicted, truth, RATE) == pytest.approx(9.81 / 2)
    assert motion.acceleration_error(predicted, truth, RATE, np.array([[False, True]] * 5)) == pytest.approx(9.81)
    # 9.81 m/s² = 9810 mm / (30 frames)² = 10.9 mm/frame²
    assert motion.per_frame_squared(9.81, RATE) == pytest.approx(10.9)


def test_a_frame_that_does_not_count_takes_its_differences_with_it():
    truth, predicted = np.zeros((7, 1, 3)), np.zeros((7, 1, 3))
    predicted[3] = 1.0
    mask = np.ones((7, 1), bool)
    mask[3] = False
    assert motion.velocity_error(predicted, truth, RATE, mask, root=None) == 0.0
    assert motion.acceleration_error(predicted, truth, RATE, mask, root=None) == 0.0
    assert motion.acceleration_error(predicted, truth, RATE, root=None) > 0.0


def test_hits_are_damped_by_what_is_missing_along_them():
    # one joint stands still but for two hits: 4 cm at frame 20 and 2 cm at frame 60, each there for one frame
    truth = np.zeros((101, 2, 3))
    truth[20, 1, 2], truth[60, 1, 2] = 0.04, 0.02
    # of 99 accelerations the largest are the hits' own: 4, 8, 4 and 2, 4, 2 cm a frame²
    assert motion.hits(truth, truth).size == pytest.approx(0.24)
    assert motion.hits(truth, truth).damping == pytest.approx(0.0)
    # a prediction that is half as large damps a half, one that shakes across the hits nothing
    assert motion.hits(0.5 * truth, truth).damping == pytest.approx(0.5)
    shaking = truth.copy()
    shaking[:, 1, 0] = np.random.default_rng(0).normal(0, 0.05, 101)
    assert motion.hits(shaking, truth).damping == pytest.approx(0.0, abs=1e-9)
    # the second hit is flattened
    flat = truth.copy()
    flat[60] = 0.0
    assert motion.hits(flat, truth).damping == pytest.approx(8 / 24)
    # and does not count where its frame does not
    mask = np.ones((101, 2), bool)
    mask[60] = False
    assert motion.hits(flat, truth, mask=mask).damping == pytest.approx(0.0)
    assert np.isnan(motion.hits(truth, np.zeros_like(truth)).damping)


def test_jitter_by_hand():
    # x = t³ has a third difference of 6 per frame³, so 6 m/s³ with t in seconds
    joints = np.zeros((6, 2, 3))
    joints[..., 0] = ((np.arange(6) / RATE) ** 3)[:, None]
    assert motion.jitter(joints, RATE) == pytest.approx(6.0)


def test_bone_spread_by_hand():
    joints = _still(2)
    assert motion.bone_spread(joints) == pytest.approx(0, abs=1e-9)
    # the left hand's wrist: a forearm of 0.25 m is 0.35 m in the second frame. Mean 0.30, deviation 0.05: a sixth
    joints[1, _index("wrist.L"), 0] += 0.1
    assert motion.bone_spread(joints) == pytest.approx(100 / 6 / 16)
    assert motion.bone_lengths(joints).shape == (2, 16)


def test_symmetry_by_hand():
    joints = _still(3)
    assert motion.symmetry_error(joints) == pytest.approx(0, abs=1e-9)
    # the left shin of 0.41 m is 3 cm longer; six pairs: hip, thigh, shin, shoulder, upper arm, forearm
    joints[:, _index("ankle.L"), 2] -= 0.03
    assert motion.symmetry_error(joints) == pytest.approx(30 / 6)


def test_foot_sliding_counts_only_while_the_truth_stands():
    truth, predicted = _still(3), _still(3)
    # the truth's left foot stands and its right foot steps at 10 cm a frame; the prediction's left toe slides by 8 mm
    # a frame and its right foot flies: of left ankle and toe, one slides
    for name in ("ankle.R", "toe.R"):
        truth[:, _index(name), 1] += [0.0, 0.1, 0.2]
        predicted[:, _index(name), 1] += [0.0, 0.5, 1.0]
    predicted[:, _index("toe.L"), 0] += [0.0, 0.008, 0.016]
    assert motion.foot_sliding(predicted, truth, RATE) == pytest.approx(4.0)
    # 0.15 m/s at 30 frames/s is 5 mm a frame: 6 mm is no stand
    truth[:, _index("toe.L"), 0] += [0.0, 0.006, 0.012]
    assert motion.foot_sliding(predicted, truth, RATE) == pytest.approx(0.0)


def test_skating_takes_ankle_and_toe_of_one_foot_by_the_floor():
    joints = _still(5)
    assert motion.skating_ratio(joints, RATE) == 0.0
    # 0.10 m/s is 3.3 mm a frame; the toe alone may turn
    joints[:, _index("toe.L"), 0] += [0.0, 0.01, 0.02, 0.02, 0.02]
    assert motion.skating_ratio(joints, RATE) == 0.0
    joints[:, _index("ankle.L"), 0] += [0.0, 0.01, 0.01, 0.01, 0.01]
    assert motion.skating_ratio(joints, RATE) == pytest.approx(1 / 4)
    # lifted by 20 cm in the frame of the slide it is a step
    joints[1, [_index("ankle.L"), _index("toe.L")], 2] += 0.2
    assert motion.skating_ratio(joints, RATE) == 0.0


def test_ground_penetration_by_hand():
    joints = _still(4)
    # toes are at -0.90; with the floor at -0.88 they are 2 cm deep; two of eight then sink by another 4 cm
    assert motion.ground_penetration(joints, floor=-0.88) == 0.0
    joints[:2, _index("toe.R"), 2] -= 0.04
    assert motion.ground_penetration(joints, floor=-0.88) == pytest.approx(2 / 8)
