"""Selected pose bones, which Blender keeps with the pose since 5.0 and kept with the armature's bones before."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import bpy


def selected_bones(target: bpy.types.Object) -> frozenset[str]:
    """Names of the armature's selected pose bones."""
    return frozenset(bone.name for bone in target.pose.bones if _holder(bone).select)


def select_bones(target: bpy.types.Object, names: Iterable[str]) -> None:
    """Select these pose bones of the armature and no others; the first of them becomes the active one."""
    names = list(names)
    for bone in target.pose.bones:
        _holder(bone).select = bone.name in names
    if names:
        target.data.bones.active = target.data.bones[names[0]]


def _holder(bone: bpy.types.PoseBone) -> Any:
    return bone if hasattr(bone, "select") else bone.bone
