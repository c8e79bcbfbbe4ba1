"""The ways from one camera's track to joints that the real check compares."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from ..inference.animate import animate
from ..inference.camera import Camera, guess_camera
from ..inference.confidence import open_calibration
from ..inference.lift import combine, detected_joints, joint_belief, one_body, toward_view
from ..inference.lifted import Lifted, Lifter
from ..inference.observed import Observed
from ..inference.progress import finish
from ..inference.reliability import ReliabilitySettings
from ..inference.settings import CameraSettings, LiftSettings, MotionSettings
from ..inference.sight import believed, sightings, swapped, uncrossed
from ..inference.sightings import Sightings
from ..inference.swaps import SwapSettings
from ..inference.systems import RECOMMENDED
from ..inference.track import Track
from ..models.skeletons import BLAZEPOSE, POINTS
from .real_views import View

WORLD, FIRST, TRAINED, DEFAULT = "BlazePose world landmarks", "first lift", "S3", "default"
FITTED = "default, fitted"
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
    pinhole = Camera(float(measured.focal.mean()), (float(measured.center[0]), float(measured.center[1])))
    assumed = guess_camera(*view.size, None)
    return {MEASURED: Lens(pinhole, measured.rays), ASSUMED: Lens(assumed, assumed.rays)}


def answers(tracked: Track, lens: Lens, lifters: Mapping[str, Lifter]) -> dict[str, np.ndarray]:
    """Joints `[T, 30, 3]` in metres about the pelvis in the camera's axes, by every method: two fixed ones and `lifters`.

    The first lift and the lifters are given with bones that keep their lengths, and the lifters as the product gives them,
    swaps undone; the default is also given after the product's fit. Where the subject is absent, the answers of the first
    two mean nothing. Raises ValueError where it is never present.
    """
    turned = toward_view(tracked.world.astype(float), tracked.regions[:, :2].astype(float), lens.pinhole)
    gate, settings = ReliabilitySettings(), LiftSettings()
    mended = uncrossed(tracked, swapped(tracked, SwapSettings()))
    belief = believed(mended, gate)
    given = sightings(mended, belief, lens.pinhole, gate.threshold)
    given = replace(given, points=lens.rays(mended.landmarks[:, _POINTS, :2].astype(float)))
    told = {name: lifter(given) for name, lifter in lifters.items()}
    here = tracked.present[:, None]
    return {
        WORLD: combine(turned),
        FIRST: one_body(detected_joints(turned), joint_belief(tracked.confidence) * here, settings).joints,
        **{
            name: one_body(lifted.joints, joint_belief(belief) * here, settings).joints for name, lifted in told.items()
        },
        **({FITTED: _fitted(mended, given, told[DEFAULT])} if DEFAULT in told else {}),
    }


def _fitted(tracked: Track, given: Sightings, lifted: Lifted) -> np.ndarray:
    """What the product's fit makes of the default's answer."""
    calibration = open_calibration(RECOMMENDED.lifter, RECOMMENDED.refiner)
    observed = Observed(
        tracked.times, tracked.present, given.points, given.confidence, lifted.joints, calibration.sigma(lifted),
        calibration.confidence(lifted) * tracked.present[:, None],
    )  # fmt: skip
    animation = finish(animate(observed, CameraSettings(), MotionSettings()))
    joints = animation.view.to_camera(animation.stages["fit"])
    return joints - joints[:, :1]
