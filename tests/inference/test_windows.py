"""Windows with overlap: nothing is lost, nothing is seamed, and clips of every length have an answer."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penumbra.inference.windows import in_windows


@settings(max_examples=60, deadline=None)
@given(count=st.integers(1, 120), length=st.integers(1, 30), data=st.data())
def test_what_says_the_same_in_every_window_is_what_comes_out(count: int, length: int, data: st.DataObject) -> None:
    step = data.draw(st.integers(1, length))
    values = np.random.default_rng(count).random((count, 4, 2))
    found = in_windows(values, length, step, lambda part: 2.0 * part, batch=3)
    np.testing.assert_allclose(found, 2.0 * values)


def test_windows_that_disagree_leave_no_seam() -> None:
    """Each window adds a number of its own; the blend goes from one to the next in small steps."""
    calls = iter(range(10_000))

    def disagree(part: np.ndarray) -> np.ndarray:
        return np.stack([window + (-1.0) ** next(calls) for window in part])

    found = in_windows(np.zeros((200, 1)), 27, 9, disagree)
    assert np.abs(found).max() <= 1.0
    assert np.abs(np.diff(found[:, 0])).max() < 0.12


def test_bad_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="without frames"):
        in_windows(np.zeros((0, 3)), 27, 9, lambda part: part)
    for step in (0, 28):
        with pytest.raises(ValueError, match="does not fit"):
            in_windows(np.zeros((5, 3)), 27, step, lambda part: part)
