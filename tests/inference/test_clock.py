"""Times out of good and bad time stamps."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penumbra.inference.footage.clock import Clock


def times(stamps: list[float | None], step: float = 0.1) -> list[float]:
    clock = Clock(step)
    return [clock.read(stamp) for stamp in stamps]


def test_good_stamps_are_taken_as_they_are():
    clock = Clock(0.1)
    assert [clock.read(stamp) for stamp in (0.0, 0.04, 5.0, 5.001)] == [0.0, 0.04, 5.0, 5.001]
    assert clock.repairs == 0


def test_time_counts_from_the_first():
    assert times([7.0, 7.5]) == [0.0, 0.5]
    assert times([-0.5, 0.0]) == [0.0, 0.5]


@pytest.mark.parametrize(
    ("stamps", "expected"),
    [
        ([0.0, None, 0.2], [0.0, 0.1, 0.2]),
        ([None, None, None], [0.0, 0.1, 0.2]),
        ([None, 8.0, 8.1], [0.0, 0.1, 0.2]),
        ([0.0, 0.1, 0.1, 0.3], [0.0, 0.1, 0.15, 0.3]),
        ([0.0, 5.0, 1.0, 1.1], [0.0, 5.0, 5.1, 5.2]),
    ],
    ids=["missing", "all missing", "first missing", "repeated", "starting again"],
)
def test_bad_stamps_are_repaired(stamps: list[float | None], expected: list[float]):
    assert times(stamps) == pytest.approx(expected)


@given(st.lists(st.none() | st.floats(-1e6, 1e6), max_size=50))
def test_times_always_advance(stamps: list[float | None]):
    result = times(stamps)
    assert result[:1] in ([], [0.0])
    assert all(later > earlier for earlier, later in pairwise(result))
