"""Turns in space as what is keyed: each bone's own rotation and location, whatever it inherits."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..inference import rotations as rot
from .target import TargetRest

_STILL = np.array([1.0, 0.0, 0.0, 0.0])


def local_rotation(bone: int, turns: Mapping[int, np.ndarray], target: TargetRest, rest: np.ndarray) -> np.ndarray:
    """`[T, 4]` a bone's rotation in the axes of its rest matrix, without what it inherits.

    turns: by bone the turn `[T, 4]` in armature space from rest to pose; bones that have none rest on what carries them.
    rest: the bone's rest matrix as a quaternion.
    """
    inherited = _inherited(bone, turns, target)
    own = rot.multiply(rot.conjugate(inherited), turns[bone]) if inherited is not _STILL else turns[bone]
    return own @ _in_axes(rest)


def local_location(
    bone: int, turns: Mapping[int, np.ndarray], heads: Mapping[int, np.ndarray], target: TargetRest
) -> np.ndarray:
    """The bone's `location` `[T, 3]` that brings its head to where it belongs, whatever the bones above it do.

    heads: by bone the place `[T, 3]` of its head in armature space, of all bones that have a location.
    """
    turn, head = posed_bone(target.carrier(bone), turns, heads, target)
    carried = head + rot.rotate(turn, target.heads[bone] - _rest_head(target.carrier(bone), target))
    return rot.rotate(rot.conjugate(turn), heads[bone] - carried) @ target.location_axes(bone)


def _in_axes(rest: np.ndarray) -> np.ndarray:
    """`[4, 4]` that takes quaternions, as rows, into the axes of `rest` `[4]`."""
    result = np.eye(4)
    result[1:, 1:] = rot.to_matrix(rest)
    return result


def _inherited(bone: int, turns: Mapping[int, np.ndarray], target: TargetRest) -> np.ndarray:
    """The turn that the bone inherits: that of the nearest bone above that is turned, through bones that inherit."""
    while target.turns_along(bone) and (bone := target.carrier(bone)) >= 0:
        if bone in turns:
            return turns[bone]
    return _STILL


def posed_bone(
    bone: int, turns: Mapping[int, np.ndarray], heads: Mapping[int, np.ndarray], target: TargetRest
) -> tuple[np.ndarray, np.ndarray]:
    """A bone's turn `[..., 4]` and head `[..., 3]` in armature space; bones that are not keyed rest on what carries them."""
    if bone < 0:
        return _STILL, np.zeros(3)
    if bone in heads:
        return turns[bone], heads[bone]
    above = target.carrier(bone)
    turn, head = posed_bone(above, turns, heads, target)
    head = head + rot.rotate(turn, target.heads[bone] - _rest_head(above, target))
    if bone in turns:
        return turns[bone], head
    return (turn if target.turns_along(bone) else _STILL), head


def _rest_head(bone: int, target: TargetRest) -> np.ndarray:
    return target.heads[bone] if bone >= 0 else np.zeros(3)
