"""The command line's arguments, parsed into a request."""

from __future__ import annotations

import argparse
from typing import NoReturn

from ..errors import ArgumentsError
from .option_groups import (
    add_camera,
    add_files,
    add_json,
    add_keying,
    add_lifting,
    add_motion,
    add_reading,
    add_results,
)
from .parsed import bake_request, capture_request, export_request
from .requests import DoctorRequest, Request
from .values import EXPORTS, stem, suffixes

_EPILOG = """\
exit codes:
  0  done                          6  a result cannot be written
  1  an unexpected error           7  the take file cannot be used
  2  bad arguments                 8  a part is missing: weights, runtime, Blender's module
  3  the footage cannot be used    9  the armature is missing or no rig map fits it
  4  nobody, or not the person    11  some of several files failed; the table at the end
     asked for, was found             tells which and why
  5  cancelled
"""


def parse(argv: list[str]) -> Request:
    """The request of a command line. Raises ArgumentsError; `--help` raises SystemExit(0) as argparse does."""
    values = _parser().parse_args(argv)
    return values.make(values)


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are the project's own."""

    def error(self, message: str) -> NoReturn:
        raise ArgumentsError(f"{message[:1].upper()}{message[1:]}. Run with --help to see what there is.")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="penumbra", description="Motion capture from video, onto an armature with a confidence per bone."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=_Parser)
    _add_capture(commands)
    _add_bake(commands)
    _add_export(commands)
    _add_doctor(commands)
    return parser


def _add_capture(commands: argparse._SubParsersAction) -> None:
    parser = _command(
        commands,
        "capture",
        "turn footage of a person into keyframes",
        "Turn footage of a person into keyframes on an armature, with a confidence for every bone and frame.",
    )
    parser.set_defaults(make=capture_request)
    parser.add_argument("footage", nargs="*", metavar="FOOTAGE", help="video file or folder of images")
    add_results(parser)
    parser.add_argument(
        "--take", metavar="FILE",
        help="write the take here, for several files into this folder; without FOOTAGE read it and go on from there",
    )  # fmt: skip
    for add in (add_files, add_reading, add_camera, add_lifting, add_motion, add_keying):
        add(parser)


def _add_bake(commands: argparse._SubParsersAction) -> None:
    parser = _command(
        commands,
        "bake",
        "put a take on an armature",
        "Put takes on an armature as they were solved, without looking at the footage again.",
    )
    parser.set_defaults(make=bake_request)
    parser.add_argument("takes", nargs="*", metavar="TAKE", help="file of a take, or a folder of them")
    for add in (add_results, add_files, add_keying):
        add(parser)


def _add_export(commands: argparse._SubParsersAction) -> None:
    parser = _command(
        commands,
        "export",
        "write an armature of a .blend file in other formats",
        "Write an animated armature of a .blend file in other formats. The file itself stays as it is.",
    )
    parser.set_defaults(make=export_request)
    parser.add_argument("blend", metavar="FILE.blend", help="file that holds the armature")
    parser.add_argument("formats", nargs="+", type=suffixes, metavar="FORMATS", help=f"{', '.join(EXPORTS)}")
    parser.add_argument("--armature", metavar="NAME", help="default: the only one that is animated")
    parser.add_argument("--action", metavar="NAME", help="action to export; default: the one that the armature plays")
    parser.add_argument("--start", type=int, metavar="N", help="first frame of the scene; default: the action's")
    parser.add_argument("--end", type=int, metavar="N", help="last frame; default: the action's")
    parser.add_argument(
        "-o", "--output", type=stem, metavar="FOLDER/STEM", help="default: named after the .blend file, here"
    )
    add_json(parser)


def _add_doctor(commands: argparse._SubParsersAction) -> None:
    parser = _command(
        commands,
        "doctor",
        "tell what works here and what does not",
        "Tell versions, weights, what the networks can run on, and how fast; exit code 0 where footage can be captured, else 8.",
    )
    parser.set_defaults(make=lambda _values: DoctorRequest())
    add_json(parser)


def _command(commands: argparse._SubParsersAction, name: str, brief: str, description: str) -> argparse.ArgumentParser:
    return commands.add_parser(
        name,
        help=brief,
        description=description,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
