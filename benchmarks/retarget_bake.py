"""How long a bake onto a generated Rigify rig takes, whole, beside Blender's own baking of the same motion."""

from __future__ import annotations

import time

import bpy
from bpy_extras.anim_utils import BakeOptions, bake_action

from ..inference.motion import Motion
from ..scene.actions import read_curves
from ..scene.bake import BakeResult, BakeSettings, bake
from .report import Figure
from .rigs.rigify import rigify_rig

LONG = 10_000
"""Frames that are baked."""
SECONDS = 5.0
"""That they may take."""
# Of Blender's own baking, more keep the same speed.
_WARM, _SAMPLED = 5, 200
_OPTIONS = {
    "only_selected": True,
    "do_pose": True,
    "do_object": False,
    "do_visual_keying": True,
    "do_constraint_clear": False,
    "do_parents_clear": False,
    "do_clean": False,
    "do_location": True,
    "do_rotation": True,
    "do_scale": False,
    "do_bbone": False,
    "do_custom_props": False,
}


def bake_figures(motion: Motion, sampled: int = _SAMPLED) -> tuple[list[Figure], list[str]]:
    """Seconds of the bake of `motion` and of Blender's own of `sampled` of its frames, and what has to be said of them."""
    bpy.ops.wm.read_homefile(use_empty=True)
    target = rigify_rig()
    start = time.perf_counter()
    baked = bake(motion, target, BakeSettings("Long", lock_feet=True))
    seconds = time.perf_counter() - start
    keyed = {curve.group for curve in read_curves(baked.action)}
    own = _blenders_own(target, baked, keyed, min(sampled, len(motion)))
    figures = [
        Figure("bake_frames", len(motion), "frames"),
        Figure("bake_rigify", seconds, "s", SECONDS),
        Figure("bake_rigify_per_frame", 1000.0 * seconds / len(motion), "ms"),
        Figure("nla_bake_per_frame", 1000.0 * own, "ms"),
        Figure("nla_bake_over_bake", own * len(motion) / seconds, "times"),
    ]
    remark = (
        f"Bake: {len(motion)} frames onto {len(target.data.bones)} bones of which {len(keyed)} are keyed, whole: from the motion to "
        "keys, confidence and the raw copy, with one evaluation of the scene at the end. Blender's own (`bake_action` with visual "
        f"keying, which is what `nla.bake` calls) keys the same bones over {min(sampled, len(motion))} frames; the ratio takes it to go "
        "on at that speed."
    )
    return figures, [remark]


def _blenders_own(target: bpy.types.Object, baked: BakeResult, keyed: set[str], count: int) -> float:
    """Seconds a frame that Blender takes to bake what the bones `keyed` do."""
    for bone in target.data.bones:
        bone.select = bone.name in keyed
    frames = range(baked.frame_start, baked.frame_start + count)
    options = BakeOptions(**_OPTIONS)
    bake_action(target, action=None, frames=frames[:_WARM], bake_options=options)
    target.animation_data.action = baked.action
    start = time.perf_counter()
    bake_action(target, action=None, frames=frames, bake_options=options)
    return (time.perf_counter() - start) / count
