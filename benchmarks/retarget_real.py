"""Round trip on rigs as they are made for work: Rigify's, MPFB's, and people with bodies, as Blender evaluates them with all constraints."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import bpy
import numpy as np
from mathutils import Vector

from ..retarget.body import body_basis, body_joints
from ..retarget.rig_map import choose_rig_map
from ..scene.armature import read_rest
from ..scene.bake import BakeSettings, bake
from ..scene.bake_settings import Limbs
from .report import Figure
from .retarget_blender import first_frames
from .retarget_clips import Source
from .retarget_directions import angles, directions_of, marks_of, subject_directions
from .retarget_round_trip import MOST, worst_direction
from .rig_figures import appended_figure
from .rigs.armature import build_armature
from .rigs.build import expected_bones, expected_fingers
from .rigs.mpfb import MPFB_RIGS, mpfb_rest
from .rigs.rigify import rigify_rig
from .tables import table

# Frames of each clip, and how many apart they are evaluated.
_FRAMES, _EVERY = 90, 10


@dataclass(frozen=True, slots=True)
class RealRig:
    """A rig in the scene. shown: prefix of the bones that deform the body, where they are not those that are keyed."""

    name: str
    armature: bpy.types.Object
    shown: str = ""
    limbs: Limbs = "fk"


@dataclass(frozen=True, slots=True)
class RealTrip:
    """One rig over all clips. errors: `[T, D]` degrees off."""

    name: str
    rig_map: str
    errors: np.ndarray


def real_trips(found: Sequence[Source], people: Path | None) -> list[RealTrip]:
    """Rigify's generated rig by its bones and by its inverse kinematics, MPFB's rigs, and every person in `people`."""
    return [_trip(make, found) for make in _rigs(people)]


def _rigs(people: Path | None) -> Iterator[Callable[[], RealRig]]:
    yield lambda: RealRig("rigify", rigify_rig(), "DEF-")
    yield lambda: RealRig("rigify_ik", rigify_rig(), "DEF-", "ik")
    for name in MPFB_RIGS:
        yield lambda name=name: RealRig(name.rpartition("rig.")[2], build_armature(mpfb_rest(name)))
    for path in sorted(people.iterdir() if people is not None else ()):
        if path.suffix in {".blend", ".glb"}:
            yield lambda path=path: RealRig(path.stem, appended_figure(path).armature)


def _trip(make: Callable[[], RealRig], found: Sequence[Source]) -> RealTrip:
    bpy.ops.wm.read_homefile(use_empty=True)
    rig = make()
    errors, chosen = [], ""
    for source in found:
        motion = first_frames(source.motion, _FRAMES)
        baked = bake(motion, rig.armature, BakeSettings("Real", lock_feet=False, limbs=rig.limbs))
        rows = np.arange(0, len(motion), _EVERY)
        ours = _directions(rig, (baked.frame_start + rows).tolist())
        truth = subject_directions(motion, source.joints[: len(motion)])[rows]
        errors.append(angles(ours, truth))
        chosen = baked.rig_map
    return RealTrip(rig.name, chosen, np.concatenate(errors))


def _directions(rig: RealRig, frames: Sequence[int]) -> np.ndarray:
    """Where the body's parts point, `[T, D, 3]` along the product's axes, as Blender evaluates the frames."""
    target = read_rest(rig.armature)
    chains, ends = _bones(rig)
    joints = body_joints(target, chains, ends)
    basis = body_basis(target.name, joints)
    marks = marks_of(chains, joints, basis)
    bones = {place: target.bones[bone] for place, bone in marks.bones.items()}
    inside = {
        place: rig.armature.data.bones[bone].matrix_local.inverted() @ Vector(marks.rest[place])
        for place, bone in bones.items()
    }
    places: Mapping[str, list[Vector]] = {place: [] for place in bones}
    for frame in frames:
        bpy.context.scene.frame_set(frame)
        for place, bone in bones.items():
            places[place].append(rig.armature.pose.bones[bone].matrix @ inside[place])
    return directions_of({place: np.array(found) @ basis for place, found in places.items()})


def _bones(rig: RealRig) -> tuple[dict[str, tuple[int, ...]], dict[str, tuple[int, ...]]]:
    """The rig's product bones and their ends: of its map, or where other bones deform the body, those."""
    target = read_rest(rig.armature)
    if not rig.shown:
        fit = choose_rig_map(target)
        return dict(fit.chains), dict(fit.ends)

    def indices(names: Sequence[str]) -> tuple[int, ...]:
        return tuple(target.bones.index(rig.shown + name) for name in names)

    fingers = expected_fingers("rigify_human")
    ends = {f"foot.{side}": (f"toe.{side}",) for side in ("L", "R")}
    ends |= {f"hand.{side}": (fingers[f"index.{side}"][0], fingers[f"pinky.{side}"][0]) for side in ("L", "R")}
    chains = {bone: indices(names) for bone, names in expected_bones("rigify_human").items()}
    return chains, {bone: indices(names) for bone, names in ends.items()}


def real_figures(trips: Sequence[RealTrip]) -> list[Figure]:
    """The mean error of every rig."""
    return [Figure(f"round_trip_real_{trip.name}", float(np.nanmean(trip.errors)), "°", MOST) for trip in trips]


def real_table(trips: Sequence[RealTrip]) -> str:
    """A row a rig."""
    rows = []
    for trip in trips:
        bone, off = worst_direction(trip.errors)
        rows.append((trip.name, trip.rig_map, f"{np.nanmean(trip.errors):.2f}", f"{bone}: {off:.2f}"))
    return table(
        "Round trip on rigs for work, as Blender evaluates them",
        ("rig", "map that was found", "mean (°)", "worst bone (°)"),
        rows,
        "As above, in the rig's own rest pose; of Rigify's generated rig the bones that deform the body, with all constraints.",
    )
