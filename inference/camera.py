"""The pinhole camera that the footage is taken to have."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ..errors import ArgumentsError
from . import rotations as rot

SENSOR_WIDTH = 36.0
"""Millimetres along the picture's longer side, Blender's default sensor."""


@dataclass(frozen=True, slots=True)
class Camera:
    """A pinhole camera without distortion whose optical axis meets the picture's middle.

    focal: pixels. center: (x, y) pixels.
    """

    focal: float
    center: tuple[float, float]

    @property
    def focal_length(self) -> float:
        """Millimetres on a sensor 36 mm along the picture's longer side."""
        return self.focal / (2 * max(self.center)) * SENSOR_WIDTH

    def rays(self, points: np.ndarray) -> np.ndarray:
        """Slopes (x/z, y/z) `[..., 2]` of picture points `[..., 2]` in pixels."""
        return (points - np.array(self.center)) / self.focal

    def project(self, points: np.ndarray) -> np.ndarray:
        """Picture points `[..., 2]` in pixels of points `[..., 3]` in metres in the camera frame."""
        return points[..., :2] / points[..., 2:] * self.focal + np.array(self.center)


@dataclass(frozen=True, slots=True)
class CameraTrack:
    """A camera that is known, such as one of the user's scene; K moments, of which one stands for a camera that is still.

    times: `[K]` seconds after the footage's first frame, rising. rotations: `[K, 3, 3]` from camera axes (x right, y down,
    z forward) to Blender's world. positions: `[K, 3]` metres in Blender's world. focal_lengths: `[K]` millimetres on a
    sensor 36 mm along the picture's longer side.
    """

    times: np.ndarray
    rotations: np.ndarray
    positions: np.ndarray
    focal_lengths: np.ndarray


@dataclass(frozen=True, slots=True)
class View:
    """Where the camera was in Blender's world; T frames.

    rotations: `[T, 3, 3]` from camera axes to the world's. positions: `[T, 3]` metres. The floor is z = 0.
    """

    rotations: np.ndarray
    positions: np.ndarray

    def to_world(self, points: np.ndarray) -> np.ndarray:
        """Points `[T, N, 3]` in metres in the camera frame, brought to Blender's world."""
        return points @ np.swapaxes(self.rotations, -1, -2) + self.positions[:, None]

    def to_camera(self, points: np.ndarray) -> np.ndarray:
        """Points `[T, N, 3]` in metres in Blender's world, brought to the camera frame."""
        return (points - self.positions[:, None]) @ self.rotations


def guess_camera(width: int, height: int, focal_length: float | None) -> Camera:
    """The camera of a `width` × `height` picture.

    `focal_length` is in millimetres on a sensor 36 mm along the longer side. Without one the focal length is the
    picture's diagonal in pixels, a field of view of 53° corner to corner: between a phone's and a portrait lens, and the
    usual assumption where the lens is unknown (Li et al., CLIFF, ECCV 2022).
    """
    longer = max(width, height)
    focal = math.hypot(width, height) if focal_length is None else focal_length / SENSOR_WIDTH * longer
    return Camera(focal, (width / 2, height / 2))


def track_view(track: CameraTrack, times: np.ndarray) -> View:
    """Where a known camera was at `times` `[T]` seconds: turned along the shorter arc and moved along a straight line.

    Before its first and after its last moment it stands still. Raises ArgumentsError for a track that is no camera's.
    """
    check_track(track)
    before, after, share = _moments(track, times)
    turns = rot.from_matrix(track.rotations)
    rotations = rot.to_matrix(rot.slerp(turns[before], turns[after], share))
    positions = track.positions[before] + share[:, None] * (track.positions[after] - track.positions[before])
    return View(rotations, positions)


def track_lens(track: CameraTrack, times: np.ndarray) -> np.ndarray:
    """`[T]` focal lengths of a known camera at `times` `[T]` seconds, in millimetres on a sensor 36 mm along the longer side.

    They change evenly in their logarithm, as a zoom does. Raises ArgumentsError for a track that is no camera's.
    """
    check_track(track)
    before, after, share = _moments(track, times)
    logs = np.log(track.focal_lengths)
    return np.exp(logs[before] + share * (logs[after] - logs[before]))


def check_track(track: CameraTrack) -> None:
    """Raise ArgumentsError unless the track has moments whose times rise, proper rotations, and finite places and lenses."""
    count = len(track.times)
    shapes = (track.times.shape, track.rotations.shape, track.positions.shape, track.focal_lengths.shape)
    if count == 0 or shapes != ((count,), (count, 3, 3), (count, 3), (count,)):
        raise ArgumentsError("The known camera has no moments, or its lists differ in length: choose the camera again.")
    arrays = (track.times, track.rotations, track.positions, track.focal_lengths)
    if not all(np.isfinite(array).all() for array in arrays):
        raise ArgumentsError("The known camera lies nowhere in some frame: check its animation and choose it again.")
    if (np.diff(track.times) <= 0).any():
        raise ArgumentsError(
            "The known camera's moments do not follow each other: sample it again from the first frame."
        )
    if (track.focal_lengths <= 0).any():
        raise ArgumentsError("The known camera has no focal length: choose a perspective camera.")
    square = track.rotations @ np.swapaxes(track.rotations, -1, -2)
    if not np.allclose(square, np.eye(3), atol=1e-3) or (np.linalg.det(track.rotations) < 0).any():
        raise ArgumentsError("The known camera is mirrored or scaled: apply its scale and choose it again.")


def _moments(track: CameraTrack, times: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """`[T]` indices of the moments about each time, and the share of the later one."""
    place = np.interp(times, track.times, np.arange(len(track.times)))
    before = np.minimum(place.astype(int), len(track.times) - 1)
    after = np.minimum(before + 1, len(track.times) - 1)
    return before, after, place - before
