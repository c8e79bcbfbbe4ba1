"""How fast the trained lifter is, and what share of a whole conversion it takes."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from ..inference.camera import guess_camera
from ..inference.lift import LiftSettings
from ..inference.pipeline import StageSettings, capture
from ..inference.progress import finish
from ..inference.reliability import ReliabilitySettings
from ..inference.settings import CaptureSettings, DetectorSettings, FootageSettings, Moment
from ..inference.sight import believed, sightings
from ..inference.sightings import Sightings
from ..inference.track import Track
from ..inference.trained_lift import TrainedLifter
from ..models.skeletons import POINTS
from ..tools import fetch
from .report import Figure

_FRAMES = 1800
_ROUNDS = 3
_THREADS = 2


def speed_figures(network: Path, *, quick: bool) -> list[Figure]:
    """Frames a second on one thread, and the lifter's share, in percent, of converting the demo clip.

    The share is that of the reliability gate, the network's input and the network together, loading included, in a
    conversion with as many threads as the capture uses; baking is not part of it.
    """
    return [
        Figure("lifter_frames_per_second", _rate(network, quick=quick), "1/s", 2000.0, at_least=True),
        Figure("lifter_share_of_conversion", 100.0 * _share(network, quick=quick), "%", 5.0),
    ]


def _rate(network: Path, *, quick: bool) -> float:
    frames = _FRAMES // 3 if quick else _FRAMES
    random = np.random.default_rng(0)
    points = random.normal(0.0, 0.1, (frames, len(POINTS), 2))
    seen = random.random((frames, len(POINTS))) < 0.9
    given = Sightings(points, seen.astype(float), seen, 30.0)
    lifter = TrainedLifter.open(network, threads=1)
    lifter(given)
    return frames / min(_seconds(lifter, given) for _ in range(_ROUNDS))


def _seconds(lifter: TrainedLifter, given: Sightings) -> float:
    start = time.perf_counter()
    lifter(given)
    return time.perf_counter() - start


def _share(network: Path, *, quick: bool) -> float:
    """The lifter's seconds over those of a conversion in which it takes the first lift's place."""
    footage = FootageSettings(fetch.fetch("demo") / "demo.mp4", end=Moment(60) if quick else None)
    settings = CaptureSettings(footage, detector=DetectorSettings(threads=_THREADS))
    start = time.perf_counter()
    take = finish(capture(settings, StageSettings(lift=LiftSettings(lifter="detector"))))
    rest = time.perf_counter() - start
    tracked = Track(**take.stage("track"))
    lens = guess_camera(take.source["width"], take.source["height"], take.source["focal_length"])
    gate = ReliabilitySettings()
    start = time.perf_counter()
    lifter = TrainedLifter.open(network, threads=_THREADS)
    lifter(sightings(tracked, believed(tracked, gate), lens, gate.threshold))
    lifting = time.perf_counter() - start
    return lifting / (rest + lifting)
