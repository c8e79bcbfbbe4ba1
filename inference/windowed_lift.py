"""Lifters that read windows of one length, as that of S4 (`training/dtf.py`), with gaps filled and labelled."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import numpy as np

from ..errors import SetupError
from ..models.sessions import NetworkSession
from .guidance import Fill, GuidanceSettings
from .guided import VALUES, guided
from .lifted import Lifted
from .own_network import ask, fact, number, open_network
from .passes import Answer, in_passes
from .sightings import Sightings
from .windows import in_windows

INPUT = "values"
"""Name of what the network reads: `[N, F, VALUES]`, as `guided.Guided` describes it."""

# Frames asked for at once, few enough to stay small in memory.
_AT_ONCE = 1000


class WindowedLifter:
    """Lifts the sightings of one subject to three dimensions, by the rules of `passes.in_passes`.

    Windows overlap by two thirds, and every frame's answer is the mean of those that hold it, which count the more the
    nearer the frame is to their middle.
    """

    def __init__(self, session: NetworkSession) -> None:
        self._session = session
        # a network that leaves the length open reads every frame by itself
        self._length = session.shapes[INPUT][1] or 1
        self._guidance = GuidanceSettings(_fill(session), round(number(session, "horizon")))

    @classmethod
    def open(cls, path: Path, threads: int | None = None) -> WindowedLifter:
        """The lifter whose weights are the ONNX file `path`. Raises SetupError where it cannot be used."""
        return cls(open_network(path, threads))

    def __call__(self, sightings: Sightings) -> Lifted:
        """The joints of every frame. Raises ValueError as `in_passes` does."""
        return in_passes(sightings, self._lift)

    def _lift(self, points: np.ndarray, confidence: np.ndarray, seen: np.ndarray) -> Answer:
        given = guided(points, confidence, seen, self._guidance)
        step, batch = max(1, self._length // 3), max(1, _AT_ONCE // self._length)
        said = in_windows(given.values, self._length, step, self._ask, batch)
        return Answer(said[..., :3], said[..., 3:], given.views)

    def _ask(self, windows: np.ndarray) -> np.ndarray:
        """Joints and variances `[N, F, 30, 6]` for windows `[N, F, VALUES]`."""
        joints, variance = ask(self._session, {INPUT: windows}, windows.shape[:2])
        return np.concatenate([joints, variance], axis=-1)


def _fill(session: NetworkSession) -> Fill:
    said = fact(session, "fill")
    for known in get_args(Fill):
        if said == known:
            return known
    raise SetupError(f"{session.file} wants its gaps filled by {said!r}, which this version cannot. Update the add-on.")


def reads_windows(session: NetworkSession) -> bool:
    """Whether the network is such a lifter's."""
    return session.inputs == (INPUT,) and session.shapes[INPUT][-1] == VALUES
