"""What people write for a choice, on a command line or in a script, as the settings that it stands for."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal, get_args

from ..errors import ArgumentsError
from .settings import Model, Moment, SubjectSettings

Quality = Literal["best", "fast"]
QUALITIES: Mapping[Quality, Model] = {"best": "heavy", "fast": "full"}
"""The networks behind each quality."""
_SECONDS = "s"


def moment_of(written: int | str) -> Moment:
    """A place in the footage: a frame number such as 20, or seconds such as "2.5s". Raises ArgumentsError."""
    text = str(written).strip()
    try:
        if text.endswith(_SECONDS):
            moment = Moment(float(text.removesuffix(_SECONDS)), "seconds")
        else:
            moment = Moment(int(text), "frames")
    except ValueError:
        raise ArgumentsError(
            f'{text!r} is no place in the footage: give a frame number, or seconds as in "2.5s".'
        ) from None
    if not 0 <= moment.value < math.inf:
        raise ArgumentsError("Frames and seconds count from the start of the footage and are not negative.")
    return moment


def subject_of(numbers: Sequence[float] | None) -> SubjectSettings:
    """Whom to capture: nobody named, a point (x, y), or a box (left, top, right, bottom). Raises ArgumentsError."""
    if numbers is None:
        return SubjectSettings()
    values = [float(number) for number in numbers]
    if len(values) not in {2, 4} or not all(0 <= value < math.inf for value in values):
        raise ArgumentsError("Give two numbers for a point on the subject, or left, top, right and bottom for a box.")
    if len(values) == 2:
        return SubjectSettings(point=(values[0], values[1]))
    left, top, right, bottom = values
    return SubjectSettings(box=(left, top, right, bottom))


def check_one_of(**written: tuple[object, Any]) -> None:
    """Raise ArgumentsError for a value that is not among its choices: `name=(value, a Literal of its choices)`."""
    for name, (value, choices) in written.items():
        if value not in get_args(choices):
            raise ArgumentsError(f"{name} cannot be {value!r}: choose one of {', '.join(get_args(choices))}.")


def check_within(**written: tuple[float, float, float]) -> None:
    """Raise ArgumentsError for a number outside of its bounds: `name=(number, least, most)`."""
    for name, (value, least, most) in written.items():
        if not least <= value <= most:
            bounds = f"from {least:g} to {most:g}" if most < math.inf else f"{least:g} or more"
            raise ArgumentsError(f"{name} cannot be {value!r}: it must be {bounds}.")
