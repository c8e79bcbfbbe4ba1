"""The f-curves of an armature's pose bones, found again in an action that may have been edited since the bake."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import bpy
import numpy as np

from ...errors import RigError
from ...inference import rotations as rot
from ...retarget.channels import rotation_channel, rotation_channels
from ..actions import Curve, played_bags
from ..names import CONFIDENCE
from .key_points import sampled

_PATH = re.compile(r'pose\.bones\["((?:[^"\\]|\\.)*)"\](?:\.(\w+)|\["((?:[^"\\]|\\.)*)"\])')


@dataclass(frozen=True, slots=True)
class BoneCurves:
    """The live f-curves of one pose bone: by their index those of its rotation mode and its location; its confidence's."""

    rotation: dict[int, bpy.types.FCurve] = field(default_factory=dict)
    location: dict[int, bpy.types.FCurve] = field(default_factory=dict)
    confidence: list[bpy.types.FCurve] = field(default_factory=list)


def bone_curves(target: bpy.types.Object) -> dict[str, BoneCurves]:
    """By name, the f-curves of every bone that a capture keyed on the target's action.

    Raises RigError where the target is no armature, has no action, or no capture made the action.
    """
    if target.type != "ARMATURE":
        raise RigError(f'"{target.name}" is not an armature. Select the armature that was captured onto.')
    animation = target.animation_data
    if animation is None or animation.action is None:
        raise RigError(f'"{target.name}" has no action. Capture or apply a take onto it first.')
    found: dict[str, BoneCurves] = {}
    for fcurve in _live(animation):
        name, prop = split_path(fcurve.data_path)
        if name not in target.pose.bones:
            continue
        curves = found.setdefault(name, BoneCurves())
        if prop == CONFIDENCE:
            curves.confidence.append(fcurve)
        elif prop == "location":
            curves.location[fcurve.array_index] = fcurve
        elif prop == rotation_channel(target.pose.bones[name].rotation_mode):
            curves.rotation[fcurve.array_index] = fcurve
    captured = {name: curves for name, curves in found.items() if curves.confidence}
    if not captured:
        raise RigError(
            f'No capture made the action "{animation.action.name}", so its keys have no confidence. '
            "Choose an action that a capture made, or apply a take."
        )
    return captured


def split_path(data_path: str) -> tuple[str, str]:
    """The bone and the property, custom or not, that an f-curve's data path leads to; both "" where it leads elsewhere."""
    match = _PATH.fullmatch(data_path)
    if match is None:
        return "", ""
    return bpy.utils.unescape_identifier(match[1]), match[2] or bpy.utils.unescape_identifier(match[3])


def ensure_curve(target: bpy.types.Object, curve: Curve) -> bpy.types.FCurve:
    """A new f-curve on the target's action for what `curve` keys, in its group."""
    bag = played_bags(target.animation_data)[0]
    fcurve = bag.fcurves.new(curve.data_path, index=curve.index)
    fcurve.group = bag.groups.get(curve.group) or bag.groups.new(curve.group)
    return fcurve


def chosen_bones(
    target: bpy.types.Object, curves: Mapping[str, BoneCurves], names: frozenset[str] | None
) -> dict[str, BoneCurves]:
    """Those of `curves` whose bones are among `names`, or all where that is None. Raises RigError where none is."""
    chosen = {name: found for name, found in curves.items() if names is None or name in names}
    if not chosen:
        raise RigError(f'None of the selected bones of "{target.name}" has keys of a capture. Select others, or all.')
    return chosen


def range_of(curves: Mapping[str, BoneCurves], first: int | None, last: int | None) -> tuple[int, int]:
    """First and last whole frame that is both keyed and from `first` to `last`. Raises RigError where there is none."""
    start, end = key_range(curves)
    start, end = (start if first is None else max(start, first)), (end if last is None else min(end, last))
    if start > end:
        raise RigError("The range of frames has no keys of the capture. Choose a range in which it has.")
    return start, end


def key_range(curves: Mapping[str, BoneCurves]) -> tuple[int, int]:
    """First and last whole frame that the confidence is keyed on. Raises RigError where it has no keys."""
    ranges = [fcurve.range() for found in curves.values() for fcurve in found.confidence if len(fcurve.keyframe_points)]
    if not ranges:
        raise RigError("The action's confidence has no keys. Apply the take again.")
    return round(min(start for start, _ in ranges)), round(max(end for _, end in ranges))


def confidences(curves: Mapping[str, BoneCurves], frames: np.ndarray) -> np.ndarray:
    """`[T, B]` confidence at `frames` of the bones in their order, 0 to 1."""
    columns = [sampled(found.confidence[0], frames) for found in curves.values()]
    return np.clip(np.stack(columns, axis=1), 0.0, 1.0)


def rotation_values(bone: bpy.types.PoseBone, curves: BoneCurves, frames: np.ndarray) -> np.ndarray:
    """`[T, 3 or 4]` numbers of the bone's rotation at `frames`; what has no f-curve stays as it is posed."""
    return _values(getattr(bone, rotation_channel(bone.rotation_mode)), curves.rotation, frames)


def location_values(bone: bpy.types.PoseBone, curves: BoneCurves, frames: np.ndarray) -> np.ndarray:
    """`[T, 3]` location of the bone at `frames`."""
    return _values(bone.location, curves.location, frames)


def to_quaternions(values: np.ndarray, mode: str) -> np.ndarray:
    """Unit quaternions `[T, 4]` of a rotation mode's numbers `[T, 3 or 4]`, as Blender takes them."""
    if mode == "QUATERNION":
        unit = rot.normalize(values)
        return np.where(np.any(unit != 0, axis=1, keepdims=True), unit, [1.0, 0.0, 0.0, 0.0])
    if mode == "AXIS_ANGLE":
        axis = rot.normalize(values[:, 1:])
        half = np.where(np.any(axis != 0, axis=1, keepdims=True), values[:, :1] / 2, 0.0)
        return np.concatenate([np.cos(half), np.sin(half) * axis], axis=1)
    turn = np.array([1.0, 0.0, 0.0, 0.0])
    for letter in mode:
        axis = "XYZ".index(letter)
        half = np.zeros((len(values), 4))
        half[:, 0], half[:, 1 + axis] = np.cos(values[:, axis] / 2), np.sin(values[:, axis] / 2)
        turn = rot.multiply(half, turn)
    return turn


def beside(rotations: np.ndarray, mode: str, present: np.ndarray) -> np.ndarray:
    """The numbers `[T, 3 or 4]` of unit quaternions `[T, 4]` in a rotation mode, each frame's nearest to `present`'s.

    present: `[T, 3 or 4]` numbers of the same mode, continuous in time. So what is put back among keys that stay does not
    go the long way round to them.
    """
    if mode == "QUATERNION":
        values = rot.continuous(rotations)
        side = np.sum(values * present, axis=1)
        return values * (-1.0 if side[np.argmax(np.abs(side))] < 0 else 1.0)
    values = rotation_channels(rotations, mode)[1]
    if mode == "AXIS_ANGLE":
        flip = np.sum(values[:, 1:] * present[:, 1:], axis=1).sum() < 0
        values = -values if flip else values
        values[:, 0] += _whole_turns(present[:, 0] - values[:, 0])
        return values
    return min(
        (_shifted(one, present) for one in _both_sides(values, mode)), key=lambda one: np.abs(one - present).sum()
    )


def _both_sides(values: np.ndarray, order: str) -> tuple[np.ndarray, np.ndarray]:
    """The two triples of Euler angles that give the same rotations."""
    middle = "XYZ".index(order[1])
    other = values + np.pi
    other[:, middle] = np.pi - values[:, middle]
    return values, other


def _shifted(values: np.ndarray, present: np.ndarray) -> np.ndarray:
    return values + np.stack([_whole_turns(gap) for gap in (present - values).T])


def _whole_turns(gap: np.ndarray) -> float:
    """The whole turns, in radians, that bring most frames nearest."""
    return float(2 * np.pi * np.round(np.median(gap) / (2 * np.pi)))


def _values(still: bpy.types.bpy_prop_array, curves: Mapping[int, bpy.types.FCurve], frames: np.ndarray) -> np.ndarray:
    values = np.tile(np.array(still, dtype=float), (len(frames), 1))
    for axis, fcurve in curves.items():
        values[:, axis] = sampled(fcurve, frames)
    return values


def _live(animation: bpy.types.AnimData) -> list[bpy.types.FCurve]:
    return [fcurve for bag in played_bags(animation) for fcurve in bag.fcurves]
