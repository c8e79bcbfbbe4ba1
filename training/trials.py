"""Clips of motion as a virtual camera sees them: what every method is tried on, and what its spread is calibrated on."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..inference import rotations as rot
from ..inference.body import joints_of_matrices
from ..inference.reliability import ReliabilitySettings
from ..inference.sightings import Sightings
from .bodies import mean_body
from .cameras import Cameras, CameraVariety, sample_cameras, slopes
from .clips import RATE, Clip
from .cylinders import visible
from .detector import DetectorModel, observe
from .occlusion import Occlusion, Protocol, stream

Body = Literal["own", "matched"]
"""Whose bone lengths: the performer's as they are, or those of the mean body that the networks are trained around."""

# Frames at 30 a second: windows are 6 to 10 s long; shorter clips are taken whole where the longest gap fits in.
_LEAST, _USUAL, _MOST = 64, 180, 300
# Metres behind the subject at which the background hangs, for the flow that a moving camera sees of it.
_BACKGROUND = 2.0


@dataclass(frozen=True, slots=True)
class Trial:
    """One window of one clip, seen by one camera; T frames at `training.clips.RATE`.

    name: unique. recording: the clip that it was cut from. joints: `[T, 30, 3]` metres in the camera frame.
    points: `[T, 25, 2]` slopes, confidence: `[T, 25]`: what the detector gives. background: `[T, 2]` slopes by which
    the background moved since the frame before.
    """

    name: str
    recording: str
    joints: np.ndarray
    points: np.ndarray
    confidence: np.ndarray
    background: np.ndarray

    @property
    def truth(self) -> np.ndarray:
        """Joints `[T, 30, 3]` in metres about the pelvis, camera axes."""
        return self.joints - self.joints[:, :1]


def windows(clip: Clip) -> list[slice]:
    """The windows of a clip, one after the other; none where it is too short."""
    count = len(clip)
    if count < _LEAST:
        return []
    pieces = max(1, count // _USUAL)
    length = min(count // pieces, _MOST)
    return [slice(start, start + length) for start in range(0, pieces * length, length)]


def choose(clips: Sequence[Clip], least: int, most: int) -> list[tuple[Clip, slice, int]]:
    """Between `least` and `most` windows with the number of the camera that sees each, evenly over the recordings.

    Every recording's first window comes before any recording's second; where there are fewer windows than `least`,
    they are seen by further cameras. Gives nothing where every clip is too short.
    """
    cut = [(clip, windows(clip)) for clip in sorted(clips, key=lambda clip: zlib.crc32(clip.name.encode()))]
    rounds = max((len(found) for _, found in cut), default=0)
    single = [(clip, found[number]) for number in range(rounds) for clip, found in cut if number < len(found)]
    cameras = -(-least // len(single)) if single else 0
    return [(clip, window, camera) for camera in range(cameras) for clip, window in single][:most]


def trials(chosen: Sequence[tuple[Clip, slice, int]], body: Body, model: DetectorModel) -> Iterator[Trial]:
    """The trials; a trial's camera and noise depend on its name and nothing else."""
    for clip, window, camera in chosen:
        yield film(clip, window, camera, body, model)[0]


def film(
    clip: Clip, window: slice, camera: int, body: Body, model: DetectorModel, variety: CameraVariety | None = None
) -> tuple[Trial, Cameras]:
    """One trial and the camera that saw it, of the usual variety unless told otherwise; a batch of one."""
    name = f"{clip.name}[{window.start}:{window.stop}] camera {camera}"
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    root = clip.root[None, window]
    cameras = sample_cameras(rng, root, variety)
    turns = rot.to_matrix(clip.rotations[None, window])
    offsets = clip.offsets if body == "own" else mean_body()
    joints = cameras.to_camera(joints_of_matrices(turns, offsets) + root[:, :, None])
    seen = observe(joints, cameras.turned(turns), rng, model, ~visible(joints))
    behind = cameras.positions + (root - cameras.positions) * (
        1.0 + _BACKGROUND / np.linalg.norm(root - cameras.positions, axis=-1, keepdims=True)
    )
    moved = np.zeros((root.shape[1], 2))
    last = slopes(cameras.to_camera(behind[:, :, None])[0, :-1, 0])
    now = (behind[0, :-1] - cameras.positions[0, 1:])[:, None] @ np.swapaxes(cameras.rotations[0, 1:], -1, -2)
    moved[1:] = slopes(now[:, 0]) - last
    return Trial(name, clip.name, joints[0], seen.points[0], seen.confidence[0], moved), cameras


def occlude(trial: Trial, protocol: Protocol) -> Occlusion:
    """What `protocol` leaves of a trial, as a batch of one."""
    random = stream(protocol, trial.name)
    return protocol.apply(trial.points[None], trial.confidence[None], trial.joints[None], random)


def believe(points: np.ndarray, confidence: np.ndarray) -> Sightings:
    """Sightings by confidence alone, as the product has them without its gate: sure enough points are seen."""
    return Sightings(points, confidence, confidence >= ReliabilitySettings().threshold, RATE)
