"""What the animator can do: one file a task."""

from __future__ import annotations

import bpy

from . import command, rig_map
from .capture import PENUMBRA_OT_cancel_capture, PENUMBRA_OT_capture, stop_before_load, stop_capture

_CLASSES = (PENUMBRA_OT_capture, PENUMBRA_OT_cancel_capture, *rig_map.CLASSES)


def register() -> None:
    """Add the operators, the command, and the watch for another file being loaded."""
    for operator in _CLASSES:
        bpy.utils.register_class(operator)
    bpy.app.handlers.load_pre.append(stop_before_load)
    command.register()


def unregister() -> None:
    """Stop what runs and take everything away again."""
    stop_capture()
    command.unregister()
    bpy.app.handlers.load_pre.remove(stop_before_load)
    for operator in reversed(_CLASSES):
        bpy.utils.unregister_class(operator)
