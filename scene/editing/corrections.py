"""Corrections: poses that the animator says are right, kept with the action, and the motion solved around them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace

import bpy
import numpy as np

from ...errors import ArgumentsError, RigError
from ...inference import rotations as rot
from ...inference.along_time import stretches
from ...inference.aside import aside
from ...inference.correcting.correction import Correction
from ...inference.motion import Motion
from ...inference.progress import Progress, Work
from ...inference.take import Take, load_take
from ...models.skeletons import BONE_NAMES
from ...retarget.channels import rotation_channel
from ...retarget.figure import Figure, figure_of
from ...retarget.forward import posed
from ...retarget.inverse import TargetPose, product_pose, read_pose
from ...retarget.retarget import TargetMotion
from ...retarget.timing import resample
from ..baked import Baked
from ..keyed import Keyed, keying
from .bone_curves import bone_curves
from .rebake import RebakeSettings, Rewriting

# What the animator marked, and what the keys were last solved around.
_MARKED, _SOLVED = "penumbra_corrections", "penumbra_solved_corrections"
# One minus the cosine of half the angle, and parts of a location and of confidence, below which a key does not change.
_SAME_TURN, _SAME = 1e-9, 1e-5


@dataclass(frozen=True, slots=True)
class Mark:
    """One correction as the action keeps it.

    frame: of the scene. time: seconds of the footage's clock. root: `[3]`, rotations: `[18, 4]`, as `Correction` has them.
    """

    frame: int
    time: float
    root: list[float]
    rotations: list[list[float]]


@dataclass(frozen=True, slots=True)
class Solved:
    """What changed: names of the bones, first and last frame; no bones and the frames 0 where nothing did."""

    bones: tuple[str, ...]
    first: int
    last: int


def marks_of(action: bpy.types.Action) -> list[Mark]:
    """The action's corrections, by frame; those that are damaged are left out."""
    return _read(action, _MARKED)


def is_solved(action: bpy.types.Action, one: Mark) -> bool:
    """Whether the action's keys were solved around a correction as it is marked now."""
    return one in _read(action, _SOLVED)


def mark(target: bpy.types.Object, baked: Baked, frame: int) -> Work[Mark]:
    """Keep the target's present pose as the right one for `frame`, in place of what was marked there before, and key it.

    Raises RigError where the pose cannot be told from the bones that are keyed, ArgumentsError where the frame shows no subject,
    TakeError where the take is gone.
    """
    motion = yield from motion_of_action(baked)
    made = yield from _keyed(motion, target, baked)
    row = _row(made, frame)
    figure = figure_of(made.rest, made.fit)
    motion = resample(motion, made.rate)
    before = posed(made.rest, _one_frame(made.moved, row))
    last = [chain[-1] for chain in made.fit.chains.values()] + [figure.bone("hips")]
    bones = sorted(set(last))
    was = read_pose(figure, {bone: before.turns[0, bone] for bone in bones}, before.heads[0, figure.bone("hips")])
    root, rotations = product_pose(
        motion, row, figure, made.moved.from_capture, was, _posed_by_hand(target, figure, bones)
    )
    _key(target, frame)
    found = Mark(frame, float(motion.times[row]), root.tolist(), rotations.tolist())
    _keep(baked.action, _MARKED, [*(other for other in marks_of(baked.action) if other.frame != frame), found])
    return found


def unmark(action: bpy.types.Action, frame: int) -> None:
    """Forget the correction of a frame. Raises ArgumentsError where there is none."""
    there = marks_of(action)
    left = [other for other in there if other.frame != frame]
    if len(left) == len(there):
        raise ArgumentsError(f"Frame {frame} has no correction. Choose one of the list.")
    _keep(action, _MARKED, left)


def motion_of_action(baked: Baked, take: Take | None = None) -> Work[Motion]:
    """The motion that the action was solved to: its take's, around the corrections of then. Raises TakeError."""
    there = take or (yield from _take(baked))
    return (yield from _motion(there, _read(baked.action, _SOLVED)))


def solve_marked(target: bpy.types.Object, baked: Baked) -> Work[Solved]:
    """Solve the motion around all corrections and write the keys that change; all others stay.

    Corrections that were solved before and are no longer marked go out of the keys again. Closing the work leaves all as it was.

    Raises ArgumentsError where nothing is marked or a correction cannot be used, TakeError where the take is gone, and what
    `keyed` raises.
    """
    there = marks_of(baked.action)
    if not there and not _read(baked.action, _SOLVED):
        raise ArgumentsError("Nothing is marked. Pose a frame that is wrong and choose Mark Correction first.")
    take = yield from _take(baked)
    motion = yield from motion_of_action(baked, take)
    old = yield from _keyed(motion, target, baked)
    motion = yield from _motion(take, there)
    new = yield from _keyed(motion, target, baked)
    changed = _changed(old, new)
    rewriting = Rewriting(target, new)
    for (first, end), bones in _together(changed, new.moved.bones).items():
        yield from rewriting.take(RebakeSettings(int(new.frames[first]), int(new.frames[end - 1]), bones))
    yield from rewriting.write()
    _keep(baked.action, _SOLVED, there)
    rows = np.flatnonzero(changed.any(axis=1))
    names = tuple(name for name, any_changed in zip(new.moved.bones, changed.any(axis=0), strict=True) if any_changed)
    return Solved(names, *((int(new.frames[rows[0]]), int(new.frames[rows[-1]])) if len(rows) else (0, 0)))


def _motion(take: Take, there: Sequence[Mark]) -> Work[Motion]:
    from ...inference.correcting.motion import corrected_motion  # noqa: PLC0415 - loads the fit

    times = take.stage("track")["times"]
    corrections = [
        Correction(int(np.abs(times - one.time).argmin()), np.array(one.root), np.array(one.rotations)) for one in there
    ]
    return (yield from aside(lambda: corrected_motion(take, corrections), Progress("correct", 0, None, "Solving")))


def _take(baked: Baked) -> Work[Take]:
    if baked.take is None:
        raise ArgumentsError(
            f'The take of "{baked.action.name}" was not kept, and corrections need it. Capture again, or apply a take.'
        )
    path = baked.take
    return (yield from aside(lambda: load_take(path), Progress("correct", 0, None, "Reading the take")))


def _keyed(motion: Motion, target: bpy.types.Object, baked: Baked) -> Work[Keyed]:
    made = yield from keying(motion, target, baked.settings)
    if baked.settings.limbs == "ik" and made.fit.ik:
        raise RigError(
            f'The limbs of "{target.name}" are keyed on goals and poles. Apply the take with Limbs set to FK to correct poses.'
        )
    return made


def _row(made: Keyed, frame: int) -> int:
    found = np.flatnonzero((made.frames == frame) & made.moved.present)
    if not len(found):
        raise ArgumentsError(f"The capture has no keys in frame {frame}. Correct a frame that has some.")
    return int(found[0])


def _one_frame(moved: TargetMotion, row: int) -> TargetMotion:
    rows = slice(row, row + 1)
    return replace(
        moved,
        rotations=moved.rotations[rows],
        locations={name: places[rows] for name, places in moved.locations.items()},
        confidence=moved.confidence[rows],
        present=moved.present[rows],
    )


def _posed_by_hand(target: bpy.types.Object, figure: Figure, bones: Sequence[int]) -> TargetPose:
    """The pose that Blender shows now."""
    bpy.context.view_layer.update()
    rest = figure.target
    matrices = {bone: np.array(target.pose.bones[rest.bones[bone]].matrix, dtype=float) for bone in bones}
    turns = {}
    for bone, matrix in matrices.items():
        left, _, right = np.linalg.svd(matrix[:3, :3])
        turns[bone] = rot.from_matrix(left @ right @ rest.matrices[bone, :3, :3].T)
    return read_pose(figure, turns, matrices[figure.bone("hips")][:3, 3])


def _key(target: bpy.types.Object, frame: int) -> None:
    """Key the present pose where it is not what the f-curves give, so that it is there when the frame is shown again."""
    for name, curves in bone_curves(target).items():
        bone = target.pose.bones[name]
        channels = (
            (getattr(bone, rotation_channel(bone.rotation_mode)), curves.rotation),
            (bone.location, curves.location),
        )
        for values, fcurves in channels:
            for index, fcurve in fcurves.items():
                if abs(fcurve.evaluate(frame) - values[index]) > _SAME:
                    fcurve.keyframe_points.insert(frame, values[index])
                    fcurve.update()


def _changed(old: Keyed, new: Keyed) -> np.ndarray:
    """`[T, B]` bool, the bones and frames whose keys are to change."""
    turned = 1.0 - np.abs(np.sum(old.moved.rotations * new.moved.rotations, axis=-1)) > _SAME_TURN
    sure = np.abs(old.moved.confidence - new.moved.confidence) > _SAME
    moved = np.zeros(turned.shape, bool)
    for name, places in new.moved.locations.items():
        apart = np.abs(places - old.moved.locations[name]).max(axis=-1)
        moved[:, new.moved.bones.index(name)] = apart > _SAME * max(1.0, float(np.abs(places).max()))
    return (turned | sure | moved) & new.moved.present[:, None]


def _together(changed: np.ndarray, names: Sequence[str]) -> dict[tuple[int, int], frozenset[str]]:
    """Stretches of rows that change, each with the names of the bones that change in just these."""
    found: dict[tuple[int, int], set[str]] = {}
    for name, rows in zip(names, changed.T, strict=True):
        for stretch in stretches(rows):
            found.setdefault(stretch, set()).add(name)
    return {stretch: frozenset(bones) for stretch, bones in found.items()}


def _keep(action: bpy.types.Action, name: str, marks: Iterable[Mark]) -> None:
    action[name] = json.dumps([asdict(one) for one in sorted(marks, key=lambda one: one.frame)])


def _read(action: bpy.types.Action, name: str) -> list[Mark]:
    try:
        found = [Mark(**entry) for entry in json.loads(action.get(name, "[]"))]
    except (ValueError, TypeError):
        return []
    return sorted((one for one in found if _well_formed(one)), key=lambda one: one.frame)


def _well_formed(one: Mark) -> bool:
    try:
        root, rotations = np.array(one.root, float), np.array(one.rotations, float)
    except (ValueError, TypeError):
        return False
    return root.shape == (3,) and rotations.shape == (len(BONE_NAMES), 4) and isinstance(one.frame, int)
