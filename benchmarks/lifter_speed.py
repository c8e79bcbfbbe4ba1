"""How fast lifters are, and what share of a whole conversion they take with a refiner after them."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from ..inference.camera import guess_camera
from ..inference.lift import LiftSettings
from ..inference.lifted import Lifter
from ..inference.pipeline import StageSettings, capture
from ..inference.progress import finish
from ..inference.reliability import ReliabilitySettings
from ..inference.settings import CaptureSettings, DetectorSettings, FootageSettings, Moment
from ..inference.sight import believed, sightings
from ..inference.sightings import Sightings
from ..inference.systems import open_lifter_at
from ..inference.track import Track
from ..models.skeletons import POINTS
from ..tools import fetch
from .report import Figure

_FRAMES = 1800
_ROUNDS = 3
_THREADS = 2


def speed_figures(network: Path, *, quick: bool) -> list[Figure]:
    """Frames a second on one thread, and the lifter's share, in percent, of converting the demo clip."""
    lifter, given = open_lifter_at(network, threads=1), noise_clip(_FRAMES // 3 if quick else _FRAMES)
    rate = len(given.points) / seconds(lambda: lifter(given), _ROUNDS)
    share = share_of_conversion(lambda: open_lifter_at(network, _THREADS), quick=quick)
    return [
        Figure("lifter_frames_per_second", rate, "1/s", 2000.0, at_least=True),
        Figure("lifter_share_of_conversion", share, "%", 5.0),
    ]


def system_share(opened: Callable[[], Lifter], *, quick: bool) -> Figure:
    """The share, in percent, that the default lifter and refiner together have of converting the demo clip."""
    return Figure("default_share_of_conversion", share_of_conversion(opened, quick=quick), "%", 10.0)


def share_of_conversion(opened: Callable[[], Lifter], *, quick: bool) -> float:
    """Percent of a conversion of the demo clip that what `opened` opens takes in the first lift's place.

    The share is that of the reliability gate, the networks' input and the networks together, loading included, in a
    conversion with as many threads as the capture uses; baking is not part of it.
    """
    footage = FootageSettings(fetch.fetch("demo") / "demo.mp4", end=Moment(60) if quick else None)
    settings = CaptureSettings(footage, detector=DetectorSettings(threads=_THREADS))
    start = time.perf_counter()
    take = finish(capture(settings, StageSettings(lift=LiftSettings(lifter="detector"))))
    rest = time.perf_counter() - start
    tracked = Track(**take.stage("track"))
    lens = guess_camera(take.source["width"], take.source["height"], take.source["focal_length"])
    gate = ReliabilitySettings()
    start = time.perf_counter()
    opened()(sightings(tracked, believed(tracked, gate), lens, gate.threshold))
    lifting = time.perf_counter() - start
    return 100.0 * lifting / (rest + lifting)


def noise_clip(frames: int) -> Sightings:
    """Sightings of `frames` at random, one in ten missing: as much work as real ones."""
    random = np.random.default_rng(0)
    points = random.normal(0.0, 0.1, (frames, len(POINTS), 2))
    seen = random.random((frames, len(POINTS))) < 0.9
    return Sightings(points, seen.astype(float), seen, 30.0)


def seconds(work: Callable[[], object], rounds: int) -> float:
    """Wall time of the fastest of `rounds` rounds of `work`, after one that does not count."""
    work()
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)
