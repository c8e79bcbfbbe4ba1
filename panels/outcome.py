"""How the last capture came out, below the button: done, in doubt, failed, or without a subject."""

from __future__ import annotations

import bpy
from bpy.app.translations import pgettext_iface as iface_

from ..operators.edit_target import FOR_ARMATURE
from ..scene.capture_status import GUESS
from .wrapped import draw_sentence

# Width at scale 1 of a box's border, and of the button that dismisses.
_BOX, _DISMISS = 12.0, 32.0
_PERCENT = "{:.0%}"


def draw_running(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """Draw what the capture does, how far it has come, and the way to stop it."""
    status = context.window_manager.penumbra
    draw_sentence(layout, context, status.text, "TIME")
    layout.progress(factor=status.fraction, text=_PERCENT.format(status.fraction))
    layout.operator("penumbra.cancel_capture", icon="CANCEL")


def draw_outcome(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """Draw what the last capture made, or why it made nothing and what to do next."""
    choices, status = context.scene.penumbra, context.window_manager.penumbra
    if status.problem:
        box = _draw_message(layout, context, status.problem, "ERROR")
        if status.outcome == "NOBODY":
            draw_subject(box, choices)
    elif status.outcome == "CANCELLED":
        _draw_message(layout, context, iface_("The capture was cancelled and the file left as it was"), "INFO")
    elif status.result:
        _draw_result(layout, context)
    elif not choices.footage:
        hint = iface_("Choose footage of a person first: a video file, or the folder of an image sequence")
        draw_sentence(layout, context, hint, "INFO")


def draw_subject(layout: bpy.types.UILayout, choices: bpy.types.PropertyGroup) -> None:
    """Draw whom to capture."""
    layout.prop(choices, "subject")
    if choices.subject == "POINT":
        layout.prop(choices, "subject_point")
    elif choices.subject == "BOX":
        sides = layout.column(align=True)
        for side in ("left", "right", "top", "bottom"):
            sides.prop(choices, f"subject_{side}")


def _draw_message(
    layout: bpy.types.UILayout, context: bpy.types.Context, sentence: str, icon: str
) -> bpy.types.UILayout:
    """Draw a sentence in a box that can be dismissed, and give the box."""
    box = layout.box()
    row = box.row()
    draw_sentence(row, context, sentence, icon, _BOX + _DISMISS)
    row.operator("penumbra.dismiss_message", text="", icon="X", emboss=False)
    return box


def _draw_result(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    status = context.window_manager.penumbra
    headline, *notes = status.result.splitlines()
    box = _draw_message(layout, context, headline, "CHECKMARK")
    if status.outcome == "DONE":
        row = box.row()
        row.label(text="Mean Confidence")
        number = row.row()
        number.alignment = "RIGHT"
        number.label(text=_PERCENT.format(status.confidence), translate=False)
    if status.doubtful:
        _draw_doubt(box, context)
    if not notes:
        return
    header, body = layout.panel("penumbra_notes", default_closed=True)
    header.label(text=iface_("Notes ({count})").format(count=len(notes)), translate=False)
    if body is not None:
        for note in notes:
            draw_sentence(body, context, note, "DOT")


def _draw_doubt(box: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """Draw how much of the motion is a guess, the way to where, and where to go on."""
    share = _PERCENT.format(context.window_manager.penumbra.guessed)
    doubt = iface_("{share} of the motion is a guess, because the subject is hidden or hardly to be seen there")
    draw_sentence(box, context, doubt.format(share=share), "ERROR", _BOX)
    armature = context.scene.objects.get(context.window_manager.penumbra.armature)
    row = box.row()
    if armature is not None:
        row.context_pointer_set(FOR_ARMATURE, armature)
    button = row.operator("penumbra.jump_to_span", icon="NEXT_KEYFRAME")
    button.threshold, button.around = GUESS, True
    draw_sentence(box, context, iface_("Correct it under Edit Capture, or use footage that shows more"), "BLANK1", _BOX)
