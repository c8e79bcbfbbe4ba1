"""The panel of the 3D view's sidebar that captures from video."""

from __future__ import annotations

from typing import ClassVar

import bpy

from ..operators.capture import FOR_CHOICES
from .outcome import draw_outcome, draw_running, draw_subject


class Sidebar:
    """Where the panels stand."""

    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Animation"


class PENUMBRA_PT_capture(Sidebar, bpy.types.Panel):
    """Footage, subject, target, quality, and the button."""

    bl_label = "Video Capture"

    def draw(self, context: bpy.types.Context) -> None:
        """Lay out the choices and the button, or the progress while a capture runs."""
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        choices, status = context.scene.penumbra, context.window_manager.penumbra
        col = layout.column()
        col.enabled = not status.running
        col.prop(choices, "footage")
        draw_subject(col, choices)
        col.prop(choices, "target")
        col.prop(choices, "quality")
        if status.running:
            draw_running(layout, context)
        else:
            row = layout.row()
            row.context_pointer_set(FOR_CHOICES, choices)
            row.operator("penumbra.capture", icon="ARMATURE_DATA")
            draw_outcome(layout, context)


class _Choices(Sidebar):
    """A folded group of choices that most captures leave as they are."""

    bl_parent_id = "PENUMBRA_PT_capture"
    bl_options: ClassVar = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        """Lay out the choices, which cannot be changed while a capture runs."""
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        layout.enabled = not context.window_manager.penumbra.running
        self.draw_choices(layout, context.scene.penumbra)


class PENUMBRA_PT_capture_range(_Choices, bpy.types.Panel):
    """Which part of the footage is read."""

    bl_label = "Range"

    def draw_choices(self, layout: bpy.types.UILayout, choices: bpy.types.PropertyGroup) -> None:
        """Lay out the choices."""
        layout.prop(choices, "range")
        unit = {"FRAMES": "frame", "SECONDS": "second"}.get(choices.range)
        if unit is not None:
            col = layout.column(align=True)
            col.prop(choices, f"first_{unit}")
            col.prop(choices, f"last_{unit}")
        layout.prop(choices, "step")
        layout.prop(choices, "image_rate")


class PENUMBRA_PT_capture_camera(_Choices, bpy.types.Panel):
    """What is known of the camera."""

    bl_label = "Camera"

    def draw_choices(self, layout: bpy.types.UILayout, choices: bpy.types.PropertyGroup) -> None:
        """Lay out the choices."""
        layout.prop(choices, "camera_source")
        if choices.camera_source == "OBJECT":
            layout.prop(choices, "camera")
            return
        layout.prop(choices, "focal_length")
        _draw_by_hand(layout, choices, "camera_tilt", "Tilt")
        _draw_by_hand(layout, choices, "camera_height", "Height")


class PENUMBRA_PT_capture_lifting(_Choices, bpy.types.Panel):
    """Which networks bring the joints to three dimensions."""

    bl_label = "Lifting"

    def draw_choices(self, layout: bpy.types.UILayout, choices: bpy.types.PropertyGroup) -> None:
        """Lay out the choices."""
        layout.prop(choices, "lifter")
        layout.prop(choices, "refiner")


class PENUMBRA_PT_capture_motion(_Choices, bpy.types.Panel):
    """How joints become motion on the floor."""

    bl_label = "Motion"

    def draw_choices(self, layout: bpy.types.UILayout, choices: bpy.types.PropertyGroup) -> None:
        """Lay out the choices."""
        for name in ("subject_height", "fit", "foot_lock", "smoothing", "root"):
            layout.prop(choices, name)


class PENUMBRA_PT_capture_output(_Choices, bpy.types.Panel):
    """How the keys are written."""

    bl_label = "Output"

    def draw_choices(self, layout: bpy.types.UILayout, choices: bpy.types.PropertyGroup) -> None:
        """Lay out the choices."""
        layout.prop(choices, "frame_rate")
        layout.prop(choices, "scene_start")
        for name in ("rig_map", "limbs", "foot_contacts", "hand_contacts", "fingers"):
            row = layout.row()
            row.active = choices.target is not None
            row.prop(choices, name)
        row = layout.row()
        row.active = choices.camera_source == "ESTIMATE"
        row.prop(choices, "add_camera")


def _draw_by_hand(layout: bpy.types.UILayout, choices: bpy.types.PropertyGroup, name: str, heading: str) -> None:
    """Draw a number that is set by hand only where the checkbox before it is on."""
    row = layout.row(align=True, heading=heading)
    row.prop(choices, f"use_{name}", text="")
    sub = row.row(align=True)
    sub.active = getattr(choices, f"use_{name}")
    sub.prop(choices, name, text="")
