"""Corrections: poses that the animator says are right, and the motion solved around them."""

from __future__ import annotations

from typing import ClassVar

import bpy
from bpy.props import IntProperty

from ..errors import PenumbraError
from ..scene.baked import baked_of
from ..scene.editing.corrections import is_solved, mark, marks_of, solve_marked, unmark
from .edit_target import EditsCapture, captured_armature


class PENUMBRA_OT_mark_correction(EditsCapture, bpy.types.Operator):
    """Keeps the present pose as the right one for the current frame."""

    bl_idname = "penumbra.mark_correction"
    bl_label = "Mark Correction"
    bl_description = "Mark the armature's present pose as the right one for the current frame, and key it"
    bl_options: ClassVar = {"REGISTER", "UNDO"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Mark and key the pose."""
        try:
            target = captured_armature(context)
            mark(target, baked_of(target.animation_data.action), context.scene.frame_current)
        except PenumbraError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        self.report(
            {"INFO"}, f"Marked frame {context.scene.frame_current}. Solve Around Corrections brings it to the rest"
        )
        return {"FINISHED"}


class PENUMBRA_OT_remove_correction(EditsCapture, bpy.types.Operator):
    """Takes a mark away."""

    bl_idname = "penumbra.remove_correction"
    bl_label = "Remove Correction"
    bl_description = "Forget this correction. Solve again to bring its frames back to what was captured"
    bl_options: ClassVar = {"REGISTER", "UNDO"}

    frame: IntProperty(name="Frame", description="Frame of the scene that is marked")

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Forget it."""
        try:
            unmark(captured_armature(context).animation_data.action, self.frame)
        except PenumbraError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return {"FINISHED"}


class PENUMBRA_OT_solve_corrections(EditsCapture, bpy.types.Operator):
    """Solves the motion again with the marked poses as constraints."""

    bl_idname = "penumbra.solve_corrections"
    bl_label = "Solve Around Corrections"
    bl_description = "Fit the motion again with the marked poses as constraints. Keys change only in the hidden stretches around them"
    bl_options: ClassVar = {"REGISTER", "UNDO"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Solve, and write the keys that change."""
        try:
            target = captured_armature(context)
            done = solve_marked(target, baked_of(target.animation_data.action))
        except PenumbraError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        text = f"Changed {len(done.bones)} bones between frames {done.first} and {done.last}"
        self.report({"INFO"}, text if done.bones else "Nothing changed: the keys are solved around these corrections")
        return {"FINISHED"}


def corrections(context: bpy.types.Context) -> list[tuple[int, bool]]:
    """The frames that are marked on the armature that is edited, each with whether its keys are solved around it."""
    try:
        action = captured_armature(context).animation_data.action
    except PenumbraError:
        return []
    return [(one.frame, is_solved(action, one)) for one in marks_of(action)]
