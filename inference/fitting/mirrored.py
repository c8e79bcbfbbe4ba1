"""Limbs mirrored in depth: the other pose that looks the same in the picture."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ...models.skeletons import BONE_NAMES, JOINTS
from .. import rotations as rot
from ..camera import View
from .kinematics import State

# The bones of each limb, each with the joints that it lies between.
_LIMBS = tuple(
    tuple((f"{bone}.{side}", f"{head}.{side}", f"{tail}.{side}") for bone, head, tail in limb)
    for side in ("L", "R")
    for limb in (
        (("upper_arm", "shoulder", "elbow"), ("forearm", "elbow", "wrist"), ("hand", "wrist", "index")),
        (("thigh", "hip", "knee"), ("shin", "knee", "ankle"), ("foot", "ankle", "toe")),
    )
)
# Energy that it costs a limb to change between one way and the other, so that it does not flicker.
_CHANGE = 20.0


def mirrored_limbs(state: State, view: View, energies: Callable[[State], np.ndarray]) -> State | None:
    """The state with limbs mirrored in depth where that explains more; None where it does nowhere.

    energies: `[T]` of a state. Each limb by itself: the likeliest course between both ways (Viterbi, 1967).
    """
    usual = energies(state)
    matrices, any_changed = state.matrices.copy(), False
    for limb in _LIMBS:
        bones = np.array([BONE_NAMES.index(bone) for bone, _, _ in limb])
        other = _mirrored(state, view, limb)
        gain = usual - energies(State.of(state.offsets, state.root, other, state.sizes))
        chosen = _course(gain)
        matrices[np.ix_(np.flatnonzero(chosen), bones)] = other[np.ix_(np.flatnonzero(chosen), bones)]
        any_changed |= bool(chosen.any())
    return State.of(state.offsets, state.root, matrices, state.sizes) if any_changed else None


def _mirrored(state: State, view: View, limb: tuple[tuple[str, str, str], ...]) -> np.ndarray:
    """The bones' rotations `[T, 18, 3, 3]` with one limb mirrored at the plane across the ray to its upper end."""
    result = state.matrices.copy()
    start = state.joints[:, JOINTS.index(limb[0][1])] + state.root
    ray = rot.normalize(start - view.positions)
    for bone, head, tail in limb:
        along = state.joints[:, JOINTS.index(tail)] - state.joints[:, JOINTS.index(head)]
        across = along - 2.0 * np.sum(along * ray, axis=-1, keepdims=True) * ray
        index = BONE_NAMES.index(bone)
        result[:, index] = rot.to_matrix(rot.between(along, across)) @ result[:, index]
    return result


def _course(gain: np.ndarray) -> np.ndarray:
    """`[T]` bool: the course with the greatest sum of `gain` `[T]` where it is True, less `_CHANGE` for every change."""
    came = np.zeros((len(gain), 2), int)
    score = np.array([0.0, gain[0]])
    for frame in range(1, len(gain)):
        reached = score[:, None] - _CHANGE * (1.0 - np.eye(2))
        came[frame] = reached.argmax(axis=0)
        score = reached.max(axis=0) + np.array([0.0, gain[frame]])
    course = np.zeros(len(gain), bool)
    way = int(score.argmax())
    for frame in range(len(gain) - 1, -1, -1):
        course[frame] = bool(way)
        way = int(came[frame, way])
    return course
