"""From a track to what a trained lifter reads: left and right put right, rays of the camera, and which to believe."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..models.skeletons import BLAZEPOSE, POINTS
from .camera import Camera
from .evidence import Evidence, body_size
from .reliability import ReliabilitySettings, reliability
from .sightings import Sightings
from .swaps import SwapSettings, as_flow_began, crossed, exchange
from .track import Track

_LANDMARKS = [BLAZEPOSE.index(name) for name in POINTS]


def swapped(tracked: Track, settings: SwapSettings) -> np.ndarray:
    """`[T, 33]` bool: the landmarks that the detector calls by their partners' names."""
    return crossed(evidence(tracked), settings)


def uncrossed(tracked: Track, across: np.ndarray) -> Track:
    """The track with left and right exchanged where `across` `[T, 33]` (`swapped`) says so."""
    before = as_flow_began(across, tracked.present)
    return replace(
        tracked,
        landmarks=exchange(tracked.landmarks, across, BLAZEPOSE),
        world=exchange(tracked.world, across, BLAZEPOSE),
        confidence=exchange(tracked.confidence, across, BLAZEPOSE),
        flow=exchange(tracked.flow, before, BLAZEPOSE),
        flow_error=exchange(tracked.flow_error, before, BLAZEPOSE),
    )


def believed(tracked: Track, settings: ReliabilitySettings) -> np.ndarray:
    """`[T, 33]` 0 to 1: how far each landmark of a track is to be believed, 0 where the subject is absent."""
    return reliability(evidence(tracked), settings)


def evidence(tracked: Track) -> Evidence:
    """What the track says about its landmarks, in pixels."""
    places = tracked.landmarks[..., :2].astype(float)
    return Evidence(
        points=places,
        confidence=tracked.confidence,
        flow=tracked.flow,
        flow_error=tracked.flow_error,
        size=body_size(places),
        present=tracked.present,
        rate=frame_rate(tracked.times),
    )


def sightings(tracked: Track, belief: np.ndarray, camera: Camera, threshold: float) -> Sightings:
    """The track's sightings by `camera`; a point is seen where its `belief` `[T, 33]` is at least `threshold`."""
    trusted = belief[:, _LANDMARKS]
    return Sightings(
        points=camera.rays(tracked.landmarks[:, _LANDMARKS, :2].astype(float)),
        confidence=trusted,
        seen=(trusted >= threshold) & tracked.present[:, None],
        rate=frame_rate(tracked.times),
    )


def frame_rate(times: np.ndarray) -> float:
    """Frames per second of time stamps `[T]` in seconds, by their median step; 30 for a single frame."""
    steps = np.diff(times)
    steps = steps[steps > 0]
    return 1.0 / float(np.median(steps)) if len(steps) else 30.0
