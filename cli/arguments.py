"""The command line's arguments, parsed into a request."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import NoReturn, get_args

from ..errors import ArgumentsError
from ..inference.cache import default_cache_folder
from ..inference.settings import (
    CameraSettings,
    CaptureSettings,
    DetectorSettings,
    FitQuality,
    FootageSettings,
    FootLock,
    LiftSettings,
    Moment,
    MotionSettings,
    SubjectSettings,
)
from ..inference.systems import AUTO, LIFTERS, RECOMMENDED, REFINERS
from ..retarget.root import Root
from ..retarget.settings import Limbs

DETECTORS = {
    "heavy": DetectorSettings("onnx", "heavy"),
    "full": DetectorSettings("onnx", "full"),
    "mediapipe-heavy": DetectorSettings("mediapipe", "heavy"),
    "mediapipe-full": DetectorSettings("mediapipe", "full"),
}
EXPORTS = ("bvh", "fbx", "glb", "usd")

_EPILOG = """\
exit codes:
  0  done                          5  cancelled
  2  bad arguments                 6  a result cannot be written
  3  the footage cannot be used    7  the take file cannot be used
  4  nobody, or not the person     8  a part is missing: weights, runtime, Blender's module
     asked for, was found          9  the armature is missing or no rig map fits it
  1  an unexpected error
"""


@dataclass(frozen=True, slots=True)
class Request:
    """What one call asks for.

    capture: None where a take is read instead of footage. camera: for a take that is read. camera_object: name of a camera
    in `blend` (or in the file that is open) that stands for both of these; None estimates it. lift, motion: for both.
    target: name of an armature there; None builds a new one. rig_map: name of a rig map, or the file of the user's own.
    limbs, foot_contacts, hand_contacts, fingers: how the motion is keyed (`scene.bake_settings.BakeSettings`). exports:
    suffixes without the dot.
    """

    capture: CaptureSettings | None
    camera: CameraSettings
    camera_object: str | None
    lift: LiftSettings
    motion: MotionSettings
    name: str
    output: Path
    blend: Path | None
    target: str | None
    rig_map: str | None
    root: Root
    limbs: Limbs
    foot_contacts: bool
    hand_contacts: bool
    fingers: bool
    keep_frame_rate: bool
    add_camera: bool
    exports: tuple[str, ...]
    take: Path | None
    json: bool


def parse(argv: list[str]) -> Request:
    """The request of a command line. Raises ArgumentsError; `--help` raises SystemExit(0) as argparse does."""
    values = _parser().parse_args(argv)
    if values.footage is None and values.take is None:
        raise ArgumentsError("Name a video file or a folder of images to capture, or a take with --take.")
    if values.target is not None and values.blend is None and not _inside_blender_file():
        raise ArgumentsError("--target names an armature in a .blend file; say which file with --blend.")
    _check_camera(values)
    camera = CameraSettings(values.focal_length, values.camera_tilt, values.camera_height)
    name = Path(values.footage or values.take).resolve().stem
    return Request(
        capture=_capture_settings(values, camera) if values.footage is not None else None,
        camera=camera,
        camera_object=values.camera,
        lift=LiftSettings(values.lifter, values.refine, values.threads),
        motion=MotionSettings(values.height, values.fit, values.foot_lock, values.smoothing),
        name=name,
        output=(values.output or Path(f"{name}.blend")).resolve(),
        blend=values.blend,
        target=values.target,
        rig_map=values.rig_map,
        root=values.root,
        limbs=values.limbs,
        foot_contacts=not values.no_foot_contacts,
        hand_contacts=values.hand_contacts,
        fingers=not values.no_fingers,
        keep_frame_rate=values.keep_frame_rate,
        add_camera=not values.no_camera,
        exports=tuple(dict.fromkeys(chain.from_iterable(chain.from_iterable(values.export)))),
        take=values.take,
        json=values.json,
    )


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


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are the project's own."""

    def error(self, message: str) -> NoReturn:
        raise ArgumentsError(f"{message[:1].upper()}{message[1:]}. Run with --help to see what there is.")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="penumbra", description="Motion capture from video, onto an armature with a confidence per bone."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=_Parser)
    capture = commands.add_parser(
        "capture",
        help="turn footage of a person into keyframes",
        description="Turn footage of a person into keyframes on an armature, with a confidence for every bone and frame.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    capture.add_argument("footage", nargs="?", type=Path, metavar="FOOTAGE", help="video file or folder of images")
    _add_results(capture)
    _add_reading(capture)
    _add_camera(capture)
    _add_lifting(capture)
    _add_motion(capture)
    _add_keying(capture)
    return parser


def _add_results(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("what comes out")
    group.add_argument(
        "-o", "--output", type=_blend_path, metavar="OUT.blend", help="default: named after the footage, here"
    )
    group.add_argument(
        "--export", type=_suffixes, nargs="+", action="append", default=[], metavar="FORMATS",
        help=f"also write {', '.join(EXPORTS)} beside the .blend file; several with spaces or commas",
    )  # fmt: skip
    group.add_argument("--blend", type=Path, metavar="FILE", help="start from this .blend file instead of an empty one")
    group.add_argument("--target", metavar="NAME", help="armature in that file to put the keys on; default: a new one")
    group.add_argument("--keep-frame-rate", action="store_true", help="keep the scene's frame rate, not the footage's")
    group.add_argument(
        "--take", type=Path, metavar="FILE", help="write the take here; without FOOTAGE read it and go on from there"
    )
    group.add_argument("--json", action="store_true", help="one line of JSON an event on stdout, the result last")


def _add_reading(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("how the footage is read")
    group.add_argument("--start", type=_moment, metavar="N|Ns", help="first frame number, or seconds as in 2.5s")
    group.add_argument("--end", type=_moment, metavar="N|Ns", help="last frame number, or seconds")
    group.add_argument("--step", type=_count, default=1, metavar="N", help="read every N-th frame")
    group.add_argument(
        "--image-rate", type=_positive, default=30.0, metavar="FPS", help="frame rate of a folder of images"
    )
    group.add_argument(
        "--subject", type=_numbers, metavar="X,Y|L,T,R,B",
        help="a point on the person to capture, or a box around them, in pixels of the first frame or as shares of it",
    )  # fmt: skip
    group.add_argument("--detector", choices=sorted(DETECTORS), default="heavy", help="default: heavy; full is faster")
    group.add_argument(
        "--provider", choices=("auto", "cuda", "directml", "coreml", "cpu"), default="auto",
        help="what runs the networks; default: the first that loads",
    )  # fmt: skip
    group.add_argument("--threads", type=_count, metavar="N", help="processor threads for the networks")
    group.add_argument("--no-cache", action="store_true", help="detect anew and keep nothing")


def _add_camera(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("what is known of the camera")
    group.add_argument("--focal-length", type=_positive, metavar="MM", help="of the lens, for a sensor 36 mm wide")
    group.add_argument(
        "--camera-tilt", type=_between(-89.0, 89.0), metavar="DEG", help="by which a still camera looks down"
    )
    group.add_argument("--camera-height", type=_positive, metavar="M", help="of a still camera above the floor")
    group.add_argument(
        "--camera", metavar="NAME", help="camera in the .blend file that took the footage, still, moving or solved"
    )
    group.add_argument("--no-camera", action="store_true", help="add no camera with the footage to the result")


def _add_motion(parser: argparse.ArgumentParser) -> None:
    usual = MotionSettings()
    group = parser.add_argument_group("how the joints become motion")
    group.add_argument(
        "--height", type=_between(0.5, 2.5), default=usual.height, metavar="M",
        help=f"of the person, which sets the size of the motion; default: {usual.height:.2f}",
    )  # fmt: skip
    group.add_argument(
        "--fit", choices=get_args(FitQuality), default=usual.fit,
        help=f"how the body is fitted to the picture; default: {usual.fit}; fine needs PyTorch",
    )  # fmt: skip
    group.add_argument(
        "--foot-lock", choices=get_args(FootLock), default=usual.foot_lock,
        help=f"which feet are held where they stand; default: {usual.foot_lock}",
    )  # fmt: skip
    group.add_argument(
        "--smoothing", type=_between(0.0, 1.0), default=usual.smoothing, metavar="0..1",
        help=f"how much of the trembling is taken out; default: {usual.smoothing:g}",
    )  # fmt: skip


def _add_keying(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("how the motion comes onto the armature")
    group.add_argument(
        "--rig-map", metavar="NAME|FILE.json",
        help="how the armature's bones are named, or a map that was saved in Blender; default: found out",
    )  # fmt: skip
    group.add_argument(
        "--root", choices=get_args(Root), default="hips",
        help="what the path over the floor is keyed on: the hips' bone, the topmost bone above it, or nothing",
    )  # fmt: skip
    group.add_argument(
        "--limbs", choices=get_args(Limbs), default="fk",
        help="key arms and legs bone by bone, or on a control rig's goals and poles; default: fk",
    )  # fmt: skip
    group.add_argument(
        "--no-foot-contacts",
        action="store_true",
        help="let feet slide that stand on the person, if legs are of another length",
    )
    group.add_argument(
        "--hand-contacts",
        action="store_true",
        help="hold hands that stand on the floor where they stand, as feet are held",
    )
    group.add_argument("--no-fingers", action="store_true", help="leave the fingers as they rest")


def _add_lifting(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("how the joints come to three dimensions")
    group.add_argument("--lifter", choices=(AUTO, *LIFTERS), default=AUTO, help=_uses(LIFTERS, RECOMMENDED.lifter))
    group.add_argument("--refine", choices=(AUTO, *REFINERS), default=AUTO, help=_uses(REFINERS, RECOMMENDED.refiner))


def _uses(systems: Mapping[str, str], recommended: str) -> str:
    """When to use each of the systems, for the help."""
    return " ".join(
        [f"default: {AUTO}, which is {recommended}.", *(f"{name}: {use}." for name, use in systems.items())]
    )


def _capture_settings(values: argparse.Namespace, camera: CameraSettings) -> CaptureSettings:
    detector = DETECTORS[values.detector]
    return CaptureSettings(
        footage=FootageSettings(values.footage, values.start, values.end, values.step, values.image_rate),
        subject=_subject(values.subject),
        detector=DetectorSettings(detector.backend, detector.model, values.provider, values.threads),
        camera=camera,
        cache=None if values.no_cache else default_cache_folder(),
    )


def _between(least: float, most: float) -> Callable[[str], float]:
    """A type of argument: a number from `least` to `most`."""

    def number(text: str) -> float:
        value = float(text)
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"must be from {least:g} to {most:g}")
        return value

    return number


def _subject(numbers: tuple[float, ...] | None) -> SubjectSettings:
    if numbers is None:
        return SubjectSettings()
    if len(numbers) == 2:
        return SubjectSettings(point=(numbers[0], numbers[1]))
    left, top, right, bottom = numbers
    return SubjectSettings(box=(left, top, right, bottom))


def _inside_blender_file() -> bool:
    """Whether this runs inside a Blender that has a file open, as `blender -b FILE -c penumbra` does."""
    blender = sys.modules.get("bpy")
    return bool(blender and blender.data.filepath)


def _numbers(text: str) -> tuple[float, ...]:
    numbers = tuple(float(part) for part in text.split(","))
    if len(numbers) not in {2, 4} or not all(0 <= number < math.inf for number in numbers):
        raise argparse.ArgumentTypeError("give X,Y for a point or LEFT,TOP,RIGHT,BOTTOM for a box")
    return numbers


def _moment(text: str) -> Moment:
    moment = Moment(float(text[:-1]), "seconds") if text.endswith("s") else Moment(int(text), "frames")
    if not 0 <= moment.value < math.inf:
        raise argparse.ArgumentTypeError("frames and seconds count from the start and are not negative")
    return moment


def _suffixes(text: str) -> tuple[str, ...]:
    suffixes = tuple(part.strip().lower().lstrip(".") for part in text.split(","))
    unknown = [suffix for suffix in suffixes if suffix not in EXPORTS]
    if unknown:
        raise argparse.ArgumentTypeError(
            f"{unknown[0]!r} is not one of {', '.join(EXPORTS)}; if it is the footage, name that first"
        )
    return suffixes


def _blend_path(text: str) -> Path:
    path = Path(text)
    if path.suffix.lower() != ".blend":
        raise argparse.ArgumentTypeError(f"{text!r} must end in .blend; other formats come from --export")
    return path


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


def _positive(text: str) -> float:
    number = float(text)
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError("must be above 0")
    return number
