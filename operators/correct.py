"""Corrections: poses that the animator says are right, and the motion solved around them."""

from __future__ import annotations

from typing import ClassVar

import bpy
from bpy.props import IntProperty

from ..errors import PenumbraError
from ..inference.progress import Work
from .edit_target import EditsAtOnce, EditsCapture, captured_armature
from .edit_work import Watched


class PENUMBRA_OT_mark_correction(EditsCapture, Watched, bpy.types.Operator):
    """Keeps the present pose as the right one for the current frame."""

    bl_idname = "penumbra.mark_correction"
    bl_label = "Mark Correction"
    bl_description = "Mark the armature's present pose as the right one for the current frame, and key it"
    bl_options: ClassVar = {"REGISTER", "UNDO"}

    def work(self, context: bpy.types.Context) -> Work[str]:
        """Mark and key the pose."""
        from ..scene.baked import baked_of  # noqa: PLC0415 - loads when it is used, not when Blender starts
        from ..scene.editing.corrections import mark  # noqa: PLC0415 - as above

        target, frame = captured_armature(context), context.scene.frame_current
        yield from mark(target, baked_of(target.animation_data.action), frame)
        return f"Marked frame {frame}. Solve Around Corrections brings it to the rest"


class PENUMBRA_OT_remove_correction(EditsAtOnce, bpy.types.Operator):
    """Takes a mark away."""

    bl_idname = "penumbra.remove_correction"
    bl_label = "Remove Correction"
    bl_description = "Forget this correction. Solve again to bring its frames back to what was captured"
    bl_options: ClassVar = {"REGISTER", "UNDO"}

    frame: IntProperty(name="Frame", description="Frame of the scene that is marked")

    def edit(self, _context: bpy.types.Context, target: bpy.types.Object) -> None:
        """Forget it."""
        from ..scene.editing.corrections import unmark  # noqa: PLC0415 - as above

        unmark(target.animation_data.action, self.frame)


class PENUMBRA_OT_solve_corrections(EditsCapture, Watched, bpy.types.Operator):
    """Solves the motion again with the marked poses as constraints."""

    bl_idname = "penumbra.solve_corrections"
    bl_label = "Solve Around Corrections"
    bl_description = "Fit the motion again with the marked poses as constraints. Keys change only in the hidden stretches around them"
    bl_options: ClassVar = {"REGISTER", "UNDO"}

    def work(self, context: bpy.types.Context) -> Work[str]:
        """Solve, and write the keys that change."""
        from ..scene.baked import baked_of  # noqa: PLC0415 - as above
        from ..scene.editing.corrections import solve_marked  # noqa: PLC0415 - as above

        target = captured_armature(context)
        done = yield from solve_marked(target, baked_of(target.animation_data.action))
        if not done.bones:
            return "Nothing changed: the keys are solved around these corrections"
        return f"Changed {len(done.bones)} bones between frames {done.first} and {done.last}"


def corrections(context: bpy.types.Context) -> list[tuple[int, bool]]:
    """The frames that are marked on the armature that is edited, each with whether its keys are solved around it."""
    try:
        action = captured_armature(context).animation_data.action
    except PenumbraError:
        return []
    from ..scene.editing.corrections import is_solved, marks_of  # noqa: PLC0415 - as above

    return [(one.frame, is_solved(action, one)) for one in marks_of(action)]
