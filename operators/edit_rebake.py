"""A part of the capture baked again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import bpy
from bpy.props import StringProperty

from ..errors import TakeError
from ..inference.progress import Progress, Work
from ..scene.editing.edit_choices import RangeChoices, RebakeChoices, rebake_settings
from .edit_target import EditsCapture, captured_armature
from .edit_work import Watched

if TYPE_CHECKING:
    from ..scene.baked import Baked


class PENUMBRA_OT_rebake(EditsCapture, Watched, RangeChoices, RebakeChoices, bpy.types.Operator):
    """A range of frames or some bones from the action's own take."""

    bl_idname = "penumbra.rebake"
    bl_label = "Re-bake"
    bl_description = (
        "Bake frames or bones again from the take that the action was made of, blended with the present keys"
    )
    bl_options: ClassVar = {"REGISTER", "UNDO"}

    take: StringProperty(
        name="Take",
        description="File of the take. Leave empty for the one that the action was made of",
        subtype="FILE_PATH",
        options={"SKIP_SAVE"},
    )

    def work(self, context: bpy.types.Context) -> Work[str]:
        """Bake the part again into the armature's action."""
        from ..inference.aside import aside  # noqa: PLC0415 - loads when it is used, not when Blender starts
        from ..inference.pipeline import motion_of  # noqa: PLC0415 - decoder and runtime load with it, not with Blender
        from ..inference.take import load_take  # noqa: PLC0415 - as above
        from ..scene.baked import baked_of  # noqa: PLC0415 - as above
        from ..scene.editing.corrections import motion_of_action  # noqa: PLC0415 - as above
        from ..scene.editing.rebake import rebake  # noqa: PLC0415 - as above

        target = captured_armature(context)
        made = baked_of(target.animation_data.action)
        path = _path(self.take, made)
        take = yield from aside(lambda: load_take(path), Progress("rebake", 0, None, "Reading the take"))
        motion = motion_of(take) if self.take else (yield from motion_of_action(made, take))
        done = yield from rebake(target, motion, made.settings, rebake_settings(self, target))
        return f"Baked {len(done.bones)} bones again, frames {done.first} to {done.last}"


def _path(chosen: str, made: Baked) -> Path:
    """The take's file. Raises TakeError where none is known or it is gone."""
    if chosen:
        return Path(bpy.path.abspath(chosen))
    if made.take is None:
        raise TakeError("No take was kept with this action. Apply a take from the list under Takes.")
    if not made.take.is_file():
        raise TakeError(
            f"The take {made.take} is gone. Bring it back there, or apply a take from the list under Takes."
        )
    return made.take
