"""The lifter of S3: sightings in, joints with their spread out, by one network that reads a clip of any length."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..models.sessions import NetworkSession
from .lifted import Lifted
from .own_network import ask, open_network
from .passes import Answer, in_passes
from .sight_features import FEATURES, Features, features
from .sightings import Sightings

INPUTS = ("values", "point_before", "point_after", "point_share", "joint_before", "joint_after", "joint_share")
"""Names of what the network reads; `[1, T, ...]` each, as `sight_features.Features` describes them."""

# Frames given to the network at once: enough to see every gap whole, few enough to stay small in memory.
_WINDOW = 1800
# Frames on either side of a window that its answer depends on: 120 that the networks see, and some for gaps at the edge.
_REACH = 160


class TrainedLifter:
    """Lifts the sightings of one subject to three dimensions, by the rules of `passes.in_passes`."""

    def __init__(self, session: NetworkSession) -> None:
        self._session = session

    @classmethod
    def open(cls, path: Path, threads: int | None = None) -> TrainedLifter:
        """The lifter whose weights are the ONNX file `path`. Raises SetupError where it cannot be used."""
        return cls(open_network(path, threads))

    def __call__(self, sightings: Sightings) -> Lifted:
        """The joints of every frame. Raises ValueError as `in_passes` does."""
        return in_passes(sightings, self._lift)

    def _lift(self, points: np.ndarray, confidence: np.ndarray, seen: np.ndarray) -> Answer:
        count = len(points)
        parts: list[Answer] = []
        for start in range(0, count, _WINDOW):
            stop = min(start + _WINDOW, count)
            first, last = max(start - _REACH, 0), min(stop + _REACH, count)
            answer = self._ask(points[first:last], confidence[first:last], seen[first:last])
            parts.append(answer[start - first : stop - first])
        return Answer.joined(parts)

    def _ask(self, points: np.ndarray, confidence: np.ndarray, seen: np.ndarray) -> Answer:
        given = features(points, confidence, seen)
        # a network without its second half does not read the joints' gaps
        feed = {name: array for name, array in _feed(given).items() if name in self._session.inputs}
        joints, variance = ask(self._session, feed, (1, len(points)))
        return Answer(joints[0], variance[0], given.views)


def reads_clips(session: NetworkSession) -> bool:
    """Whether the network is such a lifter's, be it without its second half."""
    return set(INPUTS[:4]) <= set(session.inputs) <= set(INPUTS) and session.shapes[INPUTS[0]][-1] == FEATURES


def _feed(given: Features) -> dict[str, np.ndarray]:
    """The network's inputs by name."""
    arrays = [given.values]
    for near in (given.point_gaps, given.joint_gaps):
        arrays += [near.before.astype(np.int64), near.after.astype(np.int64), near.share.astype(np.float32)]
    return {name: np.ascontiguousarray(array[None]) for name, array in zip(INPUTS, arrays, strict=True)}
