"""Gaps between sights, and the lines that bridge them."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from penumbra.inference.sightings import bridge, hold, neighbors


def _seen(pattern: str) -> np.ndarray:
    return np.array([[sign == "x"] for sign in pattern])


def test_a_gap_is_bridged_by_a_straight_line():
    seen = _seen("x...x.")
    values = np.array([0.0, 9, 9, 9, 4.0, 9])[:, None, None]
    near = neighbors(seen)
    assert bridge(values, near)[:, 0, 0].tolist() == [0, 1, 2, 3, 4, 4]
    assert hold(values, near)[:, 0, 0].tolist() == [0, 0, 0, 0, 4, 4]


def test_before_the_first_sight_it_is_the_first():
    values = np.array([9.0, 9, 7, 9])[:, None, None]
    near = neighbors(_seen("..x."))
    assert bridge(values, near)[:, 0, 0].tolist() == [7, 7, 7, 7]
    assert hold(values, near)[:, 0, 0].tolist() == [7, 7, 7, 7]


def test_never_seen_stays_as_it_is():
    values = np.arange(3.0)[:, None, None]
    assert bridge(values, neighbors(_seen("..."))).tolist() == values.tolist()


@given(st.lists(st.lists(st.booleans(), min_size=3, max_size=3), min_size=1, max_size=30))
def test_straight_motion_survives_any_gap_inside(pattern: list):
    seen = np.array(pattern)
    seen[0] = seen[-1] = True
    values = np.arange(len(seen))[:, None, None] * np.array([[2.0], [-1.0], [0.5]])
    spoiled = np.where(seen[..., None], values, 1e6)
    assert np.allclose(bridge(spoiled, neighbors(seen)), values)
