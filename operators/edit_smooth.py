"""Smoothing by confidence."""

from __future__ import annotations

import math
from typing import ClassVar

import bpy

from ..errors import PenumbraError
from ..scene.editing.edit_choices import RangeChoices, SmoothChoices, smooth_settings
from ..scene.editing.smooth_keys import smooth_keys
from .edit_target import EditsCapture, captured_armature


class PENUMBRA_OT_smooth_keys(EditsCapture, RangeChoices, SmoothChoices, bpy.types.Operator):
    """What was guessed is led along what was seen."""

    bl_idname = "penumbra.smooth_keys"
    bl_label = "Smooth by Confidence"
    bl_description = "Smooth keys the more, the less sure the capture is of them"
    bl_options: ClassVar = {"REGISTER", "UNDO"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Smooth the keys of the armature's action."""
        try:
            target = captured_armature(context)
            done = smooth_keys(target, smooth_settings(self, target))
        except PenumbraError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        self.report({"INFO"}, f"Smoothed {done.bones} bones, by {math.degrees(done.turned):.1f} degrees at most")
        return {"FINISHED"}
