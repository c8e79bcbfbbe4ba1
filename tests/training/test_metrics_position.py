from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from penumbra.inference import rotations as rot
from penumbra.training.metrics import position

SMALL = st.floats(-1.0, 1.0, width=32)


def _poses(seed: int, frames: int = 4, joints: int = 17) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 0.4, (frames, joints, 3))


def test_mpjpe_of_three_joints_by_hand():
    truth = np.array([[[0, 0, 0], [1, 0, 0], [0, 1, 0]]], float)
    # the root is off by (5, 5, 5), which is forgiven; the second joint by 3-4-0 cm from there, the third by 12 cm
    predicted = np.array([[[5, 5, 5], [6.03, 5.04, 5], [5, 6, 5.12]]], float)
    assert position.errors(predicted, truth) == pytest.approx(np.array([[0, 50, 120]]))
    assert position.mpjpe(predicted, truth) == pytest.approx((0 + 50 + 120) / 3)
    assert position.mpjpe(predicted, truth, np.array([[False, True, False]])) == pytest.approx(50)
    assert position.mpjpe(predicted, truth, np.array([[False, True, True]])) == pytest.approx(85)
    # about the second joint: the root is off by (-3, -4, 0) cm, the third by (-3, -4, 12): 13 cm
    assert position.mpjpe(predicted, truth, root=1) == pytest.approx((50 + 0 + 130) / 3)


def test_a_mean_of_nothing_is_not_a_number():
    truth = _poses(0)
    assert np.isnan(position.mpjpe(truth, truth, np.zeros((4, 17), bool)))


def test_n_mpjpe_by_hand():
    truth = np.array([[[0, 0, 0], [1, 0, 0], [0, 1, 0]]], float)
    # predicted (2, 0) and (0, 1): the best scale is (2·1 + 1·1) / (4 + 1) = 0.6, which leaves 1.2 and 0.6
    predicted = np.array([[[0, 0, 0], [2, 0, 0], [0, 1, 0]]], float)
    assert position.n_errors(predicted, truth) == pytest.approx(np.array([[0, 200, 400]]))
    assert position.n_mpjpe(predicted, truth) == pytest.approx(200)


def test_pa_mpjpe_by_hand():
    # a square of half side 1; predicted twice as large, turned by 90° and moved
    truth = np.array([[[1, 1, 0], [-1, 1, 0], [-1, -1, 0], [1, -1, 0]]], float)
    turned = np.stack([-truth[..., 1], truth[..., 0], truth[..., 2]], axis=-1)
    predicted = 2 * turned + np.array([7.0, -3.0, 2.0])
    assert position.pa_mpjpe(predicted, truth) == pytest.approx(0, abs=1e-9)
    # off the plane by ±h in turn (a saddle): rotation and place stay; with squares 4·2 = 8 of each pose and h² more in
    # the prediction the scale is 8 / (8 + 4h²). For h = 1: 2/3, so every corner is off by √(2·(1/3)² + (2/3)²) = √(2/3)
    saddle = truth + np.array([1.0, -1.0, 1.0, -1.0])[:, None] * (0, 0, 1)
    assert position.pa_mpjpe(saddle, truth) == pytest.approx(1000 * np.sqrt(2 / 3))


def test_pa_never_reflects():
    truth = _poses(1)
    mirrored = truth * (-1, 1, 1)
    assert position.pa_mpjpe(mirrored, truth) > 50
    moved = position.procrustes(mirrored, truth)
    assert np.all(np.sign(_volume(moved)) == np.sign(_volume(mirrored)))


def _volume(poses: np.ndarray) -> np.ndarray:
    return np.linalg.det(poses[:, 1:4] - poses[:, :1])


def test_pa_is_the_best_of_all_similarities():
    rng = np.random.default_rng(2)
    truth, predicted = _poses(3, 1), _poses(4, 1)
    best = np.square(position.pa_errors(predicted, truth)).sum()
    aligned = position.procrustes(predicted, truth)
    for _ in range(200):
        turn = rot.normalize(np.array([1.0, *rng.normal(0, 0.05, 3)]))
        other = rot.rotate(turn, aligned) * rng.normal(1, 0.05) + rng.normal(0, 0.02, 3)
        assert np.square(np.linalg.norm(other - truth, axis=-1) * 1000).sum() >= best


@given(
    q=arrays(float, 4, elements=SMALL).filter(lambda q: np.linalg.norm(q) > 0.1),
    scale=st.floats(0.1, 10),
    shift=arrays(float, 3, elements=st.floats(-10, 10, width=32)),
    seed=st.integers(0, 100),
)
def test_pa_forgives_every_similarity_and_nothing_else(q: np.ndarray, scale: float, shift: np.ndarray, seed: int):
    truth, predicted = _poses(seed), _poses(seed + 1000)
    moved = scale * rot.rotate(rot.normalize(q), predicted) + shift
    assert position.pa_errors(moved, truth) == pytest.approx(position.pa_errors(predicted, truth), abs=1e-6)
    assert position.pa_mpjpe(scale * rot.rotate(rot.normalize(q), truth) + shift, truth) == pytest.approx(0, abs=1e-6)


@given(scale=st.floats(0.01, 100), shift=arrays(float, 3, elements=SMALL), seed=st.integers(0, 100))
def test_n_forgives_scale_and_place_but_not_a_turn(scale: float, shift: np.ndarray, seed: int):
    truth, predicted = _poses(seed), _poses(seed + 1000)
    assert position.n_errors(scale * predicted + shift, truth) == pytest.approx(
        position.n_errors(predicted, truth), abs=1e-6
    )
    assert position.n_mpjpe(truth[..., [1, 0, 2]], truth) > 1


@given(seed=st.integers(0, 1000))
def test_each_freedom_can_only_lower_the_summed_squares(seed: int):
    truth, predicted = _poses(seed), _poses(seed + 5000)
    plain, scaled, aligned = (
        np.square(function(predicted, truth)).sum()
        for function in (position.errors, position.n_errors, position.pa_errors)
    )
    assert aligned <= scaled + 1e-6
    assert scaled <= plain + 1e-6


def test_a_pose_in_one_place_has_errors_that_are_numbers():
    truth = _poses(5)
    assert np.isfinite(position.pa_errors(np.zeros_like(truth), truth)).all()
    assert np.isfinite(position.n_errors(np.zeros_like(truth), truth)).all()


def test_pck_and_auc_by_hand():
    truth = np.zeros((1, 4, 3))
    predicted = np.zeros((1, 4, 3))
    predicted[0, :, 0] = [0.0, 0.0525, 0.1499, 0.1501]
    assert position.pck(predicted, truth) == pytest.approx(3 / 4)
    assert position.pck(predicted, truth, threshold=100) == pytest.approx(2 / 4)
    # of the thresholds 0, 5 .. 150: an error of 0 is below 30; one of 52.5 below 55 .. 150, which are 20; 149.9 below 150
    assert len(position.AUC_THRESHOLDS) == 31
    assert position.auc(predicted, truth) == pytest.approx((30 + 20 + 1 + 0) / 31 / 4)
    assert position.auc(predicted, truth, np.array([[False, True, False, False]])) == pytest.approx(20 / 31)
