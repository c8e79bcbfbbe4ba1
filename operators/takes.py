"""Takes that were kept: list them, and put one on any armature."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import bpy
from bpy.app.translations import pgettext_iface as iface_
from bpy.app.translations import pgettext_tip as tip_
from bpy.props import StringProperty

from ..errors import PenumbraError
from ..inference.progress import Progress, Work
from ..scene.properties import bake_settings
from ..scene.take_choices import chosen_take, refresh_takes
from .edit_target import the_armature
from .edit_work import Watched


class PENUMBRA_OT_refresh_takes(bpy.types.Operator):
    """Reads the folder of takes."""

    bl_idname = "penumbra.refresh_takes"
    bl_label = "Refresh Takes"
    bl_description = "Read the folder of takes anew"

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Fill the list."""
        try:
            count = refresh_takes(context)
        except PenumbraError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        self.report({"INFO"}, f"Found {count} takes")
        return {"FINISHED"}


class PENUMBRA_OT_apply_take(Watched, bpy.types.Operator):
    """Bakes a kept take, with the scene's choices."""

    bl_idname = "penumbra.apply_take"
    bl_label = "Apply Take"
    bl_description = "Bake the take onto the active armature, or else onto the capture's target, or onto a new armature where there is neither"
    bl_options: ClassVar = {"REGISTER", "UNDO"}

    filepath: StringProperty(
        name="Take",
        description="File of the take. Leave empty for the one chosen in the list",
        subtype="FILE_PATH",
        options={"SKIP_SAVE"},
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Whether it is clear onto what."""
        return _poll(cls, context)

    def work(self, context: bpy.types.Context) -> Work[str]:
        """Bake it."""
        from ..inference.aside import aside  # noqa: PLC0415 - loads when it is used, not when Blender starts
        from ..inference.pipeline import motion_of  # noqa: PLC0415 - decoder and runtime load with it, not with Blender
        from ..inference.take import load_take  # noqa: PLC0415 - loads when it is used, not when Blender starts
        from ..scene.bake import baking  # noqa: PLC0415 - as above

        path = Path(bpy.path.abspath(self.filepath)) if self.filepath else Path(chosen_take(context).path)
        target = _target(context)
        settings = replace(bake_settings(context.scene, target), name=path.stem)
        take = yield from aside(lambda: load_take(path), Progress("take", 0, None, "Reading the take"))
        motion = motion_of(take)
        done = yield from baking(motion, target, settings, path)
        words = iface_('Applied "{take}" to {armature}, frames {first} to {last}').format(
            take=path.stem, armature=done.object.name, first=done.frame_start, last=done.frame_end
        )
        bpy.context.window_manager.penumbra.succeed(done.object.name, [words, *done.notes], motion)
        return words


class PENUMBRA_OT_open_take(bpy.types.Operator):
    """Chooses a take by the file browser and bakes it."""

    bl_idname = "penumbra.open_take"
    bl_label = "Open Take..."
    bl_description = "Choose the file of a take and apply it"
    bl_options: ClassVar = {"REGISTER", "UNDO"}

    filepath: StringProperty(name="Take", description="File of the take", subtype="FILE_PATH", options={"SKIP_SAVE"})
    filter_glob: StringProperty(default="*.take", options={"HIDDEN"})

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Whether it is clear onto what."""
        return _poll(cls, context)

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Open the file browser in the folder that the list shows."""
        if folder := context.window_manager.penumbra_takes.folder:
            self.filepath = str(Path(folder) / "")
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Apply the file's take."""
        if not self.filepath:
            self.report({"ERROR"}, "Choose the file of a take.")
            return {"CANCELLED"}
        try:
            return bpy.ops.penumbra.apply_take("INVOKE_DEFAULT", filepath=self.filepath)
        except RuntimeError as error:
            # what the other operator reported
            self.report({"ERROR"}, str(error).strip().removeprefix("Error: "))
            return {"CANCELLED"}


def _poll(operator: type[bpy.types.Operator], context: bpy.types.Context) -> bool:
    selected = [item for item in context.view_layer.objects.selected if item.type == "ARMATURE"]
    if len(selected) > 1:
        several = tip_("{count} armatures are selected. Select one armature")
        operator.poll_message_set(several.format(count=len(selected)))
        return False
    if context.window_manager.penumbra.running:
        operator.poll_message_set(tip_("A capture is running"))
        return False
    return True


def _target(context: bpy.types.Context) -> bpy.types.Object | None:
    """The armature that is active or selected, else the capture's target, else none: a new one is made."""
    try:
        return the_armature(context)
    except PenumbraError:
        return context.scene.penumbra.target
