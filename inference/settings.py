"""What a user can choose for a capture; every default is the recommended choice."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from ..errors import ArgumentsError
from ..models.skeletons import STATURE
from .camera import CameraTrack

Backend = Literal["onnx", "mediapipe"]
Model = Literal["heavy", "full"]
Provider = Literal["auto", "cuda", "directml", "coreml", "cpu"]
LifterName = Literal["auto", "both", "s3", "dtf-27", "dtf-81", "detector"]
RefinerName = Literal["auto", "none", "graph", "ppt"]
FitQuality = Literal["none", "draft", "fine"]
FootLock = Literal["auto", "always", "never", "grounding"]


@dataclass(frozen=True, slots=True)
class Moment:
    """A place in the footage: a frame number (0 is the first frame) or seconds after the first frame."""

    value: float
    unit: Literal["frames", "seconds"] = "frames"


@dataclass(frozen=True, slots=True)
class FootageSettings:
    """Which pictures to read: a video file or a folder of images, from `start` up to and with `end`, every `step`-th.

    `image_rate` is the frame rate of a folder of images, which has no clock of its own.
    """

    path: Path
    start: Moment | None = None
    end: Moment | None = None
    step: int = 1
    image_rate: float = 30.0


@dataclass(frozen=True, slots=True)
class SubjectSettings:
    """Whom to capture: nobody named means the largest, most central, longest seen person.

    `point` (x, y) or `box` (left, top, right, bottom) names a person in the first frame read, in pixels of the upright
    picture, or as fractions of its width and height when no value is above 1.
    """

    point: tuple[float, float] | None = None
    box: tuple[float, float, float, float] | None = None

    def __post_init__(self) -> None:
        """Raise ArgumentsError for a box that holds nothing."""
        if self.box is None:
            return
        left, top, right, bottom = self.box
        if right <= left or bottom <= top:
            raise ArgumentsError(
                "The subject's box is empty: set its right beyond its left and its bottom below its top."
            )


@dataclass(frozen=True, slots=True)
class DetectorSettings:
    """Which networks find the subject, and what runs them. `threads` None leaves the count to the machine."""

    backend: Backend = "onnx"
    model: Model = "heavy"
    provider: Provider = "auto"
    threads: int | None = None


@dataclass(frozen=True, slots=True)
class CameraSettings:
    """What is known of the camera; None is estimated from the footage.

    focal_length: millimetres on a sensor 36 mm along the picture's longer side, as Blender's cameras have. tilt: degrees
    by which a still camera looks down. height: metres of a still camera above the floor. track: a camera whose place in
    Blender's world is known, moving or not; its floor is z = 0 and the three others are not read.
    """

    focal_length: float | None = None
    tilt: float | None = None
    height: float | None = None
    track: CameraTrack | None = None


@dataclass(frozen=True, slots=True)
class LiftSettings:
    """How landmarks become joints, and these one body.

    lifter, refine: names of `systems`, of which "auto" is the recommended one; "detector" takes the detector's own
    landmarks in three dimensions. threads: for these networks; None leaves the count to the machine. sure: belief above
    which a frame counts for the bone lengths.
    """

    lifter: LifterName = "auto"
    refine: RefinerName = "auto"
    threads: int | None = None
    sure: float = 0.5


@dataclass(frozen=True, slots=True)
class MotionSettings:
    """How joints become motion on the floor.

    height: metres from the subject's soles to its crown, which sets the size of everything. fit: how the body is fitted
    to the footage; "none" takes the lifted joints, "fine" needs PyTorch. foot_lock: "auto" holds feet that stand where they
    are, "always" one foot at any time, "grounding" only keeps them on the floor, "never" leaves them. smoothing: 0 to 1.
    """

    height: float = STATURE
    fit: FitQuality = "draft"
    foot_lock: FootLock = "auto"
    smoothing: float = 0.5


@dataclass(frozen=True, slots=True)
class CaptureSettings:
    """Everything one capture needs. `cache` is the folder that keeps detections; None keeps none."""

    footage: FootageSettings
    subject: SubjectSettings = field(default_factory=SubjectSettings)
    detector: DetectorSettings = field(default_factory=DetectorSettings)
    camera: CameraSettings = field(default_factory=CameraSettings)
    cache: Path | None = None
