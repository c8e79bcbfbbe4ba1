"""A Blender armature of a rest pose."""

from __future__ import annotations

import bpy
from mathutils import Matrix

from ...retarget.target import TargetRest
from ...scene.context import in_mode


def build_armature(rest: TargetRest) -> bpy.types.Object:
    """A new armature object in the scene's own collection with the bones of `rest`, their settings and rotation modes."""
    armature = bpy.data.armatures.new(rest.name)
    target = bpy.data.objects.new(rest.name, armature)
    bpy.context.scene.collection.objects.link(target)
    with in_mode(target, "EDIT"):
        made = []
        for number, name in enumerate(rest.bones):
            bone = armature.edit_bones.new(name)
            bone.tail = (0.0, float(rest.lengths[number]), 0.0)
            bone.matrix = Matrix(rest.matrices[number].tolist())
            bone.parent = made[rest.parents[number]] if rest.parents[number] >= 0 else None
            bone.use_inherit_rotation = bool(rest.inherit_rotation[number])
            bone.use_local_location = bool(rest.local_location[number])
            bone.use_connect = bool(rest.connected[number])
            made.append(bone)
    for name, mode in zip(rest.bones, rest.rotation_modes, strict=True):
        target.pose.bones[name].rotation_mode = mode
    return target
