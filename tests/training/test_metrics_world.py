from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from penumbra.inference import rotations as rot
from penumbra.models.skeletons import JOINTS
from penumbra.tests.training.mannequin import t_pose
from penumbra.training.metrics import position, world

RATE = 30.0
_SOLE = 0.90


def _still(frames: int) -> np.ndarray:
    """The mannequin on its toes' tips at z = 0."""
    return np.repeat(t_pose()[None], frames, axis=0) + np.array([0.0, 0.0, _SOLE])


def _walking(frames: int = 150, seed: int = 0) -> np.ndarray:
    """Joints that tremble about a pose which goes in a curve."""
    rng = np.random.default_rng(seed)
    when = np.arange(frames)[:, None] / RATE
    path = np.concatenate([when, 0.3 * np.sin(when), np.zeros_like(when)], axis=1)
    return t_pose() + path[:, None] + rng.normal(0, 0.02, (frames, 30, 3))


def _foot(name: str) -> int:
    return JOINTS.index(name)


@given(
    q=arrays(float, 4, elements=st.floats(-1.0, 1.0, width=32)).filter(lambda q: np.linalg.norm(q) > 0.1),
    scale=st.floats(0.5, 2.0),
    x=st.floats(-5.0, 5.0),
)
def test_where_the_world_lies_does_not_matter(q: np.ndarray, scale: float, x: float):
    truth = _walking(120)
    moved = scale * rot.rotate(rot.normalize(q), truth) + (x, -x, 1.0)
    assert world.w_mpjpe(moved, truth) == pytest.approx(0, abs=1e-6)
    assert world.wa_mpjpe(moved, truth) == pytest.approx(0, abs=1e-6)
    unscaled = moved / scale
    assert world.root_error(unscaled[:, 0], truth[:, 0]).aligned == pytest.approx(0, abs=1e-6)


def test_a_path_that_drifts_is_off_by_the_drift_of_one_chunk():
    truth = np.repeat(t_pose()[None], 150, axis=0)
    drift = 0.01 * np.arange(150)[:, None, None] * np.array([1.0, 0.0, 0.0])
    # the two frames that are fitted lie half a centimetre to either side of the truth, frame k of a chunk 1 cm · (k − ½),
    # in chunks of 100 and 50 frames; that the fit shrinks the pose a little to meet both frames moves this by less than 1 %
    chunks = [np.abs(10.0 * (np.arange(count) - 0.5)) for count in (100, 50)]
    assert world.w_mpjpe(truth + drift, truth) == pytest.approx(np.concatenate(chunks).mean(), rel=0.01)
    # over all of a chunk the middle is put right, and a smaller scale halves what a pose of its size drifts
    assert world.wa_mpjpe(truth + drift, truth) < 0.5 * world.w_mpjpe(truth + drift, truth)
    only = np.zeros((150, 30), bool)
    only[101] = True
    assert world.w_mpjpe(truth + drift, truth, only) == pytest.approx(5.0, rel=0.01)


def test_the_roots_error_by_hand():
    # 2 m along x in 201 frames; the answer goes 3 cm to the left of it, and at the same pace half as far again
    truth = np.stack([np.linspace(0, 2, 201), np.zeros(201), np.ones(201)], axis=1)
    off = world.root_error(truth + np.array([0.0, 0.03, 0.0]), truth)
    assert (off.aligned, off.plain, off.path) == pytest.approx((0.0, 3.0, 2.0), abs=1e-9)
    long = world.root_error(truth * (1.5, 1.0, 1.0), truth)
    # aligned, the middles meet and the ends stand out by half a metre: a quarter of one on average
    assert long.aligned == pytest.approx(25.0, rel=0.01)
    assert long.plain == pytest.approx(50.0)
    assert long.share == pytest.approx(12.5, rel=0.01)
    assert np.isinf(world.root_error(truth, np.ones((201, 3))).share)


def test_feet_stand_where_they_are_slow_and_low():
    truth = _still(6)
    assert world.stands(truth, RATE).all()
    # 0.15 m/s is 5 mm a frame: the left toe takes a step of 1 cm and stands again
    truth[3:, _foot("toe.L"), 0] += 0.01
    standing = world.stands(truth, RATE)
    assert standing[:, 1].tolist() == [True, True, False, False, True, True]
    assert standing[:, [0, 2, 3]].all()
    # the right foot rests in the air, 10 cm above where it was; a foot that is never below 15 cm stands nowhere
    truth = _still(20)
    truth[10:, [_foot("heel.R"), _foot("toe.R")], 2] += 0.1
    standing = world.stands(truth, RATE)
    assert standing[:9, 2:].all()
    assert not standing[10:, 2:].any()
    assert not world.stands(_still(5) + np.array([0.0, 0.0, 0.2]), RATE).any()


def test_skating_is_the_way_of_points_that_stand():
    truth, predicted = _still(3), _still(3)
    # the right foot steps; of the left one the toe slides by 8 mm a frame and the heel stands
    for name in ("heel.R", "toe.R"):
        truth[:, _foot(name), 1] += [0.0, 0.1, 0.2]
        predicted[:, _foot(name), 1] += [0.0, 0.5, 1.0]
    predicted[:, _foot("toe.L"), 0] += [0.0, 0.008, 0.016]
    assert world.foot_skating(predicted, world.stands(truth, RATE)) == pytest.approx(4.0)
    # a step from one that stands to one that does not is no slide
    standing = np.zeros((3, 4), bool)
    standing[0, 1] = standing[2, 1] = True
    assert np.isnan(world.foot_skating(predicted, standing))


def test_what_is_in_the_floor_and_what_is_above_it():
    joints = _still(4)
    standing = world.stands(joints, RATE)
    assert world.penetration(joints, 0.01) == 0.0
    assert world.foot_float(joints, standing) == pytest.approx(0.0, abs=1e-9)
    # one heel of four frames sinks 12 mm below the floor: heels are 1 cm above toes, so by 22 mm
    joints[1, _foot("heel.R"), 2] -= 0.022
    assert world.penetration(joints, 0.01) == pytest.approx(1 / 4)
    assert world.penetration(joints, 0.013) == 0.0
    # raised by 2 cm the lowest point is at 20 mm in three frames and 8 mm in the other
    assert world.foot_float(joints + np.array([0.0, 0.0, 0.02]), standing) == pytest.approx((3 * 20 + 8) / 4)
    assert np.isnan(world.foot_float(joints, np.zeros((4, 4), bool)))


def test_reprojection_by_hand():
    # 2 cm to the right at 4 m is a slope of 0.005: 5 pixels of a lens of 1000
    joints = np.array([[[0.0, 0.0, 4.0], [1.02, -1.0, 4.0]]])
    slopes = np.array([[[0.0, 0.0], [0.25, -0.25]]])
    assert position.reprojection_error(joints, slopes) == pytest.approx(2.5)
    assert position.reprojection_error(joints, slopes, 500.0, np.array([[False, True]])) == pytest.approx(2.5)
