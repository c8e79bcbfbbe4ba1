"""The focal length: who tells it, and what a clip tells of it."""

from __future__ import annotations

import math

import numpy as np
import pytest

from penumbra.inference.camera import CameraTrack, guess_camera
from penumbra.inference.placing.focal import (
    FocalEstimate,
    FocalSettings,
    estimate_focal,
    known_focal,
    usual_focal_length,
)
from penumbra.inference.settings import CameraSettings
from penumbra.tests.filming import Film, camera, film

_FEW = FocalSettings(steps=5)


@pytest.fixture(scope="module")
def toward() -> Film:
    """Somebody walks up to the camera: the clearest sight of perspective that there is."""
    return film(camera(tilt=5.0, height=1.5, distance=2.5), count=60)


@pytest.mark.parametrize("factor", [0.75, 1.0, 1.35])
def test_a_walk_towards_the_camera_tells_the_lens(toward: Film, factor: float):
    joints, belief, slopes, present, times = toward.seen
    found = estimate_focal(40.0, joints, belief, slopes * factor, present, times)
    off = math.log(found.focal_length / 40.0 / factor)
    assert abs(off) < max(0.4 * abs(math.log(factor)), 0.05)
    assert abs(off) < 2 * found.sigma
    assert 0.02 < found.sigma < 0.25
    assert found.source == "estimate"
    assert found.note is not None
    assert f"{found.focal_length:.0f} mm" in found.note


def test_a_still_subject_far_away_tells_nothing_and_says_so():
    seen = film(camera(tilt=2.0, height=1.5, distance=30.0), count=30, noise=0.01)
    joints, belief, slopes = (np.repeat(array[:1], 30, axis=0) for array in (seen.joints, seen.belief, seen.slopes))
    found = estimate_focal(40.0, joints, belief, slopes, seen.present, seen.times, settings=_FEW)
    assert found.sigma > 0.9 * FocalSettings().spread
    assert abs(math.log(found.focal_length / 40.0)) < 0.1


def test_what_is_believed_nowhere_cannot_be_looked_at(toward: Film):
    joints, belief, slopes, present, times = toward.seen
    with pytest.raises(ValueError, match="believed"):
        estimate_focal(40.0, joints, belief, slopes, ~present, times, settings=_FEW)
    for wrong in (0.0, -5.0, math.nan):
        with pytest.raises(ValueError, match="positive"):
            estimate_focal(wrong, joints, belief, slopes, present, times, settings=_FEW)


def test_a_long_clip_is_looked_at_where_it_comes_closer():
    seen = film(camera(tilt=5.0, height=1.5, distance=4.0), count=90)
    joints, belief, slopes, present, times = (
        np.concatenate([np.repeat(array[:1], 60, axis=0), array]) for array in seen.seen
    )
    times = np.arange(len(times)) / 30.0
    settings = FocalSettings(steps=5, most=60)
    found = estimate_focal(40.0, joints, belief, slopes, present, times, settings=settings)
    assert found.sigma < 0.28


def test_absent_frames_say_nothing(toward: Film):
    joints, belief, slopes, present, times = (array.copy() for array in toward.seen)
    present[20:30] = False
    slopes[20:30] = np.nan
    found = estimate_focal(40.0, joints, belief, slopes, present, times, settings=_FEW)
    assert abs(math.log(found.focal_length / 40.0)) < 0.15


def test_one_frame_has_an_estimate(toward: Film):
    found = estimate_focal(40.0, *(array[:1] for array in toward.seen), settings=_FEW)
    assert 0.0 < found.sigma <= 0.4


def test_who_tells_the_focal_length():
    track = CameraTrack(np.arange(2.0), np.tile(np.eye(3), (2, 1, 1)), np.zeros((2, 3)), np.array([20.0, 80.0]))
    told = known_focal(CameraSettings(focal_length=28.0, track=track), 24.0)
    assert told is not None
    assert (told.source, told.focal_length) == ("camera", pytest.approx(40.0))
    told = known_focal(CameraSettings(focal_length=28.0), 24.0)
    assert told is not None
    assert (told.source, told.focal_length) == ("user", 28.0)
    told = known_focal(CameraSettings(), 24.0)
    assert told is not None
    assert (told.source, told.focal_length) == ("metadata", 24.0)
    assert told.sigma < 0.1
    assert told.note is None
    assert known_focal(CameraSettings(), None) is None


def test_the_usual_lens_is_that_of_the_guessed_camera():
    for size in ((1920, 1080), (1080, 1920), (640, 480)):
        assert usual_focal_length(*size) == pytest.approx(guess_camera(*size, None).focal_length)


def test_the_note_speaks_of_percent():
    assert "35 % off" in str(FocalEstimate(41.0, 0.3, "estimate").note)
