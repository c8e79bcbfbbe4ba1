"""Which feet stand still, as far as the picture tells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...models.skeletons import POINTS
from .. import rotations as rot
from ..along_time import blurred
from .path_clip import FOOT_POINTS, PathClip, path_clip
from .path_settings import PathSettings

_ANKLE_POINTS = [POINTS.index(name) for name in ("ankle.L", "ankle.R", "ankle.L", "ankle.R")]


@dataclass(frozen=True, slots=True)
class Feet:
    """Heels and toes, the left before the right. places: `[T, 4, 3]` metres in the camera frame.

    standing: `[T, 4]` 0 to 1, how far each stands still.
    """

    places: np.ndarray
    standing: np.ndarray


def standing_feet(
    joints: np.ndarray,
    root: np.ndarray,
    belief: np.ndarray,
    slopes: np.ndarray,
    times: np.ndarray,
    settings: PathSettings,
) -> Feet:
    """The feet of a subject whose pelvis is at `root` `[T, 3]` before a camera that stands still; the rest as `root_path`."""
    clip = path_clip(joints, belief, slopes, times, settings, None, None)
    feet = clip.feet + root[:, None]
    return Feet(feet, how_still(clip, feet, settings))


def how_still(clip: PathClip, feet: np.ndarray, settings: PathSettings) -> np.ndarray:
    """`[T, 4]` 0 to 1: how far each foot's point stands, by how fast its ray moves at the depth of `feet` `[T, 4, 3]`.

    A foot whose own joint is off along the ray still shows in the picture that it does not move. Where its point is not
    believed the ankle's has to do.
    """
    depth = np.einsum("tfi,ti->tf", feet - clip.centers[:, None], clip.turns[..., 2])[..., None]
    own, ankle = clip.trust[:, FOOT_POINTS], settings.ankle * clip.trust[:, _ANKLE_POINTS]
    slopes = np.where((own >= ankle)[..., None], clip.slopes[:, FOOT_POINTS], clip.slopes[:, _ANKLE_POINTS])
    rays = np.einsum("tij,tfj->tfi", clip.turns, np.concatenate([slopes, np.ones_like(depth)], axis=-1))
    places = clip.centers[:, None] + depth * rays
    if len(places) < 2:
        return np.zeros(places.shape[:2])
    velocity = np.gradient(blurred(places, clip.times, 0.05), clip.times, axis=0)
    away = rot.normalize(rays)
    across = velocity - np.sum(velocity * away, axis=-1, keepdims=True) * away
    standing = np.exp(-np.sum(across**2, axis=-1) / settings.still**2) * np.maximum(own, ankle)
    if clip.floored:
        standing *= np.exp(-((np.maximum(feet[..., 2] - 0.1, 0.0) / 0.1) ** 2))
    return standing
