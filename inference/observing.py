"""From a track to one subject as it was seen and lifted, through a lens that is known or estimated."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np

from ..models.skeletons import STATURE
from .camera import Camera, guess_camera, track_lens
from .lifting import Told, lifting
from .observed import Observed
from .placing.focal import FocalEstimate, estimate_focal, known_focal
from .progress import Work
from .settings import CameraSettings, LiftSettings
from .sight import sightings
from .systems import Systems
from .track import Track


@dataclass(frozen=True, slots=True)
class Picture:
    """width, height: pixels. focal_length: what the footage's metadata say, as in `FootageInfo`; None where nothing."""

    width: int
    height: int
    focal_length: float | None


@dataclass(frozen=True, slots=True)
class ObservingSettings:
    """threshold: belief from which a point is seen. height: the subject's, metres. lift: by which networks, and how.

    again: change of the focal length's logarithm from which the subject is lifted anew.
    """

    threshold: float
    height: float = STATURE
    lift: LiftSettings = field(default_factory=LiftSettings)
    again: float = 0.1


@dataclass(frozen=True, slots=True)
class Seen:
    """A subject as it was observed, what the networks told, the lens, and who tells that."""

    observed: Observed
    told: Told
    lens: Camera
    focal: FocalEstimate


def observe(
    tracked: Track,
    belief: np.ndarray,
    picture: Picture,
    camera: CameraSettings,
    systems: Systems,
    settings: ObservingSettings,
) -> Work[Seen]:
    """Lift a track, of whose landmarks each is believed as `belief` `[T, 33]` says.

    A lens that nobody tells is estimated from the subject as the usual lens shows it. Raises SetupError where a network
    cannot be used, ArgumentsError where the known camera is none.
    """
    focal = known_focal(camera, picture.focal_length)
    lens = guess_camera(picture.width, picture.height, None if focal is None else focal.focal_length)
    zoom = np.ones(len(tracked.times))
    if camera.track is not None:
        zoom = lens.focal_length / track_lens(camera.track, tracked.times)
    observed, told = yield from _lifted(tracked, belief, lens, zoom, systems, settings)
    if focal is not None:
        return Seen(observed, told, lens, focal)
    focal = _estimated(observed, lens, settings.height)
    found = guess_camera(picture.width, picture.height, focal.focal_length)
    longer = found.focal / lens.focal
    if abs(math.log(longer)) > settings.again:
        observed, told = yield from _lifted(tracked, belief, found, zoom, systems, settings)
    else:
        observed = replace(observed, slopes=observed.slopes / longer)
    return Seen(observed, told, found, focal)


def _lifted(
    tracked: Track, belief: np.ndarray, lens: Camera, zoom: np.ndarray, systems: Systems, settings: ObservingSettings
) -> Work[tuple[Observed, Told]]:
    """zoom: `[T]`, how many times as wide as the lens's the picture is."""
    seen = sightings(tracked, belief, lens, settings.threshold)
    seen = replace(seen, points=seen.points * zoom[:, None, None])
    told = yield from lifting(tracked, seen, belief, lens, systems, settings.lift)
    return Observed(
        tracked.times, tracked.present, seen.points, seen.confidence, told.joints, told.spread, told.confidence
    ), told


def _estimated(observed: Observed, lens: Camera, height: float) -> FocalEstimate:
    size = height / STATURE
    seen = (observed.belief, observed.slopes, observed.present, observed.times)
    return estimate_focal(lens.focal_length, size * observed.joints, *seen, size * observed.spread)
