"""How the camera was held, as is likeliest given what the clip and the user tell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .. import rotations as rot
from ..settings import CameraSettings
from .world_evidence import UP, BodyAxes, StandingPlaces
from .world_settings import WorldSettings

_ROUNDS = 12
# Pitches in radians from which the search for gravity starts besides the one that the poses tell.
_STARTS = (-1.2, -0.6, 0.6, 1.2)


@dataclass(frozen=True, slots=True)
class HeldCamera:
    """How the camera was held. pitch and roll: radians. height: metres above the floor.

    cost: twice the negative logarithm of how likely that is. precision: `[3, 3]` of the three.
    """

    pitch: float
    roll: float
    height: float
    cost: float
    precision: np.ndarray

    @property
    def up(self) -> np.ndarray:
        """Up `[3]` in the camera frame."""
        return _direction(self.pitch, self.roll)

    @property
    def doubt(self) -> float:
        """Standard deviation of the less certain of the two angles in radians."""
        return float(np.sqrt(np.diagonal(np.linalg.inv(self.precision))[:2].max()))


def held_camera(
    standing: BodyAxes, places: StandingPlaces, camera: CameraSettings, settings: WorldSettings
) -> HeldCamera:
    """The likeliest way in which the camera was held, from wherever the search starts."""
    first = UP if not len(standing.directions) else rot.normalize(standing.counts @ standing.directions)
    pitches = [float(np.arcsin(-first[2])), *_STARTS] if camera.tilt is None else [float(np.radians(camera.tilt))]
    roll = float(np.arcsin(-first[0]))
    found = [_held(pitch, roll, standing, places, camera, settings) for pitch in pitches]
    return min(found, key=lambda held: held.cost)


def lowest(places: StandingPlaces, up: np.ndarray) -> float:
    """The camera's height above the lower of the places, so that the floor is not sought on a table."""
    return float(np.quantile(-places.points @ up, 0.7)) if len(places.points) else 0.0


def _held(
    pitch: float,
    roll: float,
    standing: BodyAxes,
    places: StandingPlaces,
    camera: CameraSettings,
    settings: WorldSettings,
) -> HeldCamera:
    """Gauss-Newton steps from `pitch` and `roll` on the two angles and the height, with weights drawn anew (Cauchy).

    The tilt is followed as the angle from level, so that a camera may look down as steeply as the evidence says.
    """
    height = lowest(places, _direction(pitch, roll)) if camera.height is None else camera.height
    usual, spread = settings.pitch, settings.pitch_spread
    if camera.tilt is not None:
        usual, spread = float(np.radians(camera.tilt)), settings.hand
    cost, precision = 0.0, np.eye(3)
    for _ in range(_ROUNDS):
        off = (pitch - usual) / spread
        # people film from odd angles now and then, but what somebody says holds
        doubted = float(_robust(np.array(off**2))) if camera.tilt is None else off**2
        cost = doubted + (roll / settings.roll_spread) ** 2
        tails = 1.0 + off**2 / 4 if camera.tilt is None else 1.0
        precision = np.diag([spread**-2 / tails, settings.roll_spread**-2, 1e-6])
        right = -precision @ (pitch - usual, roll, 0.0)
        if camera.height is not None:
            precision[2, 2] += settings.hand_height**-2
            right[2] += (camera.height - height) / settings.hand_height**2
        for told in (_told_by_axes, _told_by_places):
            more, block, pull = told(standing, places, (pitch, roll, height), settings)
            cost += more
            precision += block
            right += pull
        step = np.linalg.solve(precision, right)
        pitch, roll = pitch + float(np.clip(step[0], -0.3, 0.3)), roll + float(np.clip(step[1], -0.3, 0.3))
        height += float(step[2])
    return HeldCamera(pitch, roll, height, cost, precision)


def _robust(squares: np.ndarray) -> np.ndarray:
    """The cost of squared errors in standard deviations whose tails are Cauchy's: 4 log(1 + e²/4)."""
    return 4.0 * np.log1p(squares / 4.0)


def _direction(pitch: float, roll: float) -> np.ndarray:
    """Up `[3]` in the camera frame of a camera that looks down by `pitch` and whose right side is raised by `roll`."""
    return np.array([-np.sin(roll), -np.cos(pitch) * np.cos(roll), -np.sin(pitch) * np.cos(roll)])


def _slopes(pitch: float, roll: float) -> np.ndarray:
    """`[3, 2]` how up changes with pitch and with roll."""
    by_pitch = np.array([0.0, np.sin(pitch) * np.cos(roll), -np.cos(pitch) * np.cos(roll)])
    by_roll = np.array([-np.cos(roll), np.cos(pitch) * np.sin(roll), np.sin(pitch) * np.sin(roll)])
    return np.stack([by_pitch, by_roll], axis=-1)


def _told_by_axes(
    standing: BodyAxes, _: StandingPlaces, held: tuple[float, float, float], settings: WorldSettings
) -> tuple[float, np.ndarray, np.ndarray]:
    """Cost, precision `[3, 3]` and pull `[3]` on pitch, roll and height of the usual axis of the body."""
    precision, pull = np.zeros((3, 3)), np.zeros(3)
    if not len(standing.directions):
        return 0.0, precision, pull
    off = standing.directions - _direction(*held[:2])
    angle = np.linalg.norm(off, axis=-1)
    weights = standing.counts / standing.errors**2 / (1.0 + (angle / (2 * standing.errors)) ** 2)
    mean = weights @ off / weights.sum()
    slopes = _slopes(*held[:2])
    error = np.array(settings.upright_clip) ** 2 + 1.0 / weights.sum()
    precision[[0, 1], [0, 1]] = 1.0 / error
    pull[:2] = (slopes.T @ mean) / error
    return float(np.sum((slopes.T @ mean) ** 2 / error)), precision, pull


def _told_by_places(
    _: BodyAxes, places: StandingPlaces, held: tuple[float, float, float], settings: WorldSettings
) -> tuple[float, np.ndarray, np.ndarray]:
    """The same of the places that are on the floor: up · X = −height."""
    fall = places.points @ _direction(*held[:2])
    error = fall + held[2]
    variance = settings.sole**2 + (settings.depth * fall) ** 2
    weights = places.counts / (variance + (error / 2) ** 2)
    rows = np.concatenate([places.points @ _slopes(*held[:2]), np.ones((len(error), 1))], axis=-1)
    cost = float(places.counts @ _robust(error**2 / variance))
    return cost, (rows * weights[:, None]).T @ rows, -rows.T @ (weights * error)
