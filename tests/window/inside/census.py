"""What the open file holds, to be compared and sent to the test."""

from __future__ import annotations

from typing import Any

import bpy


def census() -> dict:
    """What the file holds, in names, and what a capture could change of its scene."""
    scene = bpy.context.window_manager.windows[0].scene
    return {
        "objects": sorted(bpy.data.objects.keys()),
        "armatures": sorted(bpy.data.armatures.keys()),
        "cameras": sorted(bpy.data.cameras.keys()),
        "actions": sorted(bpy.data.actions.keys()),
        "frame_rate": [scene.render.fps, scene.render.fps_base],
        "camera": scene.camera.name if scene.camera else None,
        "frames": [scene.frame_start, scene.frame_end, scene.frame_current],
    }


def keys() -> dict:
    """How many keys each f-curve of the only action has, and the range of the confidences."""
    action = keyed_action()
    curves = {f"{curve.data_path}[{curve.array_index}]": len(curve.keyframe_points) for curve in fcurves(action)}
    values = [
        point.co.y
        for curve in fcurves(action)
        if '["confidence"]' in curve.data_path
        for point in curve.keyframe_points
    ]
    return {"curves": curves, "confidence": [min(values), max(values)] if values else []}


def keyed_action() -> Any:
    """The action that the only armature plays; the raw copy beside it is on a muted track."""
    (armature,) = (thing for thing in bpy.data.objects if thing.type == "ARMATURE")
    return armature.animation_data.action


def curve_values() -> dict[str, list[float]]:
    """The values of every f-curve's keys."""
    return {
        f"{curve.data_path}[{curve.array_index}]": [point.co.y for point in curve.keyframe_points]
        for curve in fcurves(keyed_action())
    }


def fcurves(action: bpy.types.Action) -> list[bpy.types.FCurve]:
    """The action's f-curves, where this version of Blender keeps them."""
    if hasattr(action, "layers"):
        return [
            curve
            for layer in action.layers
            for strip in layer.strips
            for bag in strip.channelbags
            for curve in bag.fcurves
        ]
    return list(action.fcurves)
