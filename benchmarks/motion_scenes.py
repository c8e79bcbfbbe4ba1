"""Held-out motion as one still camera films it, and what the product knows of it once it is lifted."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..inference.camera import View
from ..inference.confidence import Calibration, open_calibration
from ..inference.lifted import Lifted
from ..inference.observed import Observed
from ..inference.poses import Poses, flat_soled
from ..inference.sightings import Sightings
from ..inference.systems import RECOMMENDED, Systems, open_lifter, open_refiner
from ..models.skeletons import BONES, JOINTS
from ..training.cameras import CameraVariety
from ..training.clips import RATE, Clip
from ..training.detector import DetectorModel, typical
from ..training.hinge_rest import hinge_rest
from ..training.occlusion import Protocol, joint_hidden, stream
from ..training.trials import Trial, believe, choose, film, occlude
from .occlusion_suite import gate

STILL = CameraVariety(moving=0.0)
"""Cameras that stand."""
# The seed by which the flow's noise differs from the protocol's own random numbers.
_FLOW = 1


@dataclass(frozen=True, slots=True)
class Scene:
    """One window of one clip before one still camera; T frames at `training.clips.RATE`.

    trial: what the detector saw. truth: the motion in the clip's own world, told from a rest pose on flat soles
    whose limbs fold about the product's hinges.
    joints: `[T, 30, 3]` its joints in that world. view: the camera in that world.
    """

    trial: Trial
    truth: Poses
    joints: np.ndarray
    view: View


@dataclass(frozen=True, slots=True)
class Sight:
    """A scene under one occlusion, lifted.

    hidden: `[T, 30]` bool, the joints that were hidden. unknown: `[T, 30]` bool, these and those that the detector never
    tells. seconds: of processor time that gate, lifter and refiner took.
    """

    observed: Observed
    hidden: np.ndarray
    unknown: np.ndarray
    seconds: float

    @property
    def bones(self) -> np.ndarray:
        """`[T, 18]` bool, the bones both of whose ends are known."""
        known = {name: ~self.unknown[:, index] for index, name in enumerate(JOINTS)}
        for side in "LR":
            known[f"knuckles.{side}"] = known[f"index.{side}"] & known[f"pinky.{side}"]
        return np.stack([known[bone.head] & known[bone.tail] for bone in BONES], axis=1)


@dataclass(frozen=True, slots=True)
class Lifting:
    """A lifter with its refiner, and what their spread is worth."""

    lift: Callable[[Sightings], Lifted]
    calibration: Calibration


def open_lifting(systems: Systems = RECOMMENDED) -> Lifting:
    """The product's own, on one thread. Raises SetupError where its weights cannot be used."""
    lifter, refiner = open_lifter(systems.lifter, threads=1), open_refiner(systems.refiner, threads=1)
    return Lifting(lambda given: refiner(lifter(given)), open_calibration(systems.lifter, systems.refiner))


def scenes(clips: Sequence[Clip], count: int, model: DetectorModel | None = None) -> list[Scene]:
    """`count` windows of `clips`, evenly over the recordings; seen by a detector as `typical` unless told otherwise."""
    return [_scene(clip, window, camera, model or typical()) for clip, window, camera in choose(clips, count, count)]


def _scene(clip: Clip, window: slice, camera: int, model: DetectorModel) -> Scene:
    trial, cameras = film(clip, window, camera, "own", model, STILL)
    # the whole clip tells how its rig is turned at rest
    truth = flat_soled(hinge_rest(Poses(clip.offsets, clip.root.astype(float), clip.rotations)))
    truth = Poses(truth.offsets, truth.root[window], truth.rotations[window])
    view = View(np.swapaxes(cameras.rotations[0], -1, -2).astype(float), cameras.positions[0].astype(float))
    return Scene(trial, truth, truth.joints(), view)


def look(scene: Scene, protocol: Protocol, lifting: Lifting) -> Sight:
    """What is known of a scene under an occlusion.

    Which points to believe is told by the gate before anything is hidden, because a detector whose subject is behind
    something does not tell the middle of the picture, as the protocols do.
    """
    start = time.process_time()
    gated = gate(
        scene.trial, believe(scene.trial.points, scene.trial.confidence), stream(protocol, scene.trial.name, _FLOW)
    )
    gating = time.process_time() - start
    away = occlude(scene.trial, protocol).hidden[0]
    given = replace(
        gated,
        points=np.where(away[..., None], 0.0, gated.points),
        confidence=np.where(away, 0.0, gated.confidence),
        seen=gated.seen & ~away,
    )
    start = time.process_time()
    lifted = lifting.lift(given)
    observed = Observed(
        times=np.arange(len(away)) / RATE,
        present=np.ones(len(away), bool),
        slopes=given.points,
        belief=given.confidence,
        joints=lifted.joints,
        spread=lifting.calibration.sigma(lifted),
        confidence=lifting.calibration.confidence(lifted),
    )
    seconds = gating + time.process_time() - start
    unknown = joint_hidden(away | (scene.trial.confidence == 0.0))
    return Sight(observed, joint_hidden(away), unknown, seconds)
