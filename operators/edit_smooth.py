"""Smoothing by confidence."""

from __future__ import annotations

import math
from typing import ClassVar

import bpy

from ..inference.progress import Work
from ..scene.editing.edit_choices import RangeChoices, SmoothChoices, smooth_settings
from .edit_target import EditsCapture, captured_armature
from .edit_work import Watched


class PENUMBRA_OT_smooth_keys(EditsCapture, Watched, RangeChoices, SmoothChoices, bpy.types.Operator):
    """What was guessed is led along what was seen."""

    bl_idname = "penumbra.smooth_keys"
    bl_label = "Smooth by Confidence"
    bl_description = "Smooth keys the more, the less sure the capture is of them"
    bl_options: ClassVar = {"REGISTER", "UNDO"}

    def work(self, context: bpy.types.Context) -> Work[str]:
        """Smooth the keys of the armature's action."""
        from ..scene.editing.smooth_keys import smooth_keys  # noqa: PLC0415 - loads when it is used, not when Blender starts

        target = captured_armature(context)
        done = yield from smooth_keys(target, smooth_settings(self, target))
        return f"Smoothed {done.bones} bones, by {math.degrees(done.turned):.1f} degrees at most"
