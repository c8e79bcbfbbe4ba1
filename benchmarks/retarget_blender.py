"""Whether Blender poses rigs as the numbers say: the same motion baked, evaluated and compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import bpy
import numpy as np

from ..inference.motion import Motion
from ..retarget.forward import posed
from ..scene.bake import BakeSettings, bake, keyed
from .report import Figure
from .retarget_clips import Source
from .rigs.armature import build_armature
from .rigs.build import family_names, family_rest

AGREE = 0.1
"""Millimeters by which bones may lie elsewhere."""
_FRAMES = 20


def agreement(found: Sequence[Source], names: Sequence[str] | None = None, frames: int = _FRAMES) -> list[Figure]:
    """The farthest, in millimeters, that Blender puts a bone's head or tail from where the numbers do, over all families.

    Every family has another clip, bones rolled at random, and feet held.
    """
    farthest, compared = 0.0, 0
    for number, name in enumerate(names or family_names()):
        motion = first_frames(found[number % len(found)].motion, frames)
        bpy.ops.wm.read_homefile(use_empty=True)
        target = build_armature(family_rest(name, "A", roll_seed=number))
        settings = BakeSettings("Compared")
        made = keyed(motion, target, settings)
        where = posed(made.rest, made.moved)
        baked = bake(motion, target, settings)
        ours = np.stack([where.heads, where.tails], axis=2)
        theirs = evaluated_bones(target, made.rest.bones, range(baked.frame_start, baked.frame_end + 1))
        farthest = max(farthest, 1000.0 * float(np.linalg.norm(ours - theirs, axis=-1).max()))
        compared += 1
    return [
        Figure("blender_families", compared, "families"),
        Figure("blender_apart", farthest, "mm", AGREE),
    ]


def evaluated_bones(target: bpy.types.Object, names: Sequence[str], frames: Sequence[int]) -> np.ndarray:
    """Heads and tails `[T, N, 2, 3]` of bones in armature space, as Blender evaluates every frame."""
    places = np.empty((len(frames), len(names), 2, 3))
    bones = [target.pose.bones[name] for name in names]
    for row, frame in enumerate(frames):
        bpy.context.scene.frame_set(frame)
        places[row] = [[bone.head, bone.tail] for bone in bones]
    return places


def first_frames(motion: Motion, count: int) -> Motion:
    """The motion's beginning."""
    rows = {name: getattr(motion, name)[:count] for name in ("times", "present", "root", "rotations", "confidence")}
    return replace(motion, **rows, contacts=None if motion.contacts is None else motion.contacts[:count], hands=None)
