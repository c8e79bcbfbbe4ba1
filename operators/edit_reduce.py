"""Fewer keys, many where the capture is sure."""

from __future__ import annotations

from typing import ClassVar

import bpy

from ..inference.progress import Work
from ..scene.editing.edit_choices import RangeChoices, ReduceChoices, reduce_settings
from .edit_target import EditsCapture, captured_armature
from .edit_work import Watched


class PENUMBRA_OT_reduce_keys(EditsCapture, Watched, RangeChoices, ReduceChoices, bpy.types.Operator):
    """Decimation by confidence."""

    bl_idname = "penumbra.reduce_keys"
    bl_label = "Reduce Keys"
    bl_description = "Keep as few keys as hold every joint within a bound, fewer where the capture is in doubt"
    bl_options: ClassVar = {"REGISTER", "UNDO"}

    def work(self, context: bpy.types.Context) -> Work[str]:
        """Reduce the keys of the armature's action."""
        from ..scene.editing.reduce_keys import reduce_keys  # noqa: PLC0415 - loads when it is used, not when Blender starts

        target = captured_armature(context)
        done = yield from reduce_keys(target, reduce_settings(self, target))
        return f"Reduced {done.before} keys to {done.after}"
