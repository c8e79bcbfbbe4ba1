"""Edits go in steps: stopped between two of them, they leave every key as it was."""

from __future__ import annotations

import bpy
import numpy as np
import pytest

from penumbra.inference.progress import Work
from penumbra.scene.bake import BakeSettings, bake
from penumbra.scene.editing.rebake import RebakeSettings, rebake
from penumbra.scene.editing.reduce_keys import ReduceSettings, reduce_keys
from penumbra.scene.editing.smooth_keys import SmoothSettings, smooth_keys
from penumbra.tests.blender.rigs import mixamo_rig, moving

SETTINGS = BakeSettings("Walk")
EDITS = {
    "rebake": lambda target: rebake(target, moving(40), SETTINGS, RebakeSettings(5, 30, influence=0.5)),
    "reduce": lambda target: reduce_keys(target, ReduceSettings()),
    "smooth": lambda target: smooth_keys(target, SmoothSettings()),
}


def keys(target: bpy.types.Object) -> dict[tuple[str, int], bytes]:
    found = {}
    for bag in _bags(target.animation_data.action):
        for curve in bag.fcurves:
            places = np.empty(6 * len(curve.keyframe_points), np.float32)
            for number, name in enumerate(("co", "handle_left", "handle_right")):
                flat = np.empty(len(places) // 3, np.float32)
                curve.keyframe_points.foreach_get(name, flat)
                places[number * len(flat) : (number + 1) * len(flat)] = flat
            found[curve.data_path, curve.array_index] = places.tobytes()
    return found


@pytest.mark.parametrize("name", EDITS)
def test_stopped_among_the_keys_all_are_as_they_were(name: str) -> None:
    target = mixamo_rig()
    bake(moving(40), target, SETTINGS)
    if name == "rebake":
        for bag in _bags(target.animation_data.action):
            for point in (point for curve in bag.fcurves for point in curve.keyframe_points):
                point.co.y *= 0.9
            for curve in bag.fcurves:
                curve.update()
    before = keys(target)
    work: Work = EDITS[name](target)
    while (progress := next(work)).stage != "write" or progress.done < 3:
        pass
    assert keys(target) != before, "nothing was written yet, so that nothing is tried"
    work.close()
    assert keys(target) == before


def _bags(action: bpy.types.Action) -> list:
    if not hasattr(action, "layers"):
        return [action]
    return [bag for layer in action.layers for strip in layer.strips for bag in strip.channelbags]
