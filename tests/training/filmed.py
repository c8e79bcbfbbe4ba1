"""Somebody filmed without a fault by calibrated cameras all around."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from penumbra.inference.body import joints_of
from penumbra.inference.flow import unknown_flow
from penumbra.inference.guidance import GuidanceSettings
from penumbra.inference.track import Track
from penumbra.models.skeletons import BLAZEPOSE, JOINTS
from penumbra.tests.synthetic import random_motion
from penumbra.training.bodies import mean_body
from penumbra.training.calibrated_footage import View
from penumbra.training.multiview import CalibratedCamera
from penumbra.training.triangulation import TriangulationSettings
from penumbra.training.unlabelled import Unlabelled, unlabelled

FRAMES = 24


def person(tall: float = 1.0) -> np.ndarray:
    """Joints `[T, 30, 3]` in metres in the world of somebody who moves, at 60 frames a second."""
    moving = random_motion(FRAMES, fps=60.0, bend=0.5)
    return tall * joints_of(moving.rotations, mean_body()) + 0.1 * moving.root[:, None] + [0.0, 0.0, 0.9]


def camera(yaw: float, number: int) -> CalibratedCamera:
    """Level, 4 m from the origin at chest height, with a lens that is not perfect."""
    forward = np.array([np.sin(yaw), np.cos(yaw), 0.0])
    rotation = np.stack([[np.cos(yaw), -np.sin(yaw), 0.0], [0.0, 0.0, -1.0], forward])
    place = -4.0 * forward + [0.0, 0.0, 1.0]
    lens = np.full(2, 500.0), np.array([320.0, 240.0]), np.array([0.03, 0.0, 0.0, 0.0])
    return CalibratedCamera(f"cam{number}", rotation, place, *lens, (640, 480))


def view(joints: np.ndarray, camera: CalibratedCamera) -> View:
    """The camera's flawless track of the joints; the rest of the face lies at the nose."""
    world = joints[:, [JOINTS.index(name if name in JOINTS else "nose") for name in BLAZEPOSE]]
    pixels, count = camera.project(world), len(joints)
    flow, error = unknown_flow((count, len(BLAZEPOSE)))
    tracked = Track(
        index=np.arange(count),
        times=np.arange(count) / 60.0,
        present=np.ones(count, bool),
        landmarks=np.concatenate([pixels, np.zeros((count, 33, 1))], axis=-1),
        world=camera.to_camera(world),
        confidence=np.full((count, 33), 0.9),
        regions=np.concatenate([pixels.mean(axis=1), np.full((count, 1), 400.0), np.zeros((count, 1))], axis=1),
        flow=flow,
        flow_error=error,
    )
    return View(camera, Path("none.mp4"), (640, 480), tracked)


def views(joints: np.ndarray, count: int = 4) -> list[View]:
    """The joints before `count` cameras."""
    return [view(joints, camera(0.4 + number * 2 * np.pi / max(count, 3), number)) for number in range(count)]


def taught(found: list[View]) -> tuple[Unlabelled, ...]:
    """What the views teach, in two parts."""
    return unlabelled(found, GuidanceSettings(), TriangulationSettings())
