"""Occlusion guidance: both rules by hand, what lies beyond the horizon, and which of them is nearer to the truth."""

from __future__ import annotations

import numpy as np
import pytest

from penumbra.inference.guidance import GuidanceSettings, guide


def _one(values: list[float], seen: list[int], **settings: object) -> tuple[list[float], list[float]]:
    points = np.array(values, np.float32)[:, None, None]
    sight = np.array(seen, bool)[:, None]
    found = guide(points, np.full(sight.shape, 0.9, np.float32), sight, GuidanceSettings(**settings))  # type: ignore[arg-type]
    return found.points[:, 0, 0].tolist(), found.confidence[:, 0].tolist()


def test_the_papers_rule_by_hand() -> None:
    points, confidence = _one([1, 9, 9, 9, 5, 9], [1, 0, 0, 0, 1, 0], fill="copy", horizon=10)
    assert points == [1, 1, 3, 5, 5, 5]
    assert confidence == pytest.approx([0.9, 0.9, 0.8, 0.9, 0.9, 0.9])


def test_the_line_by_hand_and_its_distances() -> None:
    points, _ = _one([1, 9, 9, 9, 5, 9], [1, 0, 0, 0, 1, 0], fill="line", horizon=10)
    assert points == [1, 2, 3, 4, 5, 5]
    sight = np.array([1, 0, 0, 1, 0], bool)[:, None]
    found = guide(np.zeros((5, 1, 2)), np.ones((5, 1)), sight, GuidanceSettings(horizon=4))
    assert found.since[:, 0].tolist() == [0, 0.25, 0.5, 0, 0.25]
    assert found.until[:, 0].tolist() == [0, 0.5, 0.25, 0, 1]


@pytest.mark.parametrize("fill", ["copy", "line"])
def test_beyond_the_horizon_nothing_is_filled(fill: str) -> None:
    seen = np.zeros((30, 2), bool)
    seen[0, 0] = True
    found = guide(np.ones((30, 2, 2)), np.ones((30, 2)), seen, GuidanceSettings(fill=fill, horizon=5))  # type: ignore[arg-type]
    assert (found.points[:5, 0] == 1).all()
    assert (found.points[5:, 0] == 0).all()
    assert (found.confidence[5:, 0] == 0).all()
    assert found.confidence[4, 0] == pytest.approx(0.2)
    assert (found.points[:, 1] == 0).all()
    assert (found.until[:, 1] == 1).all()


def test_hidden_values_are_not_read() -> None:
    rng = np.random.default_rng(1)
    points, seen = rng.random((40, 25, 2)), rng.random((40, 25)) < 0.5
    spoiled = np.where(seen[..., None], points, np.nan)
    for fill in ("copy", "line"):
        settings = GuidanceSettings(fill=fill)  # type: ignore[arg-type]
        one, two = (guide(value, np.ones(seen.shape), seen, settings) for value in (points, spoiled))
        np.testing.assert_array_equal(one.points, two.points)


def test_the_line_is_nearer_to_the_truth_on_smooth_motion() -> None:
    time = np.arange(200)[:, None, None]
    truth = np.sin(time / 15 + np.arange(25)[None, :, None] + np.array([0.0, 1.0]))
    seen = np.ones((200, 25), bool)
    seen[60:75] = seen[120:135] = False
    off = {}
    for fill in ("copy", "line"):
        found = guide(truth, np.ones(seen.shape), seen, GuidanceSettings(fill=fill))  # type: ignore[arg-type]
        off[fill] = np.abs(found.points - truth)[~seen].mean()
    assert off["line"] < 0.7 * off["copy"]
