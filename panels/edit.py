"""The panel of the 3D view's sidebar that edits what was captured."""

from __future__ import annotations

from typing import Any, ClassVar

import bpy
from bpy.app.translations import pgettext_iface as iface_

from ..scene.editing.edit_choices import hand_over
from ..scene.editing.markers import has_marks
from .capture import Sidebar
from .wrapped import draw_sentence


class PENUMBRA_PT_edit(Sidebar, bpy.types.Panel):
    """Takes, re-baking, keys and doubtful spans, for the active armature."""

    bl_label = "Edit Capture"

    def draw(self, context: bpy.types.Context) -> None:
        """Lay out which frames and bones are edited."""
        layout = _split(self.layout)
        choices = context.scene.penumbra_edit
        layout.prop(choices, "range")
        if choices.range == "FRAMES":
            col = layout.column(align=True)
            col.prop(choices, "first")
            col.prop(choices, "last")
        layout.prop(choices, "only_selected")


class EditPart(Sidebar):
    """A folded part of the panel."""

    bl_parent_id = "PENUMBRA_PT_edit"
    bl_options: ClassVar = {"DEFAULT_CLOSED"}


class PENUMBRA_UL_takes(bpy.types.UIList):
    """The takes of a folder: name, frames and mean confidence."""

    def draw_item(
        self,
        _context: bpy.types.Context,
        layout: bpy.types.UILayout,
        _data: Any,
        item: Any,
        _icon: int,
        _active_data: Any,
        _active_property: str,
    ) -> None:
        """Lay out one line."""
        split = layout.split(factor=0.6)
        split.label(text=item.name, translate=False, icon="ERROR" if item.problem else "ARMATURE_DATA")
        if not item.problem:
            row = split.row(align=True)
            row.alignment = "RIGHT"
            row.label(text=f"{item.frames}  {item.confidence:.0%}", translate=False)


class PENUMBRA_PT_edit_takes(EditPart, bpy.types.Panel):
    """Takes that were kept."""

    bl_label = "Takes"

    def draw(self, context: bpy.types.Context) -> None:
        """Lay out the folder, its takes, and what can be done with one."""
        layout = self.layout
        takes = context.window_manager.penumbra_takes
        row = layout.row(align=True)
        row.prop(context.scene.penumbra_edit, "takes_folder", text="")
        row.operator("penumbra.refresh_takes", text="", icon="FILE_REFRESH")
        layout.template_list("PENUMBRA_UL_takes", "", takes, "items", takes, "index", rows=3)
        if not takes.items:
            draw_sentence(layout, context, iface_("Refresh to list the takes that were kept"), "INFO")
        if 0 <= takes.index < len(takes.items):
            chosen = takes.items[takes.index]
            if chosen.problem:
                draw_sentence(layout, context, chosen.problem, "ERROR")
            else:
                text = iface_("{count} frames, from {time}").format(count=chosen.frames, time=chosen.changed)
                draw_sentence(layout, context, text, "TIME")
        row = layout.row(align=True)
        row.operator("penumbra.apply_take", icon="IMPORT")
        row.operator("penumbra.open_take", text="", icon="FILE_FOLDER")


class PENUMBRA_PT_edit_rebake(EditPart, bpy.types.Panel):
    """A part of the take baked again."""

    bl_label = "Re-bake"

    def draw(self, context: bpy.types.Context) -> None:
        """Lay out how much of it is taken, and the button."""
        _draw_edit(self.layout, context, ("influence", "fade"), "penumbra.rebake", "FILE_REFRESH")


class PENUMBRA_PT_edit_keys(EditPart, bpy.types.Panel):
    """Fewer and smoother keys."""

    bl_label = "Keys"

    def draw(self, context: bpy.types.Context) -> None:
        """Lay out the bounds of reducing, the strength of smoothing, and their buttons."""
        choices = context.scene.penumbra_edit
        bounds = ("distance",) if choices.measure == "DISTANCE" else ("angle", "distance")
        _draw_edit(self.layout, context, ("measure", *bounds, "doubt", "contacts"), "penumbra.reduce_keys", "MOD_DECIM")
        self.layout.separator()
        _draw_edit(self.layout, context, ("seconds", "keep_contacts"), "penumbra.smooth_keys", "MOD_SMOOTH")


class PENUMBRA_PT_edit_spans(EditPart, bpy.types.Panel):
    """Where the capture is in doubt."""

    bl_label = "Doubtful Spans"

    def draw(self, context: bpy.types.Context) -> None:
        """Lay out what counts as doubtful, and the ways there."""
        layout = _split(self.layout)
        choices = context.scene.penumbra_edit
        layout.prop(choices, "threshold")
        layout.prop(choices, "shortest")
        row = layout.row(align=True)
        previous = row.operator("penumbra.jump_to_span", text="Previous", icon="PREV_KEYFRAME")
        following = row.operator("penumbra.jump_to_span", text="Next", icon="NEXT_KEYFRAME")
        for button in (previous, following):
            hand_over(choices, button)
        previous.backward = True
        marked = has_marks(context.scene)
        button = layout.operator(
            "penumbra.mark_spans", text="Remove Marks" if marked else "Mark Spans", icon="MARKER_HLT", depress=marked
        )
        hand_over(choices, button)


class PENUMBRA_PT_edit_display(EditPart, bpy.types.Panel):
    """What the viewport shows."""

    bl_label = "Display"

    def draw(self, context: bpy.types.Context) -> None:
        """Lay out what can be shown."""
        _split(self.layout).prop(context.scene.penumbra_edit, "show_confidence")


def _draw_edit(
    layout: bpy.types.UILayout, context: bpy.types.Context, names: tuple[str, ...], operator: str, icon: str
) -> None:
    """Draw choices of the scene and the button that is given them."""
    layout = _split(layout)
    choices = context.scene.penumbra_edit
    for name in names:
        layout.prop(choices, name)
    hand_over(choices, layout.operator(operator, icon=icon))


def _split(layout: bpy.types.UILayout) -> bpy.types.UILayout:
    layout.use_property_split = True
    layout.use_property_decorate = False
    return layout
