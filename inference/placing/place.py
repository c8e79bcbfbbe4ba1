"""Where the subject is: its root's path through the whole clip, by reprojection."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...models.skeletons import JOINTS
from ..banded import inverse_blocks, solve_block_tridiagonal
from ..camera import View
from .liveliness import liveliness
from .path_clip import PLACE, SIZE, PathClip, in_camera, path_clip
from .path_settings import PathSettings
from .path_start import path_start
from .path_terms import path_system

# Rounds of the solver, and those after which the liveliness is measured again and feet are held.
_PATH_ROUNDS = 9
_LIVELY_ROUNDS = (2, 3, 4, 5)
_FEET_FROM = 3


@dataclass(frozen=True, slots=True)
class RootPath:
    """The pelvis in the camera frame. root: `[T, 3]` metres. sigma: `[T, 3]` standard deviations in metres.

    sigma leaves out what is off by the same share in all frames, as the subject's height or the focal length may be.
    """

    root: np.ndarray
    sigma: np.ndarray


def root_path(
    joints: np.ndarray,
    belief: np.ndarray,
    slopes: np.ndarray,
    present: np.ndarray,
    times: np.ndarray,
    settings: PathSettings,
    spread: np.ndarray | None = None,
    view: View | None = None,
) -> RootPath:
    """The pelvis's most likely path through the whole clip.

    joints: `[T, 30, 3]` metres about the pelvis, camera axes, in the subject's true size. belief: `[T, 25]` and slopes:
    `[T, 25, 2]` of `POINTS`. present: `[T]` bool. times: `[T]` seconds, rising. spread: `[T, 30, 3]` standard deviations
    of the joints in metres, NaN where none is known. view: where the camera was in a world whose floor is z = 0; without
    one the camera stands still and nothing is known of the floor. Raises ValueError for shapes that do not fit, and where
    no point is believed in any frame.

    What is minimised, by Gauss-Newton steps with weights drawn anew (iteratively reweighted least squares, Cauchy): the
    reprojection error of all points against the joints' spread; changes of the root's velocity in the world, a random
    walk as strong as the motion across the view shows (Bar-Shalom et al., Estimation with Applications to Tracking and
    Navigation, 6.2); wandering of the body's size as the lifter sees it, which else would pass for a change of distance;
    slipping of feet that stand still, and their distance from the floor. Frames without evidence are carried by their
    neighbors.
    """
    clip = path_clip(joints, belief * present[:, None], slopes, times, settings, spread, view)
    state = path_start(clip, settings)
    lively = np.full((len(times) - 1, 3), settings.lively)
    system = path_system(clip, state, lively, settings, feet=False)
    for number in range(_PATH_ROUNDS):
        state = _recentered(clip, state + solve_block_tridiagonal(system.diagonal, system.off, system.right))
        if number in _LIVELY_ROUNDS and len(lively):
            lively = liveliness(clip, state, lively, system.evidence, settings)
        system = path_system(clip, state, lively, settings, feet=number + 1 >= _FEET_FROM)
    covariance = inverse_blocks(system.diagonal, system.off)[:, PLACE, PLACE]
    turned = np.swapaxes(clip.turns, -1, -2) @ covariance @ clip.turns
    root = in_camera(clip, state)
    slow = (settings.size_slow * root) ** 2 + _pelvis_doubt(joints, spread, settings) ** 2
    return RootPath(root, np.sqrt(np.diagonal(turned, axis1=-2, axis2=-1) + slow))


def _recentered(clip: PathClip, state: np.ndarray) -> np.ndarray:
    """The same picture with the body at its true size in the mean: its distance scales with its size."""
    mean = np.average(state[:, SIZE], weights=clip.trust.sum(axis=1))
    away = (state[:, PLACE] - clip.centers) * np.exp(-mean)
    result = state.copy()
    result[:, PLACE] = clip.centers + away
    result[:, SIZE] -= mean
    return result


def _pelvis_doubt(joints: np.ndarray, spread: np.ndarray | None, settings: PathSettings) -> np.ndarray:
    """`[T, 3]` metres by which the pelvis is off within the body that is placed, which no point can tell."""
    hips = [JOINTS.index("hip.L"), JOINTS.index("hip.R")]
    doubt = np.full((len(joints), 3), settings.doubt)
    if spread is not None:
        doubt = np.where(np.isfinite(spread[:, hips]), spread[:, hips], settings.doubt).mean(axis=1)
    return settings.pelvis * doubt
