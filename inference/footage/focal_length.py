"""Focal lengths as cameras write them into files."""

from __future__ import annotations

import math

_SENSOR_WIDTH = 36.0
_SENSOR_DIAGONAL = math.hypot(36.0, 24.0)


def on_full_frame_width(equivalent: str, width: int, height: int) -> float | None:
    """Millimetres on a sensor 36 mm along the picture's longer side, or None where `equivalent` is no such number.

    `equivalent` is the 35-mm equivalent from the metadata, which matches the diagonal angle of view (CIPA DCG-001): a
    picture of 4:3 or 16:9 covers another width with the same diagonal than the 3:2 of 35-mm film. width, height: pixels.
    """
    try:
        value = float(equivalent)
    except ValueError:
        return None
    if not (math.isfinite(value) and value > 0):
        return None
    return value * (_SENSOR_WIDTH / max(width, height)) * (math.hypot(width, height) / _SENSOR_DIAGONAL)
