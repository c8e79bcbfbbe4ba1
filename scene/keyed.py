"""Motion as the f-curves of an armature's pose bones: all of a bake but the writing."""

from __future__ import annotations

from dataclasses import dataclass

import bpy
import numpy as np

from ..errors import RigError, TakeError, WriteError
from ..inference.aside import aside
from ..inference.motion import Motion
from ..inference.progress import Progress, Work, finish
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
from .follows import controls_above, follow
from .locks import changes_pose, free_axes, free_rotations, turned_away
from .names import CONFIDENCE
from .switches import switch_curves, switched

_RETARGETING = "Bringing the motion onto the armature"


@dataclass(frozen=True, slots=True)
class Keyed:
    """What a bake writes.

    rest, fit: the armature, with what carries each bone, and its rig map. moved: the motion in its bones' own spaces. rate:
    frames of the scene that a second has. frames: `[T]` the scene's frames for the rows of `moved`. curves: the f-curves, each
    in the group of its bone, those of the rig's switches last. placed: `[4, 4]` from armature space to Blender's world.
    notes: sentences the user should see.
    """

    rest: TargetRest
    fit: RigFit
    moved: TargetMotion
    rate: float
    frames: np.ndarray
    curves: list[Curve]
    placed: np.ndarray
    notes: tuple[str, ...]


def keyed(motion: Motion, target: bpy.types.Object, settings: BakeSettings) -> Keyed:
    """What `bake` would write for `motion` on `target`; nothing is changed.

    Raises RigError when the target is no armature that a rig map fits or has no root bone where one is asked for, WriteError
    when it cannot be animated, TakeError when the motion has no frame with the subject.
    """
    return finish(keying(motion, target, settings))


def keying(motion: Motion, target: bpy.types.Object, settings: BakeSettings) -> Work[Keyed]:
    """`keyed` in short steps. What does not ask Blender runs aside, so that Blender can draw however long the motion is."""
    check_motion(motion)
    rate = key_rate(settings, motion.fps)
    rest, fit, notes = fitted(target, settings)
    bpy.context.view_layer.update()
    placed = np.array(target.matrix_world, dtype=float)
    way = _retarget_settings(settings, placed)
    moved, frames = yield from aside(
        lambda: _retargeted(resample(motion, rate), rest, fit, way, rate), Progress("retarget", 0, None, _RETARGETING)
    )
    frames = settings.frame_start + frames
    curves, held = yield from _curves(target, moved, frames)
    if held:
        notes = (*notes, f"Locked channels of {', '.join(held)} are not keyed, so its pose is not all of the motion's.")
    curves += switch_curves(target, fit, settings.limbs, int(frames[0]))
    return Keyed(rest, fit, moved, rate, frames, curves, placed, notes)


def _retargeted(
    motion: Motion, rest: TargetRest, fit: RigFit, settings: RetargetSettings, rate: float
) -> tuple[TargetMotion, np.ndarray]:
    """The motion in the target's bones, and the frames of its rows, counted from the first."""
    return retarget(motion, rest, fit, settings), frame_numbers(motion, rate)


def check_motion(motion: Motion) -> None:
    """Raise TakeError when the motion has no frame with the subject."""
    if not motion.present.any():
        raise TakeError(
            "The subject is in no frame of this take, so there is nothing to key. Capture the footage again and choose the "
            "person under Subject, or read another part of the footage."
        )


def fitted(target: bpy.types.Object, settings: BakeSettings) -> tuple[TargetRest, RigFit, tuple[str, ...]]:
    """The armature, with what carries each bone, the rig map that fits it, and sentences for the user. Raises as `keyed`."""
    rest = read_rest(target)
    if target.library is not None or not target.is_editable:
        raise WriteError(f'"{target.name}" is linked from another file. Make a library override of it, then try again.')
    fit = choose_rig_map(rest, settings.rig_map, settings.own_map)
    hips = fit.chains["hips"][0]
    if rest.connected[hips]:
        raise RigError(
            f'The bone "{rest.bones[hips]}" is connected to its parent, so it cannot move. '
            "Switch off Connected in the bone's Relations, then try again."
        )
    with switched(target, fit, settings.limbs):
        followed = follow(target, rest, _controls(target, rest, fit))
    if settings.root == "root":
        root_bone(followed.rest, hips)
    notes = []
    if followed.partly:
        notes.append(
            f"{', '.join(followed.partly)} go along with other bones only partly, which the keys cannot allow for."
        )
    if settings.limbs == "ik" and not fit.ik:
        notes.append(
            f'"{target.name}" has no goals for arms and legs that its rig map knows; their bones are keyed instead.'
        )
    return followed.rest, fit, tuple(notes)


def _controls(target: bpy.types.Object, rest: TargetRest, fit: RigFit) -> set[int]:
    """Every bone that may be keyed, and those above the hips that may carry them."""
    chains = {bone for chain in (*fit.chains.values(), *fit.fingers.values()) for bone in chain}
    goals = {bone for limb in fit.ik.values() for bone in limb if bone is not None}
    return chains | goals | controls_above(target, rest, fit.chains["hips"][0])


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


def _curves(target: bpy.types.Object, moved: TargetMotion, frames: np.ndarray) -> Work[tuple[list[Curve], list[str]]]:
    """The bones' f-curves, and the names of bones that locks keep from the motion."""
    seen, curves, held = moved.present, [], []
    for number, name in enumerate(moved.bones):
        yield Progress("retarget", number, len(moved.bones), _RETARGETING)
        bone = target.pose.bones[name]
        free = free_rotations(bone, moved.rotations[seen, number])
        channels = [rotation_channels(free, bone.rotation_mode)]
        if name in moved.locations:
            channels.insert(0, ("location", moved.locations[name][seen]))
        if turned_away(free, moved.rotations[seen, number]) or any(
            changes_pose(bone, *channel) for channel in channels
        ):
            held.append(name)
        path = f'pose.bones["{bpy.utils.escape_identifier(name)}"]'
        for channel, values in channels:
            curves += [
                Curve(f"{path}.{channel}", axis, name, frames[seen], values[:, axis])
                for axis in free_axes(bone, channel)
            ]
        sure = np.where(seen, moved.confidence[:, number], 0.0)
        curves.append(Curve(f'{path}["{CONFIDENCE}"]', 0, name, frames, sure, "LINEAR"))
    return curves, held
