"""Where the animator finds it: panels in the sidebar, and the preferences."""

from __future__ import annotations

import bpy

from . import rig_map
from .capture import (
    PENUMBRA_PT_capture,
    PENUMBRA_PT_capture_camera,
    PENUMBRA_PT_capture_lifting,
    PENUMBRA_PT_capture_motion,
    PENUMBRA_PT_capture_output,
    PENUMBRA_PT_capture_range,
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
)


def register() -> None:
    """Add the preferences and the panels, parents before children."""
    for panel in _CLASSES:
        bpy.utils.register_class(panel)


def unregister() -> None:
    """Take them away again."""
    for panel in reversed(_CLASSES):
        bpy.utils.unregister_class(panel)
