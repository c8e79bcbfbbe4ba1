"""One clip as the search for the root's path reads it, and what is unknown of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...models.skeletons import JOINTS, POINT_JOINTS, POINTS
from ..camera import View
from .path_settings import PathSettings

FOOT_POINTS = [POINTS.index(name) for name in ("heel.L", "heel.R", "toe.L", "toe.R")]
"""The points that may stand, in the order of a clip's feet."""
PLACE, VELOCITY, SIZE, UNKNOWNS = slice(0, 3), slice(3, 6), 6, 7
"""A moment's unknowns: the root's place and velocity in the world, and the logarithm of the body's size as it is seen."""

_BODY = list(POINT_JOINTS)
_FOOT_JOINTS = [_BODY[point] for point in FOOT_POINTS]


@dataclass(frozen=True, slots=True)
class PathClip:
    """What stays the same through the rounds; T frames, P points.

    body: `[T, P, 3]` and feet: `[T, 4, 3]` metres about the pelvis, camera axes. trust: `[T, P]`. slopes: `[T, P, 2]`.
    variance: `[T, P]` m² of a point about its joint. times: `[T]`. steps: `[T-1]` seconds. turns `[T, 3, 3]` and centers
    `[T, 3]`: world from camera. up: index of the world's axis that is upright. floored: whether the floor is known.
    coasting: `[T-1]` -1 before the subject is first seen, 1 after it is last seen, 0 between.
    """

    body: np.ndarray
    feet: np.ndarray
    trust: np.ndarray
    slopes: np.ndarray
    variance: np.ndarray
    times: np.ndarray
    steps: np.ndarray
    turns: np.ndarray
    centers: np.ndarray
    up: int
    floored: bool
    coasting: np.ndarray


def path_clip(
    joints: np.ndarray,
    trust: np.ndarray,
    slopes: np.ndarray,
    times: np.ndarray,
    settings: PathSettings,
    spread: np.ndarray | None,
    view: View | None,
) -> PathClip:
    """The clip of `root_path`'s arguments; trust: `[T, 25]`, 0 where the subject is absent. Raises ValueError as that does."""
    count = len(times)
    shapes = {
        "joints": (joints, (len(JOINTS), 3)),
        "belief": (trust, (len(POINTS),)),
        "slopes": (slopes, (len(POINTS), 2)),
    }
    for name, (array, rest) in shapes.items():
        if array.shape != (count, *rest):
            raise ValueError(f"The {name} are {array.shape} where {(count, *rest)} belong.")
    seen = np.nonzero(trust.any(axis=1))[0]
    if len(seen) == 0:
        raise ValueError("No point of the subject is believed in any frame.")
    moments = np.arange(count - 1)
    return PathClip(
        body=joints[:, _BODY].astype(float),
        feet=joints[:, _FOOT_JOINTS].astype(float),
        trust=trust.astype(float),
        slopes=np.where(trust[..., None] > 0, slopes, 0.0).astype(float),
        variance=point_variance(np.where(trust[..., None] > 0, slopes, 0.0), spread, settings),
        times=times.astype(float),
        steps=np.maximum(np.diff(times), 1e-3),
        turns=np.tile(np.eye(3), (count, 1, 1)) if view is None else view.rotations.astype(float),
        centers=np.zeros((count, 3)) if view is None else view.positions.astype(float),
        up=1 if view is None else 2,
        floored=view is not None,
        coasting=np.where(moments < seen[0], -1, np.where(moments >= seen[-1], 1, 0)),
    )


def point_variance(slopes: np.ndarray, spread: np.ndarray | None, settings: PathSettings) -> np.ndarray:
    """`[T, 25]` m² by which points with `slopes` `[T, 25, 2]` miss their joints, across the view and at the subject."""
    doubt = np.full((*slopes.shape[:2], 3), settings.doubt)
    if spread is not None:
        doubt = np.where(np.isfinite(spread[:, _BODY]), spread[:, _BODY], settings.doubt)
    across = (doubt[..., 0] ** 2 + doubt[..., 1] ** 2) / 2
    return across + np.sum(slopes**2, axis=-1) / 2 * doubt[..., 2] ** 2 + settings.noise**2


def in_camera(clip: PathClip, state: np.ndarray) -> np.ndarray:
    """The root `[T, 3]` of a state `[T, 7]` in the camera frame."""
    return np.einsum("tji,tj->ti", clip.turns, state[:, PLACE] - clip.centers)
