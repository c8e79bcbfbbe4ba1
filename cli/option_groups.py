"""The options of `capture` and `bake`, in the groups in which the help shows them."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import get_args

from ..inference.settings import DetectorSettings, FitQuality, FootLock, MotionSettings, Provider
from ..inference.systems import AUTO, LIFTERS, RECOMMENDED, REFINERS
from ..retarget.root import Root
from ..retarget.settings import Limbs
from .values import EXPORTS, between, blend_or_folder, count, moment, positive, subject, suffixes

DETECTORS = {
    "heavy": DetectorSettings("onnx", "heavy"),
    "full": DetectorSettings("onnx", "full"),
    "mediapipe-heavy": DetectorSettings("mediapipe", "heavy"),
    "mediapipe-full": DetectorSettings("mediapipe", "full"),
}


def add_files(parser: argparse.ArgumentParser) -> None:
    """Which files are read besides those that are named, and which are not."""
    group = parser.add_argument_group("many files at once")
    group.add_argument(
        "--list", type=Path, metavar="FILE", help="also read what this file names, one path a line; - for stdin"
    )
    group.add_argument("--skip-done", action="store_true", help="leave out files whose results are newer than they are")


def add_results(parser: argparse.ArgumentParser) -> None:
    """What is written."""
    group = parser.add_argument_group("what comes out")
    group.add_argument(
        "-o", "--output", type=blend_or_folder, metavar="OUT.blend|FOLDER",
        help="default: named after what is read, here; several files need a folder, which is made",
    )  # fmt: skip
    group.add_argument(
        "--export", type=suffixes, nargs="+", action="append", default=[], metavar="FORMATS",
        help=f"also write {', '.join(EXPORTS)} beside the .blend file; several with spaces or commas",
    )  # fmt: skip
    add_json(group)


def add_json(group: argparse._ActionsContainer) -> None:
    """Whether programs read along."""
    group.add_argument("--json", action="store_true", help="one line of JSON an event on stdout, the result last")


def add_reading(parser: argparse.ArgumentParser) -> None:
    """How footage is read."""
    group = parser.add_argument_group("how the footage is read")
    group.add_argument("--start", type=moment, metavar="N|Ns", help="first frame number, or seconds as in 2.5s")
    group.add_argument("--end", type=moment, metavar="N|Ns", help="last frame number, or seconds")
    group.add_argument("--step", type=count, default=1, metavar="N", help="read every N-th frame")
    group.add_argument(
        "--image-rate", type=positive, default=30.0, metavar="FPS", help="frame rate of a folder of images"
    )
    group.add_argument(
        "--subject", type=subject, metavar="X,Y|L,T,R,B",
        help="a point on the person to capture, or a box around them, in pixels of the first frame or as shares of it",
    )  # fmt: skip
    group.add_argument("--detector", choices=sorted(DETECTORS), default="heavy", help="default: heavy; full is faster")
    group.add_argument(
        "--provider", choices=get_args(Provider), default="auto",
        help="what runs the networks; default: the first that loads",
    )  # fmt: skip
    group.add_argument("--threads", type=count, metavar="N", help="processor threads for the networks")
    group.add_argument("--no-cache", action="store_true", help="detect anew and keep nothing")


def add_camera(parser: argparse.ArgumentParser) -> None:
    """What is known of the camera."""
    group = parser.add_argument_group("what is known of the camera")
    group.add_argument("--focal-length", type=positive, metavar="MM", help="of the lens, for a sensor 36 mm wide")
    group.add_argument(
        "--camera-tilt", type=between(-89.0, 89.0), metavar="DEG", help="by which a still camera looks down"
    )
    group.add_argument("--camera-height", type=positive, metavar="M", help="of a still camera above the floor")
    group.add_argument(
        "--camera", metavar="NAME", help="camera in the .blend file that took the footage, still, moving or solved"
    )


def add_lifting(parser: argparse.ArgumentParser) -> None:
    """Which networks bring joints to three dimensions."""
    group = parser.add_argument_group("how the joints come to three dimensions")
    group.add_argument("--lifter", choices=(AUTO, *LIFTERS), default=AUTO, help=_uses(LIFTERS, RECOMMENDED.lifter))
    group.add_argument("--refine", choices=(AUTO, *REFINERS), default=AUTO, help=_uses(REFINERS, RECOMMENDED.refiner))


def add_motion(parser: argparse.ArgumentParser) -> None:
    """How joints become motion."""
    usual = MotionSettings()
    group = parser.add_argument_group("how the joints become motion")
    group.add_argument(
        "--height", type=between(0.5, 2.5), default=usual.height, metavar="M",
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
        "--smoothing", type=between(0.0, 1.0), default=usual.smoothing, metavar="0..1",
        help=f"how much of the trembling is taken out; default: {usual.smoothing:g}",
    )  # fmt: skip


def add_keying(parser: argparse.ArgumentParser) -> None:
    """How motion comes onto an armature."""
    group = parser.add_argument_group("how the motion comes onto the armature")
    group.add_argument("--blend", type=Path, metavar="FILE", help="start from this .blend file instead of an empty one")
    group.add_argument("--target", metavar="NAME", help="armature in that file to put the keys on; default: a new one")
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
    group.add_argument("--frame-start", type=int, default=1, metavar="N", help="frame of the first key; default: 1")
    group.add_argument("--keep-frame-rate", action="store_true", help="keep the scene's frame rate, not the footage's")
    group.add_argument("--no-camera", action="store_true", help="add no camera with the footage to the result")


def _uses(systems: Mapping[str, str], recommended: str) -> str:
    """When to use each of the systems, for the help."""
    return " ".join(
        [f"default: {AUTO}, which is {recommended}.", *(f"{name}: {use}." for name, use in systems.items())]
    )
