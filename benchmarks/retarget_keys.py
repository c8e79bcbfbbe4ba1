"""How many keys are left of the demo take when they are reduced, and how far the figure then is from where it was."""

from __future__ import annotations

import time
from dataclasses import replace

import bpy
import numpy as np

from ..inference.pipeline import motion_of
from ..inference.progress import finish
from ..inference.take import Take
from ..scene.actions import read_curves
from ..scene.bake import CONFIDENCE, BakeSettings, bake
from ..scene.editing.reduce_keys import ReduceSettings, reduce_keys
from .report import Figure
from .retarget_blender import evaluated_bones

TIMES_FEWER = 5.0
"""How many times fewer keys there must be."""
BOUND = ReduceSettings(measure="distance", distance=0.01)
"""1 cm for every joint that the capture is sure of, more where it guessed."""
_STRICT = replace(BOUND, doubt=1.0)
_MM = 1000.0


def reduction(take: Take) -> tuple[list[Figure], list[str]]:
    """Keys before and after, and errors in mm of every bone's head and tail in every frame, with 1 cm everywhere and by confidence."""
    figures = []
    for name, settings in (("strict", _STRICT), ("by_confidence", BOUND)):
        counts, seconds, errors = _reduced(take, settings)
        bounded = settings is _STRICT
        figures += [
            Figure(f"keys_{name}_times_fewer", counts[0] / counts[1], "times", TIMES_FEWER, at_least=True),
            Figure(f"keys_{name}_largest_error", float(errors.max()), "mm", _MM * BOUND.distance if bounded else None),
            Figure(f"keys_{name}_mean_error", float(errors.mean()), "mm"),
            Figure(f"keys_{name}_seconds", seconds, "s"),
        ]
    remark = (
        "Keys: of rotations and locations on a new armature with the demo take on it. `strict`: every joint may be off by 1 cm; `by_"
        f"confidence`: by up to {BOUND.doubt:g} cm where confidence is 0, as the button does it. Errors are of every bone's head and tail in "
        "every whole frame in which the subject is seen, as Blender evaluates them before and after."
    )
    return figures, [remark]


def _reduced(take: Take, settings: ReduceSettings) -> tuple[tuple[int, int], float, np.ndarray]:
    """Count of keys before and after, seconds, and errors `[T, B, 2]` in mm."""
    bpy.ops.wm.read_homefile(use_empty=True)
    motion = motion_of(take)
    baked = bake(motion, None, BakeSettings("Demo"))
    frames = baked.frame_start + np.flatnonzero(motion.present)
    names = [bone.name for bone in baked.object.pose.bones]
    before, kept = _count(baked.action), evaluated_bones(baked.object, names, frames.tolist())
    start = time.perf_counter()
    finish(reduce_keys(baked.object, settings))
    seconds = time.perf_counter() - start
    away = evaluated_bones(baked.object, names, frames.tolist()) - kept
    return (before, _count(baked.action)), seconds, _MM * np.linalg.norm(away, axis=-1)


def _count(action: bpy.types.Action) -> int:
    """Keys of the action that move bones."""
    return sum(len(curve.frames) for curve in read_curves(action) if f'["{CONFIDENCE}"]' not in curve.data_path)
