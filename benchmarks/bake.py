"""How long a bake of 1800 frames onto 60 bones takes, beside Blender's own way of setting keys.

Run: python -P -m penumbra.benchmarks.bake
"""

from __future__ import annotations

import os
import sys
import time

import bpy
import numpy as np

from ..scene.actions import Curve, new_action, read_curves, write_curves
from .report import Figure, publish

FRAMES = 1800
BONES = 60


def bake_figures(insert_frames: int = FRAMES) -> list[Figure]:
    """What the bake takes, and how many times longer `keyframe_insert` takes for each key, in this run.

    The bake is `FRAMES` frames of `BONES` bones with rotation and confidence and one root's location, and one evaluation
    of the scene. `keyframe_insert` runs on `insert_frames` frames: all of them take half a minute.
    """
    target = _rig()
    values = np.random.default_rng(1).normal(size=(FRAMES, BONES, 8)).astype(np.float32)
    start = time.perf_counter()
    action = new_action(target, "Bench")
    write_curves(action, list(_curves(values)))
    bpy.context.scene.frame_set(1)
    seconds = time.perf_counter() - start
    keys = sum(len(curve.frames) for curve in read_curves(action))
    start = time.perf_counter()
    inserted = _insert(_rig(), values[:insert_frames])
    insert_seconds = time.perf_counter() - start
    return [
        Figure("bake_1800x60", seconds, "s", 0.5),
        Figure("keyframe_insert_over_bake", (insert_seconds / inserted) / (seconds / keys), "times"),
    ]


def _rig() -> bpy.types.Object:
    armature = bpy.data.armatures.new("Bench")
    target = bpy.data.objects.new("Bench", armature)
    bpy.context.scene.collection.objects.link(target)
    bpy.context.view_layer.objects.active = target
    bpy.ops.object.mode_set(mode="EDIT")
    for number in range(BONES):
        bone = armature.edit_bones.new(f"bone.{number:03}")
        bone.head, bone.tail = (0.0, 0.0, number), (0.0, 0.0, number + 1.0)
    bpy.ops.object.mode_set(mode="OBJECT")
    for bone in target.pose.bones:
        bone["confidence"] = 0.0
    return target


def _curves(values: np.ndarray) -> list[Curve]:
    frames = np.arange(1.0, FRAMES + 1)
    curves = []
    for number in range(BONES):
        name = f"bone.{number:03}"
        path = f'pose.bones["{name}"]'
        channels = [(f"{path}.rotation_quaternion", axis) for axis in range(4)]
        channels += [(f'{path}["confidence"]', 0)]
        channels += [(f"{path}.location", axis) for axis in range(3)] if number == 0 else []
        curves += [
            Curve(channel, axis, name, frames, values[:, number, column])
            for column, (channel, axis) in enumerate(channels)
        ]
    return curves


def _insert(target: bpy.types.Object, values: np.ndarray) -> int:
    """Key every frame with `keyframe_insert`; gives the count of keys."""
    count = 0
    for frame in range(len(values)):
        for number, bone in enumerate(target.pose.bones):
            bone.rotation_quaternion = values[frame, number, :4]
            bone["confidence"] = float(values[frame, number, 4])
            bone.keyframe_insert("rotation_quaternion", frame=frame + 1, group=bone.name)
            bone.keyframe_insert('["confidence"]', frame=frame + 1, group=bone.name)
            count += 5
            if number == 0:
                bone.location = values[frame, number, 5:8]
                bone.keyframe_insert("location", frame=frame + 1, group=bone.name)
                count += 3
    return count


if __name__ == "__main__":
    publish("bake", "Baking 1800 frames onto 60 bones", bake_figures(), [], keep=False)
    # Blender 4.5 can hang at Python's own ending
    sys.stdout.flush()
    os._exit(0)
