from __future__ import annotations

import numpy as np
import pytest

from penumbra.training.metrics import calibration
from penumbra.training.metrics.bootstrap import interval


def _honest(seed: int, count: int = 20_000) -> tuple[np.ndarray, np.ndarray]:
    """Errors and the sigmas that they were drawn with."""
    rng = np.random.default_rng(seed)
    sigmas = rng.uniform(5, 100, count)
    return np.linalg.norm(rng.normal(0, 1, (count, 3)), axis=-1) * sigmas, sigmas


def test_coverage_by_hand():
    # half of a 3D normal distribution lies within 1.538 sigma and nine tenths within 2.500 (tables of chi-square)
    errors = np.array([1.53, 1.55, 2.49, 2.51]) * 10
    sigmas = np.full(4, 10.0)
    assert calibration.coverage(errors, sigmas, np.array([0.5, 0.9])).tolist() == [0.25, 0.75]


def test_honest_sigmas_are_found_honest():
    errors, sigmas = _honest(0)
    assert calibration.calibration_error(errors, sigmas) < 0.01
    assert calibration.ence(errors, sigmas) < 0.03
    assert calibration.spearman_within(errors[:, None], sigmas[:, None]) > 0.6


def test_overconfident_sigmas_are_found_out():
    errors, sigmas = _honest(1)
    assert calibration.calibration_error(errors, sigmas / 2) > 0.2
    # errors are twice what is foretold: |1 - 2| / 1
    assert calibration.ence(errors, sigmas / 2) == pytest.approx(1.0, abs=0.05)


def test_ece_of_errors_that_are_always_far_too_large():
    # nothing is covered, so the mean distance is the mean of .05 .. .95
    assert calibration.calibration_error(np.full(10, 1e6), np.ones(10)) == pytest.approx(0.5)
    assert len(calibration.LEVELS) == 19


def test_ece_is_fooled_by_a_constant_that_ence_sees_through():
    # two kinds of joints, foretold in the wrong order but each level of the whole nearly right
    rng = np.random.default_rng(2)
    errors = np.linalg.norm(rng.normal(0, 1, (20_000, 3)), axis=-1)
    sigmas = np.where(rng.random(20_000) < 0.5, 0.8, 1.25)
    assert calibration.calibration_error(errors, sigmas) < 0.05
    assert calibration.ence(errors, sigmas) == pytest.approx((0.25 + 0.2) / 2, abs=0.03)


def test_ence_by_hand():
    # two bins. sigmas 1: errors √3 each, so 1 along an axis: no gap. sigmas 2: errors √3: (2 - 1) / 2
    errors = np.sqrt(3) * np.ones(4)
    sigmas = np.array([1.0, 2.0, 1.0, 2.0])
    assert calibration.ence(errors, sigmas, bins=2) == pytest.approx((0 + 0.5) / 2)
    with pytest.raises(ValueError, match="4 errors"):
        calibration.ence(errors, sigmas)


def test_ause_by_hand():
    errors = np.array([1.0, 2.0, 3.0, 6.0])
    assert calibration.ause(errors, errors, steps=4) == pytest.approx(0)
    # the worst order drops 1, 2, 3 first and leaves means of 3, 11/3, 4.5, 6; the best leaves 3, 2, 1.5, 1; mean error 3
    expected = ((11 / 3 - 2) + (4.5 - 1.5) + (6 - 1)) / 4 / 3
    assert calibration.ause(errors, -errors, steps=4) == pytest.approx(expected)


def test_ause_of_useful_sigmas_lies_between_the_best_and_chance():
    errors, sigmas = _honest(3)
    useful = calibration.ause(errors, sigmas)
    chance = calibration.ause(errors, np.random.default_rng(4).random(len(errors)))
    assert 0.02 < useful < 0.6 * chance


def test_spearman_is_within_a_joint():
    # the wrist errs more than the hip and is foretold to, but within each joint the order is upside down
    errors = np.array([[1.0, 101.0], [2.0, 102.0], [3.0, 103.0]])
    sigmas = np.array([[3.0, 103.0], [2.0, 102.0], [1.0, 101.0]])
    assert calibration.spearman_within(errors, sigmas) == pytest.approx(-1)
    # ranks 1 2 3 and 1 3 2: 1 - 6·(0 + 1 + 1) / (3·8) = 0.5; the other joint is as above
    half = np.array([[1.0, 103.0], [3.0, 102.0], [2.0, 101.0]])
    assert calibration.spearman_within(errors, half) == pytest.approx((0.5 - 1) / 2)
    # a joint whose sigma never changes has no order to judge
    half[:, 1] = 7.0
    assert calibration.spearman_within(errors, half) == pytest.approx(0.5)
    assert np.isnan(calibration.spearman_within(errors, np.ones_like(errors)))
    # of the first joint two frames count, which are in order; of the second none does
    mask = np.array([[True, False], [True, False], [False, False]])
    assert calibration.spearman_within(errors, errors, mask) == pytest.approx(1)
    assert calibration.spearman_within(errors, -errors, mask) == pytest.approx(-1)


def test_spearman_over_everything_is_inflated_by_joints_that_err_more():
    errors = np.array([[1.0, 101.0], [2.0, 102.0], [3.0, 103.0]])
    sigmas = np.array([[3.0, 103.0], [2.0, 102.0], [1.0, 101.0]])
    # ranks 1 2 3 4 5 6 and 3 2 1 6 5 4: 1 - 6·(4 + 4 + 4 + 4) / (6·35)
    assert calibration.spearman(errors, sigmas) == pytest.approx(1 - 6 * 16 / 210)
    assert np.isnan(calibration.spearman(errors, np.ones_like(errors)))


def test_unequal_axes_are_measured_in_their_own_deviations():
    errors = np.array([[3.0, 0.0, 8.0], [0.0, 0.5, 0.0]])
    sigmas = np.array([[1.0, 1.0, 2.0], [1.0, 0.25, 2.0]])
    assert calibration.in_deviations(errors, sigmas).tolist() == [5.0, 2.0]
    assert calibration.usual(np.array([1.0, 2.0, 2.0])) == pytest.approx(np.sqrt(3))
    rng = np.random.default_rng(9)
    spread = rng.uniform(1.0, 30.0, (20_000, 3))
    found = calibration.in_deviations(rng.normal(0.0, 1.0, spread.shape) * spread, spread)
    assert calibration.calibration_error(found, 1.0) < 0.01


def test_likelihood_by_hand_and_best_where_it_is_honest():
    # three axes: ½ (4 + 2 ln 1 + ln 2π) + ½ ln 2π + ½ (0 + 2 ln 2 + ln 2π)
    found = calibration.negative_log_likelihood(np.array([[2.0, 0.0, 0.0]]), np.array([[1.0, 1.0, 2.0]]))
    assert found == pytest.approx(2.0 + np.log(2.0) + 1.5 * np.log(2.0 * np.pi))
    rng = np.random.default_rng(10)
    spread = rng.uniform(0.01, 0.1, (5000, 3))
    errors = rng.normal(0.0, 1.0, spread.shape) * spread
    honest, doubted, sure = (calibration.negative_log_likelihood(errors, spread * k) for k in (1.0, 1.5, 0.7))
    assert honest < min(doubted, sure)


def test_reliability_by_hand():
    chances = np.array([[0.1, 0.3], [0.9, 1.0]])
    found = calibration.reliability(chances, np.array([[False, True], [True, True]]), bins=2)
    assert found.foretold == pytest.approx([0.2, 0.95])
    assert found.observed == pytest.approx([0.5, 1.0])
    assert found.counts.tolist() == [2, 2]
    assert found.error == pytest.approx((0.3 + 0.05) / 2)


def test_reliability_of_honest_chances_and_of_boasts():
    rng = np.random.default_rng(11)
    chances = rng.random(50_000)
    happened = rng.random(50_000) < chances
    assert calibration.reliability(chances, happened).error < 0.015
    assert calibration.reliability(np.sqrt(chances), happened).error > 0.1
    # bins that nothing fell into are left out
    assert len(calibration.reliability(np.full(5, 0.35), np.ones(5, bool)).counts) == 1


def test_auroc_and_brier_by_hand():
    labels = np.array([True, True, False, False])
    # of four pairs three are in order
    assert calibration.auroc(np.array([0.9, 0.3, 0.5, 0.1]), labels) == pytest.approx(3 / 4)
    assert calibration.auroc(np.full(4, 0.5), labels) == pytest.approx(1 / 2)
    assert np.isnan(calibration.auroc(np.arange(4.0), np.ones(4)))
    assert calibration.brier(np.array([1.0, 0.5, 0.5, 0.0]), labels) == pytest.approx(0.5 / 4)


def test_an_interval_is_about_as_wide_as_theory_says():
    values = np.random.default_rng(5).normal(50, 10, 100)
    found = interval(values, np.random.default_rng(6))
    assert found.mean == pytest.approx(values.mean())
    # ±1.96 · 10 / √100 about the mean
    assert found.high - found.low == pytest.approx(2 * 1.96, rel=0.2)
    assert found.low < found.mean < found.high
    wider = interval(values, np.random.default_rng(6), share=0.99)
    assert wider.high - wider.low > found.high - found.low
    assert interval(values, np.random.default_rng(6)) == found


def test_an_interval_covers_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(7)
    covered = 0
    for _ in range(200):
        found = interval(rng.exponential(1.0, 40), rng, draws=400)
        covered += found.low <= 1.0 <= found.high
    assert 0.87 < covered / 200 < 0.98


def test_an_interval_weighs_unequal_clips():
    found = interval(np.array([10.0, 20.0]), np.random.default_rng(8), weights=np.array([3.0, 1.0]))
    assert found.mean == pytest.approx(12.5)
    assert (found.low, found.high) == (10.0, 20.0)


@pytest.mark.parametrize("values", [[], [1.0, float("nan")]])
def test_an_interval_of_nothing_is_refused(values: list[float]):
    with pytest.raises(ValueError, match="at least one value"):
        interval(np.array(values), np.random.default_rng(0))
