"""Footage of several cameras as a teacher: what each camera alone gives a lifter to read, and what all of them know better."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..errors import TrainingDataError
from ..inference.guidance import GuidanceSettings
from ..inference.guided import guided
from ..inference.lift import combine
from ..inference.refine_graph import how_far
from ..inference.sight_features import joint_confidence, joints_seen
from ..inference.sightings import Sightings
from ..models.skeletons import JOINTS, STATURE
from .calibrated_footage import View, sighted
from .calibrated_footage import joint_confidence as track_confidence
from .clips import RATE
from .fit_landmarks import proportions
from .triangulation import TriangulationSettings, rig, weighted_triangulation

# A view takes part in the triangulation where its detector is at least so sure of a joint.
_SURE = 0.5
# Joints trusted at least so far tell how tall the subject is.
_TRUSTED = 0.2


@dataclass(frozen=True, slots=True)
class Sight:
    """What a lifter and the refiner after it read, N clips of T frames.

    values: `[N, T, 128]`, the lifter's (`inference.guided`). confidence, seen, near: `[N, T, 30]`, the refiner's; seen is 0
    or 1, near from 0 in sight to 1 far from any sight in time.
    """

    values: Tensor
    confidence: Tensor
    seen: Tensor
    near: Tensor


@dataclass(frozen=True, slots=True)
class Unlabelled:
    """One subject before C cameras at `clips.RATE`; T frames.

    sight: the C views. turn: `[C, T, 3, 3]` from the axes of each view to the world's, for rows. target: `[T, 30, 3]`
    metres about the pelvis in the world, of the subject as if `STATURE` tall, for that is how tall the networks take
    everybody to be. weights: `[T, 30]` 0 to 1, how far the target may be trusted.
    """

    sight: Sight
    turn: Tensor
    target: Tensor
    weights: Tensor


def sight(values: np.ndarray, confidence: np.ndarray, seen: np.ndarray) -> Sight:
    """What is read of `values` `[N, T, 128]`, with the confidence `[N, T, 25]` and sights `[N, T, 25]` bool behind them."""
    known = joints_seen(seen)
    sure = joint_confidence(np.where(seen, confidence, 0.0))
    return Sight(*(torch.from_numpy(part.astype(np.float32)) for part in (values, sure, known, how_far(known))))


def unlabelled(
    found: Sequence[View], guidance: GuidanceSettings, triangulation: TriangulationSettings
) -> tuple[Unlabelled, ...]:
    """What the views `found` of one subject teach, in as many interleaved parts as the footage is faster than `RATE`.

    Raises TrainingDataError where the views do not agree on enough of the subject to tell its size.
    """
    places, weights = _agreed(found, triangulation)
    target = (places - places[:, :1]) / taller(np.where(weights[..., None] >= _TRUSTED, places, np.nan))
    weights = weights * weights[:, :1]
    seen = [sighted(view) for view in found]
    stride = max(1, round(seen[0].rate / RATE))
    return tuple(_part(found, seen, guidance, target, weights, slice(phase, None, stride)) for phase in range(stride))


def taller(joints: np.ndarray) -> float:
    """How many times as tall as `STATURE` the subject is, of joints `[T, 30, 3]` in metres, NaN where unknown.

    Raises TrainingDataError where too few are known.
    """
    with warnings.catch_warnings():
        # of joints that are known in no frame
        warnings.simplefilter("ignore", RuntimeWarning)
        ratio = proportions(joints)["stature"] / STATURE
    if not np.isfinite(ratio):
        raise TrainingDataError("The views agree on too little of the subject to tell its size. Choose other cameras.")
    return ratio


def _agreed(found: Sequence[View], settings: TriangulationSettings) -> tuple[np.ndarray, np.ndarray]:
    """Joints `[T, 30, 3]` in metres in the world by weighted triangulation, and their weights `[T, 30]`."""
    slopes = [view.camera.rays(combine(view.track.landmarks[..., :2].astype(float))) for view in found]
    sure = np.stack([track_confidence(view.track) for view in found])
    # the crown is no landmark, and what stands for it in the picture lies between the ears
    sure[..., JOINTS.index("head")] = 0.0
    sights = torch.from_numpy(np.where(sure >= _SURE, sure, 0.0))
    cameras = rig([view.camera for view in found])
    agreed = weighted_triangulation(torch.from_numpy(np.stack(slopes)), sights, cameras, settings)
    return agreed.places.numpy(), agreed.weights.numpy()


def _part(
    found: Sequence[View],
    seen: Sequence[Sightings],
    guidance: GuidanceSettings,
    target: np.ndarray,
    weights: np.ndarray,
    frames: slice,
) -> Unlabelled:
    points, confidence, known = (
        np.stack([getattr(one, name)[frames] for one in seen]) for name in ("points", "confidence", "seen")
    )
    given = guided(points, confidence, known, guidance)
    turn = given.views @ np.stack([view.camera.rotation for view in found])[:, None]
    return Unlabelled(
        sight(given.values, confidence, known),
        torch.from_numpy(turn.astype(np.float32)),
        torch.from_numpy(target[frames].astype(np.float32)),
        torch.from_numpy(weights[frames].astype(np.float32)),
    )
