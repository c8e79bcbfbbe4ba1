"""Virtual cameras, as people film: where they stand, how they look and how they move."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..inference import turns
from .noise import drifting

_NEAR = 0.3
_AIM_HEIGHT = np.array([0.0, 0.0, -0.05], np.float32)
_UP = np.array([0.0, 0.0, 1.0], np.float32)


@dataclass(frozen=True, slots=True)
class CameraVariety:
    """How cameras differ. Angles in degrees, lengths in metres; positive pitch looks down.

    distance: from the subject. pitch and roll: mean and spread of most cameras; `odd` share of them spread as
    `odd_pitch` and `odd_roll`. lens: shortest and longest focal length in mm on a sensor 36 mm along the longer side.
    filling: how much of the picture's height the subject's stature takes. upright: share of pictures that are taller than
    wide. aside: spread of the subject's place, in halves of the picture. moving: share of the cameras that move; then
    handshake (degrees), drift (metres in two seconds), turning (degrees in two seconds), and the shares of those that pan
    with the subject and of those that travel with it. room: least depth of the subject's pelvis.
    """

    distance: tuple[float, float] = (2.0, 10.0)
    pitch: tuple[float, float] = (5.0, 7.0)
    roll: float = 2.0
    odd: float = 0.3
    odd_pitch: tuple[float, float] = (10.0, 18.0)
    odd_roll: float = 8.0
    pitch_limits: tuple[float, float] = (-35.0, 60.0)
    lens: tuple[float, float] = (16.0, 100.0)
    filling: tuple[float, float] = (0.3, 1.0)
    upright: float = 0.4
    aside: float = 0.25
    moving: float = 0.5
    handshake: float = 0.6
    drift: float = 0.15
    turning: float = 3.0
    panning: float = 0.5
    traveling: float = 0.3
    room: float = 1.5


@dataclass(frozen=True, slots=True)
class Cameras:
    """Cameras of B clips of T frames; camera frame x right, y down, z forward.

    rotations: `[B, T, 3, 3]` from world to camera. positions: `[B, T, 3]` metres in the world. lens: `[B]` focal length
    in mm on a sensor 36 mm along the picture's longer side. half: `[B, 2]` slopes of the picture's right and lower edge.
    """

    rotations: np.ndarray
    positions: np.ndarray
    lens: np.ndarray
    half: np.ndarray

    def to_camera(self, points: np.ndarray) -> np.ndarray:
        """World points `[B, T, N, 3]` in the camera frame."""
        return turns.rotate(self.rotations[:, :, None], points - self.positions[:, :, None])

    def turned(self, matrices: np.ndarray) -> np.ndarray:
        """World rotations `[B, T, N, 3, 3]` as seen from the camera."""
        return turns.compose(self.rotations[:, :, None], matrices)


def slopes(points: np.ndarray) -> np.ndarray:
    """Slopes (x/z, y/z) `[..., 2]` of points `[..., 3]` in the camera frame; what is behind the lens is put before it."""
    depth = np.maximum(points[..., 2], _NEAR)
    result = turns.room(depth, 2)
    result[..., 0], result[..., 1] = points[..., 0] / depth, points[..., 1] / depth
    return result


def assume_lens(
    points: np.ndarray, rng: np.random.Generator, spread: float = 0.15, share: float = 0.5
) -> tuple[np.ndarray, np.ndarray]:
    """Slopes `[B, T, P, 2]` as a guessed focal length gives them, and the guess's factor `[B]`.

    For `share` of the clips the factor exp(N(0, spread)) is off, for the others it is 1.
    """
    wrong = rng.random(len(points)) < share
    factor = np.exp(spread * rng.standard_normal(len(points)) * wrong).astype(points.dtype)
    return points * factor[:, None, None, None], factor


def sample_cameras(rng: np.random.Generator, root: np.ndarray, variety: CameraVariety | None = None) -> Cameras:
    """One camera for each clip, which looks at the subject whose pelvis is at `root` `[B, T, 3]` in the world."""
    variety = variety or CameraVariety()
    root = root.astype(np.float32)
    count, length = root.shape[:2]
    moving = rng.random(count) < variety.moving
    path = _smooth(root) + _AIM_HEIGHT
    middle = path.mean(axis=1, keepdims=True)
    follow = moving * (rng.random(count) < variety.panning) * rng.uniform(0.5, 1.0, count)
    travel = moving * (rng.random(count) < variety.traveling) * rng.uniform(0.3, 1.0, count)

    distance = rng.uniform(*variety.distance, count)
    forward = _forward(rng, count, variety)
    moves = np.sqrt(length / 60.0) * moving[:, None, None]
    start = middle - (distance[:, None] * forward)[:, None]
    positions = start + travel[:, None, None] * (path - middle) * (1.0, 1.0, 0.3)
    positions = positions + variety.drift * moves * drifting(rng, count, length, 3, length)
    aim = middle + np.maximum(follow, travel)[:, None, None] * (path - middle)
    lens, half = _lenses(rng, distance, variety)

    # then the lens is turned so that the subject lies off the middle, the camera is rolled, and the hands shake
    off = half * np.clip(variety.aside * rng.standard_normal((count, 2)), -0.8, 0.8)
    roll = np.radians(_mixed(rng, count, (0.0, variety.roll), (0.0, variety.odd_roll), variety.odd))
    tilt = np.stack([-np.arctan(off[:, 1]), np.arctan(off[:, 0]), roll], axis=-1)[:, None]
    shake = variety.handshake * (drifting(rng, count, length, 3, 9.0) + 0.3 * drifting(rng, count, length, 3, 3.0))
    wander = variety.turning * moves * drifting(rng, count, length, 3, length)
    wobble = np.radians(wander + moving[:, None, None] * shake * rng.uniform(0.0, 1.0, (count, 1, 1)))
    small = turns.to_matrix(turns.from_vector((tilt + wobble).astype(np.float32)))
    rotations = turns.components(small @ _look(aim - positions))
    return Cameras(rotations, _with_room(rotations, positions, root, variety.room), lens, half)


def _with_room(rotations: np.ndarray, positions: np.ndarray, root: np.ndarray, room: float) -> np.ndarray:
    """The positions `[B, T, 3]`, moved back as far as it takes for the pelvis to be `room` deep in every frame."""
    axis = rotations[:, :, 2]
    back = axis[:, axis.shape[1] // 2, None]
    lacking = np.maximum(room - np.sum(axis * (root - positions), axis=-1), 0.0)
    gained = np.maximum(np.sum(axis * back, axis=-1), 0.3)
    return (positions - (lacking / gained).max(axis=1)[:, None, None] * back).astype(np.float32)


def _forward(rng: np.random.Generator, count: int, variety: CameraVariety) -> np.ndarray:
    """Directions `[count, 3]` from the cameras to their subjects."""
    pitch = _mixed(rng, count, variety.pitch, variety.odd_pitch, variety.odd)
    pitch = np.radians(np.clip(pitch, *variety.pitch_limits))
    yaw = rng.uniform(0.0, 2 * np.pi, count)
    return np.stack([np.cos(pitch) * np.cos(yaw), np.cos(pitch) * np.sin(yaw), -np.sin(pitch)], axis=-1)


def _lenses(rng: np.random.Generator, distance: np.ndarray, variety: CameraVariety) -> tuple[np.ndarray, np.ndarray]:
    """Focal lengths `[B]` in mm, chosen as people zoom: by how much of the picture the subject fills; and `half`."""
    upright = rng.random(len(distance)) < variety.upright
    half_height = 0.85 / (distance * rng.uniform(*variety.filling, len(distance)))
    side = np.where(upright, 18.0, 18.0 * 9 / 16)
    lens = np.clip(side / half_height, *variety.lens)
    half = np.stack([np.where(upright, 18.0 * 9 / 16, 18.0), side], axis=-1) / lens[:, None]
    return lens, half


def _mixed(
    rng: np.random.Generator, count: int, usual: tuple[float, float], odd: tuple[float, float], share: float
) -> np.ndarray:
    """`[count]` normal values, `share` of them with the odd mean and spread."""
    choose = rng.random(count) < share
    mean, spread = (np.where(choose, b, a) for a, b in zip(usual, odd, strict=True))
    return mean + spread * rng.standard_normal(count)


def _look(toward: np.ndarray) -> np.ndarray:
    """Rotations `[..., 3, 3]` from world to camera of level cameras that look along `toward` `[..., 3]`."""
    x, y, z = np.moveaxis(toward.astype(np.float32), -1, 0)
    flat = np.sqrt(x * x + y * y)
    whole = np.sqrt(flat * flat + z * z)
    result = np.zeros((*toward.shape[:-1], 3, 3), np.float32)
    # right, down and forward in the world
    result[..., 0, 0], result[..., 0, 1] = y / flat, -x / flat
    result[..., 1, 0], result[..., 1, 1], result[..., 1, 2] = (
        x * z / (flat * whole),
        y * z / (flat * whole),
        -flat / whole,
    )
    result[..., 2, 0], result[..., 2, 1], result[..., 2, 2] = x / whole, y / whole, z / whole
    return result


def _smooth(path: np.ndarray, span: int = 15) -> np.ndarray:
    """The path `[B, T, 3]` as somebody who films follows it: a running mean over `span` frames."""
    padded = np.concatenate([np.repeat(path[:, :1], span, 1), path, np.repeat(path[:, -1:], span, 1)], axis=1)
    total = np.cumsum(padded, axis=1, dtype=float)
    reach = span // 2
    count = path.shape[1]
    return (
        (total[:, span + reach : span + reach + count] - total[:, span - reach - 1 : span - reach - 1 + count])
        / (2 * reach + 1)
    ).astype(np.float32)
