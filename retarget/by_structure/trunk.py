"""The trunk between legs and arms in an armature's tree, and the neck and head above them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .limbs import Limb
from .tree import Plane, Tree

# By the distance between hips and shoulders: how far above the neck's base a skull begins at least, how far above the
# shoulders at most, how far from the plane of symmetry a neck may be, and how far above the skull's base a head ends.
_NECK, _SKULL, _ASIDE, _CROWN = 0.15, 0.5, 0.1, 0.05
# The same for a bone with a face, which is a head even on a short neck.
_NAPE = 0.05
# How far above the shoulders a bone begins that is a head without a neck, if it has a face.
_BARE = 0.18
# Cosine of the angle to the vertical within which a head's end is straight above its base.
_STRAIGHT = 0.9


@dataclass(frozen=True, slots=True)
class Trunk:
    """The middle of a body, each chain from the root outward; crown: what ends the head, where a bone does.

    up: unit vector `[3]` from between the hips to between the shoulders.
    """

    hips: int
    spine: tuple[int, ...]
    neck: tuple[int, ...]
    head: int
    crown: tuple[int, ...]
    up: np.ndarray


def read_trunk(tree: Tree, plane: Plane, legs: tuple[Limb, ...], arms: tuple[Limb, ...]) -> Trunk | None:
    """The trunk that carries the limbs; None when there is none, or no head above it."""
    below, above = int(tree.parents[legs[0].way[0]]), int(tree.parents[arms[0].way[0]])
    if below < 0 or above < 0:
        return None
    carried = tree.ancestry(above)
    hips = next((bone for bone in tree.ancestry(below) if bone in carried), None)
    if hips is None or hips == above:
        return None
    shoulders, joints = (np.mean([tree.heads[limb.upper[0]] for limb in limbs], axis=0) for limbs in (arms, legs))
    height = float(np.linalg.norm(shoulders - joints))
    if height < 1e-6:
        return None
    up = (shoulders - joints) / height
    way = _way_up(tree, plane, carried[: carried.index(hips) + 1], arms, shoulders, up, height)
    if not way:
        return None
    head = _head(tree, plane, way, shoulders, up, height)
    spine = tuple(reversed(carried[: carried.index(hips)]))
    return Trunk(hips, spine, tuple(way[:head]), way[head], _crown(tree, way[head], up, height), up)


def _way_up(
    tree: Tree,
    plane: Plane,
    spine: list[int],
    arms: tuple[Limb, ...],
    shoulders: np.ndarray,
    up: np.ndarray,
    height: float,
) -> list[int]:
    """The bones in the middle that hang on the spine, mostly on its top, and rise highest above the shoulders."""
    near = _ASIDE * height
    taken = {*spine, *(limb.way[0] for limb in arms)}

    def rises(bone: int) -> float:
        middle = [below for below in tree.below[bone] if abs(float(plane.aside(tree.heads[below]))) < near]
        return max((float((tree.heads[below] - shoulders) @ up) for below in middle), default=-np.inf)

    def order(bone: int) -> tuple[float, int]:
        return rises(bone), len(tree.below[bone])

    way: list[int] = []
    ahead = [bone for at in spine for bone in tree.children[at] if bone not in taken]
    while True:
        ahead = [bone for bone in ahead if abs(float(plane.aside(tree.heads[bone]))) < near]
        best = max(ahead, key=order, default=None)
        if best is None or rises(best) < 0.0:
            return way
        way.append(best)
        ahead = tree.children[best]


def _head(tree: Tree, plane: Plane, way: list[int], shoulders: np.ndarray, up: np.ndarray, height: float) -> int:
    """The place in `way` of the head: the first bone that a face hangs on, else the first well above the neck's base."""
    over = [float((tree.heads[bone] - shoulders) @ up) / height for bone in way]
    low = [place for place, rise in enumerate(over) if rise < _SKULL] or [0]
    if over[0] > _BARE and _two_sided(tree, plane, way[0], height):
        return 0
    faced = (place for place in low if over[place] - over[0] > _NAPE and _branches(tree, way[place], height))
    high = (place for place in low if over[place] - over[0] > _NECK)
    return next(faced, next(high, low[-1]))


def _two_sided(tree: Tree, plane: Plane, bone: int, height: float) -> bool:
    """Whether something hangs on the bone on either side, as eyes and ears do."""
    aside = plane.aside(tree.heads[tree.below[bone]])
    return len(tree.children[bone]) > 1 and min(aside.max(), -aside.min()) > _NAPE * height


def _branches(tree: Tree, bone: int, height: float) -> bool:
    """Whether several bones hang on the bone, or on the only one, which begins about where it does."""
    children = tree.children[bone]
    if len(children) != 1:
        return len(children) > 1
    apart = float(np.linalg.norm(tree.heads[children[0]] - tree.heads[bone]))
    return apart < _NAPE * height and _branches(tree, children[0], height)


def _crown(tree: Tree, head: int, up: np.ndarray, height: float) -> tuple[int, ...]:
    """The bone that ends a head which has nothing else: it begins straight above the skull's base."""
    if len(tree.children[head]) != 1:
        return ()
    (end,) = tree.children[head]
    way = tree.heads[end] - tree.heads[head]
    rise = float(way @ up)
    return (end,) if rise > max(_CROWN * height, _STRAIGHT * float(np.linalg.norm(way))) else ()
