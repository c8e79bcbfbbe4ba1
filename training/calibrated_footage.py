"""The calibrated footage that everything real is measured on: what each camera detects, and where the joints truly are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ..inference.camera import Camera
from ..inference.lift import combine, joint_belief
from ..inference.pipeline import StageSettings, capture
from ..inference.progress import finish
from ..inference.reliability import ReliabilitySettings
from ..inference.settings import CaptureSettings, DetectorSettings, FootageSettings, LiftSettings, SubjectSettings
from ..inference.sight import believed, sightings, swapped, uncrossed
from ..inference.sightings import Sightings
from ..inference.swaps import SwapSettings
from ..inference.track import Track
from ..models.skeletons import BLAZEPOSE, JOINTS, POINTS
from .multiview import CalibratedCamera, read_calibration, triangulate

SCORED = (
    "hip.R", "knee.R", "ankle.R", "hip.L", "knee.L", "ankle.L", "thorax", "neck", "nose",
    "shoulder.L", "elbow.L", "wrist.L", "shoulder.R", "elbow.R", "wrist.R",
)  # fmt: skip
"""The joints that are compared: those of the limbs, the thorax, the neck and the nose. The pelvis is the origin."""
SCORED_INDEX = [JOINTS.index(name) for name in SCORED]

_POINTS = [BLAZEPOSE.index(name) for name in POINTS]
# A view takes part in the triangulation where its detector is at least so sure of a landmark.
_SURE = 0.5
# A joint is known where at least three views saw it and it lies within so many pixels of where they did, on average.
_NEAR = 30.0
_VIEWS = 3


@dataclass(frozen=True, slots=True)
class Scene:
    """One recording by four cameras.

    subjects: by name, the point of the first picture of each camera at which the person is, as shares of the picture's
    width and height; None leaves the choice to the product. blanked: whether limbs are painted over too.
    """

    folder: str
    subjects: dict[str, tuple[tuple[float, float], ...] | None]
    blanked: bool


SCENES = (
    Scene("Demo_SinglePerson", {"one person": None}, blanked=True),
    Scene(
        "Demo_MultiPerson",
        {
            "the first of two people": ((0.40, 0.33), (0.51, 0.31), (0.59, 0.36), (0.31, 0.45)),
            "the second of two people": ((0.76, 0.57), (0.16, 0.51), (0.26, 0.345), (0.71, 0.345)),
        },
        blanked=False,
    ),
)


@dataclass(frozen=True, slots=True)
class View:
    """One camera's footage of a subject. size: width and height in pixels. track: what the product's detector made of it."""

    camera: CalibratedCamera
    path: Path
    size: tuple[int, int]
    track: Track


@dataclass(frozen=True, slots=True)
class Truth:
    """joints: `[T, 30, 3]` metres in the world. known: `[T, 30]` bool, whether the views agree on the joint."""

    joints: np.ndarray
    known: np.ndarray


def views(footage: Path, scene: Scene, subject: str, cache: Path, threads: int) -> tuple[View, ...]:
    """The subject as each camera of `scene` sees it, with the camera from the calibration file."""
    folder = footage / scene.folder
    points = scene.subjects[subject]
    detector_only = StageSettings(lift=LiftSettings(lifter="detector"))
    found = []
    for number, camera in enumerate(read_calibration(folder / "calibration" / "Calib.qca.txt")):
        path = folder / "videos" / f"{camera.name}.mp4"
        settings = CaptureSettings(
            FootageSettings(path),
            SubjectSettings(point=points[number] if points else None),
            DetectorSettings(threads=threads),
            cache=cache,
        )
        take = finish(capture(settings, detector_only))
        size = int(take.source["width"]), int(take.source["height"])
        found.append(View(camera, path, size, Track(**take.stage("track"))))
    return tuple(found)


def sighted(view: View) -> Sightings:
    """What a lifter of the product is given of the view, through the lens as it was measured."""
    camera, gate = view.camera, ReliabilitySettings()
    mended = uncrossed(view.track, swapped(view.track, SwapSettings()))
    pinhole = Camera(float(camera.focal.mean()), (float(camera.center[0]), float(camera.center[1])))
    given = sightings(mended, believed(mended, gate), pinhole, gate.threshold)
    # the pinhole knows nothing of the lens's distortion
    return replace(given, points=camera.rays(mended.landmarks[:, _POINTS, :2].astype(float)))


def truth(found: Sequence[View]) -> Truth:
    """The joints by triangulation of what all cameras saw."""
    pixels = np.stack([combine(view.track.landmarks[..., :2].astype(float)) for view in found])
    weights = np.stack([joint_confidence(view.track) for view in found])
    weights = np.where(weights >= _SURE, weights, 0.0)
    cameras = [view.camera for view in found]
    joints = triangulate(pixels, weights, cameras)
    shown = np.stack([camera.project(joints) for camera in cameras])
    off = np.linalg.norm(shown - pixels, axis=-1)
    used = weights > 0
    mean = np.divide(
        (off * used).sum(axis=0), used.sum(axis=0), out=np.full(off.shape[1:], np.inf), where=used.any(axis=0)
    )
    return Truth(joints, np.isfinite(joints).all(axis=-1) & (used.sum(axis=0) >= _VIEWS) & (mean <= _NEAR))


def in_camera(joints: np.ndarray, camera: CalibratedCamera) -> np.ndarray:
    """World joints `[T, 30, 3]` about their pelvis in the camera's axes."""
    inside = camera.to_camera(joints)
    return inside - inside[:, :1]


def joint_confidence(tracked: Track) -> np.ndarray:
    """`[T, 30]` confidence of the least sure landmark that each joint is made of."""
    return joint_belief(tracked.confidence) * tracked.present[:, None]
