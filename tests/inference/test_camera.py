"""Known cameras between their moments, and what is no camera."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from penumbra.errors import ArgumentsError
from penumbra.inference import rotations as rot
from penumbra.inference.camera import CameraTrack, View, track_lens, track_view


def _track() -> CameraTrack:
    """A camera that turns by 90° about z and moves by 2 m along x within two seconds, and zooms from 25 to 100 mm."""
    half = np.sqrt(0.5)
    turns = np.array([[1.0, 0.0, 0.0, 0.0], [half, 0.0, 0.0, half]])
    return CameraTrack(
        np.array([1.0, 3.0]),
        rot.to_matrix(turns),
        np.array([[0.0, 0.0, 1.0], [2.0, 0.0, 1.0]]),
        np.array([25.0, 100.0]),
    )


def test_between_two_moments_it_turns_moves_and_zooms_evenly():
    view = track_view(_track(), np.array([1.0, 2.0, 3.0]))
    np.testing.assert_allclose(view.rotations[1] @ (1.0, 0.0, 0.0), [np.sqrt(0.5), np.sqrt(0.5), 0.0], atol=1e-9)
    np.testing.assert_allclose(view.positions[:, 0], [0.0, 1.0, 2.0])
    np.testing.assert_allclose(track_lens(_track(), np.array([1.0, 2.0, 3.0])), [25.0, 50.0, 100.0])


def test_outside_its_moments_it_stands_still():
    view = track_view(_track(), np.array([0.0, 9.0]))
    np.testing.assert_allclose(view.rotations, _track().rotations, atol=1e-9)
    np.testing.assert_allclose(view.positions, _track().positions)


def test_one_moment_is_a_camera_that_stands_still():
    whole = _track()
    track = CameraTrack(whole.times[:1], whole.rotations[:1], whole.positions[:1], whole.focal_lengths[:1])
    assert np.ptp(track_view(track, np.arange(5.0)).positions, axis=0).max() == 0.0


@given(st.floats(-1.0, 5.0))
def test_every_time_has_a_proper_rotation(time: float):
    rotation = track_view(_track(), np.array([time])).rotations[0]
    np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-9)
    assert np.linalg.det(rotation) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"times": np.zeros(0)}, "no moments"),
        ({"positions": np.zeros((3, 3))}, "differ in length"),
        ({"times": np.array([1.0, 1.0])}, "do not follow"),
        ({"positions": np.full((2, 3), np.nan)}, "nowhere"),
        ({"focal_lengths": np.array([0.0, 20.0])}, "focal length"),
        ({"rotations": np.tile(np.diag([1.0, 1.0, -1.0]), (2, 1, 1))}, "mirrored"),
        ({"rotations": np.tile(2 * np.eye(3), (2, 1, 1))}, "scaled"),
    ],
)
def test_what_is_no_camera_is_told_with_what_to_do(change: dict[str, np.ndarray], says: str):
    track = replace(_track(), **change)
    for ask in (track_view, track_lens):
        with pytest.raises(ArgumentsError, match=says):
            ask(track, np.arange(3.0))


def test_to_the_world_and_back_is_where_it_was():
    view = track_view(_track(), np.array([1.0, 2.2]))
    assert isinstance(view, View)
    points = np.random.default_rng(0).standard_normal((2, 4, 3))
    np.testing.assert_allclose(view.to_camera(view.to_world(points)), points, atol=1e-12)
