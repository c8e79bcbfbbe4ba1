"""The part of the editing panel that puts single frames right."""

from __future__ import annotations

import bpy
from bpy.app.translations import pgettext_iface as iface_

from ..operators.correct import corrections
from .edit import EditPart


class PENUMBRA_PT_edit_corrections(EditPart, bpy.types.Panel):
    """Poses that are right, and the motion solved around them."""

    bl_label = "Corrections"

    def draw(self, context: bpy.types.Context) -> None:
        """Lay out the marked frames between the button that marks one and the one that solves."""
        layout = self.layout
        layout.operator("penumbra.mark_correction", icon="POSE_HLT")
        marked = corrections(context)
        col = layout.column(align=True)
        for frame, solved in marked:
            row = col.row(align=True)
            here = frame == context.scene.frame_current
            row.label(
                text=iface_("Frame {number}").format(number=frame),
                translate=False,
                icon="KEYFRAME_HLT" if here else "KEYFRAME",
            )
            sub = row.row(align=True)
            sub.alignment = "RIGHT"
            sub.label(text="Solved" if solved else "Not Solved")
            row.operator("penumbra.remove_correction", text="", icon="X").frame = frame
        layout.operator("penumbra.solve_corrections", icon="CON_ARMATURE")
