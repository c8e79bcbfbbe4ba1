"""What the command line's words mean: types of arguments, each of which refuses with a sentence what it is not."""

from __future__ import annotations

import argparse
import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from ..errors import ArgumentsError
from ..inference.choices import moment_of, subject_of
from ..inference.settings import Moment, SubjectSettings

EXPORTS = ("bvh", "fbx", "glb", "gltf", "usd", "usdc")
"""Formats that can be written, by suffix."""

Value = TypeVar("Value")


def moment(text: str) -> Moment:
    """A frame number, or seconds as in 2.5s."""
    return _told(lambda: moment_of(text))


def subject(text: str) -> SubjectSettings:
    """A point X,Y or a box LEFT,TOP,RIGHT,BOTTOM."""
    parts = text.split(",")
    if len(parts) not in {2, 4}:
        raise argparse.ArgumentTypeError("give X,Y for a point or LEFT,TOP,RIGHT,BOTTOM for a box")
    return _told(lambda: subject_of([float(part) for part in parts]))


def suffixes(text: str) -> tuple[str, ...]:
    """Formats, with commas between them."""
    found = tuple(part.strip().lower().lstrip(".") for part in text.split(","))
    unknown = [suffix for suffix in found if suffix not in EXPORTS]
    if unknown:
        raise argparse.ArgumentTypeError(
            f"{unknown[0]!r} is not one of {', '.join(EXPORTS)}; if it is the footage, name that first"
        )
    return found


def blend_or_folder(text: str) -> Path:
    """A .blend file, or a folder, which `is_folder` tells from it."""
    path = Path(text)
    if path.is_dir() or path.suffix.lower() == ".blend":
        return path
    if path.suffix and not text.endswith(_separators()):
        raise argparse.ArgumentTypeError(
            f"{text!r} must end in .blend, or be a folder; other formats come from --export"
        )
    return path


def is_folder(path: Path) -> bool:
    """Whether `blend_or_folder` took it for a folder."""
    return path.is_dir() or path.suffix.lower() != ".blend"


def stem(text: str) -> Path:
    """The name of files without their suffix; what is or ends like a folder has no name yet."""
    path = Path(text)
    return path / "" if path.is_dir() or text.endswith(_separators()) else path


def count(text: str) -> int:
    """A whole number from 1."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


def positive(text: str) -> float:
    """A finite number above 0."""
    number = float(text)
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError("must be above 0")
    return number


def between(least: float, most: float) -> Callable[[str], float]:
    """A type of argument: a number from `least` to `most`."""

    def number(text: str) -> float:
        value = float(text)
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"must be from {least:g} to {most:g}")
        return value

    return number


def _told(make: Callable[[], Value]) -> Value:
    """What `make` gives; its sentence as argparse wants to have it."""
    try:
        return make()
    except ArgumentsError as error:
        raise argparse.ArgumentTypeError(str(error).rstrip(".")) from None


def _separators() -> tuple[str, ...]:
    return (os.sep, os.altsep) if os.altsep else (os.sep,)
