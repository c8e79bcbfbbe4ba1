"""How a product bone's turn is shared out among the target bones that stand for it.

The trunk's chains bend bone by bone. They bow so that what matters ends up where the subject's does: the shoulders above the
hips, the head above the shoulders, each shoulder beside the chest. A limb's chain stays straight: its bones share the swing
and differ by their twist alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import numpy as np

from ..inference import rotations as rot
from ..inference.motion import RestPose
from ..models.skeletons import BONE_NAMES, BONES
from .figure import Figure

_REST = {bone.name: np.array(bone.rest) for bone in BONES}
# The bone whose twist the far end of a lower limb takes along.
_BELOW = {"forearm": "hand", "shin": "foot"}
_UPPER = ("upper_arm", "thigh")
# Radians by which a chain bows freely, and which it never reaches.
_FREE, _MOST = np.radians(35.0), np.radians(75.0)


def chain_turns(rotations: np.ndarray, rest: RestPose, figure: Figure) -> dict[int, np.ndarray]:
    """By target bone, its turn `[T, 4]` from rest to pose in the product's axes.

    rotations: `[T, 18, 4]` the subject's, as in `Motion`; rest: the subject's proportions.
    """
    goals = {
        name: rot.multiply(rotations[:, BONE_NAMES.index(name)], figure.alignment[name]) for name in figure.fit.chains
    }
    pointed = _pointed(rotations, rest)
    turns: dict[int, np.ndarray] = {}
    for name, chain in figure.fit.chains.items():
        kind = name.partition(".")[0]
        if kind in {"spine", "neck", "shoulder"}:
            shared = _bowed(name, goals, pointed[name], turns, figure)
        elif len(chain) > 1 and kind in {*_UPPER, *_BELOW}:
            shared = _twisted(name, rotations, goals, figure)
        else:
            shared = [goals[name]] * len(chain)
        turns |= dict(zip(chain, shared, strict=True))
    return turns


def _pointed(rotations: np.ndarray, rest: RestPose) -> dict[str, np.ndarray]:
    """Directions `[T, 3]` in which the subject's trunk points: thorax from pelvis, neck and shoulders from thorax."""
    number = {name: index for index, name in enumerate(BONE_NAMES)}
    along = {
        name: rot.rotate(rotations[:, number[name]], rest.tails[number[name]] - rest.heads[number[name]])
        for name in ("hips", "spine", "neck", "shoulder.L", "shoulder.R")
    }
    along["spine"] = along.pop("hips") + along["spine"]
    return {name: rot.normalize(direction) for name, direction in along.items()}


def _bowed(
    name: str, goals: Mapping[str, np.ndarray], pointed: np.ndarray, turns: Mapping[int, np.ndarray], figure: Figure
) -> list[np.ndarray]:
    """The turns `[T, 4]` of a chain of the trunk, whose end lies from its start in the direction `pointed` `[T, 3]`.

    The bend is shared by the bones' lengths. The spine's last bone, where it is not the only one, has the subject's own
    turn, because the chest hangs on it.
    """
    chain = figure.fit.chains[name]
    parent = figure.fit.parent_of(name)
    above = turns[figure.fit.chains[parent][-1]] if parent is not None else goals[name]
    start, end = figure.spans[name]
    points = [start, *figure.heads[list(chain)], end]
    lead, *parts = (after - before for before, after in pairwise(points))
    lengths = np.array([np.linalg.norm(part) for part in parts])
    shares = np.cumsum(lengths) / max(float(lengths.sum()), 1e-9) if lengths.any() else np.ones(len(chain))
    shared = [rot.slerp(above, goals[name], share) for share in shares[:-1]] + [goals[name]]
    free = len(chain) - 1 if name == "spine" and len(chain) > 1 else len(chain)
    ways = [rot.rotate(turn, part) for turn, part in zip(shared, parts, strict=True)]
    fixed = rot.rotate(above, lead) + sum(ways[free:], np.zeros(3))
    bow = _swing_onto(fixed, np.sum(ways[:free], axis=0), pointed)
    return [rot.multiply(bow, turn) for turn in shared[:free]] + shared[free:]


def _swing_onto(fixed: np.ndarray, loose: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """`[T, 4]` the turn of `loose` that brings `fixed` + `loose` into the direction `wanted`, all `[T, 3]`.

    Where `loose` is too short for it, it does what it can; large turns are damped, so that none is jerky.
    """
    aside = fixed - np.sum(fixed * wanted, axis=-1, keepdims=True) * wanted
    length = np.linalg.norm(loose, axis=-1, keepdims=True)
    far = np.linalg.norm(aside, axis=-1, keepdims=True)
    aside = aside * np.minimum(1.0, length / np.maximum(far, 1e-9))
    goal = np.sqrt(np.maximum(length**2 - np.sum(aside**2, axis=-1, keepdims=True), 0.0)) * wanted - aside
    swing = rot.between(loose, goal)
    angle = 2.0 * np.arccos(np.clip(swing[:, :1], -1.0, 1.0))
    over = np.maximum(angle - _FREE, 0.0)
    held = np.minimum(angle, _FREE) + (_MOST - _FREE) * np.tanh(over / (_MOST - _FREE))
    return np.concatenate([np.cos(held / 2), np.sin(held / 2) * rot.normalize(swing[:, 1:])], axis=-1)


def _twisted(name: str, rotations: np.ndarray, goals: Mapping[str, np.ndarray], figure: Figure) -> list[np.ndarray]:
    """The turns `[T, 4]` of a limb's bones, which run from its start to its end wherever they are twisted.

    An upper arm or a thigh is not twisted against the body where it starts, and wholly where it ends; a forearm or a shin
    is a hinge where it starts, and has the twist of the hand or the foot where it ends.
    """
    chain = figure.fit.chains[name]
    start, end = figure.spans[name]
    heads = figure.heads[list(chain)]
    length = np.linalg.norm(end - start)
    begins = (heads - start) @ (end - start) / max(float(length), 1e-9) ** 2
    shares = np.clip(begins / max(float(begins[-1]), 1e-9), 0.0, 1.0)
    kind, _, side = name.partition(".")
    if kind in _UPPER:
        angle = _own_twist(name, rotations, figure)
        turn = rot.multiply(goals[name], _about(end - start, -angle))
    else:
        below = f"{_BELOW[kind]}.{side}"
        turn = goals[name]
        angle = np.zeros(len(turn))
        if below in goals:
            angle = twist(rot.multiply(rot.conjugate(goals[name]), goals[below]), end - start)
    shared = [rot.multiply(turn, _about(end - start, shares[0] * angle))]
    for head, (before, after) in zip(heads[1:], pairwise(shares), strict=True):
        shared.append(rot.multiply(shared[-1], _about(end - head, (after - before) * angle)))
    return shared


def _own_twist(name: str, rotations: np.ndarray, figure: Figure) -> np.ndarray:
    """`[T]` radians by which a limb is twisted about its length against the bone above it, from the target's rest pose."""
    parent = figure.fit.parent_of(name)
    if parent is None:
        return np.zeros(len(rotations))
    above, own = (rotations[:, BONE_NAMES.index(bone)] for bone in (parent, name))
    rest_above, rest_own = (rot.conjugate(figure.alignment[bone]) for bone in (parent, name))
    resting = twist(rot.multiply(rot.conjugate(rest_above), rest_own)[None], _REST[name])
    angle = twist(rot.multiply(rot.conjugate(above), own), _REST[name]) - resting
    # shoulders and hips twist by less than half a turn, but an arm that circles would wind up
    return (angle + np.pi) % (2 * np.pi) - np.pi


def twist(turns: np.ndarray, axis: np.ndarray) -> np.ndarray:
    """`[T]` radians by which `turns` `[T, 4]` turn about `axis` `[3]`, without jumps (swing-twist decomposition)."""
    along = turns[:, 1:] @ rot.normalize(axis)
    angle = np.unwrap(2.0 * np.arctan2(along, turns[:, 0]))
    return angle - 2 * np.pi * np.round(np.median(angle) / (2 * np.pi))


def _about(axis: np.ndarray, angle: np.ndarray) -> np.ndarray:
    half = angle[:, None] / 2
    return np.concatenate([np.cos(half), np.sin(half) * rot.normalize(axis)], axis=-1)
