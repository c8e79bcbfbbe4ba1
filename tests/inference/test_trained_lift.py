"""The shipped lifter: close to the truth, steady over windows and rates, and whole where limbs are hidden."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from penumbra.inference.sightings import Sightings
from penumbra.inference.trained_lift import TrainedLifter
from penumbra.models.skeletons import JOINTS, POINT_JOINTS, POINTS, mirrored
from penumbra.models.weights import network_path
from tests.synthetic import walker_in_camera

LEFT_LEG = [POINTS.index(f"{name}.L") for name in ("knee", "ankle", "heel", "toe")]


@pytest.fixture(scope="module")
def lifter() -> TrainedLifter:
    return TrainedLifter.open(network_path("s3"), threads=1)


def _sightings(joints: np.ndarray, rate: float = 30.0) -> Sightings:
    points = joints[:, list(POINT_JOINTS)]
    seen = np.ones(points.shape[:2], bool)
    return Sightings(points[..., :2] / points[..., 2:], seen * 1.0, seen, rate)


def _error(lifted: np.ndarray, joints: np.ndarray) -> np.ndarray:
    return np.linalg.norm(lifted - (joints - joints[:, :1]), axis=-1)[:, :17]


def test_somebody_who_walks_is_found_in_three_dimensions(lifter: TrainedLifter) -> None:
    joints = walker_in_camera(90)
    lifted = lifter(_sightings(joints)).joints
    assert _error(lifted, joints).mean() < 0.06
    backward = lifted * np.array([-1.0, 1.0, 1.0])
    assert _error(lifted, joints).mean() < 0.5 * _error(backward, joints).mean()


def test_what_is_hidden_is_not_read_and_comes_out_whole(lifter: TrainedLifter) -> None:
    joints = walker_in_camera(90)
    clean = _sightings(joints)
    seen = clean.seen.copy()
    seen[30:60, LEFT_LEG] = False
    hidden = replace(clean, seen=seen)
    spoiled = replace(hidden, points=np.where(seen[..., None], clean.points, 7.0))
    lifted = lifter(hidden).joints
    assert np.array_equal(lifted, lifter(spoiled).joints)
    knee, ankle = JOINTS.index("knee.L"), JOINTS.index("ankle.L")
    shin = np.linalg.norm(lifted[30:60, ankle] - lifted[30:60, knee], axis=-1)
    assert (np.abs(shin - 0.4) < 0.15).all()
    step = np.linalg.norm(np.diff(lifted, axis=0), axis=-1)
    assert step[28:61].max() < 2.5 * step[:28].max()


def test_a_long_clip_is_lifted_without_seams(lifter: TrainedLifter) -> None:
    joints = walker_in_camera(2300)
    whole = lifter(_sightings(joints)).joints
    part = lifter(_sightings(joints[1500:2100])).joints
    assert np.abs(whole[1650:1950] - part[150:450]).max() < 1e-3


def test_footage_at_twice_the_rate_is_read_in_two_passes(lifter: TrainedLifter) -> None:
    joints = walker_in_camera(120)
    fast = lifter(_sightings(joints, rate=60.0)).joints
    assert np.abs(fast[::2] - lifter(_sightings(joints[::2])).joints).max() < 1e-5
    assert np.abs(fast[1::2] - lifter(_sightings(joints[1::2])).joints).max() < 1e-5


@pytest.mark.parametrize("count", [1, 2, 7])
def test_short_clips_are_lifted_too(lifter: TrainedLifter, count: int) -> None:
    joints = walker_in_camera(count)
    assert np.isfinite(lifter(_sightings(joints, rate=120.0)).joints).all()


def test_nothing_in_sight_still_gives_a_body(lifter: TrainedLifter) -> None:
    given = _sightings(walker_in_camera(40))
    assert np.isfinite(lifter(replace(given, seen=np.zeros_like(given.seen))).joints).all()


def test_a_mirrored_subject_comes_out_mirrored(lifter: TrainedLifter) -> None:
    joints = walker_in_camera(60)
    partners = [JOINTS.index(mirrored(name)) for name in JOINTS]
    flip = np.array([-1.0, 1.0, 1.0])
    other = lifter(_sightings(joints[:, partners] * flip)).joints
    assert np.abs(other[:, partners] * flip - lifter(_sightings(joints)).joints).max() < 1e-5
