"""Arms and legs in an armature's tree: pairs of branches, and where their joints are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from .tree import Plane, Tree

# What a limb's branch has at least: bones, and share of the longest branch's length.
_BONES, _SHARE = 2, 0.3
# How far two branches may be from mirroring each other, as a share of the armature's size and as a ratio of lengths.
_GAP, _RATIO = 0.1, 1.6


@dataclass(frozen=True, slots=True)
class Limb:
    """A branch read as an arm or a leg.

    way: bones from where it leaves the trunk to its farthest end. start, middle, end: places in `way` of the bones that
    begin at shoulder, elbow and wrist, or hip, knee and ankle; `end` is len(way) where a bone ends there and none begins.
    cost: how little it looks like one, 0 at best.
    """

    way: tuple[int, ...]
    start: int
    middle: int
    end: int
    cost: float

    @property
    def before(self) -> tuple[int, ...]:
        """Bones between the trunk and the limb: clavicles, or the joints of a pelvis."""
        return self.way[: self.start]

    @property
    def upper(self) -> tuple[int, ...]:
        """The upper arm's or the thigh's bones."""
        return self.way[self.start : self.middle]

    @property
    def lower(self) -> tuple[int, ...]:
        """The forearm's or the shin's bones."""
        return self.way[self.middle : self.end]

    @property
    def tip(self) -> int | None:
        """The hand or the foot."""
        return self.way[self.end] if self.end < len(self.way) else None


def branch_pairs(tree: Tree, plane: Plane, sides: np.ndarray) -> list[tuple[int, int]]:
    """Branches that leave the middle on both sides alike and are long enough for limbs: the bones that they begin with."""
    leaving = [bone for bone, parent in enumerate(tree.parents) if sides[bone] and (parent < 0 or not sides[parent])]
    leaving = [bone for bone in leaving if len(tree.below[bone]) >= _BONES]
    longest = max((tree.reach[bone] for bone in leaving), default=0.0)
    long = [bone for bone in leaving if tree.reach[bone] > _SHARE * longest]
    pairs = []
    for one in (bone for bone in long if sides[bone] > 0):
        others = [bone for bone in long if sides[bone] < 0]
        gaps = [_gap(tree, plane, one, other) for other in others]
        if gaps and min(gaps) < _GAP * tree.size:
            pairs.append((one, others[int(np.argmin(gaps))]))
    return pairs


def read_leg(tree: Tree, branch: int, end: np.ndarray) -> Limb | None:
    """The branch as a leg; `end` `[3]` is the tail of its farthest bone. None when it has too few bones."""
    return _best(tree, branch, end, _leg_cost)


def read_arm(tree: Tree, plane: Plane, branch: int, end: np.ndarray) -> Limb | None:
    """The branch as an arm; `end` `[3]` is the tail of its farthest bone. None when it has too few bones."""
    way = tree.longest(branch)
    hand = next((place for place, bone in enumerate(way) if _splits(tree, bone)), None)
    aside = np.abs(plane.aside(tree.heads[way]))

    def cost(points: np.ndarray, start: int, middle: int, last: int) -> float:
        found = _arm_cost(points, start, middle, last)
        if hand is not None and last != hand:
            found += 1.0
        # a branch that leaves the very middle begins with a clavicle
        return found + (0.5 if start == 0 and aside[0] < 0.25 * aside[min(middle, len(way) - 1)] else 0.0)

    return _best(tree, branch, end, cost)


def _gap(tree: Tree, plane: Plane, one: int, other: int) -> float:
    ratio = max(tree.reach[one], tree.reach[other]) / max(min(tree.reach[one], tree.reach[other]), 1e-9)
    if tree.parents[one] != tree.parents[other] or ratio > _RATIO:
        return np.inf
    ends = [tree.heads[[bone, tree.longest(bone)[-1]]] for bone in (one, other)]
    return float(np.linalg.norm(plane.mirrored(ends[0]) - ends[1], axis=1).max())


def _best(tree: Tree, branch: int, end: np.ndarray, cost) -> Limb | None:  # noqa: ANN001
    way = tree.longest(branch)
    points = np.concatenate([tree.heads[way], end[None]])
    limbs = [
        Limb(tuple(way), *joints, cost=cost(points, *joints)) for joints in _joints(len(way)) if _long(points, *joints)
    ]
    return min(limbs, key=lambda limb: limb.cost, default=None)


def _joints(count: int) -> Iterator[tuple[int, int, int]]:
    yield from combinations(range(count + 1), 3)


def _long(points: np.ndarray, start: int, middle: int, end: int) -> bool:
    return min(_length(points, start, middle), _length(points, middle, end)) > 1e-6


def _leg_cost(points: np.ndarray, start: int, middle: int, end: int) -> float:
    """How little a hip, a knee and an ankle the points `[K + 1, 3]` are; the last is the last bone's tail."""
    thigh, shin = _length(points, start, middle), _length(points, middle, end)
    cost = 2.0 * abs(np.log(thigh / shin)) + _crooked(points, start, middle) + _crooked(points, middle, end)
    if start > 0:
        cost += max(0.0, _cosine(points[start] - points[0], points[middle] - points[start]) - 0.5)
        cost += 0.5 * _length(points, 0, start) / thigh
    last = len(points) - 1
    if end == last:
        return cost + 0.8
    ahead = points[end + 1 : last]
    if not len(ahead):
        # a foot that ends there is short; what is as long as the leg is a shin
        return cost + 0.4 + 2.0 * max(0.0, _length(points, end, last) / (thigh + shin) - 0.5)
    lengths = np.linalg.norm(ahead - points[end], axis=1)
    foot = ahead[int(np.argmax(lengths))] - points[end]
    cost += 2.0 * max(0.0, _cosine(points[end] - points[middle], foot) - 0.6)
    return cost + 5.0 * max(0.0, float(lengths.max()) / (thigh + shin) - 0.35)


def _arm_cost(points: np.ndarray, start: int, middle: int, end: int) -> float:
    """How little a shoulder, an elbow and a wrist the points `[K + 1, 3]` are; the last is the last bone's tail."""
    upper, lower = _length(points, start, middle), _length(points, middle, end)
    cost = 2.0 * abs(np.log(upper / lower) - 0.08) + _crooked(points, start, middle) + _crooked(points, middle, end)
    if start > 0:
        cost += 0.5 * min(1.0, abs(np.log(max(_length(points, 0, start), 1e-9) / upper) + 0.6))
    last = len(points) - 1
    if end == last:
        return cost + 0.6
    rest = points[end + 1 : last]
    reach = float(np.linalg.norm(rest - points[end], axis=1).max()) if len(rest) else 0.0
    return cost + 3.0 * max(0.0, reach / (upper + lower) - 0.6)


def _splits(tree: Tree, bone: int) -> bool:
    """Whether three fingers or more leave the bone."""
    return sum(len(tree.below[child]) >= _BONES for child in tree.children[bone]) >= 3


def _length(points: np.ndarray, start: int, end: int) -> float:
    return float(np.linalg.norm(points[end] - points[start]))


def _crooked(points: np.ndarray, start: int, end: int) -> float:
    """How much longer the way along the points is than the straight one."""
    way = float(np.linalg.norm(np.diff(points[start : end + 1], axis=0), axis=1).sum())
    return 5.0 * (way / max(_length(points, start, end), 1e-9) - 1.0)


def _cosine(one: np.ndarray, other: np.ndarray) -> float:
    return float(one @ other / max(np.linalg.norm(one) * np.linalg.norm(other), 1e-12))
