"""An armature as a tree with a plane of symmetry, for finding a body in it without any names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np

from ..target import TargetRest

# Shares of the armature's size: how exactly two bones mirror each other, and how far from the plane they lie at least.
_EXACT, _ASIDE = 0.02, 0.03
# A plane's normal within this angle of one of the armature's axes is that axis.
_SNAP = np.radians(5.0)


@dataclass(frozen=True)
class Tree:
    """The bones' heads and how they hang on each other; bones' names and directions are not looked at.

    heads: `[N, 3]` in armature space. parents: `[N]`, -1 for none, parents before children.
    """

    heads: np.ndarray
    parents: np.ndarray

    @cached_property
    def size(self) -> float:
        """The longest side of the box around all heads."""
        return float(np.ptp(self.heads, axis=0).max())

    @cached_property
    def children(self) -> list[list[int]]:
        """By bone, the bones that hang on it."""
        found: list[list[int]] = [[] for _ in self.parents]
        for bone, parent in enumerate(self.parents):
            if parent >= 0:
                found[parent].append(bone)
        return found

    @cached_property
    def below(self) -> list[list[int]]:
        """By bone, itself and all bones below it."""
        found = [[bone] for bone in range(len(self.parents))]
        for bone in range(len(self.parents) - 1, -1, -1):
            if self.parents[bone] >= 0:
                found[self.parents[bone]] += found[bone]
        return found

    @cached_property
    def reach(self) -> np.ndarray:
        """`[N]` length of the longest way from a bone's head along heads below it."""
        found = np.zeros(len(self.parents))
        for bone in range(len(self.parents) - 1, -1, -1):
            parent = self.parents[bone]
            if parent >= 0:
                step = float(np.linalg.norm(self.heads[bone] - self.heads[parent]))
                found[parent] = max(found[parent], found[bone] + step)
        return found

    @cached_property
    def depth(self) -> np.ndarray:
        """`[N]` how many bones are above each."""
        found = np.zeros(len(self.parents), dtype=int)
        for bone, parent in enumerate(self.parents):
            found[bone] = found[parent] + 1 if parent >= 0 else 0
        return found

    def ancestry(self, bone: int) -> list[int]:
        """The bone, its parent and so on."""
        found = [bone]
        while (bone := int(self.parents[bone])) >= 0:
            found.append(bone)
        return found

    def longest(self, bone: int) -> list[int]:
        """The way from a bone down to where its longest way ends; of bones with one head only the lowest is on it."""
        way = [bone]
        while self.children[way[-1]]:
            at = self.heads[way[-1]]

            def length(child: int, at: np.ndarray = at) -> tuple[float, int]:
                return float(np.linalg.norm(self.heads[child] - at) + self.reach[child]), len(self.below[child])

            way.append(max(self.children[way[-1]], key=length))
        lower = [*way[1:], None]
        return [one for one, next_ in zip(way, lower, strict=True) if next_ is None or not self.together(one, next_)]

    def together(self, one: int, other: int) -> bool:
        """Whether two bones have the same head."""
        return float(np.linalg.norm(self.heads[one] - self.heads[other])) < 1e-3 * self.size


@dataclass(frozen=True, slots=True)
class Plane:
    """A body's plane of symmetry: unit normal `[3]` and distance of the origin along it."""

    normal: np.ndarray
    offset: float

    def aside(self, points: np.ndarray) -> np.ndarray:
        """`[...]` signed distances of `points` `[..., 3]`."""
        return points @ self.normal - self.offset

    def mirrored(self, points: np.ndarray) -> np.ndarray:
        """`points` `[..., 3]` on the other side."""
        return points - 2.0 * self.aside(points)[..., None] * self.normal


def tree_of(target: TargetRest) -> Tree:
    """The armature's tree."""
    return Tree(target.heads, np.asarray(target.parents, dtype=int))


def find_plane(tree: Tree) -> Plane | None:
    """The plane that mirrors most heads onto others; None when none mirrors any."""
    best, most = None, 0
    for normal in _normals(tree):
        plane = Plane(normal, float(np.median(tree.heads @ normal)))
        count = _mirrored_count(tree, plane)
        if count > most:
            best, most = plane, count
    return best


def sides_of(tree: Tree, plane: Plane) -> np.ndarray:
    """`[N]` +1 or -1 for bones that lie, with all below them, on one side of the plane, 0 for those in the middle."""
    aside = plane.aside(tree.heads)
    near = _EXACT * tree.size
    sides = np.zeros(len(tree.parents), dtype=int)
    for bone, below in enumerate(tree.below):
        least, most = aside[below].min(), aside[below].max()
        if most > near and least > -near:
            sides[bone] = 1
        elif least < -near and most < near:
            sides[bone] = -1
    return sides


def _normals(tree: Tree) -> Iterator[np.ndarray]:
    """The armature's axes, and the directions between branches of one bone that are alike."""
    yield from np.eye(3)
    for children in tree.children:
        for one, other in combinations(children, 2):
            if len(tree.below[one]) != len(tree.below[other]) or len(tree.below[one]) < 3:
                continue
            between = tree.heads[tree.below[one]].mean(axis=0) - tree.heads[tree.below[other]].mean(axis=0)
            length = np.linalg.norm(between)
            if length < _ASIDE * tree.size:
                continue
            normal = between / length
            if np.abs(normal).max() < np.cos(_SNAP):
                yield normal


def _mirrored_count(tree: Tree, plane: Plane) -> int:
    aside = np.abs(plane.aside(tree.heads)) > _ASIDE * tree.size
    if not aside.any():
        return 0
    there = plane.mirrored(tree.heads[aside])
    gaps = np.linalg.norm(there[:, None] - tree.heads[None, aside], axis=-1)
    return int((gaps.min(axis=1) < _EXACT * tree.size).sum())
