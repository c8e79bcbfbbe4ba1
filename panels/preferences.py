"""The add-on's preferences: what belongs to the machine rather than to a scene."""

from __future__ import annotations

import bpy
from bpy.props import BoolProperty, EnumProperty, IntProperty

from ..scene.properties import ADDON, mediapipe_is_ready


class PENUMBRA_AP_preferences(bpy.types.AddonPreferences):
    """What runs the networks, and whether detections are kept."""

    bl_idname = ADDON

    backend: EnumProperty(
        name="Backend",
        description="Runtime for the networks",
        items=(
            ("ONNX", "ONNX Runtime", "The runtime that comes with the add-on"),
            ("MEDIAPIPE", "MediaPipe", "MediaPipe's own pipeline, where its Python package is installed"),
        ),
    )
    provider: EnumProperty(
        name="Device",
        description="What ONNX Runtime computes on",
        items=(
            ("AUTO", "Automatic", "The fastest that loads"),
            ("CUDA", "CUDA", "A graphics card by NVIDIA"),
            ("DIRECTML", "DirectML", "Any graphics card on Windows"),
            ("COREML", "Core ML", "Apple's neural engine and graphics"),
            ("CPU", "CPU", "The processor"),
        ),
    )
    threads: IntProperty(
        name="Threads",
        description="Processor threads for the networks. With 0, the machine decides",
        min=0,
        soft_max=64,
    )
    keep_detections: BoolProperty(
        name="Keep Detections",
        description="Keep what was found in footage in a cache, so that capturing the same footage again is quick",
        default=True,
    )

    def draw(self, _context: bpy.types.Context) -> None:
        """Lay the preferences out."""
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        ready = mediapipe_is_ready()
        row = layout.row()
        row.enabled = ready or self.backend == "MEDIAPIPE"
        row.prop(self, "backend")
        if not ready:
            layout.label(text="MediaPipe needs its Python package and weights, which are not here", icon="INFO")
        row = layout.row()
        row.active = self.backend == "ONNX"
        row.prop(self, "provider")
        layout.prop(self, "threads")
        layout.prop(self, "keep_detections")
