"""Takes the last capture's message off the panel."""

from __future__ import annotations

from typing import ClassVar

import bpy


class PENUMBRA_OT_dismiss_message(bpy.types.Operator):
    """Forgets how the last capture came out."""

    bl_idname = "penumbra.dismiss_message"
    bl_label = "Dismiss"
    bl_description = "Take this message off the panel and change nothing else"
    bl_options: ClassVar = {"INTERNAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Forget it."""
        context.window_manager.penumbra.clear()
        return {"FINISHED"}
