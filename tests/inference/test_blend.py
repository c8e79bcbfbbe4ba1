"""Two lifters blended: between both, nearer the second where joints are hidden, and no surer than the two allow."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from penumbra.inference.blend import BlendedLifter, BlendSettings
from penumbra.inference.lifted import Lifted
from penumbra.inference.sightings import Sightings
from tests.synthetic import lifted_as, people_in_camera


def _sightings() -> Sightings:
    return Sightings(np.zeros((12, 25, 2)), np.ones((12, 25)), np.ones((12, 25), bool), 30.0)


def _answers(apart: float) -> tuple[Lifted, Lifted]:
    one = lifted_as(people_in_camera(12))
    seen = one.seen.copy()
    seen[4:8, 13] = False
    one = replace(one, seen=seen, spread=np.full(one.joints.shape, 0.03, np.float32))
    two = replace(one, joints=one.joints + np.float32(apart), spread=np.full(one.joints.shape, 0.05, np.float32))
    return one, two


def test_the_answer_lies_between_both_by_whether_a_joint_was_seen() -> None:
    one, two = _answers(0.1)
    blended = BlendedLifter(lambda _: one, lambda _: two, BlendSettings(0.25, 0.75))(_sightings())
    np.testing.assert_allclose((blended.joints - one.joints)[4:8, 13], 0.075, atol=1e-6)
    np.testing.assert_allclose((blended.joints - one.joints)[:4], 0.025, atol=1e-6)


def test_where_they_differ_the_blend_is_less_sure() -> None:
    same, apart = (
        BlendedLifter(lambda _, one=one: one, lambda _, two=two: two, BlendSettings())(_sightings()).spread
        for one, two in (_answers(0.0), _answers(0.3))
    )
    assert (same > 0.03).all()
    assert (same < 0.05).all()
    assert (apart > same).all()
    np.testing.assert_allclose(apart[0] ** 2 - same[0] ** 2, 0.2 * 0.8 * 0.09, rtol=1e-4)


def test_one_that_tells_no_spread_leaves_none() -> None:
    one, two = _answers(0.1)
    two = replace(two, spread=np.full_like(two.spread, np.nan))
    blended = BlendedLifter(lambda _: one, lambda _: two, BlendSettings())(_sightings())
    assert np.isnan(blended.spread).all()
    assert np.isfinite(blended.joints).all()
