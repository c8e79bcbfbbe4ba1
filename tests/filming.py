"""A made-up walk as a camera sees it, for the tests of where the subject, the floor and the camera are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from penumbra.inference import rotations as rot
from penumbra.inference.camera import View
from penumbra.models.skeletons import POINT_JOINTS, POINTS

from .walking import walk

LEVEL = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]])


@dataclass(frozen=True)
class Film:
    """A walk and what is seen of it; T frames.

    view: the true camera. joints: `[T, 30, 3]` about the pelvis and root: `[T, 3]`, metres in the camera frame. slopes:
    `[T, 25, 2]`. belief: `[T, 25]`. present, times: `[T]`.
    """

    view: View
    joints: np.ndarray
    root: np.ndarray
    slopes: np.ndarray
    belief: np.ndarray
    present: np.ndarray
    times: np.ndarray

    @property
    def seen(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """What `root_path` reads first."""
        return self.joints, self.belief, self.slopes, self.present, self.times


def camera(tilt: float, height: float, distance: float, roll: float = 0.0, heading: float = 0.0) -> View:
    """One frame of a camera that looks at the place where the walk is after a while; angles in degrees."""
    rolled, tilted, headed = (
        rot.to_matrix(np.array([np.cos(angle), *(np.sin(angle) * np.array(axis))]))
        for angle, axis in (
            (np.radians(roll) / 2, (0.0, 0.0, 1.0)),
            (-np.radians(tilt) / 2, (1.0, 0.0, 0.0)),
            (np.radians(heading) / 2, (0.0, 0.0, 1.0)),
        )
    )
    rotation = headed @ LEVEL @ tilted @ rolled
    ahead = rotation[:, 2] * (1.0, 1.0, 0.0)
    position = np.array([0.0, -1.5, 0.0]) - distance * ahead / np.linalg.norm(ahead)
    return View(rotation[None], (position + np.array([0.0, 0.0, height]))[None])


def film(view: View, count: int = 120, noise: float = 0.0, seed: int = 0) -> Film:
    """The walk filmed by a camera of one frame or of `count`; `noise` in metres at the subject, new in every frame."""
    walked = walk(count)
    whole = View(np.broadcast_to(view.rotations, (count, 3, 3)), np.broadcast_to(view.positions, (count, 3)))
    places = whole.to_camera(walked.poses.joints())
    points = places[:, list(POINT_JOINTS)]
    random = np.random.default_rng(seed)
    slopes = points[..., :2] / points[..., 2:]
    slopes = slopes + noise / places[:, :1, 2:] * random.standard_normal(slopes.shape)
    belief = np.full((count, len(POINTS)), 0.9)
    return Film(whole, places - places[:, :1], places[:, 0], slopes, belief, walked.present, walked.times)
