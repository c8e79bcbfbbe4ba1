"""The bones of captures in the viewport, colored by confidence at the current frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import bpy
import gpu

from ..scene.names import CONFIDENCE

if TYPE_CHECKING:
    import numpy as np

# Colors for confidence 0, 1/2 and 1, as they are on the screen: red, yellow and a green with blue in it, which differ in lightness or in
# blueness too, so that people who cannot tell red from green can tell them apart.
_SCALE = ((0.75, 0.08, 0.05), (0.98, 0.85, 0.15), (0.0, 0.62, 0.50))
_ALPHA = 0.95
_WIDTH, _RIM = 5.0, 8.0
_DARK = (0.02, 0.02, 0.02, 0.8)
# What Blender gives for a draw function, and wants back to take it away again.
_handles: list[Any] = []


def confidence_colors(sure: np.ndarray) -> np.ndarray:
    """`[N, 4]` colors in sRGB for confidence `[N]` of 0 to 1."""
    import numpy as np  # noqa: PLC0415 - loads when it is used, not when Blender starts

    at = np.clip(sure, 0.0, 1.0)
    color = np.stack(
        [np.interp(at, np.linspace(0, 1, len(_SCALE)), channel) for channel in zip(*_SCALE, strict=True)], axis=1
    )
    return np.concatenate([color, np.full((len(color), 1), _ALPHA)], axis=1)


def confident_bones(target: bpy.types.Object) -> tuple[np.ndarray, np.ndarray]:
    """The armature's visible bones that have a confidence: `[N, 2, 3]` head and tail in Blender's world, and `[N]` confidence."""
    import numpy as np  # noqa: PLC0415 - as above

    bones = target.pose.bones
    which = [number for number, bone in enumerate(bones) if CONFIDENCE in bone and not bone.bone.hide]
    sure = np.array([float(bones[number][CONFIDENCE]) for number in which])
    ends = np.empty((2, 3 * len(bones)), dtype=np.float32)
    bones.foreach_get("head", ends[0])
    bones.foreach_get("tail", ends[1])
    places = ends.reshape(2, -1, 3)[:, which].transpose(1, 0, 2)
    world = np.array(target.matrix_world, dtype=np.float32)
    return places @ world[:3, :3].T + world[:3, 3], sure


def register() -> None:
    """Draw from now on where the scene asks for it; never where there is no window."""
    if not bpy.app.background:
        _handles.append(bpy.types.SpaceView3D.draw_handler_add(_draw, (), "WINDOW", "POST_VIEW"))


def unregister() -> None:
    """Draw no more."""
    while _handles:
        bpy.types.SpaceView3D.draw_handler_remove(_handles.pop(), "WINDOW")


def _draw() -> None:
    context = bpy.context
    if not context.scene.penumbra_edit.show_confidence or not context.space_data.overlay.show_overlays:
        return
    targets = [item for item in context.visible_objects if item.type == "ARMATURE" and item.mode != "EDIT"]
    if not any(CONFIDENCE in bone for target in targets for bone in target.pose.bones):
        return
    found = [confident_bones(target) for target in targets]
    if not any(len(sure) for _, sure in found):
        return
    import numpy as np  # noqa: PLC0415 - as above
    from gpu_extras.batch import batch_for_shader  # noqa: PLC0415 - as above

    ends = np.concatenate([places for places, _ in found]).reshape(-1, 3)
    colors = np.repeat(confidence_colors(np.concatenate([sure for _, sure in found])), 2, axis=0)
    region = context.region
    gpu.state.depth_test_set("NONE")
    gpu.state.blend_set("ALPHA")
    shader = gpu.shader.from_builtin("POLYLINE_FLAT_COLOR")
    shader.bind()
    shader.uniform_float("viewportSize", (region.width, region.height))
    scale = context.preferences.system.ui_scale
    for width, color in ((_RIM, np.tile(_DARK, (len(ends), 1))), (_WIDTH, colors)):
        shader.uniform_float("lineWidth", width * scale)
        batch = batch_for_shader(shader, "LINES", {"pos": ends.astype(np.float32), "color": color.astype(np.float32)})
        batch.draw(shader)
    gpu.state.blend_set("NONE")
