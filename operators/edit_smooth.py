"""Smoothing by confidence."""

from __future__ import annotations

import math
from typing import ClassVar

import bpy

from ..scene.editing.edit_choices import RangeChoices, SmoothChoices, smooth_settings
from ..scene.editing.smooth_keys import smooth_keys
from .edit_target import EditsAtOnce


class PENUMBRA_OT_smooth_keys(EditsAtOnce, RangeChoices, SmoothChoices, bpy.types.Operator):
    """What was guessed is led along what was seen."""

    bl_idname = "penumbra.smooth_keys"
    bl_label = "Smooth by Confidence"
    bl_description = "Smooth keys the more, the less sure the capture is of them"
    bl_options: ClassVar = {"REGISTER", "UNDO"}

    def edit(self, _context: bpy.types.Context, target: bpy.types.Object) -> str:
        """Smooth the keys of the armature's action."""
        done = smooth_keys(target, smooth_settings(self, target))
        return f"Smoothed {done.bones} bones, by {math.degrees(done.turned):.1f} degrees at most"
