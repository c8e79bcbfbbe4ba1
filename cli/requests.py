"""What one call of the command line asks for."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from ..inference.settings import CameraSettings, CaptureSettings, LiftSettings, MotionSettings
from ..scene.bake_settings import BakeSettings


@dataclass(frozen=True, slots=True)
class Onto:
    """Where motion goes, and how it is keyed.

    blend: the file to start from; None takes the one that is open, or an empty one. target: name of an armature there; None
    builds a new one. rig_map: name of a rig map, or the file of the user's own; None finds one. add_camera: whether a camera
    with the footage is added. baking: the rest, without a rig map.
    """

    blend: Path | None = None
    target: str | None = None
    rig_map: str | None = None
    add_camera: bool = True
    baking: BakeSettings = field(default_factory=BakeSettings)


@dataclass(frozen=True, slots=True)
class Results:
    """What is written. exports: suffixes without the dot, of files beside `blend`."""

    blend: Path
    exports: tuple[str, ...] = ()

    @property
    def export_paths(self) -> list[Path]:
        """The files that are exported."""
        return [self.blend.with_suffix(f".{suffix}") for suffix in self.exports]


@dataclass(frozen=True, slots=True)
class CaptureRequest:
    """Footage to keys, or a take solved anew to keys.

    source: what the user named: footage, or the take that is read. capture: None where a take is read. camera: for a take
    that is read. camera_object: name of a camera in the .blend file that stands for both of these; None estimates it. lift,
    motion: for both. take: the file that the take is written to; None writes none, or where it is read.
    """

    source: Path
    capture: CaptureSettings | None
    camera: CameraSettings
    camera_object: str | None
    lift: LiftSettings
    motion: MotionSettings
    take: Path | None
    onto: Onto
    results: Results


@dataclass(frozen=True, slots=True)
class BakeRequest:
    """A take, as it was solved, to keys. source: the file of the take."""

    source: Path
    onto: Onto
    results: Results


@dataclass(frozen=True, slots=True)
class Batch:
    """Many files, one after the other. skip_done: leave out those whose results are newer than what they are made from."""

    requests: tuple[CaptureRequest | BakeRequest, ...]
    skip_done: bool


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """An armature of a .blend file to other formats.

    source: the .blend file. armature: None takes the only one that is animated. action: None takes the one that it plays.
    start, end: frames of the scene; None takes those of the action. paths: what is written.
    """

    source: Path
    armature: str | None
    action: str | None
    start: int | None
    end: int | None
    paths: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class DoctorRequest:
    """What works here, and what does not."""


One = CaptureRequest | BakeRequest | ExportRequest
"""What one file is asked for."""
Request = One | Batch | DoctorRequest
"""What a command line can ask for."""
