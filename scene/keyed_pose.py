"""What an action does to the bones that a capture keyed, frame by frame, as arrays that editing works on."""

from __future__ import annotations

from dataclasses import dataclass

import bpy
import numpy as np

from .bone_curves import (
    BoneCurves,
    bone_curves,
    chosen_bones,
    confidences,
    location_values,
    range_of,
    rotation_values,
)
from .key_errors import Channels
from .posing import Poser, read_poser


@dataclass(frozen=True, slots=True)
class KeyedPose:
    """The action over T whole frames, its K bones parents first.

    curves: the bones' live f-curves. channels: their rotations and locations; free are those that were chosen. sure: `[T, K]` confidence.
    rate: frames a second.
    """

    poser: Poser
    curves: dict[str, BoneCurves]
    frames: np.ndarray
    channels: list[Channels]
    sure: np.ndarray
    rate: float

    def fcurves(self, channels: Channels) -> dict[int, bpy.types.FCurve]:
        """The f-curves of `channels`, by their index in the property."""
        curves = self.curves[self.poser.names[channels.bone]]
        return curves.rotation if channels.mode else curves.location


def read_pose(
    target: bpy.types.Object, bones: frozenset[str] | None, first: int | None = None, last: int | None = None
) -> KeyedPose:
    """What the target's action does from `first` to `last`, where all that is keyed when they are None; `bones` are chosen, or all.

    Raises RigError where the target is no armature, no capture made its action, or nothing of it is chosen.
    """
    found = bone_curves(target)
    chosen = chosen_bones(target, found, bones)
    start, end = range_of(found, first, last)
    frames = np.arange(start, end + 1)
    poser = read_poser(target, tuple(found))
    curves = {name: found[name] for name in poser.names}
    channels = []
    for number, (name, one) in enumerate(curves.items()):
        bone = target.pose.bones[name]
        if one.rotation:
            values = rotation_values(bone, one, frames)
            channels.append(Channels(number, bone.rotation_mode, values, name in chosen))
        if one.location:
            channels.append(Channels(number, "", location_values(bone, one, frames), name in chosen))
    render = bpy.context.scene.render
    return KeyedPose(poser, curves, frames, channels, confidences(curves, frames), render.fps / render.fps_base)
