"""The part of the capture's panel that maps an armature's bones by hand."""

from __future__ import annotations

from typing import Any, ClassVar

import bpy

from ..scene.rig_map_choices import armature_of
from .capture import Sidebar
from .wrapped import draw_sentence


class PENUMBRA_UL_rig_map(bpy.types.UIList):
    """The bones of the captured body and what each is mapped to; the search field looks for either's name."""

    def draw_item(
        self,
        _context: bpy.types.Context,
        layout: bpy.types.UILayout,
        data: Any,
        item: Any,
        _icon: int,
        _active_data: Any,
        _active_property: str,
    ) -> None:
        """Lay out one line."""
        row = layout.split(factor=0.6)
        row.label(text=item.name, icon=_icon_of(item, data.id_data))
        row.label(text=", ".join(item.chain), translate=False)

    def filter_items(self, _context: bpy.types.Context, data: Any, property_name: str) -> tuple[list[int], list[int]]:
        """Rows whose name or bones hold what is searched."""
        rows = getattr(data, property_name)
        words = self.filter_name.lower()
        shown = [words in f"{row.name} {' '.join(row.chain)}".lower() for row in rows]
        return [self.bitflag_filter_item if one else 0 for one in shown], []


class PENUMBRA_PT_rig_map(Sidebar, bpy.types.Panel):
    """The list, its buttons, and the bones of the active row."""

    bl_label = "Rig Map"
    bl_parent_id = "PENUMBRA_PT_capture"
    bl_options: ClassVar = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        """Lay out the armature's map, or how to get one."""
        layout = self.layout
        armature = armature_of(context)
        if armature is None:
            layout.label(text="Select an armature", icon="INFO")
            return
        layout.label(text=armature.name, translate=False, icon="ARMATURE_DATA")
        row = layout.row(align=True)
        row.operator_menu_enum("penumbra.guess_rig_map", "method", text="Guess From", icon="VIEWZOOM")
        row.operator("penumbra.load_rig_map", text="", icon="FILE_FOLDER")
        row.operator("penumbra.save_rig_map", text="", icon="FILE_TICK")
        choices = armature.penumbra_rig_map
        if not choices.rows:
            row.operator("penumbra.clear_rig_map", text="", icon="ADD")
            return
        row.operator("penumbra.clear_rig_map", text="", icon="TRASH")
        row = layout.row(align=True)
        row.prop(choices, "use", text="")
        row.prop(choices, "label", text="")
        layout.template_list("PENUMBRA_UL_rig_map", "", choices, "rows", choices, "index", rows=8)
        _draw_row(layout, armature, choices.active)
        layout.operator("penumbra.check_rig_map", icon="CHECKMARK")
        for problem in choices.problems.splitlines():
            draw_sentence(layout, context, problem, "ERROR")


def _icon_of(row: Any, armature: bpy.types.Object) -> str:
    if any(bone not in armature.data.bones for bone in row.chain):
        return "ERROR"
    if row.chain:
        return "CHECKMARK"
    return "CANCEL" if row.required else "RADIOBUT_OFF"


def _draw_row(layout: bpy.types.UILayout, armature: bpy.types.Object, row: Any) -> None:
    """Draw a search field for each bone of the row."""
    if row is None:
        return
    col = layout.column(align=True)
    for position, item in enumerate(row.bones):
        line = col.row(align=True)
        line.prop_search(item, "bone", armature.data, "bones", text="")
        remove = line.operator("penumbra.edit_mapped_bones", text="", icon="X")
        remove.action, remove.position = "REMOVE", position
    line = col.row(align=True)
    line.operator("penumbra.pick_mapped_bones", text="Pick Selected", icon="EYEDROPPER")
    line.operator("penumbra.edit_mapped_bones", text="", icon="ADD").action = "ADD"
    line.operator("penumbra.edit_mapped_bones", text="", icon="X").action = "CLEAR"


CLASSES = (PENUMBRA_UL_rig_map, PENUMBRA_PT_rig_map)
