"""What the windowed lifters read: the same as the others where all is seen, and filled where it is not."""

from __future__ import annotations

import numpy as np
import pytest

from penumbra.inference.guidance import GuidanceSettings
from penumbra.inference.guided import CHANNELS, VALUES, guided
from penumbra.inference.sight_features import features
from penumbra.models.skeletons import POINT_JOINTS, POINTS
from tests.synthetic import people_in_camera

WRIST = POINTS.index("wrist.L")
SETTINGS = GuidanceSettings(horizon=10)


@pytest.fixture(scope="module")
def points() -> np.ndarray:
    """`[2, 40, 25, 2]` slopes of two people."""
    joints = np.stack([people_in_camera(40, seed=seed) for seed in (1, 2)])[:, :, list(POINT_JOINTS)]
    return joints[..., :2] / joints[..., 2:]


def _per_point(values: np.ndarray) -> np.ndarray:
    return values[..., : CHANNELS * len(POINTS)].reshape(*values.shape[:-1], len(POINTS), CHANNELS)


def test_where_all_is_seen_it_is_what_the_other_lifters_read(points: np.ndarray) -> None:
    seen, confidence = np.ones(points.shape[:-1], bool), np.linspace(0.5, 1.0, 25) * np.ones(points.shape[:-1])
    found, expected = guided(points, confidence, seen, SETTINGS), features(points, confidence, seen)
    assert found.values.shape == (2, 40, VALUES) == (2, 40, 128)
    assert found.values.dtype == np.float32
    per_point = _per_point(found.values)
    np.testing.assert_array_equal(per_point[..., :2], expected.points)
    np.testing.assert_allclose(per_point[..., 2], confidence, atol=1e-6)
    assert (per_point[..., 3:] == 0).all()
    np.testing.assert_array_equal(found.values[..., -3:], expected.values[..., -3:])
    np.testing.assert_array_equal(found.views, expected.views)


def test_a_gap_is_filled_between_its_sights_and_says_how_far_they_are(points: np.ndarray) -> None:
    seen = np.ones(points.shape[:-1], bool)
    seen[0, 20:23, WRIST] = False
    per_point = _per_point(guided(points, np.ones(seen.shape), seen, SETTINGS).values)[0, 19:24, WRIST]
    np.testing.assert_allclose(per_point[:, :2], np.linspace(per_point[0, :2], per_point[-1, :2], 5), atol=1e-6)
    np.testing.assert_allclose(per_point[:, 2], [1.0, 0.9, 0.8, 0.9, 1.0], atol=1e-6)
    np.testing.assert_allclose(per_point[:, 3], [0.0, 0.1, 0.2, 0.3, 0.0], atol=1e-6)
    np.testing.assert_allclose(per_point[:, 4], [0.0, 0.3, 0.2, 0.1, 0.0], atol=1e-6)


def test_what_is_hidden_is_not_read_and_what_is_never_seen_is_nothing(points: np.ndarray) -> None:
    seen = np.random.default_rng(1).random(points.shape[:-1]) < 0.5
    seen[:, :, WRIST] = False
    spoiled = np.where(seen[..., None], points, np.nan), np.where(seen, 1.0, np.nan)
    clean = guided(points, np.ones(seen.shape), seen, SETTINGS).values
    np.testing.assert_array_equal(guided(*spoiled, seen, SETTINGS).values, clean)
    assert (_per_point(clean)[:, :, WRIST] == [0.0, 0.0, 0.0, 1.0, 1.0]).all()


def test_people_together_are_as_each_alone(points: np.ndarray) -> None:
    seen = np.random.default_rng(2).random(points.shape[:-1]) < 0.7
    together = guided(points, seen * 0.8, seen, SETTINGS)
    for index in range(2):
        alone = guided(points[index], seen[index] * 0.8, seen[index], SETTINGS)
        np.testing.assert_allclose(alone.values, together.values[index], atol=1e-6)
        np.testing.assert_allclose(alone.views, together.views[index], atol=1e-6)


def test_one_frame_is_enough(points: np.ndarray) -> None:
    one = points[0, :1]
    found = guided(one, np.ones((1, 25)), np.ones((1, 25), bool), SETTINGS)
    assert found.values.shape == (1, VALUES)
    assert np.isfinite(found.values).all()
