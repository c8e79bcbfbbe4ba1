"""What an action does to the bones that a capture keyed, frame by frame, as arrays that editing works on."""

from __future__ import annotations

from dataclasses import dataclass

import bpy
import numpy as np

from ...errors import PenumbraError
from ...inference.progress import Progress, Work
from ...retarget.rig_map import RigFit
from ...retarget.target import TargetRest
from ..armature import read_rest
from ..baked import baked_of
from ..keyed import fitted
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

_READING = "Reading the keys"


@dataclass(frozen=True, slots=True)
class KeyedPose:
    """The action over T whole frames, its K bones parents first.

    fit: the rig map of the bake, None where it fits no more. curves: the bones' live f-curves. channels: their rotations and locations; free are those that were chosen. sure: `[T, K]` confidence.
    rate: frames a second.
    """

    poser: Poser
    fit: RigFit | None
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
) -> Work[KeyedPose]:
    """What the target's action does from `first` to `last`, where all that is keyed when they are None; `bones` are chosen, or all.

    Raises RigError where the target is no armature, no capture made its action, or nothing of it is chosen.
    """
    found = bone_curves(target)
    chosen = chosen_bones(target, found, bones)
    start, end = range_of(found, first, last)
    frames = np.arange(start, end + 1)
    yield Progress("read", 0, None, _READING)
    rest, fit = _rest(target)
    yield Progress("read", 0, None, _READING)
    poser = read_poser(target, rest, tuple(found))
    curves = {name: found[name] for name in poser.names}
    channels = []
    for number, (name, one) in enumerate(curves.items()):
        yield Progress("read", number, len(curves), _READING)
        bone = target.pose.bones[name]
        if one.rotation:
            values = rotation_values(bone, one, frames)
            channels.append(Channels(number, bone.rotation_mode, values, name in chosen))
        if one.location:
            channels.append(Channels(number, "", location_values(bone, one, frames), name in chosen))
    render = bpy.context.scene.render
    rate = render.fps / render.fps_base
    return KeyedPose(poser, fit, curves, frames, channels, confidences(curves, frames), rate)


def _rest(target: bpy.types.Object) -> tuple[TargetRest, RigFit | None]:
    """The armature with what carries each bone, and the rig map of its bake; only parents carry where that does not fit any more."""
    made = baked_of(target.animation_data.action)
    if made is not None:
        try:
            rest, fit, _ = fitted(target, made.settings)
        except PenumbraError:
            pass
        else:
            return rest, fit
    return read_rest(target), None
