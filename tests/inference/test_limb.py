"""Limbs of two bones."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penumbra.inference import rotations as rot
from penumbra.inference.locking.limb import Limb, bent_to
from penumbra.models.skeletons import HINGES

_UPPER, _LOWER = np.array([0.0, 0.0, -0.42]), np.array([0.0, 0.0, -0.4])
_HINGE = np.array(HINGES["thigh.L"])
_angles = st.floats(-1.2, 1.2)


def _about_x(angle: np.ndarray) -> np.ndarray:
    zero = np.zeros_like(angle)
    return np.stack([np.cos(angle / 2), np.sin(angle / 2), zero, zero], axis=-1)


def _leg(hip: np.ndarray, knee: np.ndarray, whole: np.ndarray) -> Limb:
    """Legs whose hips and knees bend about x, turned as a whole."""
    upper = rot.multiply(whole, _about_x(hip))
    lower = rot.multiply(upper, _about_x(knee))
    return _limb(upper, lower)


def _limb(upper: np.ndarray, lower: np.ndarray) -> Limb:
    middle = rot.rotate(upper, _UPPER)
    return Limb(np.zeros_like(middle), middle, middle + rot.rotate(lower, _LOWER), upper, lower, _HINGE)


def _fold(limb: Limb) -> np.ndarray:
    """Sine of the knee's bend, above zero where it bends the right way."""
    axis = rot.rotate(limb.upper, _HINGE)
    return np.sum(np.cross(limb.middle - limb.start, limb.end - limb.middle) * axis, axis=-1) / (0.42 * 0.4)


@given(
    st.lists(st.tuples(_angles, st.floats(-0.5, 2.2), _angles, _angles, _angles), min_size=1, max_size=5),
    st.tuples(_angles, _angles, st.floats(0.15, 0.79)),
)
@settings(max_examples=60, deadline=None)
def test_the_end_meets_its_goal_and_the_knee_bends_forwards(legs: list[tuple[float, ...]], where: tuple) -> None:
    hip, knee, *whole = np.array(legs).T
    turn = rot.normalize(np.stack([np.ones_like(hip), *(0.5 * part for part in whole)], axis=-1))
    limb = _leg(hip, knee, turn)
    line = rot.normalize(limb.end - limb.start)
    swing = rot.normalize(np.array([1.0, where[0] / 3, where[1] / 3, 0.2]))
    goal = where[2] * rot.rotate(swing, line)
    upper, lower = bent_to(limb, goal)
    bent = _limb(upper, lower)
    np.testing.assert_allclose(bent.end, goal, atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(upper, axis=-1), 1.0, atol=1e-9)
    assert (_fold(bent) > -1e-6).all()


def test_a_limb_that_is_where_it_should_be_stays() -> None:
    random = np.random.default_rng(1)
    whole = rot.normalize(random.standard_normal((50, 4)))
    limb = _leg(random.uniform(-1, 1, 50), random.uniform(0.3, 2.0, 50), whole)
    upper, lower = bent_to(limb, limb.end)
    np.testing.assert_allclose(np.abs(np.sum(upper * limb.upper, axis=-1)), 1.0, atol=1e-9)
    np.testing.assert_allclose(np.abs(np.sum(lower * limb.lower, axis=-1)), 1.0, atol=1e-9)


def test_the_plane_of_the_bend_stays() -> None:
    limb = _leg(np.array([-0.4]), np.array([0.8]), np.array([[1.0, 0.0, 0.0, 0.0]]))
    upper, lower = bent_to(limb, limb.end * 0.8)
    bent = _limb(upper, lower)
    np.testing.assert_allclose(bent.middle[:, 0], 0.0, atol=1e-9)
    assert _fold(bent)[0] > _fold(limb)[0]


def test_a_goal_out_of_reach_is_approached() -> None:
    limb = _leg(np.array([-0.4]), np.array([0.8]), np.array([[1.0, 0.0, 0.0, 0.0]]))
    bent = _limb(*bent_to(limb, np.array([[0.0, 0.0, -3.0]])))
    np.testing.assert_allclose(bent.end, [[0.0, 0.0, -0.82]], atol=2e-3)


@pytest.mark.parametrize("knee", [-0.02, 0.0, 0.02])
def test_an_almost_straight_leg_bends_smoothly(knee: float) -> None:
    count = 40
    limb = _leg(np.zeros(count), np.full(count, knee), np.tile([1.0, 0.0, 0.0, 0.0], (count, 1)))
    goal = np.linspace(0.82, 0.7, count)[:, None] * rot.normalize(limb.end)
    bent = _limb(*bent_to(limb, goal))
    assert (bent.middle[1:, 1] <= 1e-6).all()
    assert np.abs(np.diff(bent.middle, n=2, axis=0))[3:].max() < 0.01
