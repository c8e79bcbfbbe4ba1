"""Sightings in the form that the trained lifters read: turned toward the subject, of size one, with what is known of gaps.

The same code serves the training and the product, so that the networks meet the numbers they were trained on.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..models.skeletons import JOINTS, POINTS
from .sightings import Neighbors, bridge, neighbors

_TRUNK = [POINTS.index(name) for name in ("shoulder.L", "shoulder.R", "hip.L", "hip.R")]
_BODY = [
    POINTS.index(f"{part}.{side}")
    for side in ("L", "R")
    for part in ("shoulder", "elbow", "wrist", "hip", "knee", "ankle")
]
# The landmarks behind the joints that are no landmark of their own (`lift.combine`).
_MADE_OF = {
    "pelvis": ("hip.L", "hip.R"),
    "spine": ("hip.L", "hip.R", "shoulder.L", "shoulder.R"),
    "thorax": ("shoulder.L", "shoulder.R"),
    "neck": ("ear.L", "ear.R", "nose"),
    "head": ("ear.L", "ear.R", "nose"),
}
_NEEDS = np.array([[point in _MADE_OF.get(joint, (joint,)) for point in POINTS] for joint in JOINTS])

# Frames on each side over which the subject's middle and size are averaged, so that one bad point cannot make them jump.
_STEADY = 7
# Frames after which the distance to the nearest sight hardly grows any more for the networks.
_REACH = 20.0
# Normalised coordinates beyond this are detector failures.
_FAR = 6.0
_LEAST_SIZE = 1e-3

FEATURES = 6 * len(POINTS) + 3
"""Numbers a frame: x, y, seen, confidence and two distances for each point; size and the middle's speed."""


@dataclass(frozen=True, slots=True)
class Features:
    """Input of a lifter's network; leading axes `[..., T]`.

    values: `[..., T, FEATURES]` float32. points: the first two of a point's numbers, `[..., T, 25, 2]`, in which the
    subject is turned to the optical axis and of size one, 0 where out of sight. point_gaps and joint_gaps: nearest
    sights of the 25 points and of the 30 joints. views: `[..., T, 3, 3]` rotation from the camera's axes to those of
    the view that looks straight at the subject. size: `[..., T]` slopes to one unit of `points`.
    """

    values: np.ndarray
    points: np.ndarray
    point_gaps: Neighbors
    joint_gaps: Neighbors
    views: np.ndarray
    size: np.ndarray


def features(points: np.ndarray, confidence: np.ndarray, seen: np.ndarray) -> Features:
    """Network input for slopes `points` `[..., T, 25, 2]`, `confidence` `[..., T, 25]` and `seen` `[..., T, 25]` bool."""
    points = np.where(seen[..., None], points, 0.0).astype(np.float32)
    gaps = neighbors(seen)
    ever = seen.any(axis=-2, keepdims=True) & np.ones_like(seen)
    whole = bridge(points, gaps)
    middle = _steady(_mean(whole, ever, _TRUNK))
    views = _looking_at(middle)
    turned = _turn(whole, views)
    size = _size(turned, ever)
    shown = np.where(seen[..., None], np.clip(turned / size[..., None, None], -_FAR, _FAR), 0.0)
    frames = np.arange(seen.shape[-2])[:, None]
    since = np.where(ever, 1.0 - np.exp((gaps.before - frames) / _REACH), 1.0)
    until = np.where(ever, 1.0 - np.exp((frames - gaps.after) / _REACH), 1.0)
    moving = np.gradient(middle, axis=-2) if seen.shape[-2] > 1 else np.zeros_like(middle)
    speed = moving / size[..., None]
    per_point = np.stack([shown[..., 0], shown[..., 1], seen, confidence * seen, np.abs(since), np.abs(until)], axis=-1)
    values = np.concatenate(
        [per_point.reshape(*seen.shape[:-1], -1), np.log(size)[..., None] + 1.0, 10.0 * speed], axis=-1
    )
    return Features(
        values=values.astype(np.float32),
        points=shown.astype(np.float32),
        point_gaps=gaps,
        joint_gaps=neighbors(joints_seen(seen)),
        views=views,
        size=size,
    )


def joints_seen(seen: np.ndarray) -> np.ndarray:
    """`[..., 30]` bool: a joint is seen where every landmark that it is made of is in `seen` `[..., 25]`."""
    return ~((~seen).astype(np.float32) @ _NEEDS.T.astype(np.float32) > 0)


def joint_shares() -> np.ndarray:
    """`[30, 25]` share of each point in where a joint is in the picture: evenly from all that it is made of."""
    return (_NEEDS / _NEEDS.sum(axis=1, keepdims=True)).astype(np.float32)


def joint_confidence(confidence: np.ndarray) -> np.ndarray:
    """`[..., 30]`: a joint is believed as far as the least believed landmark that it is made of, of `[..., 25]`."""
    return np.where(_NEEDS, confidence[..., None, :], 1.0).min(axis=-1)


def _mean(points: np.ndarray, known: np.ndarray, chosen: list[int]) -> np.ndarray:
    """Mean `[..., T, 2]` over the chosen points that are known, over all that are known where none of them is."""
    weights = np.where(known[..., chosen], 1.0, 0.0).astype(np.float32)
    spare = np.where(known, 1e-6, 0.0).astype(np.float32)
    total = np.einsum("...p,...pd->...d", weights, points[..., chosen, :])
    total = total + np.einsum("...p,...pd->...d", spare, points)
    return total / np.maximum(weights.sum(-1) + spare.sum(-1), 1e-9)[..., None]


def _size(turned: np.ndarray, known: np.ndarray) -> np.ndarray:
    """`[..., T]` steady root mean square distance of the body's large joints from the optical axis."""
    weights = np.where(known[..., _BODY], 1.0, 0.0).astype(np.float32)
    square = np.clip((turned[..., _BODY, :] ** 2).sum(-1), 0.0, 4.0)
    mean = (weights * square).sum(-1) / np.maximum(weights.sum(-1), 1.0)
    return np.maximum(np.sqrt(_steady(mean[..., None])[..., 0]), _LEAST_SIZE)


def _steady(values: np.ndarray) -> np.ndarray:
    """`values` `[..., T, D]` averaged over the frames around each, fewer at the ends."""
    total = np.cumsum(np.concatenate([np.zeros_like(values[..., :1, :]), values], axis=-2), axis=-2, dtype=np.float64)
    count = values.shape[-2]
    frames = np.arange(count)
    first, last = np.maximum(frames - _STEADY, 0), np.minimum(frames + _STEADY + 1, count)
    width = (last - first)[:, None]
    return ((total[..., last, :] - total[..., first, :]) / width).astype(values.dtype)


def _looking_at(middle: np.ndarray) -> np.ndarray:
    """Rotations `[..., 3, 3]` from the camera's axes to a view along the rays with slopes `middle` `[..., 2]`, no roll."""
    ahead = np.concatenate([middle, np.ones_like(middle[..., :1])], axis=-1)
    ahead /= np.linalg.norm(ahead, axis=-1, keepdims=True)
    # x stays level: the cross product of the picture's down (0, 1, 0) and the ray
    right = np.stack([ahead[..., 2], np.zeros_like(ahead[..., 0]), -ahead[..., 0]], axis=-1)
    right /= np.linalg.norm(right, axis=-1, keepdims=True)
    return np.stack([right, np.cross(ahead, right), ahead], axis=-2)


def _turn(slopes: np.ndarray, views: np.ndarray) -> np.ndarray:
    """Slopes `[..., P, 2]` as the turned view sees them; rays more than 80 degrees aside are cut there."""
    turned = slopes @ np.swapaxes(views[..., :, :2], -1, -2) + views[..., None, :, 2]
    return turned[..., :2] / np.maximum(turned[..., 2:], 0.17)


def seen_as(points: np.ndarray, like: Features) -> np.ndarray:
    """Slopes `[..., T, 25, 2]` in the form of `Features.points`: turned and scaled as those were."""
    turned = _turn(points.astype(np.float32), like.views)
    return np.clip(turned / like.size[..., None, None], -_FAR, _FAR)
