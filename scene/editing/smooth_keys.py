"""Smoothing that goes by confidence: what was guessed is led along what was seen, which hardly moves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import bpy
import numpy as np

from ...inference import rotations as rot
from ...inference.along_time import stretches
from ...inference.aside import aside
from ...inference.banded import solve_block_tridiagonal
from ...inference.progress import Progress, Work
from .bone_curves import beside, to_quaternions
from .key_errors import Channels, pose_of
from .key_points import NEAR, Keys, read_keys, write_all
from .keyed_pose import KeyedPose, read_pose
from .steps import legs, standing

# Weight of a value that must stay, beside one of which nothing is known.
_FIRM = 1e9
# How steeply trust grows with confidence, and what is left of it at none.
_STEEP, _LEAST = 4, 0.05


@dataclass(frozen=True, slots=True)
class SmoothSettings:
    """How keys are smoothed.

    seconds: what is shorter than this is taken out where confidence is low; longer movements stay. bones, first, last: as in
    `ReduceSettings`. keep_contacts: legs, and what carries them, keep their pose in frames in which their foot stands.
    """

    seconds: float = 0.3
    bones: frozenset[str] | None = None
    first: int | None = None
    last: int | None = None
    keep_contacts: bool = True


@dataclass(frozen=True, slots=True)
class Smoothed:
    """How many bones were smoothed, and the greatest turn of one of them in radians."""

    bones: int
    turned: float


def smooth_keys(target: bpy.types.Object, settings: SmoothSettings) -> Work[Smoothed]:
    """Smooth the keys that a capture made on the target's action: their values change, not their frames.

    Forward and backward in time are one, so nothing comes late. Rotations are smoothed as rotations, whatever the rotation mode. First and last
    frame of the range, and of every stretch in which the subject is present, keep their values. Closing the work leaves all as it was.
    Raises RigError where there is nothing to smooth.
    """
    there = yield from read_pose(target, settings.bones, settings.first, settings.last)
    stretch = [slice(*ends) for ends in stretches(there.sure.max(axis=1) > 0)]
    still = {}
    if settings.keep_contacts:
        still = yield from aside(lambda: _standing(there, stretch), Progress("smooth", 0, None, "Looking for steps"))
    stiffness = (settings.seconds * there.rate / (2 * np.pi)) ** 4
    greatest = 0.0
    moved = []
    for number, one in enumerate(there.channels):
        if not one.free:
            continue
        yield Progress("smooth", number, len(there.channels), "Smoothing keys")
        trust = _trust(there.sure[:, one.bone])
        trust[still.get(one.bone, np.zeros(len(trust), dtype=bool))] = _FIRM
        new = one.goal.copy()
        for part in stretch:
            new[part] = _smoothed(one, part, trust[part], stiffness)
        if one.mode:
            turn = rot.multiply(to_quaternions(new, one.mode), rot.conjugate(to_quaternions(one.goal, one.mode)))
            greatest = max(greatest, float(2 * np.arcsin(np.clip(np.linalg.norm(turn[:, 1:], axis=1), 0, 1)).max()))
        moved += _moved_keys(there, one, new - one.goal, stretch)
    yield from write_all(moved)
    bpy.context.scene.frame_set(bpy.context.scene.frame_current)
    return Smoothed(len({one.bone for one in there.channels if one.free}), greatest)


def _trust(sure: np.ndarray) -> np.ndarray:
    """`[T]` how firmly each value is held to: hardly at all where it was guessed, past all smoothing where it is sure."""
    odds = sure / np.maximum(1.0 - sure, 1e-3)
    return np.clip(odds**_STEEP, _LEAST, _FIRM)


def _smoothed(one: Channels, part: slice, trust: np.ndarray, stiffness: float) -> np.ndarray:
    """`[T, C]` numbers of the channels that bend least in time and stay near what is trusted, ends as they are.

    (Whittaker, On a new method of graduation, 1923, with a weight for each value.)
    """
    goal = one.goal[part]
    if len(goal) < 4:
        return goal
    weights = trust.copy()
    weights[[0, -1]] = _FIRM
    if not one.mode:
        return _bent_least(goal, weights, stiffness)
    turns = rot.continuous(to_quaternions(goal, one.mode))
    return beside(rot.normalize(_bent_least(turns, weights, stiffness)), one.mode, goal)


def _bent_least(values: np.ndarray, weights: np.ndarray, stiffness: float) -> np.ndarray:
    """The curve `[T, C]` with the least sum of weighted squares to `values` and of `stiffness` times squares of its second differences.

    Two frames make one moment of the banded system, since a second difference reaches over three.
    """
    count = len(values)
    size = count + count % 2
    second = stiffness * np.array([1.0, -2.0, 1.0])[:, None] * np.array([1.0, -2.0, 1.0])
    matrix = np.zeros((size, 5))
    matrix[:count, 2] = weights
    matrix[count:, 2] = 1.0
    for row in range(3):
        for column in range(3):
            matrix[row : row + count - 2, 2 + column - row] += second[row, column]
    moments = size // 2
    diagonal, off = np.zeros((moments, 2, 2)), np.zeros((max(moments - 1, 0), 2, 2))
    for row in range(2):
        for column in range(2):
            diagonal[:, row, column] = matrix[row::2, 2 + column - row]
            if (away := 2 + column - row) <= 2:
                off[:, row, column] = matrix[row::2, 2 + away][:-1]
    right = np.zeros((size, values.shape[1]))
    right[:count] = weights[:, None] * values
    solved = solve_block_tridiagonal(diagonal, off, right.reshape(moments, 2, -1))
    return solved.reshape(size, -1)[:count]


def _standing(there: KeyedPose, stretch: list[slice]) -> dict[int, np.ndarray]:
    """By bone, the frames `[T]` in which a foot that it carries stands."""
    found: dict[int, np.ndarray] = {}
    sides = legs(there.poser, there.fit).values()
    for part in stretch:
        posed = pose_of(there.poser, there.channels, [one.goal[part] for one in there.channels])
        for leg in sides:
            stands = standing(there.poser, posed, leg, there.rate)
            for bone in {*leg, *there.poser.above(leg[-1])}:
                found.setdefault(bone, np.zeros(len(there.frames), dtype=bool))[part] |= stands
    return found


def _moved_keys(
    there: KeyedPose, one: Channels, shift: np.ndarray, stretch: list[slice]
) -> Iterator[tuple[bpy.types.FCurve, Keys]]:
    """The keys, with their handles, moved by `shift` `[T, C]` where they are in one of the stretches."""
    for index, fcurve in there.fcurves(one).items():
        keys = read_keys(fcurve)
        for part in stretch:
            frames = there.frames[part]
            inside = (keys.frames > frames[0] - NEAR) & (keys.frames < frames[-1] + NEAR)
            moved = np.interp(keys.frames[inside], frames, shift[part, index])
            for name in ("co", "handle_left", "handle_right"):
                keys.values[name][inside, 1] += moved.astype(np.float32)
        yield fcurve, keys
