"""Which points stand on the floor, and how surely."""

from __future__ import annotations

import numpy as np
import pytest

from penumbra.inference.contacts import CONTACTS, ContactSettings, contacts
from penumbra.models.skeletons import JOINTS
from tests.walking import FEET, shaken, walk

_HAND = [JOINTS.index(f"{name}.L") for name in ("index", "pinky", "thumb", "wrist")]


def _probability(
    joints: np.ndarray, sigma: float = 0.02, confidence: float = 1.0, present: np.ndarray | None = None
) -> np.ndarray:
    count = len(joints)
    known = np.full(joints.shape[:2], sigma), np.full(joints.shape[:2], confidence)
    seen = np.ones(count, bool) if present is None else present
    return contacts(joints, *known, np.arange(count) / 30.0, seen, ContactSettings()).probability


def _rank(probability: np.ndarray, truth: np.ndarray) -> float:
    """Share of pairs of a standing and a free moment that are in the right order."""
    order = np.argsort(np.argsort(probability.ravel())) + 1.0
    yes, ways = truth.ravel(), truth.sum() * (~truth).sum()
    return float((order[yes].sum() - yes.sum() * (yes.sum() + 1) / 2) / ways)


@pytest.mark.parametrize("seed", range(3))
def test_steps_of_a_noisy_walk_are_told(seed: int) -> None:
    made = walk()
    found = _probability(shaken(made.poses, seed, drift=0.005).joints())[:, :4]
    assert _rank(found, made.stands) > 0.97
    assert np.mean((found - made.stands) ** 2) < 0.08


def test_a_floor_that_is_a_little_off_matters_little() -> None:
    made = walk()
    found = _probability(made.poses.joints() + np.array([0.0, 0.0, 0.03]))[:, :4]
    assert np.mean((found > 0.5) == made.stands) > 0.9


def test_little_known_gives_neither_yes_nor_no() -> None:
    joints = walk().poses.joints()
    sure, unsure = _probability(joints, sigma=0.01), _probability(joints, sigma=0.5, confidence=0.02)
    assert np.abs(sure[:, :4] - 0.5).mean() > 0.4
    assert np.ptp(unsure[:, :4]) < 0.4
    assert unsure[:, :4].min() > 0.1
    assert unsure[:, :4].max() < 0.7


def test_unknown_spread_is_taken_as_usual() -> None:
    made = walk()
    found = _probability(made.poses.joints(), sigma=np.nan)[:, :4]
    assert np.isfinite(found).all()
    assert _rank(found, made.stands) > 0.97


def test_a_hand_stands_on_the_floor_but_not_in_the_air() -> None:
    joints = np.repeat(walk().poses.joints()[:1], 60, axis=0)
    hand = CONTACTS.index("hand.L")
    assert _probability(joints)[:, hand].max() < 0.1
    lowered = joints.copy()
    lowered[:, _HAND, 2] = 0.025
    assert _probability(lowered)[10:-10, hand].min() > 0.9


def test_absent_frames_have_no_contact_and_part_what_they_lie_between() -> None:
    made = walk()
    present = made.present
    present[40:70] = False
    joints = made.poses.joints()
    found = _probability(joints, present=present)
    assert (found[~present] == 0.0).all()
    joints[~present] = 5.0
    np.testing.assert_array_equal(_probability(joints, present=present)[present], found[present])


@pytest.mark.parametrize("count", [0, 1, 2])
def test_few_frames(count: int) -> None:
    found = _probability(walk().poses.joints()[:count])
    assert found.shape == (count, len(CONTACTS))
    assert np.isfinite(found).all()


def test_one_still_foot_in_the_air_is_free() -> None:
    joints = np.repeat(walk().poses.joints()[:1], 60, axis=0)
    joints[:, FEET[:2], 2] += 0.6
    found = _probability(joints)
    assert found[:, :2].max() < 0.3
    assert found[10:-10, 2:4].min() > 0.9


@pytest.mark.parametrize("height", [-1.0, 0.5])
def test_who_stands_on_a_level_of_its_own_is_in_contact(height: float) -> None:
    made = walk()
    joints = made.poses.joints()
    raised = joints + np.array([0.0, 0.0, height])
    expected = _probability(joints)
    for part in (slice(0, 150), slice(0, 75)):
        mixed = joints.copy()
        mixed[part] = raised[part]
        found = _probability(mixed)
        assert np.abs(found - expected)[:, :4].mean() < 0.05


def test_who_is_carried_past_a_height_stands_on_none() -> None:
    joints = np.repeat(walk().poses.joints()[:1], 90, axis=0)
    joints[..., 2] += np.linspace(0.3, 2.5, 90)[:, None]
    assert _probability(joints)[:, :4].max() < 0.3


def test_a_hand_beside_a_body_on_a_box_is_free() -> None:
    joints = np.repeat(walk().poses.joints()[:1], 120, axis=0)
    joints[60:] += np.array([0.0, 0.0, 0.6])
    joints[:60, _HAND, 2] = 0.62
    assert _probability(joints)[:55, CONTACTS.index("hand.L")].max() < 0.1
