"""What people write for a choice, on a command line or in a script, as the settings that it stands for."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Literal

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
