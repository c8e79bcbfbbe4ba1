"""Along the frames of a clip: steps, stretches, neighbors and blurring."""

from __future__ import annotations

import numpy as np
import pytest

from penumbra.inference.along_time import blurred, durations, median_step, overlap, runs, spans, stretches


def test_the_usual_step_is_not_that_of_a_gap() -> None:
    assert median_step(np.array([0.0, 0.1, 0.2, 0.9]), 1.0) == pytest.approx(0.1)
    assert median_step(np.zeros(1), 0.5) == 0.5


def test_frames_last_as_long_as_the_clip() -> None:
    times = np.array([0.0, 0.1, 0.2, 0.4])
    np.testing.assert_allclose(durations(times), [0.1, 0.1, 0.15, 0.2])
    np.testing.assert_array_equal(durations(np.zeros(1), 0.04), [0.04])


def test_stretches_are_numbered_in_order() -> None:
    np.testing.assert_array_equal(runs(np.array([True, True, False, True])), [0, 0, 1, 2])
    np.testing.assert_array_equal(runs(np.zeros(1, bool)), [0])


def test_stretches_end_behind_their_last_frame() -> None:
    assert list(stretches(np.array([True, True, False, True]))) == [(0, 2), (3, 4)]
    assert list(stretches(np.zeros(3, bool))) == []


def test_a_stretch_ends_where_frames_are_missing() -> None:
    holds = np.array([1, 1, 0, 1, 1, 1, 1], bool)
    times = np.array([0, 1, 2, 3, 4, 9, 10]) / 30
    assert spans(holds, times) == [slice(0, 2), slice(3, 5), slice(5, 7)]
    assert spans(np.ones(1, bool), np.zeros(1)) == [slice(0, 1)]
    assert spans(np.zeros(3, bool), np.arange(3.0)) == []


@pytest.mark.parametrize("shift", [-7, -2, 0, 3, 9])
def test_neighbors_lie_as_far_away_as_was_asked(shift: int) -> None:
    frames = np.arange(5)
    here, there = overlap(len(frames), shift)
    assert len(frames[here]) == max(len(frames) - abs(shift), 0)
    np.testing.assert_array_equal(frames[there] - frames[here], np.full(len(frames[here]), shift))


def test_blurring_keeps_what_is_even_and_spreads_a_peak_to_both_sides() -> None:
    times = np.arange(41) / 30.0
    even = np.full((41, 2, 3), 1.5)
    np.testing.assert_allclose(blurred(even, times, 0.1), even)
    peak = np.zeros(41)
    peak[20] = 1.0
    spread = blurred(peak, times, 0.1)
    np.testing.assert_allclose(spread, spread[::-1], atol=1e-12)
    assert spread.sum() == pytest.approx(1.0)
    assert spread[20 + 3] / spread[20] == pytest.approx(np.exp(-0.5), rel=1e-6)
