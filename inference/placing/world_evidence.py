"""What a clip tells of gravity and the floor: bodies that stand straight, and the places where feet stood."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...models.skeletons import JOINTS, POINTS
from .. import rotations as rot
from ..along_time import durations
from .path_settings import PathSettings
from .still_feet import standing_feet
from .world_settings import WorldSettings

UP = np.array([0.0, -1.0, 0.0])
"""The camera's own up in its frame (x right, y down, z forward)."""

_AT = {name: index for index, name in enumerate(JOINTS)}
# Places that are compared with each other at most: enough to tell a floor, few enough for all pairs of them.
_MOST_PLACES = 400


@dataclass(frozen=True, slots=True)
class BodyAxes:
    """The body's axis in the frames that may be upright.

    directions: `[N, 3]`. errors: `[N]` radians. counts: `[N]`, how much each counts. refused: share of the frames with a
    straight body in which that is too far from the camera's own up.
    """

    directions: np.ndarray
    errors: np.ndarray
    counts: np.ndarray
    refused: float


@dataclass(frozen=True, slots=True)
class StandingPlaces:
    """Where feet stood: points `[N, 3]` in the camera frame and how much each counts `[N]`, one for a place of its own."""

    points: np.ndarray
    counts: np.ndarray


def body_axes(joints: np.ndarray, trust: np.ndarray, times: np.ndarray, settings: WorldSettings) -> BodyAxes:
    """The axes of `joints` `[T, 30, 3]` in the camera frame, whose points are trusted `[T, 25]`, at `times` `[T]` seconds."""
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
    near = axis @ UP > np.cos(settings.furthest)
    chosen = usable & near
    return BodyAxes(
        directions=axis[chosen],
        errors=settings.upright + settings.upright_bend * bend[chosen],
        counts=np.minimum(1.0, durations(times)[chosen] / settings.memory),
        refused=float((usable & ~near).sum() / max(usable.sum(), 1)),
    )


def places_stood_on(
    joints: np.ndarray,
    root: np.ndarray,
    trust: np.ndarray,
    slopes: np.ndarray,
    times: np.ndarray,
    settings: WorldSettings,
) -> StandingPlaces:
    """Places of standing feet; many frames in one place count as one, because they are off alike."""
    feet = standing_feet(joints, root, trust, slopes, times, PathSettings())
    share = feet.standing * np.minimum(1.0, durations(times) / settings.memory)[:, None]
    foot = np.broadcast_to(np.arange(share.shape[1]), share.shape)
    chosen = np.nonzero(feet.standing.ravel() > 0.3)[0]
    chosen = chosen[np.linspace(0, len(chosen) - 1, min(len(chosen), _MOST_PLACES)).astype(int)]
    points, share, foot = feet.places.reshape(-1, 3)[chosen], share.ravel()[chosen], foot.ravel()[chosen]
    share = share * (feet.standing > 0.3).sum() / max(len(chosen), 1)
    apart = np.linalg.norm(points[:, None] - points[None], axis=-1)
    same = (foot[:, None] == foot[None]) * np.exp(-0.5 * (apart / settings.place) ** 2)
    return StandingPlaces(points, share / np.maximum(same @ share, 1.0))
