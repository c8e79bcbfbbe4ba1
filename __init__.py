"""Penumbra turns footage of a person into editable keyframes on an armature, with a confidence for every bone.

The package imports nothing by itself, so that it loads without Blender; Blender calls `register` and `unregister`.
"""

from __future__ import annotations


def register() -> None:
    """Add the add-on's properties, operators, panels and command to Blender."""
    from . import operators, panels
    from .scene import properties, rig_map_choices, take_choices
    from .scene.editing import edit_choices

    properties.register()
    rig_map_choices.register()
    edit_choices.register()
    take_choices.register()
    operators.register()
    panels.register()


def unregister() -> None:
    """Take everything out again that `register` added, and stop a capture that runs."""
    from . import operators, panels
    from .scene import properties, rig_map_choices, take_choices
    from .scene.editing import edit_choices

    panels.unregister()
    operators.unregister()
    take_choices.unregister()
    edit_choices.unregister()
    rig_map_choices.unregister()
    properties.unregister()
