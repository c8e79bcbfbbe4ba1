"""The command line's steps inside Blender's data: open a file, find the armature, bake, save, export."""

from __future__ import annotations

from dataclasses import dataclass

import bpy

from ..errors import ArgumentsError, RigError
from ..inference.motion import Motion
from ..retarget.rig_map import choose_rig_map
from ..scene.armature import read_rest
from ..scene.bake import BakeSettings, bake
from ..scene.export import export
from ..scene.files import open_blend, save_blend
from .arguments import Request


@dataclass(frozen=True, slots=True)
class Delivery:
    """What was written, by path, and how the motion came onto the armature; fit for JSON."""

    blend: str
    exports: list[str]
    armature: str
    action: str
    rig_map: str
    frame_start: int
    frame_end: int
    notes: list[str]


def prepare(request: Request) -> None:
    """Open the file that the request starts from, and check that its armature can be used, before the long work.

    Raises ArgumentsError where there is no such file, RigError where the armature is missing or no rig map fits it.
    """
    if request.blend is not None:
        if not request.blend.is_file():
            raise ArgumentsError(f"There is no file {request.blend}: check what --blend names.")
        open_blend(request.blend)
    elif not bpy.data.filepath:
        _empty_scene()
    target = _target(request)
    if target is not None:
        choose_rig_map(read_rest(target), request.rig_map)


def deliver(motion: Motion, request: Request) -> Delivery:
    """Bake the motion, save the .blend file and write the exports. Raises RigError or WriteError."""
    settings = BakeSettings(
        name=request.name, frame_rate="scene" if request.keep_frame_rate else "footage", rig_map=request.rig_map
    )
    baked = bake(motion, _target(request), settings)
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
        notes=list(baked.notes),
    )


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
