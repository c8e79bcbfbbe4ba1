"""Motion becomes keyframes on an armature, with a confidence for every bone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import bpy
import numpy as np

from ..errors import RigError, WriteError
from ..inference.motion import Motion
from ..retarget.channels import rotation_channels
from ..retarget.retarget import TargetMotion, retarget
from ..retarget.rig_map import RigFit, choose_rig_map
from ..retarget.root import Root, root_bone
from ..retarget.settings import RetargetSettings
from ..retarget.target import TargetRest
from ..retarget.timing import frame_numbers, resample, standard_rate
from .actions import Curve, new_action, write_curves
from .armature import build_armature, read_rest

CONFIDENCE = "confidence"
# Steps that are longer or shorter than the way by less than this share slide too little to tell.
_SLIDE = 0.02
_DESCRIPTION = "How sure the capture is of this bone, from 0 (not seen) to 1"


@dataclass(frozen=True, slots=True)
class BakeSettings:
    """How motion is put on an armature.

    name: the take's, for the action and for a new armature. frame_start: the scene's frame for the first time of the
    motion. frame_rate: "footage" gives the scene the footage's rate, "scene" resamples the motion to the scene's.
    rig_map: name of a rig map; None finds it out. root: what the path over the floor is keyed on: the hips' bone, the topmost
    bone above it together with the heading, or nothing. in_world: the motion stays where it was captured in Blender's
    world, as one captured through the user's own camera must, wherever the target stands.
    """

    name: str = "Armature"
    frame_start: int = 1
    frame_rate: Literal["scene", "footage"] = "footage"
    rig_map: str | None = None
    root: Root = "hips"
    in_world: bool = False


@dataclass(frozen=True, slots=True)
class BakeResult:
    """What was made.

    frame_start and frame_end: first and last frame keyed. from_capture: `[4, 4]` from the motion's world, in meters, to
    Blender's, the way that the path went. notes: sentences the user should see.
    """

    object: bpy.types.Object
    action: bpy.types.Action
    frame_start: int
    frame_end: int
    rig_map: str
    from_capture: np.ndarray
    notes: tuple[str, ...]


def bake(motion: Motion, target: bpy.types.Object | None, settings: BakeSettings) -> BakeResult:
    """Keyframes for `motion` in a new action on `target`, or on a new armature when it is None.

    Rest pose and object transforms of the target stay as they are, and so do its earlier actions. Each keyed bone's
    rotation goes into the channels of its own rotation mode, the body's path into the location of the hips' bone or of the
    root bone, and each keyed bone gets a "confidence" property. Frames without the subject get confidence keys of 0 and no
    others. Raises RigError when the target is no armature that a rig map fits or has no root bone where one is asked for,
    WriteError when it cannot be animated.
    """
    scene = bpy.context.scene
    rate = key_rate(settings, motion.fps)
    motion = resample(motion, rate)
    if target is None:
        target = build_armature(motion.rest, settings.name, root=settings.root == "root")
    rest = read_rest(target)
    fit = _fit(target, rest, settings)
    bpy.context.view_layer.update()
    placed = np.array(target.matrix_world, dtype=float)
    moved = retarget(motion, rest, fit, RetargetSettings(settings.root, placed if settings.in_world else None))
    frames = settings.frame_start + frame_numbers(motion, rate)
    action = new_action(target, f"{target.name}|{settings.name}")
    _clear_pose(target, rest, moved)
    _add_confidence(target, moved)
    write_curves(action, _curves(rest, moved, frames))
    if settings.frame_rate == "footage":
        _set_rate(scene, rate)
    scene.frame_start, scene.frame_end = min(scene.frame_start, frames[0]), max(scene.frame_end, frames[-1])
    scene.frame_set(scene.frame_current)
    return BakeResult(
        object=target,
        action=action,
        frame_start=int(frames[0]),
        frame_end=int(frames[-1]),
        rig_map=fit.rig_map.name,
        from_capture=placed @ moved.from_capture,
        notes=_notes(target, moved),
    )


def check_target(target: bpy.types.Object, settings: BakeSettings) -> None:
    """Raise the error that `bake` would raise for the armature, before the long work that makes the motion."""
    _fit(target, read_rest(target), settings)


def key_rate(settings: BakeSettings, fps: float) -> float:
    """How many frames of the scene a second of footage with `fps` frames a second will have."""
    if settings.frame_rate == "footage":
        return standard_rate(fps)
    render = bpy.context.scene.render
    return render.fps / render.fps_base


def _fit(target: bpy.types.Object, rest: TargetRest, settings: BakeSettings) -> RigFit:
    _check_editable(target)
    fit = choose_rig_map(rest, settings.rig_map)
    _check_root(rest, fit)
    if settings.root == "root":
        root_bone(rest, fit.chains["hips"][0])
    return fit


def _check_editable(target: bpy.types.Object) -> None:
    if target.library is not None or not target.is_editable:
        raise WriteError(f'"{target.name}" is linked from another file. Make a library override of it, then try again.')


def _check_root(rest: TargetRest, fit: RigFit) -> None:
    root = fit.chains["hips"][0]
    if rest.connected[root]:
        raise RigError(
            f'The bone "{rest.bones[root]}" is connected to its parent, so it cannot move. '
            "Switch off Connected in the bone's Relations, then try again."
        )


def _clear_pose(target: bpy.types.Object, rest: TargetRest, moved: TargetMotion) -> None:
    """Bring the keyed bones and all above them to rest: what is posed there by hand would add to the keys."""
    keyed = {rest.bones.index(name) for name in moved.bones}
    above = {ancestor for bone in keyed for ancestor in rest.ancestors(bone)}
    for bone in keyed | above:
        target.pose.bones[rest.bones[bone]].matrix_basis.identity()


def _add_confidence(target: bpy.types.Object, moved: TargetMotion) -> None:
    for name in moved.bones:
        bone = target.pose.bones[name]
        bone[CONFIDENCE] = 0.0
        bone.id_properties_ui(CONFIDENCE).update(
            min=0.0, max=1.0, soft_min=0.0, soft_max=1.0, default=0.0, subtype="FACTOR", description=_DESCRIPTION
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


def _set_rate(scene: bpy.types.Scene, rate: float) -> None:
    """Blender's rate is a whole number over a base: 30 over 1.001 is 29.97."""
    scene.render.fps = max(1, round(rate))
    scene.render.fps_base = scene.render.fps / rate


def _notes(target: bpy.types.Object, moved: TargetMotion) -> tuple[str, ...]:
    constrained = [name for name in moved.bones if any(not c.mute for c in target.pose.bones[name].constraints)]
    notes = []
    if abs(moved.stride - 1.0) > _SLIDE:
        notes.append(
            f'The steps of "{target.name}" are {moved.stride:.2f} times as long as the way that the subject went, so its feet '
            "slide. Give the subject's height, or scale the armature."
        )
    if constrained:
        notes.append(f"Constraints on {', '.join(constrained)} may override the keys.")
    if target.animation_data.nla_tracks:
        notes.append(f'"{target.name}" has NLA tracks; they play beneath the new action.')
    return tuple(notes)
