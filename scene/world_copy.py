"""An armature as it stands in the world: for files that hold bones but no object that carries them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import bpy

from ..errors import RigError


@contextmanager
def world_copy(target: bpy.types.Object) -> Iterator[bpy.types.Object]:
    """A copy of the armature at the world's origin whose bones go where the target's go; it is gone afterwards.

    Its bones are as long as the target's are in the world, and do not scale. Raises RigError where the target is mirrored.
    """
    bpy.context.view_layer.update()
    if target.matrix_world.is_negative:
        raise RigError(f'"{target.name}" is mirrored by a negative scale. Apply the scale, then try again.')
    data = target.data.copy()
    data.transform(target.matrix_world)
    copy = bpy.data.objects.new(target.name, data)
    bpy.context.scene.collection.objects.link(copy)
    try:
        # only then Blender makes it a pose
        bpy.context.view_layer.update()
        for bone in copy.pose.bones:
            bone.rotation_mode = target.pose.bones[bone.name].rotation_mode
            for kind in ("COPY_ROTATION", "COPY_LOCATION"):
                constraint = bone.constraints.new(kind)
                constraint.target, constraint.subtarget = target, bone.name
        yield copy
    finally:
        bpy.data.objects.remove(copy)
        bpy.data.armatures.remove(data)
