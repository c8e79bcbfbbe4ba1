"""Fewer keys: many where the capture is sure, few where it guessed, and never farther off than was asked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

import bpy
import numpy as np

from ...inference.along_time import stretches
from ...inference.aside import work_aside
from ...inference.progress import Progress, Work
from .bezier_fit import Ends
from .fitted_keys import Piece, bezier_keys, straight_keys
from .key_choice import KeyChoice, Thinned
from .key_errors import Bounds, KeyErrors
from .key_points import Keys, read_keys, write_all
from .key_ranges import replaced
from .keyed_pose import KeyedPose, read_pose
from .steps import changes, legs, standing

# Frames that are searched at once.
_WINDOW = 300
# How far a thinned confidence may be from what it was.
_SURE = 0.02


@dataclass(frozen=True, slots=True)
class ReduceSettings:
    """How keys are reduced.

    measure: whether `distance`, in lengths of Blender's world, bounds how far every joint moves, or `angle`, in radians, how far every bone turns
    (and `distance` how far bones move by themselves). doubt: by how many times the bound grows where confidence is 0. bones: names of
    the pose bones whose keys are reduced, None for all. first, last: the range of frames, None for all. contacts: frames in which a
    foot is set down or lifted keep keys.
    """

    measure: Literal["distance", "angle"] = "distance"
    distance: float = 0.01
    angle: float = np.radians(1.0)
    doubt: float = 3.0
    bones: frozenset[str] | None = None
    first: int | None = None
    last: int | None = None
    contacts: bool = True


@dataclass(frozen=True, slots=True)
class Reduced:
    """How many keys of rotation, location and confidence there were and are."""

    before: int
    after: int


def reduce_keys(target: bpy.types.Object, settings: ReduceSettings) -> Work[Reduced]:
    """Reduce the keys that a capture made on the target's action.

    What is written has Bezier handles, and lies within the bound at every whole frame as Blender evaluates it; all channels of a
    bone's rotation have keys at the same frames. Frames in which the subject is absent, and keys there, stay. Closing
    the work leaves all as it was. Raises RigError where there is nothing to reduce.
    """
    there = yield from read_pose(target, settings.bones, settings.first, settings.last)
    windows = list(_windows(there.sure.max(axis=1) > 0))
    pieces = yield from work_aside(_found(there, windows, settings), Progress("reduce", 0, None, "Reducing keys"))
    return (yield from _write(there, pieces))


def _found(
    there: KeyedPose, windows: list[tuple[slice, tuple[bool, bool]]], settings: ReduceSettings
) -> Work[list[list[Piece]]]:
    """For each of the channels the keys that are enough, window after window."""
    pieces: list[list[Piece]] = [[] for _ in there.channels]
    for number, (window, ends) in enumerate(windows):
        thinned, errors = _problem(there, window, ends, settings)
        for done in KeyChoice(errors, thinned).search():
            yield Progress("reduce", round(100 * (number + done)), 100 * len(windows), "Reducing keys")
        for found, one in zip(pieces, thinned, strict=True):
            if one is not None:
                found.append(Piece(there.frames[window.start] + np.array(sorted(one.keys)), one.fitted(), one.corners))
    return pieces


def _windows(present: np.ndarray) -> Iterator[tuple[slice, tuple[bool, bool]]]:
    """The stretches in which `present` `[T]` is true, long ones in windows that share a frame; and whether each goes on at its ends."""
    for first, stop in stretches(present):
        count = max(1, round((stop - first) / _WINDOW))
        borders = np.linspace(first, stop - 1, count + 1).round().astype(int)
        for number, (start, end) in enumerate(pairwise(borders.tolist())):
            yield slice(start, end + 1), (number > 0, number < count - 1)


def _problem(
    there: KeyedPose, window: slice, ends: tuple[bool, bool], settings: ReduceSettings
) -> tuple[list[Thinned | None], KeyErrors]:
    """What is searched for in one window, with the keys that stay whatever happens; None for channels that are left alone."""
    poser, count = there.poser, window.stop - window.start
    channels = [replace(one, goal=one.goal[window]) for one in there.channels]
    errors = KeyErrors(poser, channels, _bounds(there, window, settings))
    steps = _steps(there, errors) if settings.contacts else {}
    thinned: list[Thinned | None] = []
    for whole, one in zip(there.channels, channels, strict=True):
        corners = steps.get((one.bone, bool(one.mode)), frozenset()) - {0, count - 1}
        reach = 2 * poser.reach(one.bone) if one.mode else 1.0
        price = reach / errors.bounds.paths[one.bone]
        slopes = _border_slopes(whole.goal, window, ends)
        thinned.append(Thinned(one.goal, price, corners | {0, count - 1}, corners, slopes) if one.free else None)
    return thinned, errors


def _border_slopes(goal: np.ndarray, window: slice, ends: tuple[bool, bool]) -> Ends:
    """Slopes per frame at the ends of a window where another one goes on, the same for both."""
    first, last = window.start, window.stop - 1
    return (
        (goal[first + 1] - goal[first - 1]) / 2 if ends[0] else None,
        (goal[last + 1] - goal[last - 1]) / 2 if ends[1] else None,
    )


def _bounds(there: KeyedPose, window: slice, settings: ReduceSettings) -> Bounds:
    grown = 1.0 + (settings.doubt - 1.0) * (1.0 - there.sure[window].T)
    places = settings.distance * grown[there.poser.carriers] if settings.measure == "distance" else None
    return Bounds(places, settings.angle * grown, settings.distance * grown)


def _steps(there: KeyedPose, errors: KeyErrors) -> dict[tuple[int, bool], frozenset[int]]:
    """Frames that keep keys because a foot is set down or lifted: by bone, and whether for its rotation or its location."""
    found: dict[tuple[int, bool], frozenset[int]] = {}
    for leg in legs(there.poser, there.fit).values():
        frames = frozenset(changes(standing(there.poser, errors.goal, leg, there.rate)))
        turned = [(bone, True) for bone in leg]
        moved = [(bone, False) for bone in there.poser.above(leg[-1])]
        for place in turned + moved:
            found[place] = found.get(place, frozenset()) | frames
    return found


def _write(there: KeyedPose, pieces: list[list[Piece]]) -> Work[Reduced]:
    """Write the keys that were found, once all are."""
    before = 0
    written: list[tuple[bpy.types.FCurve, Keys]] = []
    changed: set[int] = set()
    for number, (one, found) in enumerate(zip(there.channels, pieces, strict=True)):
        if not one.free:
            continue
        yield Progress("fit", number, len(there.channels), "Fitting the keys")
        changed.add(one.bone)
        for axis, fcurve in there.fcurves(one).items():
            old = new = read_keys(fcurve)
            for block in _blocks(found):
                new = replaced(new, bezier_keys(block, axis))
            written.append((fcurve, new))
            before += len(old)
    for number, bone in enumerate(sorted(changed)):
        yield Progress("fit", number, len(changed), "Fitting the keys")
        for fcurve in there.curves[there.poser.names[bone]].confidence:
            old = read_keys(fcurve)
            written.append((fcurve, replaced(old, straight_keys(there.frames, there.sure[:, bone], _SURE))))
            before += len(old)
    yield from write_all(written)
    return Reduced(before, sum(len(keys) for _, keys in written))


def _blocks(pieces: list[Piece]) -> list[list[Piece]]:
    """Pieces that share a frame, together."""
    blocks: list[list[Piece]] = []
    for piece in pieces:
        if blocks and blocks[-1][-1].frames[-1] == piece.frames[0]:
            blocks[-1].append(piece)
        else:
            blocks.append([piece])
    return blocks
