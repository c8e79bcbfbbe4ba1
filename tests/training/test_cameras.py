"""Virtual cameras: axes, no mirror, where the subject is seen, and movement."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from penumbra.inference.body import rest_joints
from penumbra.models.skeletons import JOINTS
from penumbra.training.bodies import mean_body
from penumbra.training.cameras import Cameras, CameraVariety, assume_lens, sample_cameras, slopes

HEIGHT = np.array([0.0, 0.0, 0.9])
STILL = CameraVariety(moving=0.0)


def standing(count: int, frames: int = 8) -> np.ndarray:
    return np.tile(HEIGHT, (count, frames, 1))


def seen(cameras: Cameras, world: np.ndarray) -> np.ndarray:
    """Points `[B, T, N, 3]` in the camera frame of world points `[N, 3]`."""
    count, frames = cameras.positions.shape[:2]
    return cameras.to_camera(np.broadcast_to(world, (count, frames, *world.shape)))


def facing(cameras: Cameras) -> np.ndarray:
    """`[B]` clips whose camera is in front of a subject that faces -y, within 60°."""
    place = cameras.positions[:, 0]
    return -place[:, 1] > 0.5 * np.linalg.norm(place[:, :2], axis=-1)


@given(st.integers(0, 10_000))
def test_rotations_are_rotations_and_never_mirrors(seed: int):
    cameras = sample_cameras(np.random.default_rng(seed), standing(4, 5))
    matrices = cameras.rotations.astype(float)
    np.testing.assert_allclose(np.linalg.det(matrices), 1.0, atol=1e-5)
    np.testing.assert_allclose(
        matrices @ np.swapaxes(matrices, -1, -2), np.broadcast_to(np.eye(3), matrices.shape), atol=1e-5
    )


def test_a_subject_that_faces_the_camera_has_its_left_hand_at_larger_x():
    cameras = sample_cameras(np.random.default_rng(0), standing(400), STILL)
    points = slopes(seen(cameras, rest_joints(mean_body()) + HEIGHT))[:, 0]
    apart = points[:, JOINTS.index("wrist.L"), 0] - points[:, JOINTS.index("wrist.R"), 0]
    front = facing(cameras)
    assert 80 < front.sum() < 320
    assert (apart[front] > 0).all()
    from_behind = cameras.positions[:, 0, 1] > 0.5 * np.linalg.norm(cameras.positions[:, 0, :2], axis=-1)
    assert (apart[from_behind] < 0).all()


def test_down_in_the_picture_is_down_in_the_world():
    cameras = sample_cameras(np.random.default_rng(1), standing(300), STILL)
    points = seen(cameras, rest_joints(mean_body()) + HEIGHT)[:, 0]
    assert (points[:, JOINTS.index("ankle.L"), 1] > points[:, JOINTS.index("head"), 1]).all()
    assert (points[..., 2] > 0).all()


def test_projection_of_a_hand_computed_camera():
    # 4 m in front of the subject and 1 m up, looking along +y
    turned = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])
    camera = Cameras(turned[None, None], np.array([[[0.0, -4.0, 1.0]]]), np.array([36.0]), np.ones((1, 2)))
    point = camera.to_camera(np.array([[[[0.5, 0.0, 2.0]]]]))
    np.testing.assert_allclose(point[0, 0, 0], (0.5, -1.0, 4.0))
    np.testing.assert_allclose(slopes(point)[0, 0, 0], (0.125, -0.25))
    np.testing.assert_allclose(camera.turned(np.eye(3)[None, None, None])[0, 0, 0], turned)


def test_the_subject_is_mostly_central_and_at_the_distance_asked_for():
    cameras = sample_cameras(np.random.default_rng(2), standing(1000), STILL)
    root = seen(cameras, np.array([[0.0, 0.0, 0.9]]))[:, 0, 0]
    distance = np.linalg.norm(root, axis=-1)
    assert distance.min() > 1.9
    assert distance.max() < 10.1
    place = np.abs(slopes(root)) / cameras.half
    assert np.median(place) < 0.3
    assert (place < 1).mean() > 0.99
    assert (place > 0.5).mean() > 0.02


def test_views_cover_every_side_and_the_usual_heights():
    cameras = sample_cameras(np.random.default_rng(3), standing(2000), STILL)
    place = cameras.positions[:, 0]
    sides = np.histogram(np.arctan2(place[:, 1], place[:, 0]), bins=8, range=(-np.pi, np.pi))[0]
    assert sides.min() > 150
    assert 0.4 < np.median(place[:, 2]) < 2.5
    assert 0.02 < (place[:, 2] > 4.0).mean() < 0.3
    assert cameras.lens.min() >= 16.0
    assert cameras.lens.max() <= 100.0


def test_still_cameras_stand_still_and_moving_ones_move():
    root = standing(200, 60)
    still = sample_cameras(np.random.default_rng(4), root, STILL)
    assert np.ptp(still.positions, axis=1).max() < 1e-5
    assert np.ptp(still.rotations, axis=1).max() < 1e-5
    moving = sample_cameras(np.random.default_rng(4), root, CameraVariety(moving=1.0))
    assert np.median(np.ptp(moving.rotations, axis=1).max(axis=(1, 2))) > 0.01
    assert np.median(np.ptp(moving.positions, axis=1).max(axis=1)) > 0.02


def test_panning_keeps_a_walking_subject_nearer_the_middle():
    root = standing(300, 60) + np.linspace(0.0, 3.0, 60)[:, None] * (1.0, 0.0, 0.0)
    wander = {}
    for panning in (0.0, 1.0):
        variety = CameraVariety(moving=1.0, panning=panning, traveling=0.0, handshake=0.0, drift=0.0, turning=0.0)
        cameras = sample_cameras(np.random.default_rng(5), root, variety)
        wander[panning] = np.median(np.ptp(slopes(cameras.to_camera(root[:, :, None]))[:, :, 0, 0], axis=1))
    assert wander[1.0] < 0.5 * wander[0.0]


def test_nobody_walks_through_a_still_camera():
    root = standing(300, 60) + np.linspace(-4.0, 4.0, 60)[:, None] * (1.0, 0.0, 0.0)
    cameras = sample_cameras(np.random.default_rng(6), root, STILL)
    assert cameras.to_camera(root[:, :, None])[..., 2].min() > 1.2


def test_an_assumed_lens_scales_half_of_the_clips():
    points = np.ones((2000, 2, 3, 2), np.float32)
    scaled, factor = assume_lens(points, np.random.default_rng(7))
    np.testing.assert_allclose(scaled[:, 0, 0, 0], factor)
    assert (factor == 1).mean() == pytest.approx(0.5, abs=0.05)
    assert np.log(factor[factor != 1]).std() == pytest.approx(0.15, abs=0.02)
