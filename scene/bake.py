"""Motion becomes keyframes on an armature, with a confidence for every bone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import bpy
import numpy as np

from ..inference.motion import Motion
from ..inference.progress import Work, finish
from ..retarget.retarget import TargetMotion
from ..retarget.target import TargetRest
from .actions import draft_action, use_action, writing
from .armature import build_armature
from .bake_settings import BakeSettings
from .baked import remember
from .keyed import CONFIDENCE, Keyed, check_motion, fitted, key_rate, keyed, keying
from .locks import clear
from .raw import playing_tracks, stash_raw
from .switches import set_switches

__all__ = ["CONFIDENCE", "BakeResult", "BakeSettings", "Keyed", "bake", "baking", "check_target", "key_rate", "keyed"]

# Steps that are longer or shorter than the way by less than this share slide too little to tell.
_SLIDE = 0.02
_DESCRIPTION = "How sure the capture is of this bone, from 0 (not seen) to 1"


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


def bake(
    motion: Motion, target: bpy.types.Object | None, settings: BakeSettings, take: Path | None = None
) -> BakeResult:
    """Keyframes for `motion` in a new action on `target`, or on a new armature when it is None.

    Rest pose and object transforms of the target stay as they are, and so do its earlier actions. Each keyed bone's
    rotation goes into the channels of its own rotation mode, the body's path into the location of the hips' bone or of the
    root bone, and each keyed bone gets a "confidence" property. Frames without the subject get confidence keys of 0 and no
    others. The action remembers the settings and the file of the `take`, and a raw copy of it is kept on a muted NLA track.
    Raises RigError when the target is no armature that a rig map fits or has no root bone where one is asked for,
    WriteError when it cannot be animated, TakeError when the motion has no frame with the subject.
    """
    return finish(baking(motion, target, settings, take))


def baking(
    motion: Motion, target: bpy.types.Object | None, settings: BakeSettings, take: Path | None = None
) -> Work[BakeResult]:
    """`bake` in short steps, between which Blender can draw, but its data must not change.

    The target changes in the last step alone: closing the generator before leaves all as it was.
    """
    check_motion(motion)
    armature = build_armature(motion.rest, settings.name, root=settings.root == "root") if target is None else target
    action = None
    try:
        made = yield from keying(motion, armature, settings)
        action = draft_action(armature, f"{armature.name}|{settings.name}")
        yield from writing(action, made.curves)
    except BaseException:
        if action is not None:
            bpy.data.actions.remove(action)
        if target is None:
            bpy.data.armatures.remove(armature.data)
        raise
    return _put_on(armature, action, made, settings, take)


def _put_on(
    target: bpy.types.Object, action: bpy.types.Action, made: Keyed, settings: BakeSettings, take: Path | None
) -> BakeResult:
    """Let the target play the action that was written for it."""
    use_action(target, action)
    _clear_pose(target, made.rest, made.moved)
    set_switches(target, made.fit, settings.limbs)
    add_confidence(target, made.moved.bones)
    remember(action, take, settings)
    notes = (*made.notes, *_notes(target, made.moved))
    stash_raw(target, action)
    scene = bpy.context.scene
    if settings.frame_rate == "footage":
        _set_rate(scene, made.rate)
    first, last = int(made.frames[0]), int(made.frames[-1])
    scene.frame_start, scene.frame_end = min(scene.frame_start, first), max(scene.frame_end, last)
    scene.frame_set(scene.frame_current)
    return BakeResult(
        object=target,
        action=action,
        frame_start=first,
        frame_end=last,
        rig_map=made.fit.rig_map.name,
        from_capture=made.placed @ made.moved.from_capture,
        notes=notes,
    )


def check_target(target: bpy.types.Object, settings: BakeSettings) -> None:
    """Raise the error that `bake` would raise for the armature, before the long work that makes the motion."""
    fitted(target, settings)


def add_confidence(target: bpy.types.Object, bones: Iterable[str]) -> None:
    """Give each of the pose bones its "confidence" property, which Blender shows as a factor."""
    for name in bones:
        bone = target.pose.bones[name]
        bone[CONFIDENCE] = 0.0
        bone.id_properties_ui(CONFIDENCE).update(
            min=0.0, max=1.0, soft_min=0.0, soft_max=1.0, default=0.0, subtype="FACTOR", description=_DESCRIPTION
        )


def _clear_pose(target: bpy.types.Object, rest: TargetRest, moved: TargetMotion) -> None:
    """Bring the keyed bones and all above them to rest: what is posed there by hand would add to the keys."""
    keyed = {rest.bones.index(name) for name in moved.bones}
    above = {ancestor for bone in keyed for ancestor in (*rest.ancestors(bone), *rest.carriers(bone))}
    for bone in keyed | above:
        clear(target.pose.bones[rest.bones[bone]])


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
    if playing_tracks(target):
        notes.append(f'"{target.name}" has NLA tracks; they play beneath the new action.')
    return tuple(notes)
