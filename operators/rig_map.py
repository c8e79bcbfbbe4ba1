"""The user's own rig map of an armature: guess it, pick bones into it, check it, and keep it in files."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import bpy
from bpy.app.translations import pgettext_tip as tip_
from bpy.props import EnumProperty, IntProperty, StringProperty
from bpy_extras.io_utils import ExportHelper, ImportHelper

from ..errors import PenumbraError, RigError
from ..scene.editing.bone_selection import selected_bones
from ..scene.rig_map_choices import PENUMBRA_PG_rig_map, armature_of, clear_map, fill_map, map_of


class _MapsArmature:
    """What the operators have in common: an armature whose map can be changed, and errors that become reports."""

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Do the work on the armature."""
        try:
            message = self.work(context, armature_of(context))
        except PenumbraError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        self.report({"INFO"}, message)
        return {"FINISHED"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Whether there is an armature that may be changed."""
        armature = armature_of(context)
        if armature is None:
            cls.poll_message_set(tip_("Select an armature, or choose one as the capture's target"))
            return False
        if armature.library is not None or not armature.is_editable:
            linked = tip_('"{name}" is linked from another file. Make a library override of it')
            cls.poll_message_set(linked.format(name=armature.name))
            return False
        if armature.mode == "EDIT":
            cls.poll_message_set(tip_("Leave Edit Mode"))
            return False
        return True


class _MapsRows(_MapsArmature):
    """The same for operators that need rows."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Whether there is an armature with a map."""
        if not super().poll(context):
            return False
        if not armature_of(context).penumbra_rig_map.rows:
            cls.poll_message_set(tip_("Guess or load a rig map, or start an empty one"))
            return False
        return True


class PENUMBRA_OT_guess_rig_map(_MapsArmature, bpy.types.Operator):
    """Fills the map by the bones' names or by structure."""

    bl_idname = "penumbra.guess_rig_map"
    bl_label = "Guess Rig Map"
    bl_description = "Find out which bones of the armature follow which bones of the captured body"
    bl_options: ClassVar = {"REGISTER", "UNDO"}

    method: EnumProperty(
        name="From",
        description="What the bones are recognized by",
        items=(
            ("NAMES", "Names", "The known rig whose bone names fit, or structure where none does"),
            ("STRUCTURE", "Structure", "Hierarchy, places and symmetry of the bones, whatever they are called"),
        ),
        default="NAMES",
    )

    def work(self, _context: bpy.types.Context, armature: bpy.types.Object) -> str:
        """Guess. Raises RigError when nothing fits."""
        from ..retarget.rig_map import choose_rig_map, written_out  # noqa: PLC0415 - as above
        from ..retarget.rig_map_table import STRUCTURE  # noqa: PLC0415 - loads when it is used, not when Blender starts
        from ..scene.armature import read_rest  # noqa: PLC0415 - as above

        rest = read_rest(armature)
        fit = choose_rig_map(rest, STRUCTURE if self.method == "STRUCTURE" else None)
        fill_map(armature, written_out(fit, rest))
        return f"Mapped {len(fit.chains)} bones and {len(fit.fingers)} fingers: {fit.rig_map.label}"


class PENUMBRA_OT_clear_rig_map(_MapsArmature, bpy.types.Operator):
    """Empties the map, or starts an empty one."""

    bl_idname = "penumbra.clear_rig_map"
    bl_label = "Clear Rig Map"
    bl_description = "Start an empty rig map"
    bl_options: ClassVar = {"REGISTER", "UNDO"}

    def work(self, _context: bpy.types.Context, armature: bpy.types.Object) -> str:
        """Clear it."""
        clear_map(armature)
        return "The rig map is empty"


class PENUMBRA_OT_pick_mapped_bones(_MapsRows, bpy.types.Operator):
    """Takes the selected bones into the active row."""

    bl_idname = "penumbra.pick_mapped_bones"
    bl_label = "Pick Selected Bones"
    bl_description = (
        "Put the armature's selected bones into the row, from the root outward, in place of those that it has"
    )
    bl_options: ClassVar = {"REGISTER", "UNDO"}

    def work(self, _context: bpy.types.Context, armature: bpy.types.Object) -> str:
        """Pick. Raises RigError when nothing is selected."""
        chosen = selected_bones(armature)
        if not chosen:
            raise RigError(f'Select bones of "{armature.name}" in Pose Mode, then pick them.')
        bones = [bone.name for bone in armature.data.bones if bone.name in chosen]
        row = _active_row(armature.penumbra_rig_map)
        row.choose(bones)
        armature.penumbra_rig_map.use = True
        return f"{row.name}: {', '.join(bones)}"


class PENUMBRA_OT_edit_mapped_bones(_MapsRows, bpy.types.Operator):
    """Adds a place for a bone to the active row, or takes one away."""

    bl_idname = "penumbra.edit_mapped_bones"
    bl_label = "Change Row"
    bl_description = "Change which bones the row has"
    bl_options: ClassVar = {"REGISTER", "UNDO", "INTERNAL"}

    action: EnumProperty(
        name="Action",
        description="What is changed",
        items=(
            ("ADD", "Add Bone", "Add a bone to the row"),
            ("REMOVE", "Remove Bone", "Take the bone out of the row"),
            ("CLEAR", "Clear Row", "Empty the row"),
        ),
        default="ADD",
    )
    position: IntProperty(
        name="Position",
        description="Which of the row's bones is taken out, counted from 0",
        default=0,
        options={"SKIP_SAVE"},
    )

    @classmethod
    def description(cls, _context: bpy.types.Context, properties: Any) -> str:
        """What the button does."""
        words = {
            "ADD": tip_("Add a bone to the row"),
            "REMOVE": tip_("Take the bone out of the row"),
            "CLEAR": tip_("Empty the row"),
        }
        return words[properties.action]

    def work(self, _context: bpy.types.Context, armature: bpy.types.Object) -> str:
        """Change the row."""
        row = _active_row(armature.penumbra_rig_map)
        if self.action == "ADD":
            row.bones.add()
            armature.penumbra_rig_map.use = True
        elif self.action == "REMOVE":
            row.bones.remove(self.position)
        else:
            row.choose(())
        armature.penumbra_rig_map.problems = ""
        return f"{row.name}: {', '.join(row.chain) or 'no bones'}"


class PENUMBRA_OT_check_rig_map(_MapsRows, bpy.types.Operator):
    """Says what is wrong with the map."""

    bl_idname = "penumbra.check_rig_map"
    bl_label = "Check Rig Map"
    bl_description = "Say what is missing, used twice, in the wrong order, or swapped between left and right"

    def work(self, _context: bpy.types.Context, armature: bpy.types.Object) -> str:
        """Check. Raises RigError, saying what is wrong."""
        from ..retarget.rig_check import check_rig_map  # noqa: PLC0415 - as above
        from ..scene.armature import read_rest  # noqa: PLC0415 - as above

        problems = check_rig_map(map_of(armature), read_rest(armature))
        armature.penumbra_rig_map.problems = "\n".join(problems)
        if problems:
            raise RigError(" ".join(problems))
        return "The rig map fits"


class PENUMBRA_OT_save_rig_map(_MapsRows, ExportHelper, bpy.types.Operator):
    """Writes the map to a file."""

    bl_idname = "penumbra.save_rig_map"
    bl_label = "Save Rig Map"
    bl_description = "Write the rig map to a file, to use it on other characters with the same rig"

    filename_ext = ".json"
    filter_glob: StringProperty(default="*.json", options={"HIDDEN"})

    def work(self, _context: bpy.types.Context, armature: bpy.types.Object) -> str:
        """Save. Raises WriteError when the file cannot be written."""
        from ..retarget.rig_map_files import save_rig_map  # noqa: PLC0415 - as above

        path = Path(bpy.path.abspath(self.filepath))
        save_rig_map(map_of(armature), path)
        return f"Wrote {path}"


class PENUMBRA_OT_load_rig_map(_MapsArmature, ImportHelper, bpy.types.Operator):
    """Reads the map from a file."""

    bl_idname = "penumbra.load_rig_map"
    bl_label = "Load Rig Map"
    bl_description = "Read a rig map that was saved from another character with the same rig"
    bl_options: ClassVar = {"REGISTER", "UNDO"}

    filename_ext = ".json"
    filter_glob: StringProperty(default="*.json", options={"HIDDEN"})

    def work(self, _context: bpy.types.Context, armature: bpy.types.Object) -> str:
        """Load. Raises RigError when the file holds no map, or one for another rig."""
        from ..retarget.rig_map_files import check_rig, load_rig_map  # noqa: PLC0415 - as above
        from ..scene.armature import read_rest  # noqa: PLC0415 - as above

        rig_map = load_rig_map(Path(bpy.path.abspath(self.filepath)))
        check_rig(rig_map, read_rest(armature))
        fill_map(armature, rig_map)
        return f"Loaded {rig_map.label}"


def _active_row(choices: PENUMBRA_PG_rig_map) -> Any:
    if choices.active is None:
        raise RigError("Select a row of the rig map, then try again.")
    return choices.active


CLASSES = (
    PENUMBRA_OT_guess_rig_map,
    PENUMBRA_OT_clear_rig_map,
    PENUMBRA_OT_pick_mapped_bones,
    PENUMBRA_OT_edit_mapped_bones,
    PENUMBRA_OT_check_rig_map,
    PENUMBRA_OT_save_rig_map,
    PENUMBRA_OT_load_rig_map,
)
