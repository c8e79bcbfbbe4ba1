"""Where feet stand."""

from __future__ import annotations

import numpy as np

from penumbra.inference.along_time import spans
from penumbra.inference.contacts import Contacts
from penumbra.inference.fitting.standing import standing_places
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
