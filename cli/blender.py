"""The command line's steps inside Blender's data: open a file, find the armature, bake, save, export."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy

from ..errors import ArgumentsError, RigError, WriteError
from ..inference.camera import CameraTrack
from ..inference.motion import Motion
from ..inference.progress import finish
from ..inference.shot import Shot, Timeline
from ..inference.take import Take
from ..scene import delivery
from ..scene.actions import play
from ..scene.bake import BakeSettings, check_target, key_rate
from ..scene.export import export, played_range
from ..scene.files import open_blend, open_nothing, save_blend
from ..scene.lookup import animated_armature, armature_named, camera_named
from ..scene.own_camera import camera_track
from ..scene.takes import keep_take
from .requests import ExportRequest, Onto, Results


@dataclass(frozen=True, slots=True)
class Written:
    """What was written, by path, and how the motion came onto the armature; fit for JSON.

    camera: name of the camera that took the footage, in the .blend file; None where there is none.
    """

    blend: str
    exports: list[str]
    armature: str
    action: str
    rig_map: str
    frame_start: int
    frame_end: int
    camera: str | None
    notes: list[str]


def version() -> str:
    """That of Blender."""
    return bpy.app.version_string


def prepare(onto: Onto, *, again: bool) -> None:
    """Open the file to start from, and check that its armature can be used, before the long work.

    again: whether what is open was worked on, so that it has to be opened anew. Raises ArgumentsError where there is no such
    file, RigError where the armature is missing, no rig map fits it, or it lacks a root bone that is asked for, WriteError
    where it cannot be animated.
    """
    if onto.blend is not None:
        open_blend(onto.blend)
    elif not bpy.data.filepath:
        open_nothing()
    elif again:
        open_blend(Path(bpy.data.filepath))
    target = _target(onto)
    if target is not None:
        check_target(target, delivery.with_rig_map(onto.baking, onto.rig_map, target))


def track_of_camera(name: str, timeline: Timeline, baking: BakeSettings) -> CameraTrack:
    """The camera of that name, while the footage runs. Raises ArgumentsError where it cannot be used."""
    return camera_track(camera_named(name), timeline, baking.frame_start, key_rate(baking, timeline.rate))


def deliver(
    motion: Motion, shot: Shot, onto: Onto, results: Results, take: Path | None, *, camera: str | None = None
) -> Written:
    """Bake the motion, add its camera, save the .blend file and write the exports. Raises RigError or WriteError.

    take: the file that holds this motion, from which parts can be baked again; None where none does. camera: name of the
    user's own that took the footage.
    """
    target = _target(onto)
    settings = delivery.with_rig_map(onto.baking, onto.rig_map, target)
    file = None if take is None else take.resolve()
    done = finish(delivery.delivering(motion, shot, target, settings, file, add_camera=onto.add_camera))
    save_blend(results.blend)
    for path in results.export_paths:
        export(done.object, path, done.frame_start, done.frame_end)
    return Written(
        blend=str(results.blend),
        exports=[str(path) for path in results.export_paths],
        armature=done.object.name,
        action=done.action.name,
        rig_map=done.rig_map,
        frame_start=done.frame_start,
        frame_end=done.frame_end,
        camera=camera if done.camera is None else done.camera.name,
        notes=list(done.notes),
    )


def rescue(take: Take, name: str) -> Path | None:
    """Keep a take among the user's, where its results could not be written; None where that cannot be done either."""
    try:
        return keep_take(take, name)
    except WriteError:
        return None


def open_armature(request: ExportRequest) -> bpy.types.Object:
    """Open the file and find the armature, with the action that is asked for. Raises ArgumentsError, RigError or WriteError."""
    open_blend(request.source)
    target = animated_armature() if request.armature is None else armature_named(request.armature)
    if request.action is not None:
        action = bpy.data.actions.get(request.action)
        if action is None:
            names = ", ".join(sorted(bpy.data.actions.keys())) or "none"
            raise ArgumentsError(f"The file holds no action named {request.action!r}. Its actions are: {names}.")
        play(target, action)
    elif target.animation_data is None:
        raise RigError(f'"{target.name}" is not animated. Name an action with --action, or bake a take onto it first.')
    return target


def export_armature(target: bpy.types.Object, request: ExportRequest) -> dict[str, Any]:
    """Write the armature in every format that is asked for, and give what was written. Raises WriteError."""
    first, last = played_range(target)
    first = first if request.start is None else request.start
    last = last if request.end is None else request.end
    if last < first:
        raise ArgumentsError(f"The range from {first} to {last} ends before it starts: set --start and --end.")
    for path in request.paths:
        export(target, path, first, last)
    animation = target.animation_data
    action = None if animation is None else animation.action
    return {
        "exports": [str(path) for path in request.paths],
        "armature": target.name,
        "action": None if action is None else action.name,
        "frame_start": first,
        "frame_end": last,
    }


def _target(onto: Onto) -> bpy.types.Object | None:
    """The armature that is named, None where a new one is to be built. Raises RigError."""
    return None if onto.target is None else armature_named(onto.target)
