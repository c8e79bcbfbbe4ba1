"""From the command line's parsed words to a request."""

from __future__ import annotations

import argparse
import sys
from itertools import chain
from pathlib import Path

from ..errors import ArgumentsError
from ..inference.cache import default_cache_folder
from ..inference.settings import (
    CameraSettings,
    CaptureSettings,
    DetectorSettings,
    FootageSettings,
    LiftSettings,
    MotionSettings,
    SubjectSettings,
)
from ..inference.take import SUFFIX
from ..scene.bake_settings import BakeSettings
from .file_names import listed, result_names, takes_of
from .option_groups import DETECTORS
from .requests import BakeRequest, Batch, CaptureRequest, ExportRequest, Onto, Results
from .values import is_folder


def capture_request(values: argparse.Namespace) -> CaptureRequest | Batch:
    """What `capture` is asked for. Raises ArgumentsError."""
    footage = _files(values.footage, values)
    take = None if values.take is None else Path(values.take)
    if not footage and take is None:
        raise ArgumentsError("Name a video file or a folder of images to capture, or a take with --take.")
    _check_file(values)
    _check_camera(values)
    if not footage and take is not None:
        return _capture(values, take, _outputs(values, [take])[0], None)
    outputs = _outputs(values, footage)
    if not _is_batch(values, footage):
        return _capture(values, footage[0], outputs[0], take)
    if take is not None and take.suffix.lower() == SUFFIX:
        raise ArgumentsError("With several files or a folder for the results, --take names a folder too.")
    requests = [
        _capture(values, path, output, take and take.resolve() / f"{output.stem}{SUFFIX}")
        for path, output in zip(footage, outputs, strict=True)
    ]
    return Batch(tuple(requests), values.skip_done)


def bake_request(values: argparse.Namespace) -> BakeRequest | Batch:
    """What `bake` is asked for. Raises ArgumentsError."""
    named = _files(values.takes, values)
    if not named:
        raise ArgumentsError("Name the file of a take, or a folder of takes.")
    _check_file(values)
    takes = takes_of(named)
    requests = [
        BakeRequest(path, _onto(values, path), _results(values, output))
        for path, output in zip(takes, _outputs(values, takes), strict=True)
    ]
    if _is_batch(values, takes) or takes != named:
        return Batch(tuple(requests), values.skip_done)
    return requests[0]


def export_request(values: argparse.Namespace) -> ExportRequest:
    """What `export` is asked for. Raises ArgumentsError."""
    source = Path(values.blend)
    if source.suffix.lower() != ".blend":
        raise ArgumentsError(f"{values.blend} is no .blend file: name the file first, then the formats.")
    if values.start is not None and values.end is not None and values.end < values.start:
        raise ArgumentsError("The range ends before it starts: set --end to a later frame than --start.")
    goal = values.output or Path(source.stem)
    if goal.is_dir():
        goal /= source.stem
    suffixes = dict.fromkeys(chain.from_iterable(values.formats))
    return ExportRequest(
        source=source,
        armature=values.armature,
        action=values.action,
        start=values.start,
        end=values.end,
        paths=tuple(goal.resolve().with_name(f"{goal.name}.{suffix}") for suffix in suffixes),
    )


def _files(named: list[str], values: argparse.Namespace) -> list[Path]:
    return [Path(text) for text in named] + ([] if values.list is None else listed(values.list))


def _is_batch(values: argparse.Namespace, files: list[Path]) -> bool:
    """Whether what becomes of each file is told by itself, in a table at the end."""
    into_folder = values.output is not None and is_folder(values.output)
    return len(files) > 1 or values.list is not None or values.skip_done or into_folder


def _outputs(values: argparse.Namespace, files: list[Path]) -> list[Path]:
    """The .blend file for each file that is read. Raises ArgumentsError where several would go into one."""
    output, here = values.output, Path.cwd()
    if output is not None and not is_folder(output):
        if len(files) > 1:
            raise ArgumentsError("Several files need a folder for their results: name one with -o.")
        return [output.resolve()]
    folder = here if output is None else output.resolve()
    if len(files) == 1:
        return [folder / f"{files[0].resolve().stem}.blend"]
    # no result may take the place of the file that is started from
    blend = values.blend
    own = [blend.resolve().stem] if blend is not None and blend.resolve().parent == folder else []
    return [folder / f"{name}.blend" for name in result_names(files, own)]


def _capture(values: argparse.Namespace, source: Path, output: Path, take: Path | None) -> CaptureRequest:
    camera = CameraSettings(values.focal_length, values.camera_tilt, values.camera_height)
    reads_take = not (values.footage or values.list)
    return CaptureRequest(
        source=source,
        capture=None if reads_take else _capture_settings(values, source, camera),
        camera=camera,
        camera_object=values.camera,
        lift=LiftSettings(values.lifter, values.refine, values.threads),
        motion=MotionSettings(values.height, values.fit, values.foot_lock, values.smoothing),
        take=take,
        onto=_onto(values, source, in_world=values.camera is not None),
        results=_results(values, output),
    )


def _capture_settings(values: argparse.Namespace, footage: Path, camera: CameraSettings) -> CaptureSettings:
    detector = DETECTORS[values.detector]
    return CaptureSettings(
        footage=FootageSettings(footage, values.start, values.end, values.step, values.image_rate),
        subject=values.subject or SubjectSettings(),
        detector=DetectorSettings(detector.backend, detector.model, values.provider, values.threads),
        camera=camera,
        cache=None if values.no_cache else default_cache_folder(),
    )


def _onto(values: argparse.Namespace, source: Path, *, in_world: bool = False) -> Onto:
    return Onto(
        blend=values.blend,
        target=values.target,
        rig_map=values.rig_map,
        add_camera=not values.no_camera and not in_world,
        baking=BakeSettings(
            name=source.resolve().stem,
            frame_start=values.frame_start,
            frame_rate="scene" if values.keep_frame_rate else "footage",
            root=values.root,
            limbs=values.limbs,
            lock_feet=not values.no_foot_contacts,
            lock_hands=values.hand_contacts,
            fingers=not values.no_fingers,
            in_world=in_world,
        ),
    )


def _results(values: argparse.Namespace, blend: Path) -> Results:
    return Results(blend, tuple(dict.fromkeys(chain.from_iterable(chain.from_iterable(values.export)))))


def _check_file(values: argparse.Namespace) -> None:
    """Raise ArgumentsError for what names something in a file where none is known."""
    if values.target is not None and values.blend is None and not _inside_blender_file():
        raise ArgumentsError("--target names an armature in a .blend file; say which file with --blend.")


def _check_camera(values: argparse.Namespace) -> None:
    if values.camera is None:
        return
    if values.blend is None and not _inside_blender_file():
        raise ArgumentsError("--camera names a camera in a .blend file; say which file with --blend.")
    by_hand = {"--focal-length": values.focal_length, "--camera-tilt": values.camera_tilt}
    by_hand |= {"--camera-height": values.camera_height}
    given = [option for option, value in by_hand.items() if value is not None]
    if given:
        raise ArgumentsError(f"--camera tells all of the camera; leave out {' and '.join(given)}.")


def _inside_blender_file() -> bool:
    """Whether this runs inside a Blender that has a file open, as `blender -b FILE -c penumbra` does."""
    blender = sys.modules.get("bpy")
    return bool(blender and blender.data.filepath)
