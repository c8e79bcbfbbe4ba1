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
from ...inference.progress import Progress, Work
from ...retarget.channels import rotation_channel
from ..actions import Curve
from ..bake_settings import BakeSettings
from ..keyed import Keyed, keying
from ..names import CONFIDENCE
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
from .key_points import NEAR, Keys, new_keys, read_keys, sampled, write_all
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


def rebake(target: bpy.types.Object, motion: Motion, settings: BakeSettings, what: RebakeSettings) -> Work[Rebaked]:
    """Bake a part of `motion` again into the target's action, with the settings of the first time.

    Rotations are blended as rotations, in each bone's own mode, on the side of it that the present keys are on. Keys outside the
    range and of other bones stay to the bit, and so does the curve at every frame outside; keys in frames in which the subject is absent stay too.
    Closing the work leaves all as it was. Raises RigError where there is nothing to bake again, and what `keyed` raises.
    """
    bone_curves(target)
    made = yield from keying(motion, target, settings)
    rewriting = Rewriting(target, made)
    done = yield from rewriting.take(what)
    yield from rewriting.write()
    return done


class Rewriting:
    """Parts of a bake that are taken into the target's action, all of which are written at the end."""

    def __init__(self, target: bpy.types.Object, made: Keyed) -> None:
        self._target = target
        self._made = made
        self._there = bone_curves(target)
        self._curves: dict[str, dict[str, dict[int, Curve]]] = {}
        for curve in made.curves:
            name, prop = split_path(curve.data_path)
            self._curves.setdefault(name, {}).setdefault(prop, {})[curve.index] = curve
        self._new: dict[tuple[str, int], tuple[Curve, bpy.types.FCurve | None, Keys]] = {}

    def take(self, what: RebakeSettings) -> Work[Rebaked]:
        """Take a part of the bake. Raises RigError where there is nothing of it."""
        made, target = self._made, self._target
        names = tuple(name for name in made.moved.bones if what.bones is None or name in what.bones)
        if not names:
            raise RigError(f'The take moves none of the selected bones of "{target.name}". Select others, or all.')
        first = int(made.frames[0]) if what.first is None else max(what.first, int(made.frames[0]))
        last = int(made.frames[-1]) if what.last is None else min(what.last, int(made.frames[-1]))
        if first > last:
            raise RigError(
                f"The take lies between frames {made.frames[0]} and {made.frames[-1]}. "
                "Choose a range of frames that meets it."
            )
        if what.influence > 0:
            weights = _weights(made.frames, first, last, key_range(self._there), what)
            for number, name in enumerate(names):
                yield Progress("rebake", number, len(names), "Blending with the present keys")
                self._take_bone(name, self._there.get(name, BoneCurves()), weights, (first, last))
        return Rebaked(names, first, last)

    def write(self) -> Work[None]:
        """Write what was taken."""
        yield from write_all(
            [(fcurve or ensure_curve(self._target, curve), keys) for curve, fcurve, keys in self._new.values()]
        )
        bpy.context.scene.frame_set(bpy.context.scene.frame_current)

    def _take_bone(self, name: str, there: BoneCurves, weights: np.ndarray, ends: tuple[int, int]) -> None:
        """The bone's rotation, location and confidence."""
        bone, made = self._target.pose.bones[name], self._made
        prop = rotation_channel(bone.rotation_mode)
        inside = (made.frames >= ends[0]) & (made.frames <= ends[1])
        for part in (slice(start, stop) for start, stop in stretches(inside & made.moved.present)):
            frames, share = made.frames[part], weights[part]
            if baked := self._curves[name].get(prop):
                present = rotation_values(bone, there, frames)
                goal = to_quaternions(_at(baked, frames, present), bone.rotation_mode)
                turned = rot.slerp(to_quaternions(present, bone.rotation_mode), goal, share)
                self._put(there.rotation, baked, frames, beside(turned, bone.rotation_mode, present), ends)
            if baked := self._curves[name].get("location"):
                present = location_values(bone, there, frames)
                goal = _at(baked, frames, present)
                self._put(there.location, baked, frames, present + share[:, None] * (goal - present), ends)
        if baked := self._curves[name].get(CONFIDENCE):
            frames, share = made.frames[inside], weights[inside]
            goal = _at(baked, frames, np.zeros((len(frames), 1)))
            present = sampled(there.confidence[0], frames)[:, None] if there.confidence else goal
            there_now = dict(enumerate(there.confidence[:1]))
            self._put(there_now, baked, frames, present + share[:, None] * (goal - present), ends)

    def _put(
        self,
        there: Mapping[int, bpy.types.FCurve],
        baked: Mapping[int, Curve],
        frames: np.ndarray,
        values: np.ndarray,
        ends: tuple[int, int],
    ) -> None:
        """Keys with `values` `[T, C]` at `frames`, for the indices that the bake keys."""
        for index, curve in baked.items():
            place, fcurve = (curve.data_path, index), there.get(index)
            if place in self._new:
                old = self._new[place][2]
            else:
                old = new_keys(np.zeros(0), np.zeros(0)) if fcurve is None else read_keys(fcurve)
            at, column, joins = _with_borders(fcurve, old.frames, frames, values[:, index], ends)
            self._new[place] = (curve, fcurve, replaced(old, new_keys(at, column, curve.interpolation), joins))


def _with_borders(
    fcurve: bpy.types.FCurve | None, keys: np.ndarray, frames: np.ndarray, values: np.ndarray, ends: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray, tuple[bool, bool]]:
    """Frames and values, with a key of the present curve just outside the range where it would change there."""
    frames = frames.astype(float)
    first, last = ends
    before, after = first - 1.0, last + 1.0
    left = frames[0] == first and bool(np.any(keys < before - NEAR)) and not np.any(np.abs(keys - before) < NEAR)
    right = frames[-1] == last and bool(np.any(keys > after + NEAR)) and not np.any(np.abs(keys - after) < NEAR)
    borders = [frame for frame, needed in ((before, left), (after, right)) if needed]
    present = np.zeros(0) if fcurve is None else sampled(fcurve, np.array(borders))
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
