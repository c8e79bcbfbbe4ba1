"""How lively the subject moves, as the part of its path across the view shows."""

from __future__ import annotations

import numpy as np

from .. import rotations as rot
from ..along_time import blurred
from .path_clip import PLACE, VELOCITY, PathClip
from .path_settings import PathSettings

# Evidence, in 1/m², that tells a moment's motion as well as it needs to be told.
_EVIDENCE = 1000.0


def liveliness(
    clip: PathClip, state: np.ndarray, before: np.ndarray, evidence: np.ndarray, settings: PathSettings
) -> np.ndarray:
    """`[T-1, 3]` squared acceleration in a hertz along the world's axes, from what the view shows across the rays.

    A smoother of strength q against noise of density r lets pass what is slower than (2q/r)^¼ / 2π hertz, so the squared
    accelerations that it lets pass tell the next q. Motion along the rays is about as lively as that across them.
    """
    acceleration = np.diff(state[:, VELOCITY], axis=0) / clip.steps[:, None]
    rays = (state[:, PLACE] - clip.centers)[1:]
    upright = np.eye(3)[clip.up]
    sideways = rot.normalize(np.cross(rays, upright))
    squares = np.stack([np.sum(acceleration * sideways, axis=-1), acceleration[:, clip.up]], axis=-1) ** 2
    usual = np.stack([before.max(axis=1), before[:, clip.up]], axis=-1)
    noise = 2.0 * clip.steps / np.maximum(evidence, 1.0)
    width = np.minimum((2.0 * usual / noise[:, None]) ** 0.25 / (2 * np.pi), 0.5 / clip.steps[:, None])
    sure = (evidence / (evidence + _EVIDENCE))[:, None]
    middles = (clip.times[1:] + clip.times[:-1]) / 2
    known = blurred(sure, middles, settings.window)
    found = blurred(sure * squares / (2.0 * width), middles, settings.window) / np.maximum(known, 1e-9)
    told = known[:, 0] > 1e-3
    if told.any():
        moments = np.arange(len(found))
        found = np.stack([np.interp(moments, moments[told], column[told]) for column in found.T], axis=-1)
    # what nobody sees may be anything
    across, vertical = settings.least_lively + settings.unseen * (1.0 - sure[:, 0]) ** 4 + found.T
    rays = rot.normalize(rays)
    outward = 1.0 - (1.0 - settings.outward) * rays**2
    result = across[:, None] * outward
    result[:, clip.up] = vertical
    return result
