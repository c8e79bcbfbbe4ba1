"""Placing the subject: the root by reprojection, and upright on the floor."""

from __future__ import annotations

import numpy as np
import pytest

from penumbra.inference import rotations as rot
from penumbra.inference.camera import Camera, guess_camera
from penumbra.inference.lift import Lift
from penumbra.inference.place import PlaceSettings, root_in_camera, toward_view, upright
from penumbra.models.skeletons import JOINT_PARENTS, JOINTS

_FRAMES = 60
_DIRECTIONS = {
    "hip.L": (1, 0, 0), "hip.R": (-1, 0, 0), "knee": (0, 1, 0.05), "ankle": (0, 1, -0.05), "heel": (0, 0.6, 0.8),
    "toe": (0, 0.4, -0.9), "spine": (0, -1, 0), "thorax": (0, -1, 0), "neck": (0, -1, 0), "head": (0, -1, 0),
    "shoulder.L": (1, 0, 0), "shoulder.R": (-1, 0, 0), "elbow.L": (1, 1, 0), "elbow.R": (-1, 1, 0), "wrist.L": (1, 1, -1),
    "wrist.R": (-1, 1, -1), "index": (0, 1, -1), "pinky": (0, 1, 0), "thumb": (0, 0, -1), "nose": (0, 0, -1),
    "ear.L": (1, 0, 0), "ear.R": (-1, 0, 0),
}  # fmt: skip


@pytest.fixture
def lifted() -> Lift:
    """A person who stands facing the camera, the same in every frame; 40 cm bones below the hips, 25 cm above."""
    joints = np.zeros((len(JOINTS), 3))
    lengths = np.zeros(len(JOINTS))
    for index, name in enumerate(JOINTS[1:], start=1):
        direction = np.array(_DIRECTIONS.get(name, _DIRECTIONS.get(name.split(".")[0])), float)
        lengths[index] = 0.1 if name.startswith("hip") else 0.4 if name[:4] in {"knee", "ankl"} else 0.22
        joints[index] = joints[JOINT_PARENTS[index]] + lengths[index] * direction / np.linalg.norm(direction)
    return Lift(np.tile(joints, (_FRAMES, 1, 1)), np.full((_FRAMES, len(JOINTS)), 0.9), lengths)


@pytest.fixture
def path() -> np.ndarray:
    """A walk `[T, 3]` in the camera frame."""
    t = np.linspace(0, 1, _FRAMES)
    return np.stack([np.sin(3 * t), 0.1 + 0 * t, 4 + t], axis=-1)


_CAMERA = Camera(1500.0, (960.0, 540.0), assumed=False)
_TIMES = np.arange(_FRAMES) / 30


def test_root_is_where_it_was_filmed(lifted: Lift, path: np.ndarray) -> None:
    points = _CAMERA.project(lifted.joints + path[:, None])
    root = root_in_camera(lifted, points, np.ones(_FRAMES, bool), _TIMES, _CAMERA, PlaceSettings())
    np.testing.assert_allclose(root, path, atol=5e-3)


def test_one_wrong_limb_does_not_pull_the_root_away(lifted: Lift, path: np.ndarray) -> None:
    points = _CAMERA.project(lifted.joints + path[:, None])
    points[:, [JOINTS.index("wrist.L"), JOINTS.index("elbow.L")]] += (150.0, -200.0)
    root = root_in_camera(lifted, points, np.ones(_FRAMES, bool), _TIMES, _CAMERA, PlaceSettings())
    assert np.linalg.norm(root - path, axis=-1)[5:-5].mean() < 0.05


def test_absent_frames_keep_the_last_place(lifted: Lift, path: np.ndarray) -> None:
    points = _CAMERA.project(lifted.joints + path[:, None])
    present = np.ones(_FRAMES, bool)
    present[20:30] = False
    points[20:30] = 0.0
    root = root_in_camera(lifted, points, present, _TIMES, _CAMERA, PlaceSettings())
    np.testing.assert_array_equal(root[20:30], np.tile(root[19], (10, 1)))
    np.testing.assert_allclose(root[35:50], path[35:50], atol=0.02)


@pytest.mark.parametrize("pitch", [-20.0, 0.0, 30.0])
def test_a_tilted_camera_still_gives_an_upright_person(lifted: Lift, path: np.ndarray, pitch: float) -> None:
    tilt = np.array([np.cos(np.radians(pitch) / 2), np.sin(np.radians(pitch) / 2), 0.0, 0.0])
    tilted = Lift(rot.rotate(tilt, lifted.joints), lifted.belief, lifted.lengths)
    placed = upright(tilted, rot.rotate(tilt, path), np.ones(_FRAMES, bool), PlaceSettings())
    up = rot.normalize(placed.joints[:, JOINTS.index("head")] - placed.joints[:, JOINTS.index("pelvis")])
    assert np.degrees(np.arccos(up[:, 2])).max() < 4.0
    soles = placed.joints[:, [JOINTS.index("toe.L"), JOINTS.index("toe.R")], 2]
    assert np.abs(soles).max() < 0.08
    np.testing.assert_allclose(placed.joints[0, 0, :2], 0.0, atol=1e-9)
    # facing the camera means facing -y, with the subject's left at +x
    assert placed.joints[0, JOINTS.index("nose"), 1] < placed.joints[0, JOINTS.index("neck"), 1]
    assert placed.joints[0, JOINTS.index("hip.L"), 0] > 0


def test_a_subject_who_never_stands_leaves_the_camera_level(lifted: Lift, path: np.ndarray) -> None:
    lying = Lift(lifted.joints[..., [1, 0, 2]], lifted.belief, lifted.lengths)
    placed = upright(lying, path, np.ones(_FRAMES, bool), PlaceSettings())
    np.testing.assert_allclose(placed.rotation @ [0, -1, 0], [0, 0, 1], atol=1e-9)


def test_somebody_at_the_edge_is_turned_with_the_ray_to_them() -> None:
    camera = Camera(1000.0, (1000.0, 500.0), assumed=False)
    world = np.array([[[0.0, 0.0, -1.0]]])  # a nose that points at whoever looks
    seen = toward_view(world, np.array([[2000.0, 500.0]]), camera)
    np.testing.assert_allclose(seen[0, 0], [-np.sqrt(0.5), 0.0, -np.sqrt(0.5)], atol=1e-9)


def test_focal_length_follows_blenders_sensor() -> None:
    assert guess_camera(1920, 1080, 36.0).focal == pytest.approx(1920)
    assert guess_camera(1080, 1920, 36.0).focal == pytest.approx(1920)
    guessed = guess_camera(1600, 1200, None)
    assert guessed.assumed
    assert guessed.focal == pytest.approx(2000)
