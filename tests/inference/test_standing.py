"""Where feet stand."""

from __future__ import annotations

import numpy as np

from penumbra.inference.contacts import Contacts
from penumbra.inference.standing import spans, standing_places
from tests.walking import FEET, shaken, walk


def test_a_standing_foot_has_one_place_on_the_floor() -> None:
    made = walk()
    shaky = shaken(made.poses, way=0.01)
    places = standing_places(shaky, made.contacts, made.times)
    own = shaky.joints()[:, FEET]
    for foot in range(4):
        np.testing.assert_allclose(places[~made.stands[:, foot], foot], own[~made.stands[:, foot], foot])
        for span in spans(made.stands[:, foot], made.times):
            assert np.ptp(places[span, foot], axis=0).max() < 1e-12
            assert np.ptp(own[span, foot], axis=0).max() > 1e-3
            np.testing.assert_allclose(places[span, foot, 2], 0.0)
            middle = own[span, foot, :2].mean(axis=0)
            np.testing.assert_allclose(places[span.start, foot, :2], middle, atol=1e-9)


def test_nothing_stands() -> None:
    made = walk(20)
    places = standing_places(made.poses, Contacts(np.zeros((20, 6))), made.times)
    np.testing.assert_allclose(places, made.poses.joints()[:, FEET])


def test_a_stretch_ends_where_frames_are_missing() -> None:
    holds = np.array([1, 1, 0, 1, 1, 1, 1], bool)
    times = np.array([0, 1, 2, 3, 4, 9, 10]) / 30
    assert spans(holds, times) == [slice(0, 2), slice(3, 5), slice(5, 7)]
    assert spans(np.ones(1, bool), np.zeros(1)) == [slice(0, 1)]
    assert spans(np.zeros(3, bool), np.arange(3.0)) == []
