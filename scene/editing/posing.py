"""Where the keyed bones bring a figure, as plain arrays made for being asked again and again with other keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import bpy
import numpy as np

from ...inference import rotations as rot
from ...retarget.target import TargetRest

# The 26 directions from the middle of a cube to its sides, edges and corners.
_WAYS = np.array([way for way in product((-1.0, 0.0, 1.0), repeat=3) if any(way)])


@dataclass(frozen=True, slots=True)
class Poser:
    """The keyed bones, what lies between them, and what is watched of the figure.

    rest: the armature. keyed: its bones with keys, parents first. still: `[N, 3, 3]` and moved: `[N, 3]` rotation and location of
    bones without keys, as they are posed by hand. points: `[P, 3]` what is watched, in the rest pose in armature space: heads and
    tails of keyed bones and of all that hangs on them. carriers: `[P]` the keyed bone, by its place in `keyed`, that carries
    each point. world: `[3, 3]` from armature space to lengths in Blender's world.
    """

    rest: TargetRest
    keyed: tuple[int, ...]
    still: np.ndarray
    moved: np.ndarray
    points: np.ndarray
    carriers: np.ndarray
    world: np.ndarray

    @property
    def names(self) -> tuple[str, ...]:
        """The keyed bones' names, parents first."""
        return tuple(self.rest.bones[bone] for bone in self.keyed)

    def above(self, bone: int) -> tuple[int, ...]:
        """The keyed bones, by their places in `keyed`, that carry bone `keyed[bone]`, itself first."""
        chain = [self.keyed[bone], *_carriers(self.rest, self.keyed[bone])]
        return tuple(self.keyed.index(link) for link in chain if link in self.keyed)

    def reach(self, bone: int) -> float:
        """How far, in Blender's world, the farthest watched point that bone `keyed[bone]` carries is from its head, at rest."""
        carried = [point for point, carrier in enumerate(self.carriers.tolist()) if bone in self.above(carrier)]
        away = (self.points[carried] - self.rest.heads[self.keyed[bone]]) @ self.world.T
        return float(np.linalg.norm(away, axis=1).max())


@dataclass(frozen=True, slots=True)
class Posed:
    """The K keyed bones in T frames, in armature space.

    turns: `[K, T, 3, 3]` from rest to pose. inherited: `[K, T, 3, 3]` the part of it that comes from above. own: `[K, T, 3, 3]` the bone's
    own part, before what is inherited. heads: `[K, T, 3]`.
    """

    turns: np.ndarray
    inherited: np.ndarray
    own: np.ndarray
    heads: np.ndarray


def read_poser(target: bpy.types.Object, rest: TargetRest, keyed: Sequence[str]) -> Poser:
    """What carries what on the target with this `rest`, whose bones `keyed` have keys."""
    names = set(keyed)
    bones = tuple(bone for bone in rest.downward() if rest.bones[bone] in names)
    local = np.array([target.pose.bones[name].matrix_basis for name in rest.bones], dtype=float)
    points, carriers = _watched(rest, bones)
    return Poser(
        rest=rest,
        keyed=bones,
        still=rot.to_matrix(rot.from_matrix(_unscaled(local[:, :3, :3]))),
        moved=local[:, :3, 3],
        points=points,
        carriers=carriers,
        world=np.array(target.matrix_world, dtype=float)[:3, :3],
    )


def pose(poser: Poser, rotations: np.ndarray, locations: Mapping[int, np.ndarray]) -> Posed:
    """Turn the keyed bones by `rotations` `[K, T, 4]` and move them by `locations` `[T, 3]`, by their places in `keyed`."""
    rest, keyed = poser.rest, poser.keyed
    place = {bone: number for number, bone in enumerate(keyed)}
    needed = {link for bone in keyed for link in (bone, *_carriers(rest, bone))}
    axes = rest.matrices[list(keyed), None, :3, :3]
    own = axes @ matrices(rotations) @ np.swapaxes(axes, -1, -2)
    identity = np.broadcast_to(np.eye(3), own.shape[1:])
    turns: dict[int, np.ndarray] = {-1: identity}
    heads: dict[int, np.ndarray] = {-1: np.zeros(own.shape[1:3])}
    inherited: dict[int, np.ndarray] = {}
    for bone in (bone for bone in rest.downward() if bone in needed):
        carrier, number = rest.carrier(bone), place.get(bone)
        frame = rest.matrices[bone, :3, :3]
        mine = frame @ poser.still[bone] @ frame.T if number is None else own[number]
        shift = poser.moved[bone] if number is None else locations.get(number, poser.moved[bone])
        inherited[bone] = turns[carrier] if rest.turns_along(bone) else identity
        turns[bone] = inherited[bone] @ mine
        offset = rest.heads[bone] - (rest.heads[carrier] if carrier >= 0 else 0.0) + shift @ rest.location_axes(bone).T
        heads[bone] = heads[carrier] + _turned(turns[carrier], np.broadcast_to(offset, heads[-1].shape))
    return Posed(
        turns=np.stack([turns[bone] for bone in keyed]),
        inherited=np.stack([inherited[bone] for bone in keyed]),
        own=own,
        heads=np.stack([heads[bone] for bone in keyed]),
    )


def watched_points(poser: Poser, posed: Posed) -> np.ndarray:
    """`[P, T, 3]` where the watched points come, in armature space."""
    offset = poser.points - poser.rest.heads[list(poser.keyed)][poser.carriers]
    return posed.heads[poser.carriers] + _turned(posed.turns[poser.carriers], offset[:, None])


def matrices(rotations: np.ndarray) -> np.ndarray:
    """Rotation matrices `[..., 3, 3]` of unit quaternions `[..., 4]`, written out since it is asked for so often."""
    w, x, y, z = np.moveaxis(rotations, -1, 0)
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ]
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)


def _turned(turns: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    return (turns @ vectors[..., None])[..., 0]


def _watched(rest: TargetRest, keyed: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Points and their carriers: heads and tails of the keyed bones and of all that hangs on them."""
    place = {bone: number for number, bone in enumerate(keyed)}
    carried: list[list[np.ndarray]] = [[] for _ in keyed]
    for bone in range(len(rest.bones)):
        above = [place[link] for link in _carriers(rest, bone) if link in place]
        if bone in place:
            carried[place[bone]].append(rest.tails[bone])
            carried[above[0] if above else place[bone]].append(rest.heads[bone])
        elif above:
            carried[above[0]] += [rest.heads[bone], rest.tails[bone]]
    outer = [_outermost(np.unique(np.round(points, 9), axis=0)) for points in carried]
    return np.concatenate(outer), np.repeat(np.arange(len(keyed)), [len(points) for points in outer])


def _outermost(points: np.ndarray) -> np.ndarray:
    """Those of `points` `[N, 3]` that lie farthest out in some direction: the others never move farther than they do."""
    if len(points) <= len(_WAYS):
        return points
    return points[np.unique(np.argmax(points @ _WAYS.T, axis=0))]


def _carriers(rest: TargetRest, bone: int) -> list[int]:
    """What carries the bone, what carries that, and so on."""
    found: list[int] = []
    while (bone := rest.carrier(bone)) >= 0 and bone not in found:
        found.append(bone)
    return found


def _unscaled(axes: np.ndarray) -> np.ndarray:
    return axes / np.maximum(np.linalg.norm(axes, axis=1, keepdims=True), 1e-9)
