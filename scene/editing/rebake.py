"""Baking a part again: a range of frames or some bones, from the take that the action was made of, into what is keyed now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import bpy
import numpy as np

from ...errors import RigError
from ...inference import rotations as rot
from ...inference.along_time import stretches
from ...inference.motion import Motion
from ...retarget.channels import rotation_channel
from ..actions import Curve
from ..bake_settings import BakeSettings
from ..keyed import CONFIDENCE, Keyed, keyed
from .bone_curves import (
    BoneCurves,
    beside,
    bone_curves,
    ensure_curve,
    key_range,
    location_values,
    rotation_values,
    split_path,
    to_quaternions,
)
from .key_points import NEAR, new_keys, read_keys, sampled, write_keys
from .key_ranges import replaced


@dataclass(frozen=True, slots=True)
class RebakeSettings:
    """What is baked again, and how much of it is taken.

    first, last: the range of frames, None for all of the take. bones: names of pose bones, None for all. influence: 0 keeps what is there,
    1 takes the bake. fade: frames at either end of the range over which the influence grows from nothing; not where nothing is keyed
    beyond it.
    """

    first: int | None = None
    last: int | None = None
    bones: frozenset[str] | None = None
    influence: float = 1.0
    fade: int = 0


@dataclass(frozen=True, slots=True)
class Rebaked:
    """What was written: names of the bones, first and last frame."""

    bones: tuple[str, ...]
    first: int
    last: int


def rebake(target: bpy.types.Object, motion: Motion, settings: BakeSettings, what: RebakeSettings) -> Rebaked:
    """Bake a part of `motion` again into the target's action, with the settings of the first time.

    Rotations are blended as rotations, in each bone's own mode, on the side of it that the present keys are on. Keys outside the
    range and of other bones stay to the bit, and so does the curve at every frame outside; keys in frames in which the subject is absent stay too.
    Raises RigError where there is nothing to bake again, and what `keyed` raises.
    """
    bone_curves(target)
    return rewrite(target, keyed(motion, target, settings), what)


def rewrite(target: bpy.types.Object, made: Keyed, what: RebakeSettings) -> Rebaked:
    """The same of a bake that was made already. Raises RigError where there is nothing to bake again."""
    found = bone_curves(target)
    names = tuple(name for name in made.moved.bones if what.bones is None or name in what.bones)
    if not names:
        raise RigError(f'The take moves none of the selected bones of "{target.name}". Select others, or all.')
    first = int(made.frames[0]) if what.first is None else max(what.first, int(made.frames[0]))
    last = int(made.frames[-1]) if what.last is None else min(what.last, int(made.frames[-1]))
    if first > last:
        raise RigError(
            f"The take lies between frames {made.frames[0]} and {made.frames[-1]}. Choose a range of frames that meets it."
        )
    if what.influence > 0:
        part = _Part(made, first, last, _weights(made.frames, first, last, key_range(found), what))
        for name in names:
            part.write(target, name, found.get(name, BoneCurves()))
    bpy.context.scene.frame_set(bpy.context.scene.frame_current)
    return Rebaked(names, first, last)


class _Part:
    """The range of a bake that is written again."""

    def __init__(self, made: Keyed, first: int, last: int, weights: np.ndarray) -> None:
        self._made = made
        self._weights = weights
        self._range = (first, last)
        inside = (made.frames >= first) & (made.frames <= last)
        self._all = [slice(*np.flatnonzero(inside)[[0, -1]] + [0, 1])]
        self._seen = [slice(start, stop) for start, stop in stretches(inside & made.moved.present)]
        self._curves: dict[str, dict[str, dict[int, Curve]]] = {}
        for curve in made.curves:
            name, prop = split_path(curve.data_path)
            self._curves.setdefault(name, {}).setdefault(prop, {})[curve.index] = curve

    def write(self, target: bpy.types.Object, name: str, there: BoneCurves) -> None:
        """Write the bone's rotation, location and confidence again."""
        bone = target.pose.bones[name]
        prop = rotation_channel(bone.rotation_mode)
        for part in self._seen:
            frames, weights = self._made.frames[part], self._weights[part]
            if baked := self._curves[name].get(prop):
                present = rotation_values(bone, there, frames)
                goal = to_quaternions(_at(baked, frames, present), bone.rotation_mode)
                turned = rot.slerp(to_quaternions(present, bone.rotation_mode), goal, weights)
                self._put(target, there.rotation, baked, part, beside(turned, bone.rotation_mode, present))
            if baked := self._curves[name].get("location"):
                present = location_values(bone, there, frames)
                goal = _at(baked, frames, present)
                self._put(target, there.location, baked, part, present + weights[:, None] * (goal - present))
        for part in self._all:
            if not (baked := self._curves[name].get(CONFIDENCE)):
                continue
            frames, weights = self._made.frames[part], self._weights[part]
            there_now = dict(enumerate(there.confidence[:1]))
            goal = _at(baked, frames, np.zeros((len(frames), 1)))
            present = sampled(there.confidence[0], frames)[:, None] if there.confidence else goal
            self._put(target, there_now, baked, part, present + weights[:, None] * (goal - present))

    def _put(
        self,
        target: bpy.types.Object,
        there: Mapping[int, bpy.types.FCurve],
        baked: Mapping[int, Curve],
        part: slice,
        values: np.ndarray,
    ) -> None:
        """Keys with `values` `[T, C]` in `part` of the frames, for the indices that the bake keys."""
        for index, curve in baked.items():
            fcurve = there.get(index) or ensure_curve(target, curve)
            old = read_keys(fcurve)
            frames, column, joins = self._with_borders(fcurve, old.frames, part, values[:, index])
            write_keys(fcurve, replaced(old, new_keys(frames, column, curve.interpolation), joins))

    def _with_borders(
        self, fcurve: bpy.types.FCurve, keys: np.ndarray, part: slice, values: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, tuple[bool, bool]]:
        """The part's frames and values, with a key of the present curve just outside the range where it would change there."""
        frames = self._made.frames[part].astype(float)
        first, last = self._range
        before, after = first - 1.0, last + 1.0
        left = frames[0] == first and bool(np.any(keys < before - NEAR)) and not np.any(np.abs(keys - before) < NEAR)
        right = frames[-1] == last and bool(np.any(keys > after + NEAR)) and not np.any(np.abs(keys - after) < NEAR)
        borders = [frame for frame, needed in ((before, left), (after, right)) if needed]
        present = sampled(fcurve, np.array(borders))
        count = int(left)
        return (
            np.concatenate([borders[:count], frames, borders[count:]]),
            np.concatenate([present[:count], values, present[count:]]),
            (left, right),
        )


def _weights(frames: np.ndarray, first: int, last: int, keys: tuple[int, int], what: RebakeSettings) -> np.ndarray:
    """`[T]` share of the bake in each frame: `influence`, eased in and out over `fade` frames where keys lie beyond."""
    steps = what.fade + 1.0
    up = (frames - first + 1) / steps if first > keys[0] else np.ones(len(frames))
    down = (last - frames + 1) / steps if last < keys[1] else np.ones(len(frames))
    share = np.clip(np.minimum(up, down), 0.0, 1.0)
    return what.influence * share**2 * (3 - 2 * share)


def _at(baked: Mapping[int, Curve], frames: np.ndarray, present: np.ndarray) -> np.ndarray:
    """`[T, C]` values of the bake at `frames`, which it keys; what it does not key is as in `present`."""
    values = present.copy()
    for index, curve in baked.items():
        values[:, index] = curve.values[np.searchsorted(curve.frames, frames)]
    return values
