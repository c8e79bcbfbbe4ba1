"""Where the animator finds it: panels in the sidebar, and the preferences."""

from __future__ import annotations

import bpy

from . import overlay, rig_map
from .capture import (
    PENUMBRA_PT_capture,
    PENUMBRA_PT_capture_camera,
    PENUMBRA_PT_capture_lifting,
    PENUMBRA_PT_capture_motion,
    PENUMBRA_PT_capture_output,
    PENUMBRA_PT_capture_range,
)
from .correct import PENUMBRA_PT_edit_corrections
from .edit import (
    PENUMBRA_PT_edit,
    PENUMBRA_PT_edit_display,
    PENUMBRA_PT_edit_keys,
    PENUMBRA_PT_edit_rebake,
    PENUMBRA_PT_edit_spans,
    PENUMBRA_PT_edit_takes,
    PENUMBRA_UL_takes,
)
from .preferences import PENUMBRA_AP_preferences

_CLASSES = (
    PENUMBRA_AP_preferences,
    PENUMBRA_PT_capture,
    PENUMBRA_PT_capture_range,
    PENUMBRA_PT_capture_camera,
    PENUMBRA_PT_capture_lifting,
    PENUMBRA_PT_capture_motion,
    PENUMBRA_PT_capture_output,
    *rig_map.CLASSES,
    PENUMBRA_UL_takes,
    PENUMBRA_PT_edit,
    PENUMBRA_PT_edit_takes,
    PENUMBRA_PT_edit_rebake,
    PENUMBRA_PT_edit_corrections,
    PENUMBRA_PT_edit_keys,
    PENUMBRA_PT_edit_spans,
    PENUMBRA_PT_edit_display,
)


def register() -> None:
    """Add the preferences, the panels, parents before children, and what is drawn in the viewport."""
    for panel in _CLASSES:
        bpy.utils.register_class(panel)
    overlay.register()


def unregister() -> None:
    """Take them away again."""
    overlay.unregister()
    for panel in reversed(_CLASSES):
        bpy.utils.unregister_class(panel)
