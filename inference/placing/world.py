"""Where the camera stood in Blender's world: gravity and the floor from the motion itself, by hand, or from a known camera."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from ...models.skeletons import JOINTS
from .. import rotations as rot
from ..camera import View, track_view
from ..settings import CameraSettings
from .held_camera import HeldCamera, held_camera, lowest
from .world_evidence import UP, BodyAxes, StandingPlaces, body_axes, places_stood_on
from .world_notes import world_notes
from .world_settings import WorldSettings

_FORWARD = np.array([0.0, 0.0, 1.0])
_AT = {name: index for index, name in enumerate(JOINTS)}


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
    standing = body_axes(joints, trust, times, settings)
    places = places_stood_on(joints, root, trust, slopes, times, settings)
    held, stepped = _held(standing, places, camera, settings)
    floored = camera.height is not None or len(places.points) > 0
    height = held.height if floored else _leg_height((joints + root[:, None])[present], held.up)
    rotation = _level(held.up)
    start = rotation @ root[np.argmax(present)]
    position = np.array([-start[0], -start[1], height])
    count = len(times)
    notes = world_notes(trust, present, times, held, standing, places, camera, settings, stepped=stepped)
    return World(View(np.tile(rotation, (count, 1, 1)), np.tile(position, (count, 1))), notes, floored, held.doubt)


def _held(
    standing: BodyAxes, places: StandingPlaces, camera: CameraSettings, settings: WorldSettings
) -> tuple[HeldCamera, bool]:
    """How the camera was held, and whether the feet stood on steps, so that the body's axis alone tells up."""
    held = held_camera(standing, places, camera, settings)
    if not len(standing.directions) or camera.tilt is not None or camera.height is not None:
        return held, False
    nowhere = StandingPlaces(places.points[:0], places.counts[:0])
    alone = held_camera(standing, nowhere, camera, settings)
    stepped = float(held.up @ alone.up) < np.cos(settings.stepped)
    return (replace(alone, height=lowest(places, alone.up)) if stepped else held), stepped


def _leg_height(joints: np.ndarray, up: np.ndarray) -> float:
    """The camera's height `[]` above a floor that the subject, `[T, 30, 3]` in the camera frame, would stand on."""
    chain = ("hip.L", "knee.L", "ankle.L", "heel.L")
    reach = sum(np.median(np.linalg.norm(joints[:, _AT[a]] - joints[:, _AT[b]], axis=-1)) for a, b in pairwise(chain))
    return float(reach - np.quantile(joints[:, _AT["pelvis"]] @ up, 0.9))


def _level(up: np.ndarray) -> np.ndarray:
    """`[3, 3]` from camera axes to a world whose z is `up` and whose y is where the camera looks, or its picture's top."""
    heading = _FORWARD - up * up[2]
    if np.linalg.norm(heading) < 0.1:
        heading = np.sign(-up[2]) * (UP - up * (UP @ up))
    y = rot.normalize(heading)
    return np.stack([np.cross(y, up), y, up])
