from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from penumbra.inference import rotations as rot
from penumbra.inference.hands import Hands
from penumbra.inference.motion import Motion
from penumbra.models.skeletons import BONES
from penumbra.retarget.timing import frame_numbers, resample, standard_rate
from penumbra.tests.synthetic import random_motion


def turning(times: np.ndarray, fps: float) -> Motion:
    """Every bone turns about z at 1 radian a second while the root moves at 1 metre a second."""
    count = len(times)
    zeros = np.zeros(count)
    quaternions = np.stack([np.cos(times / 2), zeros, zeros, np.sin(times / 2)], axis=1)
    return replace(
        random_motion(count),
        times=times,
        root=times[:, None] * [1.0, 0.0, 0.0],
        rotations=np.repeat(quaternions[:, None], len(BONES), axis=1),
        fps=fps,
    )


@pytest.mark.parametrize("fps", [24000 / 1001, 25.0, 30000 / 1001, 59.94])
def test_motion_on_whole_frames_is_given_back_as_it_is(fps: float):
    motion = turning(0.4 + np.arange(2000) / fps, fps)
    assert resample(motion, fps) is motion
    assert frame_numbers(motion, fps).tolist() == list(range(2000))


def test_every_third_picture_stays_on_its_own_frame():
    motion = turning(np.arange(0, 30, 3) / 25.0, 25 / 3)
    assert resample(motion, 25.0) is motion
    assert frame_numbers(motion, 25.0).tolist() == list(range(0, 30, 3))


@pytest.mark.parametrize("fps", [24.0, 30.0, 50.0, 120.0])
def test_resampled_motion_is_where_it_was_at_each_time(fps: float):
    random = np.random.default_rng(5)
    times = 3.0 + np.cumsum(random.uniform(0.02, 0.05, 80))
    motion = turning(times, 29.0)
    result = resample(motion, fps)
    assert result.times == pytest.approx(times[0] + np.arange(len(result)) / fps)
    assert result.times[-1] <= times[-1] < result.times[-1] + 1 / fps
    assert result.root[:, 0] == pytest.approx(result.times, abs=1e-9)
    goal = turning(result.times, fps).rotations
    assert np.abs(np.sum(result.rotations * goal, axis=-1)) == pytest.approx(1.0, abs=1e-9)
    assert result.fps == fps


def test_contacts_and_fingers_are_resampled_with_the_motion():
    bare = turning(np.arange(20) / 10.0, 10.0)
    count, fingers = len(bare), np.broadcast_to(bare.rotations[:, :1, None, None, :], (len(bare), 2, 5, 3, 4))
    motion = replace(
        bare,
        contacts=np.linspace(0.0, 1.0, count)[:, None] * np.ones(6),
        hands=Hands(fingers.copy(), np.tile([0.2, 0.8], (count, 1))),
    )
    motion.present[:3] = False
    result = resample(motion, 24.0)
    assert result.contacts is not None
    assert result.hands is not None
    seen = result.present
    assert result.contacts[seen, 2] == pytest.approx(result.times[seen] / 1.9)
    assert np.all(result.contacts[~seen] == 0)
    assert result.hands.turns[:, 1, 4, 2] == pytest.approx(result.rotations[:, 0])
    assert result.hands.confidence[seen] == pytest.approx(np.tile([0.2, 0.8], (int(seen.sum()), 1)))
    assert np.all(result.hands.confidence[~seen] == 0)


def test_a_frame_is_present_only_between_present_neighbours():
    motion = turning(np.arange(10) / 10.0, 10.0)
    motion.present[4] = False
    motion.confidence[:] = 1.0
    motion.confidence[4] = 0.0
    result = resample(motion, 20.0 / 1.5)
    frames = result.times * 10
    expected = ~((frames > 3 + 1e-3) & (frames < 5 - 1e-3))
    assert result.present.tolist() == expected.tolist()
    assert not result.present.all()
    assert np.all(result.confidence[~result.present] == 0)
    assert np.all(result.confidence[result.present] > 0.99)


def test_rotations_take_the_shorter_arc_whatever_their_signs():
    motion = turning(np.arange(10) / 10.0, 10.0)
    motion.rotations[1::2] *= -1
    result = resample(motion, 23.0)
    angle = 2 * np.arccos(np.clip(np.abs(np.sum(result.rotations[1:] * result.rotations[:-1], axis=-1)), 0, 1))
    assert angle == pytest.approx(1 / 23.0, abs=1e-6)
    assert np.linalg.norm(rot.normalize(result.rotations) - result.rotations) == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize(
    ("measured", "rate"),
    [(29.9701, 30000 / 1001), (29.99995, 30.0), (23.976, 24000 / 1001), (59.9399, 60000 / 1001), (27.3, 27.3)],
)
def test_a_measured_rate_is_the_cameras_rate(measured: float, rate: float):
    assert standard_rate(measured) == rate
