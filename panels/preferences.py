"""The add-on's preferences: what belongs to the machine rather than to a scene."""

from __future__ import annotations

import bpy
from bpy.app.translations import pgettext_iface as iface_
from bpy.props import BoolProperty, EnumProperty, IntProperty

from ..operators.packages_install import PACKAGES
from ..operators.packages_run import Packages
from ..scene.properties import ADDON, mediapipe_is_ready
from .preferences_packages import does_not_load, draw_packages, draw_test
from .wrapped import draw_sentence


class PENUMBRA_AP_preferences(bpy.types.AddonPreferences):
    """What runs the networks, what is installed for that, and whether detections are kept."""

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
    gpu_package: EnumProperty(name="Package", description="What to install as GPU support", items=PACKAGES)

    def draw(self, context: bpy.types.Context) -> None:
        """Lay the preferences out."""
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        column = layout.column()
        ready = mediapipe_is_ready()
        row = column.row()
        row.enabled = ready or self.backend == "MEDIAPIPE"
        row.prop(self, "backend")
        if not ready:
            words = iface_("MediaPipe needs its Python package and weights, which are not here")
            draw_sentence(column, context, words, "INFO")
        row = column.row()
        row.active = self.backend == "ONNX"
        row.prop(self, "provider")
        reason = does_not_load(Packages.test, self.provider)
        if reason:
            words = iface_("This device does not load, so captures will stop: {reason}").format(reason=reason)
            draw_sentence(column, context, words, "ERROR")
        column.prop(self, "threads")
        column.prop(self, "keep_detections")
        draw_test(layout, context)
        draw_packages(layout, context, self)
