"""Rest poses of rig families from their tables: published bone names and hierarchies on one canonical human.

A table gives each bone's parent, the points of `human.toml` that its head and tail lie on ("a", or "a:b:0.3" for the
place three tenths of the way from a to b), and the product bone or finger that it belongs to. Names with {side} or
{initial} (the side's first letter) stand for both sides.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np

from ...models.skeletons import BONE_NAMES
from ...retarget.target import TargetRest
from .human import canonical_points

Pose = Literal["T", "A", "odd"]

FINGERS = ("thumb", "index", "middle", "ring", "pinky")
_FOLDER = Path(__file__).parent / "families"
_SIDES = ("L", "R")


@dataclass(frozen=True, slots=True)
class FamilyBone:
    """One bone of a family: head and tail are places on the human, `part` the product bone or finger, with its side."""

    name: str
    parent: str | None
    head: str
    tail: str
    part: str | None


def family_names() -> tuple[str, ...]:
    """All families that there are tables of."""
    return tuple(path.stem for path in sorted(_FOLDER.glob("*.toml")))


def family_rest(
    name: str,
    pose: Pose = "T",
    roll_seed: int | None = None,
    legs: float = 1.0,
    arms: float = 1.0,
    scale: float = 1.0,
    rename_seed: int | None = None,
    head: float = 1.0,
) -> TargetRest:
    """The family's rest pose in meters, facing -y with its soles at z = 0.

    roll_seed: every bone gets a random roll. legs, arms: how much longer they are than the canonical human's. scale: of
    everything. head: of the head alone. rename_seed: every bone gets a random name (`random_names`), and bones that hang
    on one parent a random order. Raises KeyError for a family without a table.
    """
    points = canonical_points(pose, legs, arms, head)
    bones = _bones(name)
    if rename_seed is not None:
        bones = _shuffled(bones, rename_seed)
    heads = scale * np.array([_place(points, bone.head) for bone in bones])
    tails = scale * np.array([_place(points, bone.tail) for bone in bones])
    names = [bone.name for bone in bones]
    called = {bone: bone for bone in names} if rename_seed is None else random_names(name, rename_seed)
    rolls = np.zeros(len(bones))
    if roll_seed is not None:
        rolls = np.random.default_rng(roll_seed).uniform(-np.pi, np.pi, len(bones))
    return rest_of(
        name,
        tuple(called[bone] for bone in names),
        np.array([names.index(bone.parent) if bone.parent is not None else -1 for bone in bones]),
        heads,
        tails,
        rolls,
    )


def rest_of(
    name: str, bones: tuple[str, ...], parents: np.ndarray, heads: np.ndarray, tails: np.ndarray, rolls: np.ndarray
) -> TargetRest:
    """The rest pose of bones with these heads and tails `[N, 3]` and rolls `[N]` in radians; parents come first."""
    lengths = np.linalg.norm(tails - heads, axis=1)
    matrices = np.tile(np.eye(4), (len(bones), 1, 1))
    matrices[:, :3, :3] = [_axes(*item) for item in zip(tails - heads, rolls, strict=True)]
    matrices[:, :3, 3] = heads
    count = len(bones)
    return TargetRest(
        name=name,
        bones=bones,
        parents=parents,
        matrices=matrices,
        lengths=lengths,
        inherit_rotation=np.ones(count, dtype=bool),
        local_location=np.ones(count, dtype=bool),
        connected=np.zeros(count, dtype=bool),
        rotation_modes=("QUATERNION",) * count,
    )


def expected_bones(name: str) -> Mapping[str, tuple[str, ...]]:
    """For each product bone that the family has, its target bones from the root outward."""
    return _parts(name, fingers=False)


def expected_fingers(name: str) -> Mapping[str, tuple[str, ...]]:
    """For each finger ("index.L") that the family has, its phalanges from the knuckle outward."""
    return _parts(name, fingers=True)


def random_names(name: str, seed: int) -> Mapping[str, str]:
    """By published name, the random name that the family's bone has with this `rename_seed`."""
    random = np.random.default_rng(seed)
    bones = [bone.name for bone in _bones(name)]
    numbers = random.permutation(len(bones))
    return {bone: f"{'qxzjkv'[number % 6]}{number:03d}" for bone, number in zip(bones, numbers, strict=True)}


@cache
def _bones(name: str) -> tuple[FamilyBone, ...]:
    path = _FOLDER / f"{name}.toml"
    if not path.is_file():
        raise KeyError(f"There is no family {name}; there are {', '.join(family_names())}.")
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    found = []
    for pattern, (parent, head, tail, *part) in table["bones"].items():
        sides = zip(_SIDES, table["sides"], strict=True) if "{" in pattern else ((None, ""),)
        for side, word in sides:

            def named(text: str, word: str = word) -> str:
                return text.format(side=word, initial=word[:1])

            found.append(
                FamilyBone(
                    name=named(pattern),
                    parent=named(parent) or None,
                    head=_sided(head, side),
                    tail=_sided(tail, side),
                    part=(f"{part[0]}.{side}" if side else part[0]) if part else None,
                )
            )
    return tuple(_parents_first(found))


def _parents_first(bones: list[FamilyBone]) -> list[FamilyBone]:
    """The same bones, those of one parent in the order given, each after its parent."""
    known = {bone.name for bone in bones}
    lost = [bone.name for bone in bones if bone.parent is not None and bone.parent not in known]
    if lost or len(known) < len(bones):
        raise ValueError(f"Bones without their parents or given twice: {lost or len(bones) - len(known)}.")
    ordered: list[FamilyBone] = []
    waiting = list(bones)
    while waiting:
        done = {bone.name for bone in ordered}
        ordered += [bone for bone in waiting if bone.parent is None or bone.parent in done]
        done = {bone.name for bone in ordered}
        waiting = [bone for bone in waiting if bone.name not in done]
    return ordered


def _shuffled(bones: tuple[FamilyBone, ...], seed: int) -> tuple[FamilyBone, ...]:
    order = np.random.default_rng(seed + 1).permutation(len(bones))
    return tuple(_parents_first([bones[number] for number in order]))


def _parts(name: str, *, fingers: bool) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for bone in _bones(name):
        if bone.part is None:
            continue
        digit = bone.part.partition(".")[0] in FINGERS
        if not digit and bone.part not in BONE_NAMES:
            raise ValueError(f"{name} gives {bone.name} to {bone.part}, which is no product bone and no finger.")
        if digit == fingers:
            found[bone.part] = (*found.get(bone.part, ()), bone.name)
    return found


def _sided(place: str, side: str | None) -> str:
    """The place with the side of its bone on every point that has none of its own."""
    first, *rest = place.split(":")
    if side is None:
        return place
    points = [point if "." in point else f"{point}.{side}" for point in (first, *rest[:1])]
    return ":".join((*points, *rest[1:]))


def _place(points: Mapping[str, np.ndarray], place: str) -> np.ndarray:
    """Where `[3]` a place of a table is."""

    def point(name: str) -> np.ndarray:
        return points[name] if name in points else points[name.partition(".")[0]]

    first, *rest = place.split(":")
    if not rest:
        return point(first)
    return point(first) + float(rest[1]) * (point(rest[0]) - point(first))


def _axes(along: np.ndarray, roll: float) -> np.ndarray:
    """Rotation `[3, 3]` of a bone that points `along`: its y axis, its z axis forward or up, then turned by `roll`."""
    y = along / np.linalg.norm(along)
    front = np.array([0.0, -1.0, 0.0]) if abs(y[1]) < 0.7 else np.array([0.0, 0.0, 1.0])
    x = np.cross(y, front)
    x /= np.linalg.norm(x)
    z = np.cross(x, y)
    sine, cosine = np.sin(roll), np.cos(roll)
    return np.stack([cosine * x - sine * z, y, sine * x + cosine * z], axis=1)
