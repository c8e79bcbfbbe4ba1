"""The rig that Rigify generates for a human, as Blender's own add-on makes it."""

from __future__ import annotations

import addon_utils
import bpy


def rigify_rig() -> bpy.types.Object:
    """A generated rig of Rigify's human, without the metarig that it is made from; takes some seconds."""
    metarig = rigify_metarig()
    bpy.ops.pose.rigify_generate()
    rig = bpy.context.view_layer.objects.active
    bpy.data.objects.remove(metarig)
    return rig


def rigify_metarig() -> bpy.types.Object:
    """The metarig of Rigify's human."""
    addon_utils.enable("rigify", default_set=True)
    bpy.ops.object.armature_human_metarig_add()
    return bpy.context.view_layer.objects.active
