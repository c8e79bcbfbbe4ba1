"""The trained lifter: sightings in, the product's joints out, by a network in ONNX Runtime."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..models.sessions import NetworkSession, open_session
from ..models.skeletons import JOINTS, POINTS, partners
from .sight_features import Features, features
from .sightings import Sightings

INPUTS = ("values", "point_before", "point_after", "point_share", "joint_before", "joint_after", "joint_share")
OUTPUT = "joints"
"""Names of the network's inputs and output; `[1, T, ...]` each, as `sight_features.Features` describes them."""

_POINT_PARTNERS = partners(POINTS)
_JOINT_PARTNERS = partners(JOINTS)
# Frames per second of the motion that the networks were trained on.
_RATE = 30.0
# Frames given to the network at once: enough to see every gap whole, few enough to stay small in memory.
_WINDOW = 1800
# Frames on either side of a window that its answer depends on: 120 that the networks see, and some for gaps at the edge.
_REACH = 160


class TrainedLifter:
    """Lifts the sightings of one subject to three dimensions; `seconds` is the time spent in the network so far.

    The network is asked twice, the second time with a mirror between, and the two answers are averaged: what it errs on
    one side more than on the other goes away (as in VideoPose3D, Pavllo et al., CVPR 2019).
    """

    def __init__(self, session: NetworkSession) -> None:
        self._session = session

    @classmethod
    def open(cls, path: Path, provider: str = "cpu", threads: int | None = None) -> TrainedLifter:
        """The lifter whose weights are the ONNX file `path`. Raises SetupError where it cannot be loaded."""
        return cls(open_session(path, provider, threads))

    @property
    def seconds(self) -> float:
        """Wall time spent in the network."""
        return self._session.seconds

    def __call__(self, sightings: Sightings) -> np.ndarray:
        """Joints `[T, 30, 3]` in metres about the pelvis, camera axes, of a body `1.70` m tall.

        Footage at a multiple of the networks' own rate is read in as many interleaved passes, so that every frame has
        an answer of its own.
        """
        stride = max(1, round(sightings.rate / _RATE))
        joints = np.zeros((len(sightings.points), 30, 3), np.float32)
        for phase in range(min(stride, len(joints))):
            chosen = slice(phase, None, stride)
            joints[chosen] = self._lift(sightings.points[chosen], sightings.confidence[chosen], sightings.seen[chosen])
        return joints

    def _lift(self, points: np.ndarray, confidence: np.ndarray, seen: np.ndarray) -> np.ndarray:
        count = len(points)
        joints = np.zeros((count, 30, 3), np.float32)
        for start in range(0, count, _WINDOW):
            stop = min(start + _WINDOW, count)
            first, last = max(start - _REACH, 0), min(stop + _REACH, count)
            part = points[first:last], confidence[first:last], seen[first:last]
            answer = (self._ask(*part) + _mirrored(self._ask(*_mirrored_sight(*part)), _JOINT_PARTNERS)) / 2
            joints[start:stop] = answer[start - first : stop - first]
        return joints

    def _ask(self, points: np.ndarray, confidence: np.ndarray, seen: np.ndarray) -> np.ndarray:
        """The network's joints `[T, 30, 3]`, turned back to the camera's axes."""
        given = features(points, confidence, seen)
        # a network without its second half does not read the joints' gaps
        feed = {name: array for name, array in _feed(given).items() if name in self._session.inputs}
        return self._session.run_all(feed)[OUTPUT][0] @ given.views


def _mirrored_sight(points: np.ndarray, confidence: np.ndarray, seen: np.ndarray) -> tuple[np.ndarray, ...]:
    """The same subject in a mirror: left is right, and x runs the other way."""
    return _mirrored(points, _POINT_PARTNERS), confidence[:, _POINT_PARTNERS], seen[:, _POINT_PARTNERS]


def _mirrored(places: np.ndarray, partners: list[int]) -> np.ndarray:
    """Places `[T, P, D]` of points and their partners, mirrored across the middle of the picture."""
    flip = np.ones(places.shape[-1], places.dtype)
    flip[0] = -1.0
    return places[:, partners] * flip


def _feed(given: Features) -> dict[str, np.ndarray]:
    """The network's inputs by name."""
    arrays = [given.values]
    for near in (given.point_gaps, given.joint_gaps):
        arrays += [near.before.astype(np.int64), near.after.astype(np.int64), near.share.astype(np.float32)]
    return {name: np.ascontiguousarray(array[None]) for name, array in zip(INPUTS, arrays, strict=True)}
