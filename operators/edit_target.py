"""Which armature an edit is for, and why one cannot be edited."""

from __future__ import annotations

import bpy
from bpy.app.translations import pgettext_tip as tip_

from ..errors import PenumbraError, RigError

FOR_ARMATURE = "penumbra_armature"
"""Name under which a layout's context points to the armature that its buttons are for."""


def the_armature(context: bpy.types.Context) -> bpy.types.Object:
    """The armature that is active, or else the only one that is selected; a layout's button may name another by `FOR_ARMATURE`.

    Raises RigError where that is not one.
    """
    if (named := getattr(context, FOR_ARMATURE, None)) is not None:
        return named
    selected = [item for item in context.view_layer.objects.selected if item.type == "ARMATURE"]
    active = context.view_layer.objects.active
    if len(selected) > 1:
        raise RigError(tip_("{count} armatures are selected. Select one armature").format(count=len(selected)))
    if active is not None and active.type == "ARMATURE":
        return active
    if not selected:
        raise RigError(tip_("Select one armature"))
    return selected[0]


def captured_armature(context: bpy.types.Context) -> bpy.types.Object:
    """`the_armature`, whose action a capture made. Raises RigError where it did not."""
    target = the_armature(context)
    animation = target.animation_data
    if animation is None or animation.action is None:
        raise RigError(tip_('"{name}" has no action. Capture or apply a take onto it').format(name=target.name))
    from ..scene.baked import baked_of  # noqa: PLC0415 - loads when it is used, not when Blender starts

    if baked_of(animation.action) is None:
        raise RigError(tip_("This action was not made by a capture"))
    return target


class EditsCapture:
    """What operators have in common that edit the action of the armature."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Whether there is one armature whose action a capture made."""
        try:
            captured_armature(context)
        except PenumbraError as error:
            cls.poll_message_set(str(error))
            return False
        return True


class EditsAtOnce(EditsCapture):
    """What edits straight through: `edit` does it, and its errors become reports."""

    def edit(self, context: bpy.types.Context, target: bpy.types.Object) -> str | None:
        """Edit the target's action and give what to report, None for nothing. Raises PenumbraError."""
        raise NotImplementedError

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Edit the armature's action."""
        try:
            done = self.edit(context, captured_armature(context))
        except PenumbraError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        if done is not None:
            self.report({"INFO"}, done)
        return {"FINISHED"}
