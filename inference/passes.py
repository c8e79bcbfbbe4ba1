"""How a clip is put to a lifter's network: checked, in passes at the networks' own rate, and once more in a mirror."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ..models.skeletons import JOINTS, POINTS, partners
from .lifted import Lifted
from .sight_features import joint_confidence, joints_seen
from .sightings import Sightings

RATE = 30.0
"""Frames per second of the motion that the networks were trained on."""

_POINT_PARTNERS = partners(POINTS)
_JOINT_PARTNERS = partners(JOINTS)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a network says of T frames.

    joints: `[T, 30, 3]` metres about the pelvis. variance: `[T, 30, 3]` square metres along the same axes, NaN from a
    network that tells none. Both in the axes of its `views` `[T, 3, 3]`, rotations from the camera's axes.
    """

    joints: np.ndarray
    variance: np.ndarray
    views: np.ndarray

    def __getitem__(self, frames: slice) -> Answer:
        """The answer for some of the frames."""
        return Answer(self.joints[frames], self.variance[frames], self.views[frames])

    @classmethod
    def joined(cls, parts: Sequence[Answer]) -> Answer:
        """The answer for all frames of `parts`, one after the other."""
        return cls(
            np.concatenate([part.joints for part in parts]),
            np.concatenate([part.variance for part in parts]),
            np.concatenate([part.views for part in parts]),
        )


Ask = Callable[[np.ndarray, np.ndarray, np.ndarray], Answer]
"""Points `[T, 25, 2]`, confidence `[T, 25]` and seen `[T, 25]` bool, at the networks' own rate, to an answer."""


def in_passes(sightings: Sightings, ask: Ask) -> Lifted:
    """The whole clip by a network that `ask` puts one pass to.

    Footage at a multiple of the networks' own rate is read in as many interleaved passes, so that every frame has an
    answer of its own. The network is asked twice, the second time with a mirror between, and the two answers are
    averaged: what it errs on one side more than on the other goes away (as in VideoPose3D, Pavllo et al., CVPR 2019).
    Raises ValueError for sightings without frames, of other shapes, or not finite where a point is seen.
    """
    _check(sightings)
    seen = sightings.seen
    points = np.where(seen[..., None], sightings.points, 0.0)
    confidence = np.where(seen, sightings.confidence, 0.0)
    count = len(points)
    joints, spread = np.zeros((count, 30, 3), np.float32), np.zeros((count, 30, 3), np.float32)
    views = np.zeros((count, 3, 3), np.float32)
    for chosen in passes(count, sightings.rate):
        part = points[chosen], confidence[chosen], seen[chosen]
        found = ask(*part)
        own, own_variance = to_camera(found)
        other, other_variance = to_camera(ask(*_mirrored_sight(*part)))
        joints[chosen] = (own + _mirrored(other, _JOINT_PARTNERS)) / 2
        spread[chosen] = np.sqrt((own_variance + other_variance[:, _JOINT_PARTNERS]) / 2)
        views[chosen] = found.views
    return Lifted(joints, spread, joints_seen(seen), joint_confidence(confidence), views, sightings.rate)


def passes(count: int, rate: float) -> Iterator[slice]:
    """The frames of each pass over `count` frames at `rate` frames a second, so that a pass is near the networks' rate."""
    stride = max(1, round(rate / RATE))
    for phase in range(min(stride, count)):
        yield slice(phase, None, stride)


def to_camera(answer: Answer) -> tuple[np.ndarray, np.ndarray]:
    """The answer's joints and variances along the camera's axes, `[T, 30, 3]` each.

    Of the turned covariance V^T diag(variance) V the diagonal is kept.
    """
    return answer.joints @ answer.views, answer.variance @ np.square(answer.views)


def _check(sightings: Sightings) -> None:
    count = len(sightings.points)
    shapes = (sightings.points.shape, sightings.confidence.shape, sightings.seen.shape)
    if count == 0:
        raise ValueError("A clip without frames cannot be lifted.")
    if shapes != ((count, len(POINTS), 2), (count, len(POINTS)), (count, len(POINTS))):
        raise ValueError(f"Sightings are of {len(POINTS)} points in every frame; these have the shapes {shapes}.")
    seen = sightings.seen
    if not (np.isfinite(sightings.points[seen]).all() and np.isfinite(sightings.confidence[seen]).all()):
        raise ValueError("A point that is seen has a place and a confidence; one of these is no finite number.")


def _mirrored_sight(points: np.ndarray, confidence: np.ndarray, seen: np.ndarray) -> tuple[np.ndarray, ...]:
    """The same subject in a mirror: left is right, and x runs the other way."""
    return _mirrored(points, _POINT_PARTNERS), confidence[:, _POINT_PARTNERS], seen[:, _POINT_PARTNERS]


def _mirrored(places: np.ndarray, partners: list[int]) -> np.ndarray:
    """Places `[T, P, D]` of points and their partners, mirrored across the middle of the picture."""
    flip = np.ones(places.shape[-1], places.dtype)
    flip[0] = -1.0
    return places[:, partners] * flip
