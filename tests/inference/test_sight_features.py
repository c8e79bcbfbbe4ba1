"""What the trained lifters read does not depend on where in the picture the subject is, nor on what is out of sight."""

from __future__ import annotations

import numpy as np
import pytest

from penumbra.inference.sight_features import FEATURES, features, joint_shares, joints_seen, seen_as
from penumbra.models.skeletons import JOINTS, POINT_JOINTS, POINTS
from tests.synthetic import people_in_camera


@pytest.fixture
def seen_points():
    joints = people_in_camera(frames=40)
    return joints[:, [JOINTS.index(name) for name in POINTS]]


def _slopes(points: np.ndarray) -> np.ndarray:
    return points[..., :2] / points[..., 2:]


def test_the_camera_may_look_anywhere(seen_points: np.ndarray):
    everything = np.ones(seen_points.shape[:2], bool)
    turn = np.radians(17.0)
    about_y = np.array([[np.cos(turn), 0, np.sin(turn)], [0, 1, 0], [-np.sin(turn), 0, np.cos(turn)]])
    straight = features(_slopes(seen_points), np.ones(everything.shape), everything)
    aside = features(_slopes(seen_points @ about_y.T), np.ones(everything.shape), everything)
    assert np.abs(straight.points - aside.points).max() < 0.02
    upright = np.swapaxes(straight.views, -1, -2) @ np.array([0.0, 0.0, 1.0])
    turned = np.swapaxes(aside.views, -1, -2) @ np.array([0.0, 0.0, 1.0])
    assert np.allclose(upright @ about_y.T, turned, atol=0.01)


def test_near_and_far_subjects_have_the_same_size(seen_points: np.ndarray):
    everything = np.ones(seen_points.shape[:2], bool)
    near = features(_slopes(seen_points), np.ones(everything.shape), everything)
    far = features(_slopes(seen_points) / 3, np.ones(everything.shape), everything)
    assert np.abs(near.points - far.points).max() < 0.05
    assert np.allclose(near.size / far.size, 3.0, rtol=0.05)


def test_what_is_out_of_sight_is_not_read(seen_points: np.ndarray):
    rng = np.random.default_rng(1)
    seen = rng.random(seen_points.shape[:2]) < 0.7
    points = _slopes(seen_points)
    first = features(points, np.ones(seen.shape), seen)
    second = features(np.where(seen[..., None], points, 9.0), np.where(seen, 1.0, 0.2), seen)
    assert np.array_equal(first.values, second.values)
    assert first.values.shape == (40, FEATURES)
    assert (first.points[~seen] == 0).all()


def test_distances_to_the_next_sights_are_told():
    seen = np.ones((30, 25), bool)
    seen[10:20, 3] = False
    points = np.random.default_rng(0).normal(0, 0.1, (30, 25, 2))
    told = features(points, np.ones(seen.shape), seen).values[:, :150].reshape(30, 25, 6)
    assert (told[seen][:, 4:] == 0).all()
    assert told[10, 3, 4] < told[19, 3, 4]
    assert told[10, 3, 5] > told[19, 3, 5]
    assert told[14, 3, 4] == pytest.approx(1 - np.exp(-5 / 20), abs=1e-6)


@pytest.mark.parametrize("seen", [np.zeros((5, 25), bool), np.eye(5, 25, dtype=bool)])
def test_little_or_nothing_in_sight_is_no_error(seen: np.ndarray):
    told = features(np.full((5, 25, 2), 0.2), np.ones(seen.shape), seen)
    assert np.isfinite(told.values).all()
    assert np.isfinite(told.views).all()


def test_a_joint_is_seen_with_all_that_it_is_made_of():
    seen = np.ones((1, 25), bool)
    seen[0, POINTS.index("hip.L")] = False
    hidden = {name for name, known in zip(JOINTS, joints_seen(seen)[0], strict=True) if not known}
    assert hidden == {"pelvis", "spine", "hip.L"}


def test_true_points_take_the_same_form(seen_points: np.ndarray):
    everything = np.ones(seen_points.shape[:2], bool)
    given = features(_slopes(seen_points), np.ones(everything.shape), everything)
    assert np.abs(seen_as(_slopes(seen_points), given) - given.points).max() < 1e-6


def test_joints_lie_in_the_picture_where_their_points_are():
    shares = joint_shares()
    np.testing.assert_allclose(shares.sum(axis=1), 1.0, rtol=1e-6)
    np.testing.assert_array_equal(shares[list(POINT_JOINTS)], np.eye(len(POINTS)))
    thorax = shares[JOINTS.index("thorax")]
    assert {POINTS[index] for index in np.flatnonzero(thorax)} == {"shoulder.L", "shoulder.R"}
