"""Motion as the f-curves of an armature's pose bones: all of a bake but the writing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import bpy
import numpy as np

from ..errors import RigError, WriteError
from ..inference.motion import Motion
from ..retarget.channels import rotation_channels
from ..retarget.retarget import TargetMotion, retarget
from ..retarget.rig_map import RigFit, choose_rig_map
from ..retarget.root import root_bone
from ..retarget.settings import RetargetSettings
from ..retarget.target import TargetRest
from ..retarget.timing import frame_numbers, resample, standard_rate
from .actions import Curve
from .armature import read_rest
from .bake_settings import BakeSettings

CONFIDENCE = "confidence"
"""The pose bones' custom property that says how sure the capture is of each."""


@dataclass(frozen=True, slots=True)
class Keyed:
    """What a bake writes.

    rest, fit: the armature and its rig map. moved: the motion in its bones' own spaces. rate: frames of the scene that a
    second has. frames: `[T]` the scene's frames for the rows of `moved`. curves: the f-curves, each in the group of its bone.
    placed: `[4, 4]` from armature space to Blender's world.
    """

    rest: TargetRest
    fit: RigFit
    moved: TargetMotion
    rate: float
    frames: np.ndarray
    curves: list[Curve]
    placed: np.ndarray


def keyed(motion: Motion, target: bpy.types.Object, settings: BakeSettings) -> Keyed:
    """What `bake` would write for `motion` on `target`; nothing is changed.

    Raises RigError when the target is no armature that a rig map fits or has no root bone where one is asked for, WriteError
    when it cannot be animated.
    """
    rate = key_rate(settings, motion.fps)
    motion = resample(motion, rate)
    rest, fit = fitted(target, settings)
    bpy.context.view_layer.update()
    placed = np.array(target.matrix_world, dtype=float)
    moved = retarget(motion, rest, fit, _retarget_settings(settings, placed))
    frames = settings.frame_start + frame_numbers(motion, rate)
    return Keyed(rest, fit, moved, rate, frames, list(_curves(rest, moved, frames)), placed)


def fitted(target: bpy.types.Object, settings: BakeSettings) -> tuple[TargetRest, RigFit]:
    """The armature's rest pose and the rig map that fits it. Raises as `keyed` does."""
    rest = read_rest(target)
    if target.library is not None or not target.is_editable:
        raise WriteError(f'"{target.name}" is linked from another file. Make a library override of it, then try again.')
    fit = choose_rig_map(rest, settings.rig_map)
    hips = fit.chains["hips"][0]
    if rest.connected[hips]:
        raise RigError(
            f'The bone "{rest.bones[hips]}" is connected to its parent, so it cannot move. '
            "Switch off Connected in the bone's Relations, then try again."
        )
    if settings.root == "root":
        root_bone(rest, hips)
    return rest, fit


def key_rate(settings: BakeSettings, fps: float) -> float:
    """How many frames of the scene a second of footage with `fps` frames a second will have."""
    if settings.frame_rate == "footage":
        return standard_rate(fps)
    render = bpy.context.scene.render
    return render.fps / render.fps_base


def _retarget_settings(settings: BakeSettings, placed: np.ndarray) -> RetargetSettings:
    return RetargetSettings(
        root=settings.root,
        placed=placed if settings.in_world else None,
        feet=settings.lock_feet,
        hands=settings.lock_hands,
        fingers=settings.fingers,
        limbs=settings.limbs,
    )


def _curves(rest: TargetRest, moved: TargetMotion, frames: np.ndarray) -> Iterator[Curve]:
    seen = moved.present
    for number, name in enumerate(moved.bones):
        path = f'pose.bones["{bpy.utils.escape_identifier(name)}"]'
        if name in moved.locations:
            for axis in range(3):
                yield Curve(f"{path}.location", axis, name, frames[seen], moved.locations[name][seen, axis])
        mode = rest.rotation_modes[rest.bones.index(name)]
        channel, values = rotation_channels(moved.rotations[seen, number], mode)
        for axis in range(values.shape[1]):
            yield Curve(f"{path}.{channel}", axis, name, frames[seen], values[:, axis])
        sure = np.where(seen, moved.confidence[:, number], 0.0)
        yield Curve(f'{path}["{CONFIDENCE}"]', 0, name, frames, sure, "LINEAR")
