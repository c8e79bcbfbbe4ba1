"""Objects of the open file by the names that scripts and command lines give."""

from __future__ import annotations

import bpy

from ..errors import ArgumentsError, RigError

BlenderObject = bpy.types.Object
"""The type, for signatures where Blender may be missing."""


def armature_named(name: str) -> bpy.types.Object:
    """The armature object of that name. Raises RigError, with the names that there are."""
    return _named(name, "ARMATURE", "armature", RigError)


def camera_named(name: str) -> bpy.types.Object:
    """The camera object of that name. Raises ArgumentsError, with the names that there are."""
    return _named(name, "CAMERA", "camera", ArgumentsError)


def animated_armature() -> bpy.types.Object:
    """The only armature that is animated. Raises RigError where none is, or several are."""
    armatures = [item for item in bpy.data.objects if item.type == "ARMATURE"]
    animated = [item for item in armatures if _is_animated(item)]
    if len(animated) == 1:
        return animated[0]
    if animated:
        raise RigError(f"{len(animated)} armatures are animated. Say which of them: {_names(animated)}.")
    if armatures:
        raise RigError(
            f"No armature of the file is animated; it holds {_names(armatures)}. Bake a take onto one first."
        )
    raise RigError("The file holds no armature. Bake a take into it first.")


def _named(name: str, kind: str, called: str, error: type[ArgumentsError | RigError]) -> bpy.types.Object:
    found = bpy.data.objects.get(name)
    if found is not None and found.type == kind:
        return found
    others = [item for item in bpy.data.objects if item.type == kind]
    there = f"Its {called}s are: {_names(others)}." if others else f"It holds no {called}."
    raise error(f"The file holds no {called} named {name!r}. {there}")


def _is_animated(item: bpy.types.Object) -> bool:
    animation = item.animation_data
    return animation is not None and (
        animation.action is not None or any(track.strips for track in animation.nla_tracks)
    )


def _names(items: list[bpy.types.Object]) -> str:
    return ", ".join(sorted(item.name for item in items))
