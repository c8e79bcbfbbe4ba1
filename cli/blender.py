"""The command line's steps inside Blender's data: open a file, find the armature, bake, save, export."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import bpy

from ..errors import ArgumentsError, RigError
from ..inference.camera import CameraTrack
from ..inference.motion import Motion
from ..inference.shot import Shot, Timeline
from ..retarget.rig_map_files import SUFFIX, load_rig_map
from ..retarget.rig_map_table import RigMap
from ..scene.bake import BakeSettings, bake, check_target, key_rate
from ..scene.camera import add_footage_camera, picture_notes
from ..scene.export import export
from ..scene.files import open_blend, save_blend
from ..scene.own_camera import camera_track
from ..scene.rig_map_choices import own_map_of
from .arguments import Request


@dataclass(frozen=True, slots=True)
class Delivery:
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


def prepare(request: Request) -> None:
    """Open the file that the request starts from, and check that its armature can be used, before the long work.

    Raises ArgumentsError where there is no such file, RigError where the armature is missing, no rig map fits it, or it
    lacks a root bone that is asked for, WriteError where it cannot be animated.
    """
    if request.blend is not None:
        if not request.blend.is_file():
            raise ArgumentsError(f"There is no file {request.blend}: check what --blend names.")
        open_blend(request.blend)
    elif not bpy.data.filepath:
        _empty_scene()
    target = _target(request)
    if target is not None:
        check_target(target, _bake_settings(request))


def track_of_camera(timeline: Timeline, request: Request) -> CameraTrack:
    """The camera that the request names, while the footage runs. Raises ArgumentsError where it cannot be used."""
    settings = _bake_settings(request)
    rate = key_rate(settings, timeline.rate)
    return camera_track(_own_camera(request.camera_object), timeline, settings.frame_start, rate)


def deliver(motion: Motion, shot: Shot, request: Request, take: Path | None) -> Delivery:
    """Bake the motion, add its camera, save the .blend file and write the exports. Raises RigError or WriteError.

    take: the file that holds this motion, from which parts can be baked again; None where none does.
    """
    baked = bake(motion, _target(request), _bake_settings(request), None if take is None else take.resolve())
    camera, notes = request.camera_object, list(baked.notes)
    if camera is not None:
        notes += picture_notes(bpy.context.scene, shot.width, shot.height)
    elif request.add_camera:
        added, said = add_footage_camera(shot, request.name, baked.from_capture, baked.frame_start)
        camera, notes = added.name, [*notes, *said]
    save_blend(request.output)
    exports = [request.output.with_suffix(f".{suffix}") for suffix in request.exports]
    for path in exports:
        export(baked.object, path, baked.frame_start, baked.frame_end)
    return Delivery(
        blend=str(request.output),
        exports=[str(path) for path in exports],
        armature=baked.object.name,
        action=baked.action.name,
        rig_map=baked.rig_map,
        frame_start=baked.frame_start,
        frame_end=baked.frame_end,
        camera=camera,
        notes=notes,
    )


def _bake_settings(request: Request) -> BakeSettings:
    return BakeSettings(
        name=request.name,
        frame_rate="scene" if request.keep_frame_rate else "footage",
        rig_map=None if _names_file(request.rig_map) else request.rig_map,
        own_map=_own_map(request),
        root=request.root,
        limbs=request.limbs,
        lock_feet=request.foot_contacts,
        lock_hands=request.hand_contacts,
        fingers=request.fingers,
        in_world=request.camera_object is not None,
    )


def _own_map(request: Request) -> RigMap | None:
    """The rig map of a file that the request names, or, where it names none at all, the one kept with the armature."""
    if request.rig_map is None:
        target = _target(request)
        return None if target is None else own_map_of(target)
    return load_rig_map(Path(request.rig_map)) if _names_file(request.rig_map) else None


def _names_file(rig_map: str | None) -> bool:
    return rig_map is not None and rig_map.lower().endswith(SUFFIX)


def _own_camera(name: str | None) -> bpy.types.Object:
    found = None if name is None else bpy.data.objects.get(name)
    if found is None or found.type != "CAMERA":
        cameras = sorted(other.name for other in bpy.data.objects if other.type == "CAMERA")
        there = f"Its cameras are: {', '.join(cameras)}." if cameras else "It holds no camera."
        raise ArgumentsError(f"The file holds no camera named {name!r}. {there}")
    return found


def _target(request: Request) -> bpy.types.Object | None:
    """The armature that the request names, None where a new one is to be built."""
    if request.target is None:
        return None
    found = bpy.data.objects.get(request.target)
    if found is None or found.type != "ARMATURE":
        armatures = sorted(other.name for other in bpy.data.objects if other.type == "ARMATURE")
        there = f"Its armatures are: {', '.join(armatures)}." if armatures else "It holds no armature."
        raise RigError(f"The file holds no armature named {request.target!r}. {there}")
    return found


def _empty_scene() -> None:
    """Start without the default cube, light and camera."""
    for other in list(bpy.data.objects):
        bpy.data.objects.remove(other)
