"""What the animator can do: one file a task."""

from __future__ import annotations

import bpy

from . import command, packages_upkeep, rig_map
from .capture import (
    PENUMBRA_OT_cancel_capture,
    PENUMBRA_OT_capture,
    begin_anew,
    stop_before_load,
    stop_capture,
)
from .correct import PENUMBRA_OT_mark_correction, PENUMBRA_OT_remove_correction, PENUMBRA_OT_solve_corrections
from .dismiss import PENUMBRA_OT_dismiss_message
from .edit_rebake import PENUMBRA_OT_rebake
from .edit_reduce import PENUMBRA_OT_reduce_keys
from .edit_smooth import PENUMBRA_OT_smooth_keys
from .edit_spans import PENUMBRA_OT_jump_to_span, PENUMBRA_OT_mark_spans
from .packages_install import PENUMBRA_OT_install_gpu_support, PENUMBRA_OT_install_pytorch
from .packages_run import clean_up_later, stop_packages
from .takes import PENUMBRA_OT_apply_take, PENUMBRA_OT_open_take, PENUMBRA_OT_refresh_takes

_CLASSES = (
    PENUMBRA_OT_capture,
    PENUMBRA_OT_cancel_capture,
    PENUMBRA_OT_dismiss_message,
    PENUMBRA_OT_refresh_takes,
    PENUMBRA_OT_apply_take,
    PENUMBRA_OT_open_take,
    PENUMBRA_OT_rebake,
    PENUMBRA_OT_mark_correction,
    PENUMBRA_OT_remove_correction,
    PENUMBRA_OT_solve_corrections,
    PENUMBRA_OT_reduce_keys,
    PENUMBRA_OT_smooth_keys,
    PENUMBRA_OT_jump_to_span,
    PENUMBRA_OT_mark_spans,
    *rig_map.CLASSES,
    PENUMBRA_OT_install_gpu_support,
    PENUMBRA_OT_install_pytorch,
    *packages_upkeep.CLASSES,
)


def register() -> None:
    """Add the operators, the command, and the watch for another file being loaded and for undo."""
    for operator in _CLASSES:
        bpy.utils.register_class(operator)
    bpy.app.handlers.load_pre.append(stop_before_load)
    for handlers in (bpy.app.handlers.undo_pre, bpy.app.handlers.redo_pre):
        handlers.append(begin_anew)
    clean_up_later()
    command.register()


def unregister() -> None:
    """Stop what runs and take everything away again."""
    stop_capture()
    stop_packages()
    command.unregister()
    for handlers in (bpy.app.handlers.undo_pre, bpy.app.handlers.redo_pre):
        handlers.remove(begin_anew)
    bpy.app.handlers.load_pre.remove(stop_before_load)
    for operator in reversed(_CLASSES):
        bpy.utils.unregister_class(operator)
