"""What is added to a motion runs in and out without a step."""

from __future__ import annotations

import numpy as np

from penumbra.inference.locking.ramps import envelope, ramped


def test_ramps_keep_value_and_slope() -> None:
    times = np.arange(61) / 60.0
    values = np.stack([0.1 + 0.3 * times, np.cos(times)], axis=1)
    known = (times < 0.3) | (times > 0.8)
    result = ramped(values, known, times, 0.15, 5.0)
    np.testing.assert_array_equal(result[known], values[known])
    assert np.abs(result[(times > 0.46) & (times < 0.64)]).max() == 0.0
    rate = np.diff(result, axis=0) * 60
    edge = int(np.flatnonzero(~known)[0])
    assert np.abs(rate[edge - 1] - rate[edge - 2]).max() < 1.5


def test_an_envelope_lies_above_what_is_needed_and_ends() -> None:
    times = np.arange(61) / 60.0
    need = np.where((times > 0.45) & (times < 0.55), 0.1, 0.0)
    result = envelope(need, times, 0.2)
    assert np.all(result >= need - 1e-12)
    assert np.abs(result[(times < 0.23) | (times > 0.77)]).max() == 0.0
    assert np.abs(np.diff(result)).max() < 0.02
    assert not envelope(np.zeros(61), times, 0.2).any()
