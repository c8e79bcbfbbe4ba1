"""From one doubtful span to the next, and markers at them."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import bpy
from bpy.app.translations import pgettext_tip as tip_
from bpy.props import BoolProperty

from ..errors import PenumbraError
from ..scene.context import make_active
from ..scene.editing.bone_selection import select_bones, selected_bones
from ..scene.editing.edit_choices import SpanChoices, span_settings
from ..scene.editing.markers import has_marks, mark_spans, unmark_spans
from ..scene.properties import CONTEXT
from .edit_target import EditsCapture, captured_armature

if TYPE_CHECKING:
    from ..scene.editing.spans import Span

_ONLY_SELECTED = {
    "name": "Only Selected Bones",
    "description": "Look only at the bones that are selected",
    "translation_context": CONTEXT,
}


class PENUMBRA_OT_jump_to_span(EditsCapture, SpanChoices, bpy.types.Operator):
    """Goes to the next or the previous stretch in which the capture is in doubt."""

    bl_idname = "penumbra.jump_to_span"
    bl_label = "Jump to Doubtful Span"
    bl_description = "Go to where the capture is in doubt next, and select the bones concerned"
    bl_options: ClassVar = {"REGISTER", "UNDO"}

    backward: BoolProperty(name="Backward", description="Go to the span before, not to the one after")
    only_selected: BoolProperty(**_ONLY_SELECTED)
    around: BoolProperty(name="Wrap Around", description="Go on at the other end of the capture after the last span")

    @classmethod
    def description(cls, _context: bpy.types.Context, properties: bpy.types.OperatorProperties) -> str:
        """What the button does in its direction."""
        if properties.backward:
            return tip_("Go to the doubtful span before the current frame, and select the bones concerned")
        return tip_("Go to the doubtful span after the current frame, and select the bones concerned")

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Go there and select."""
        from ..scene.editing.spans import next_span, previous_span  # noqa: PLC0415 - loads when it is used, not when Blender starts

        try:
            target = captured_armature(context)
            spans = _spans(self, target)
        except PenumbraError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        scene = context.scene
        found = (previous_span if self.backward else next_span)(spans, scene.frame_current)
        if found is None and self.around and spans:
            found = spans[-1 if self.backward else 0]
        if found is None:
            self.report({"INFO"}, f"There is no doubtful span {'before' if self.backward else 'after'} this frame")
            return {"CANCELLED"}
        scene.frame_set(found.first)
        make_active(context.view_layer, target)
        if not self.only_selected:
            select_bones(target, found.bones)
        self.report({"INFO"}, f"{found.label}: frames {found.first} to {found.last}")
        return {"FINISHED"}


class PENUMBRA_OT_mark_spans(EditsCapture, SpanChoices, bpy.types.Operator):
    """Timeline markers at the ends of doubtful spans, or none any more."""

    bl_idname = "penumbra.mark_spans"
    bl_label = "Mark Spans"
    bl_description = "Put timeline markers at the ends of doubtful spans; where there are some, take them away again"
    bl_options: ClassVar = {"REGISTER", "UNDO"}

    only_selected: BoolProperty(**_ONLY_SELECTED)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Mark, or take the marks away."""
        scene = context.scene
        if has_marks(scene):
            self.report({"INFO"}, f"Took {unmark_spans(scene)} markers away")
            return {"FINISHED"}
        try:
            spans = _spans(self, captured_armature(context))
        except PenumbraError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        if not spans:
            self.report({"INFO"}, "Nothing is in doubt")
            return {"CANCELLED"}
        mark_spans(scene, spans)
        self.report({"INFO"}, f"Marked {len(spans)} doubtful spans")
        return {"FINISHED"}


def _spans(operator: bpy.types.Operator, target: bpy.types.Object) -> list[Span]:
    from ..scene.editing.doubt import spans_of  # noqa: PLC0415 - as above

    bones = selected_bones(target) if operator.only_selected else None
    return spans_of(target, bones, span_settings(operator))
