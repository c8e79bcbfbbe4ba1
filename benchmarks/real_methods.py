"""The ways from one camera's track to joints that the real check compares."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..inference.camera import Camera, guess_camera
from ..inference.lift import LiftSettings, combine, lift
from ..inference.place import toward_view
from ..inference.reliability import Evidence, ReliabilitySettings, body_size, reliability
from ..inference.sightings import Sightings
from ..inference.track import Track
from ..models.skeletons import BLAZEPOSE, POINTS
from .occlusion_methods import Lifter
from .real_views import View

WORLD, FIRST, TRAINED = "BlazePose world landmarks", "first lift", "S3"
MEASURED, ASSUMED = "measured", "assumed"

_POINTS = [BLAZEPOSE.index(name) for name in POINTS]


@dataclass(frozen=True, slots=True)
class Lens:
    """A camera for the methods: as a pinhole, and slopes `[..., 2]` of picture points `[..., 2]` in pixels."""

    pinhole: Camera
    rays: Callable[[np.ndarray], np.ndarray]


def lenses(view: View) -> dict[str, Lens]:
    """The camera as it was measured, and as the product takes it to be where nobody tells the focal length."""
    measured = view.camera
    pinhole = Camera(
        float(measured.focal.mean()), (float(measured.center[0]), float(measured.center[1])), assumed=False
    )
    assumed = guess_camera(*view.size, None)
    return {MEASURED: Lens(pinhole, measured.rays), ASSUMED: Lens(assumed, assumed.rays)}


def answers(tracked: Track, lens: Lens, lifter: Lifter, rate: float) -> dict[str, np.ndarray]:
    """Joints `[T, 30, 3]` in metres about the pelvis in the camera's axes, by every method.

    rate: frames per second. Where the subject is absent, the answers of the first two mean nothing.
    """
    turned = toward_view(tracked.world.astype(float), tracked.regions[:, :2].astype(float), lens.pinhole)
    first = lift(turned, tracked.confidence, tracked.present, LiftSettings())
    return {WORLD: combine(turned), FIRST: first.joints, TRAINED: lifter(sightings_of(tracked, lens, rate))}


def sightings_of(tracked: Track, lens: Lens, rate: float) -> Sightings:
    """What a trained lifter reads of a track: the points as rays, and by the reliability gate which of them count."""
    pixels = tracked.landmarks[..., :2].astype(float)
    settings = ReliabilitySettings()
    trust = reliability(
        Evidence(
            pixels, tracked.confidence, tracked.flow, tracked.flow_error, body_size(pixels), tracked.present, rate
        ),
        settings,
    )
    rays = lens.rays(pixels[:, _POINTS])
    return Sightings(rays, tracked.confidence[:, _POINTS], (trust >= settings.threshold)[:, _POINTS], rate)
