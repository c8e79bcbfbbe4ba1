"""Fingers in the branches below a hand, without their names."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from .tree import Tree

# Fewer branches than these are no fingers, but a hand's end, a prop or a mitten.
_LEAST = 3
_PHALANGES = 3
# A bone that begins this much nearer to the wrist than the next one is a metacarpal.
_METACARPAL = 0.5
_NAMES = {
    1: ("index",),
    2: ("index", "pinky"),
    3: ("index", "middle", "pinky"),
    4: ("index", "middle", "ring", "pinky"),
}


def fingers_of(tree: Tree, hand: int) -> Mapping[str, tuple[int, ...]]:
    """By "thumb", "index" and so on the phalanges from the knuckle outward; nothing when the hand has no fingers.

    The thumb is the branch that begins nearest to the wrist and points away from the others, which follow in the order in
    which they lie beside it. A hand of four digits has no ring finger.
    """
    branches = [way for child in tree.children[hand] for way in _ways(tree, child)]
    branches = [way for way in branches if len(way) > 1]
    if len(branches) < _LEAST:
        return {}
    wrist = tree.heads[hand]
    starts = np.array([tree.heads[_knuckle(tree, way, wrist)[0]] for way in branches])
    ways = np.array([tree.heads[way[-1]] - tree.heads[_knuckle(tree, way, wrist)[0]] for way in branches])
    ways /= np.maximum(np.linalg.norm(ways, axis=1, keepdims=True), 1e-9)
    far = np.linalg.norm(starts - wrist, axis=1)
    usual = np.median(ways, axis=0)
    astray = np.arccos(np.clip(ways @ usual / max(np.linalg.norm(usual), 1e-9), -1.0, 1.0))
    thumb = int(np.argmax(astray / np.radians(45.0) + (far.mean() - far) / far.mean()))
    others = [number for number in range(len(branches)) if number != thumb]
    others = _in_a_row(others, starts, starts[thumb])
    names = _NAMES[min(len(others), 4)]
    found = {"thumb": tuple(branches[thumb][:_PHALANGES])}
    for name, number in zip(names, others, strict=False):
        found[name] = tuple(_knuckle(tree, branches[number], wrist)[:_PHALANGES])
    return found


def _ways(tree: Tree, bone: int) -> list[list[int]]:
    """The bone's longest way, and before it those of side branches that begin at the bone, as a thumb on a palm does."""
    main = tree.longest(bone)
    side = [child for child in tree.children[bone] if child not in main and len(tree.below[child]) > 1]
    return [*(tree.longest(child) for child in side), main]


def _knuckle(tree: Tree, way: list[int], wrist: np.ndarray) -> list[int]:
    """The way from the knuckle outward, without a metacarpal."""
    far = np.linalg.norm(tree.heads[way] - wrist, axis=1)
    return way[1:] if len(way) > 2 and far[0] < _METACARPAL * far[1] else way


def _in_a_row(numbers: list[int], starts: np.ndarray, thumb: np.ndarray) -> list[int]:
    """The fingers by where their knuckles lie in their row, the one beside the thumb first."""
    knuckles = starts[numbers]
    centred = knuckles - knuckles.mean(axis=0)
    row = np.linalg.svd(centred)[2][0]
    if (thumb - knuckles.mean(axis=0)) @ row > 0:
        row = -row
    order = np.argsort(centred @ row)
    return [numbers[place] for place in order]
