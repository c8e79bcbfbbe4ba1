"""Where the camera stood in Blender's world: gravity and the floor from the motion itself, by hand, or from a known camera."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from ..models.skeletons import JOINTS, POINTS
from . import rotations as rot
from .camera import View, track_view
from .path_settings import PathSettings
from .settings import CameraSettings
from .still_feet import standing_feet

# The camera frame (x right, y down, z forward).
_RIGHT, _UP, _FORWARD = np.array([1.0, 0.0, 0.0]), np.array([0.0, -1.0, 0.0]), np.array([0.0, 0.0, 1.0])
_AT = {name: index for index, name in enumerate(JOINTS)}
_LEGS = [POINTS.index(f"{name}.{side}") for name in ("knee", "ankle", "heel", "toe") for side in "LR"]
_FEET = [POINTS.index(f"{name}.{side}") for name in ("ankle", "heel", "toe") for side in "LR"]
_ROUNDS = 12
# Pitches in radians from which the search for gravity starts besides the one that the poses tell.
_STARTS = (-1.2, -0.6, 0.6, 1.2)
# Places that are compared with each other at most: enough to tell a floor, few enough for all pairs of them.
_MOST_PLACES = 400
_STEPS = (
    "The feet stand on places that are no level floor, such as steps; the floor is put under the lowest of them: if it is "
    "level, set the camera's tilt and height by hand under Camera."
)
_BY_HAND = "set the camera's tilt and height by hand under Camera"


@dataclass(frozen=True, slots=True)
class WorldSettings:
    """How gravity and the floor are found; angles in radians, lengths in metres, times in seconds.

    pitch, pitch_spread and roll_spread: how cameras are usually held (positive pitch looks down). upright and
    upright_bend: error of one straight body's axis, and what a bend of its knees and hips in radians adds to it.
    upright_clip: what stays off for the whole clip, in pitch and in roll, because the lifter leans every pose alike.
    furthest: from the camera's own up that a body's axis may claim to be upright. memory: over which an error stays.
    sole: error of a standing foot's height. depth: of its distance, as a share. place: size of one standing place.
    hand and hand_height: error of a tilt and a height given by hand. vague: tilt from which its doubt is told.
    steep: angle to straight down or up within which standing poses tell little. seen: belief from which a point is
    seen. short: of footage that tells little. stepped: angle between the body's axis
    and the plane of its places from which these are no floor but steps. apart: disagreement of heights, as a share, that is told.
    """

    pitch: float = np.radians(5.0)
    pitch_spread: float = np.radians(18.0)
    roll_spread: float = np.radians(4.0)
    upright: float = np.radians(3.0)
    upright_bend: float = 0.08
    upright_clip: tuple[float, float] = (np.radians(7.0), np.radians(2.5))
    furthest: float = np.radians(60.0)
    memory: float = 0.5
    sole: float = 0.05
    depth: float = 0.03
    place: float = 0.2
    hand: float = np.radians(0.5)
    hand_height: float = 0.02
    vague: float = np.radians(8.0)
    steep: float = np.radians(30.0)
    seen: float = 0.5
    short: float = 1.2
    stepped: float = np.radians(12.0)
    apart: float = 0.15


@dataclass(frozen=True, slots=True)
class World:
    """The camera in Blender's world.

    view: of every frame. notes: plain sentences for people. floored: whether feet, the user or the user's scene told the
    floor; otherwise it lies a leg's length below the pelvis. doubt: radians, standard deviation of the camera's tilt.
    """

    view: View
    notes: tuple[str, ...]
    floored: bool
    doubt: float


def world_view(
    joints: np.ndarray,
    root: np.ndarray,
    belief: np.ndarray,
    slopes: np.ndarray,
    present: np.ndarray,
    times: np.ndarray,
    camera: CameraSettings,
    settings: WorldSettings | None = None,
) -> World:
    """The world that the camera's picture is of: the floor is z = 0 and the camera looks along +y.

    joints: `[T, 30, 3]` metres about the pelvis, in the subject's true size, and root: `[T, 3]`, the pelvis, both in the
    camera frame. belief: `[T, 25]` and slopes: `[T, 25, 2]` of `POINTS`. present: `[T]` bool. times: `[T]` seconds. A known
    camera (`camera.track`) keeps the user's world. Otherwise the camera stands still and the subject starts at x = y = 0,
    and up is the most likely direction given how cameras are held, the axis of the body where it stands straight, the
    plane of the places where feet stood, and what the user says, each as strongly as it can err. Raises ValueError where
    the subject is present in no frame.
    """
    if not present.any():
        raise ValueError("No frame holds the subject.")
    settings = settings or WorldSettings()
    if camera.track is not None:
        return World(track_view(camera.track, times), (), floored=True, doubt=0.0)
    trust = belief * present[:, None]
    standing = _axes(joints, trust, times, settings)
    places = _places(joints, root, trust, slopes, times, settings)
    held = _fused(standing, places, camera, settings)
    stepped = False
    if len(standing.directions) and camera.tilt is None and camera.height is None:
        alone = _fused(standing, replace(places, points=places.points[:0], counts=places.counts[:0]), camera, settings)
        stepped = float(held.up @ alone.up) < np.cos(settings.stepped)
        if stepped:
            held = replace(alone, height=_lowest(places, alone.up))
    floored = camera.height is not None or len(places.points) > 0
    height = held.height if floored else _leg_height((joints + root[:, None])[present], held.up)
    rotation = _level(held.up)
    start = rotation @ root[np.argmax(present)]
    position = np.array([-start[0], -start[1], height])
    count = len(times)
    notes = _notes(trust, present, times, held, standing, places, camera, settings)
    if stepped:
        notes = (*notes, _STEPS)
    return World(View(np.tile(rotation, (count, 1, 1)), np.tile(position, (count, 1))), notes, floored, held.doubt)


@dataclass(frozen=True, slots=True)
class _Axes:
    """The body's axis in the frames that may be upright.

    directions: `[N, 3]`. errors: `[N]` radians. counts: `[N]`, how much each counts. refused: share of the frames with a
    straight body in which that is too far from the camera's own up.
    """

    directions: np.ndarray
    errors: np.ndarray
    counts: np.ndarray
    refused: float


@dataclass(frozen=True, slots=True)
class _Places:
    """Where feet stood: points `[N, 3]` in the camera frame and how much each counts `[N]`, one for a place of its own."""

    points: np.ndarray
    counts: np.ndarray


def _axes(joints: np.ndarray, trust: np.ndarray, times: np.ndarray, settings: WorldSettings) -> _Axes:
    trunk = rot.normalize(joints[:, _AT["thorax"]] - joints[:, _AT["pelvis"]])
    bends = []
    for side in "LR":
        thigh = rot.normalize(joints[:, _AT[f"hip.{side}"]] - joints[:, _AT[f"knee.{side}"]])
        shin = rot.normalize(joints[:, _AT[f"knee.{side}"]] - joints[:, _AT[f"ankle.{side}"]])
        bends += [np.sum(thigh * shin, axis=-1), np.sum(thigh * trunk, axis=-1)]
    bend = np.arccos(np.clip(np.min(bends, axis=0), -1.0, 1.0))
    ankles = (joints[:, _AT["ankle.L"]] + joints[:, _AT["ankle.R"]]) / 2
    axis = rot.normalize(joints[:, _AT["thorax"]] - ankles)
    known = [POINTS.index(f"{name}.{side}") for name in ("shoulder", "hip", "knee", "ankle") for side in "LR"]
    seen = np.min(trust[:, known], axis=1) >= settings.seen
    usable = seen & (bend < np.radians(75.0))
    near = axis @ _UP > np.cos(settings.furthest)
    chosen = usable & near
    return _Axes(
        directions=axis[chosen],
        errors=settings.upright + settings.upright_bend * bend[chosen],
        counts=np.minimum(1.0, _durations(times)[chosen] / settings.memory),
        refused=float((usable & ~near).sum() / max(usable.sum(), 1)),
    )


def _places(
    joints: np.ndarray,
    root: np.ndarray,
    trust: np.ndarray,
    slopes: np.ndarray,
    times: np.ndarray,
    settings: WorldSettings,
) -> _Places:
    """Places of standing feet; many frames in one place count as one, because they are off alike."""
    feet = standing_feet(joints, root, trust, slopes, times, PathSettings())
    share = feet.standing * np.minimum(1.0, _durations(times) / settings.memory)[:, None]
    foot = np.broadcast_to(np.arange(share.shape[1]), share.shape)
    chosen = np.nonzero(feet.standing.ravel() > 0.3)[0]
    chosen = chosen[np.linspace(0, len(chosen) - 1, min(len(chosen), _MOST_PLACES)).astype(int)]
    points, share, foot = feet.places.reshape(-1, 3)[chosen], share.ravel()[chosen], foot.ravel()[chosen]
    share = share * (feet.standing > 0.3).sum() / max(len(chosen), 1)
    apart = np.linalg.norm(points[:, None] - points[None], axis=-1)
    same = (foot[:, None] == foot[None]) * np.exp(-0.5 * (apart / settings.place) ** 2)
    return _Places(points, share / np.maximum(same @ share, 1.0))


@dataclass(frozen=True, slots=True)
class _Held:
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


def _fused(standing: _Axes, places: _Places, camera: CameraSettings, settings: WorldSettings) -> _Held:
    """The likeliest way in which the camera was held, from wherever the search starts."""
    first = _UP if not len(standing.directions) else rot.normalize(standing.counts @ standing.directions)
    pitches = [float(np.arcsin(-first[2])), *_STARTS] if camera.tilt is None else [float(np.radians(camera.tilt))]
    roll = float(np.arcsin(-first[0]))
    found = [_held(pitch, roll, standing, places, camera, settings) for pitch in pitches]
    return min(found, key=lambda held: held.cost)


def _held(
    pitch: float, roll: float, standing: _Axes, places: _Places, camera: CameraSettings, settings: WorldSettings
) -> _Held:
    """Gauss-Newton steps from `pitch` and `roll` on the two angles and the height, with weights drawn anew (Cauchy).

    The tilt is followed as the angle from level, so that a camera may look down as steeply as the evidence says.
    """
    height = _lowest(places, _direction(pitch, roll)) if camera.height is None else camera.height
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
    return _Held(pitch, roll, height, cost, precision)


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
    standing: _Axes, _: _Places, held: tuple[float, float, float], settings: WorldSettings
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
    _: _Axes, places: _Places, held: tuple[float, float, float], settings: WorldSettings
) -> tuple[float, np.ndarray, np.ndarray]:
    """The same of the places that are on the floor: up · X = −height."""
    fall = places.points @ _direction(*held[:2])
    error = fall + held[2]
    variance = settings.sole**2 + (settings.depth * fall) ** 2
    weights = places.counts / (variance + (error / 2) ** 2)
    rows = np.concatenate([places.points @ _slopes(*held[:2]), np.ones((len(error), 1))], axis=-1)
    cost = float(places.counts @ _robust(error**2 / variance))
    return cost, (rows * weights[:, None]).T @ rows, -rows.T @ (weights * error)


def _lowest(places: _Places, up: np.ndarray) -> float:
    """The camera's height above the lower of the places, so that the floor is not sought on a table."""
    return float(np.quantile(-places.points @ up, 0.7)) if len(places.points) else 0.0


def _leg_height(joints: np.ndarray, up: np.ndarray) -> float:
    """The camera's height `[]` above a floor that the subject, `[T, 30, 3]` in the camera frame, would stand on."""
    chain = ("hip.L", "knee.L", "ankle.L", "heel.L")
    reach = sum(np.median(np.linalg.norm(joints[:, _AT[a]] - joints[:, _AT[b]], axis=-1)) for a, b in pairwise(chain))
    return float(reach - np.quantile(joints[:, _AT["pelvis"]] @ up, 0.9))


def _level(up: np.ndarray) -> np.ndarray:
    """`[3, 3]` from camera axes to a world whose z is `up` and whose y is where the camera looks, or its picture's top."""
    heading = _FORWARD - up * up[2]
    if np.linalg.norm(heading) < 0.1:
        heading = np.sign(-up[2]) * (_UP - up * (_UP @ up))
    y = rot.normalize(heading)
    return np.stack([np.cross(y, up), y, up])


def _durations(times: np.ndarray) -> np.ndarray:
    """`[T]` seconds that each frame stands for."""
    return np.gradient(times) if len(times) > 1 else np.ones(1)


def _notes(
    trust: np.ndarray,
    present: np.ndarray,
    times: np.ndarray,
    held: _Held,
    standing: _Axes,
    places: _Places,
    camera: CameraSettings,
    settings: WorldSettings,
) -> tuple[str, ...]:
    """What people should know before they trust the world, and what to do about it."""
    up, doubt, height = held.up, held.doubt, held.height
    notes = []
    legs, feet = ((trust[:, points] >= settings.seen).any(axis=1).mean() > 0.02 for points in (_LEGS, _FEET))
    if camera.height is None and not len(places.points):
        if not legs:
            why = "Only the upper body is in the picture"
        elif not feet:
            why = "The feet are never seen"
        else:
            why = "The feet never stand still"
        notes.append(f"{why}, so the floor is put a leg's length below the hips: {_BY_HAND}.")
    if camera.tilt is None:
        tilt = np.degrees(np.arcsin(np.clip(-up[2], -1.0, 1.0)))
        if abs(tilt) > 90.0 - np.degrees(settings.steep) or standing.refused > 0.5:
            notes.append(f"The camera may look steeply down or up, where a standing pose tells little: {_BY_HAND}.")
        elif doubt > settings.vague:
            about = f"The camera's tilt of {tilt:.0f}° is a guess that may be {np.degrees(doubt):.0f}° off"
            notes.append(f"{about}, because the subject hardly stands straight or walks around: {_BY_HAND}.")
        elif times[present][-1] - times[present][0] < settings.short:
            notes.append(f"The subject is seen for about a second, which tells little of the floor: {_BY_HAND}.")
    if camera.height is not None and len(places.points):
        found = float(np.average(-places.points @ up, weights=places.counts))
        if abs(found - height) > settings.apart * max(height, 0.5):
            notes.append(
                f"The feet stand {found:.2f} m below the camera, not {camera.height:.2f} m as its height says: check the "
                "camera's height and tilt, and the subject's height."
            )
    absent = [times[present][0] - times[0], times[-1] - times[present][-1]]
    for seconds, when in zip(absent, ("before it comes into", "after it leaves"), strict=True):
        if seconds > 0.5:
            notes.append(
                f"The subject's way is unknown for {seconds:.1f} s {when} the picture: set the footage's range to leave them out."
            )
    return tuple(notes)
