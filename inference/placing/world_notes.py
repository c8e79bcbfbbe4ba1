"""What people should know before they trust the world, and what to do about it."""

from __future__ import annotations

import numpy as np

from ...models.skeletons import POINTS
from ..settings import CameraSettings
from .held_camera import HeldCamera
from .world_evidence import BodyAxes, StandingPlaces
from .world_settings import WorldSettings

_LEGS = [POINTS.index(f"{name}.{side}") for name in ("knee", "ankle", "heel", "toe") for side in "LR"]
_FEET = [POINTS.index(f"{name}.{side}") for name in ("ankle", "heel", "toe") for side in "LR"]
_STEPS = (
    "The feet stand on places that are no level floor, such as steps; the floor is put under the lowest of them: if it is "
    "level, set the camera's tilt and height by hand under Camera."
)
_BY_HAND = "set the camera's tilt and height by hand under Camera"


def world_notes(
    trust: np.ndarray,
    present: np.ndarray,
    times: np.ndarray,
    held: HeldCamera,
    standing: BodyAxes,
    places: StandingPlaces,
    camera: CameraSettings,
    settings: WorldSettings,
    *,
    stepped: bool,
) -> tuple[str, ...]:
    """Plain sentences for people; what is read is as in `world_view`.

    trust: `[T, 25]`, 0 where the subject is absent. stepped: whether the feet stood on steps.
    """
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
    if stepped:
        notes.append(_STEPS)
    return tuple(notes)
