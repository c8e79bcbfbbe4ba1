"""What the root's path is weighed by: the sights, the motion, the body's size, standing feet and the floor."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..along_time import durations
from .path_clip import FOOT_POINTS, PLACE, SIZE, UNKNOWNS, PathClip, in_camera
from .path_settings import PathSettings
from .still_feet import how_still

# Precision in every unknown that does nothing where there is evidence, and keeps the system solvable where there is none.
_FAINT = 1e-6
# How high above the floor the joints of a standing foot may be, in metres: what is found beyond is a wrong floor.
_SOLE = (-0.03, 0.08)


@dataclass(frozen=True, slots=True)
class PathSystem:
    """Normal equations: diagonal `[T, 7, 7]`, off `[T-1, 7, 7]` and right `[T, 7]` as `solve_block_tridiagonal` takes them.

    evidence: `[T-1]` 1/m², how well the points tell the places of both moments across the view.
    """

    diagonal: np.ndarray
    off: np.ndarray
    right: np.ndarray
    evidence: np.ndarray


def path_system(
    clip: PathClip, state: np.ndarray, lively: np.ndarray, settings: PathSettings, *, feet: bool
) -> PathSystem:
    """What is asked of a step from `state` `[T, 7]`, given how lively `[T-1, 3]` the motion is; feet: whether they are held."""
    system = _sights(clip, state, settings)
    _add_motion(system, clip, state, lively, settings)
    _add_size(system, clip, state, settings)
    if feet:
        _add_feet(system, clip, state, settings)
    return system


def _sights(clip: PathClip, state: np.ndarray, settings: PathSettings) -> PathSystem:
    """The system of the reprojection errors in metres at the subject alone."""
    body = clip.body * np.exp(state[:, SIZE])[:, None, None]
    place = body + in_camera(clip, state)[:, None]
    depth = np.maximum(place[..., 2:], settings.least_depth)
    error = place[..., :2] - clip.slopes * depth
    weights = clip.trust / (clip.variance + np.sum(error**2, axis=-1) / settings.outlier**2)
    slopes = place[..., :2] / depth
    rows = np.zeros((*slopes.shape, UNKNOWNS))
    rows[..., PLACE] = clip.turns[:, None, :, :2].swapaxes(-1, -2) - slopes[..., None] * clip.turns[:, None, None, :, 2]
    rows[..., SIZE] = body[..., :2] - slopes * body[..., 2:]
    weighted = rows * weights[..., None, None]
    count = len(state)
    flat, weighted = rows.reshape(count, -1, UNKNOWNS), weighted.reshape(count, -1, UNKNOWNS)
    diagonal = np.swapaxes(weighted, -1, -2) @ flat + _FAINT * np.eye(UNKNOWNS)
    right = -(np.swapaxes(weighted, -1, -2) @ error.reshape(count, -1, 1))[..., 0]
    evidence = np.minimum(diagonal[1:, 0, 0], diagonal[:-1, 0, 0])
    return PathSystem(diagonal, np.zeros((count - 1, UNKNOWNS, UNKNOWNS)), right, evidence)


def _add(system: PathSystem, between: np.ndarray, slope: np.ndarray) -> None:
    """Add normal equations `[T-1, 14, 14]` and `[T-1, 14]` that each join a moment with the next."""
    system.diagonal[:-1] += between[:, :UNKNOWNS, :UNKNOWNS]
    system.diagonal[1:] += between[:, UNKNOWNS:, UNKNOWNS:]
    system.off[:] += between[:, :UNKNOWNS, UNKNOWNS:]
    system.right[:-1] += slope[:, :UNKNOWNS]
    system.right[1:] += slope[:, UNKNOWNS:]


def _add_motion(
    system: PathSystem, clip: PathClip, state: np.ndarray, lively: np.ndarray, settings: PathSettings
) -> None:
    """The velocity's random walk; where the subject is not yet or no longer seen it comes to rest."""
    count, step = len(clip.steps), clip.steps[:, None]
    identity = np.eye(3)
    fading = np.exp(-clip.steps / settings.coasting)[:, None, None]
    before, after = (clip.coasting == sign for sign in (-1, 1))
    rows = np.zeros((count, 6, 2 * UNKNOWNS))
    rows[:, :3, 0:3], rows[:, :3, 7:10] = -identity, identity
    rows[:, :3, 3:6] = -step[:, None] * identity
    rows[:, 3:, 3:6] = -np.where(after[:, None, None], fading, 1.0) * identity
    rows[:, 3:, 10:13] = np.where(before[:, None, None], fading, 1.0) * identity
    precision = np.zeros((count, 6, 6))
    for axis in range(3):
        strength = lively[:, axis]
        precision[:, axis, axis] = 12.0 / (strength * clip.steps**3)
        precision[:, axis, 3 + axis] = precision[:, 3 + axis, axis] = -6.0 / (strength * clip.steps**2)
        precision[:, 3 + axis, 3 + axis] = 4.0 / (strength * clip.steps)
    between = np.swapaxes(rows, -1, -2) @ precision @ rows
    both = np.concatenate([state[:-1], state[1:]], axis=1)
    _add(system, between, -np.einsum("tab,tb->ta", between, both))


def _add_size(system: PathSystem, clip: PathClip, state: np.ndarray, settings: PathSettings) -> None:
    """The seen size's wandering about the true one (a stationary process of Ornstein and Uhlenbeck)."""
    kept = np.exp(-clip.steps / settings.size_memory)
    rows = np.zeros((len(kept), 2 * UNKNOWNS))
    rows[:, SIZE], rows[:, UNKNOWNS + SIZE] = -kept, 1.0
    precision = 1.0 / (settings.size**2 * (1.0 - kept**2))
    between = precision[:, None, None] * rows[:, :, None] * rows[:, None]
    both = np.concatenate([state[:-1], state[1:]], axis=1)
    _add(system, between, -np.einsum("tab,tb->ta", between, both))
    system.diagonal[0, SIZE, SIZE] += settings.size**-2
    system.right[0, SIZE] -= state[0, SIZE] / settings.size**2


def _add_feet(system: PathSystem, clip: PathClip, state: np.ndarray, settings: PathSettings) -> None:
    """Feet that stand still stay where they are, and on the floor where that is known."""
    feet = np.einsum("tij,tfj->tfi", clip.turns, clip.feet * np.exp(state[:, SIZE])[:, None, None])
    feet += state[:, None, PLACE]
    standing = how_still(clip, feet, settings)
    slipped = np.diff(feet, axis=0)
    allowed = settings.slip * clip.steps[:, None]
    share = np.minimum(standing[1:], standing[:-1]) ** 2 / len(FOOT_POINTS) * 2
    hold = share / (allowed + np.sum(slipped**2, axis=-1) / settings.outlier**2)
    between = np.zeros((len(slipped), 2 * UNKNOWNS, 2 * UNKNOWNS))
    for axis in range(3):
        for row, column, sign in ((0, 0, 1), (7, 7, 1), (0, 7, -1), (7, 0, -1)):
            between[:, row + axis, column + axis] = sign * hold.sum(axis=1)
    pull = np.einsum("tf,tfi->ti", hold, slipped)
    slope = np.zeros((len(slipped), 2 * UNKNOWNS))
    slope[:, 0:3], slope[:, 7:10] = pull, -pull
    _add(system, between, slope)
    if clip.floored:
        _add_floor(system, clip, feet[..., 2], standing, settings)


def _add_floor(
    system: PathSystem, clip: PathClip, heights: np.ndarray, standing: np.ndarray, settings: PathSettings
) -> None:
    """Standing feet, `heights` `[T, 4]` above the floor, are where each of their joints usually is above it."""
    usual = np.sum(standing * heights, axis=0) / np.maximum(standing.sum(axis=0), 1e-9)
    lifted = heights - np.clip(usual, *_SOLE)
    fresh = np.minimum(1.0, durations(clip.times, settings.floor_memory) / settings.floor_memory)
    share = standing * fresh[:, None] / len(FOOT_POINTS) * 2
    hold = share / (settings.floor**2 + lifted**2 / settings.outlier**2)
    system.diagonal[:, 2, 2] += hold.sum(axis=1)
    system.right[:, 2] -= np.sum(hold * lifted, axis=1)
