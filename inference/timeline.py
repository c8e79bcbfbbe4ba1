"""The clock of footage, known before it is read through."""

from __future__ import annotations

import math

from .footage import open_footage
from .settings import FootageSettings, Moment
from .shot import Timeline

# A start this many seconds after a frame still means that frame: time stamps are rounded.
_NEAR = 1e-3


def read_timeline(settings: FootageSettings) -> Timeline:
    """The clock of the part of the footage that `settings` choose, as far as its header tells it.

    Raises FootageError where it cannot be opened, ArgumentsError where the settings make no sense.
    """
    with open_footage(settings) as footage:
        info = footage.info
    start = 0.0 if settings.start is None else _on_frame(settings.start, info.frame_rate)
    count = info.frame_count
    return Timeline(
        start=start,
        seconds=None if count is None else max(0, count - 1) * settings.step / info.frame_rate,
        rate=info.frame_rate,
        width=info.width,
        height=info.height,
    )


def _on_frame(moment: Moment, rate: float) -> float:
    """Seconds of the first frame that is not before the moment, at a constant rate."""
    if moment.unit == "frames":
        return moment.value / rate
    return math.ceil((moment.value - _NEAR) * rate) / rate
