"""From sightings to joints and how sure they are: the chosen lifter, the chosen refiner, and what their word is worth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .camera import Camera
from .confidence import open_calibration
from .lift import detected_joints, joint_belief, toward_view
from .progress import SOLVING, Progress, Work
from .settings import LiftSettings
from .sightings import Sightings
from .systems import DETECTOR, NONE, Systems, open_lifter, open_refiner
from .track import Track

UNCALIBRATED = "Confidence is not calibrated"
"""How the note begins that says so."""


@dataclass(frozen=True, slots=True)
class Told:
    """What the networks say of one subject; T frames.

    joints: `[T, 30, 3]` metres about the pelvis, camera axes. spread: `[T, 30, 3]` standard deviations in metres along
    the same axes, calibrated where that was done, NaN where nobody tells any. confidence: `[T, 30]` probability that a
    joint lies near its true place (`confidence.NEAR`), 0 where the subject is absent. notes: plain sentences for people.
    """

    joints: np.ndarray
    spread: np.ndarray
    confidence: np.ndarray
    notes: tuple[str, ...]


def lifting(
    tracked: Track, seen: Sightings, belief: np.ndarray, camera: Camera, systems: Systems, settings: LiftSettings
) -> Work[Told]:
    """Lift a track's sightings by `systems`; belief: `[T, 33]` in its landmarks.

    Yields `Progress` before it refines. The detector's own joints are not refined, and their confidence is how far
    they are believed. Raises SetupError where a network cannot be used.
    """
    if systems.lifter == DETECTOR:
        turned = toward_view(tracked.world.astype(float), tracked.regions[:, :2].astype(float), camera)
        joints = detected_joints(turned)
        return Told(joints, np.full_like(joints, np.nan), joint_belief(belief) * tracked.present[:, None], ())
    lifted = open_lifter(systems.lifter, settings.threads)(seen)
    if systems.refiner != NONE:
        yield Progress("solve", 1, SOLVING, "Refining the joints")
        lifted = open_refiner(systems.refiner, settings.threads)(lifted)
    calibration = open_calibration(systems.lifter, systems.refiner)
    return Told(
        joints=lifted.joints,
        spread=calibration.sigma(lifted),
        confidence=calibration.confidence(lifted) * tracked.present[:, None],
        notes=() if calibration.calibrated else (_uncalibrated(systems),),
    )


def _uncalibrated(systems: Systems) -> str:
    name = systems.lifter if systems.refiner == NONE else f"{systems.lifter} with {systems.refiner}"
    return f"{UNCALIBRATED} for {name}: it is what the detector and the networks say of themselves."
