from __future__ import annotations

import bpy

from penumbra.scene.context import alone


def test_the_context_does_not_belong_to_a_file_that_was_closed():
    """Blender 4.2 and 4.3 keep a scene of it as the owner of what the context gives, and write to it."""
    assert bpy.context.layer_collection is not None
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    target = bpy.data.objects.new("Rig", bpy.data.armatures.new("Rig"))
    bpy.context.scene.collection.objects.link(target)
    with alone(target):
        assert bpy.context.id_data is None
