"""Limbs keyed on what their inverse kinematics reach for: a goal that carries the hand or foot, and a pole that bends the limb."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from ..inference import rotations as rot
from ..models.skeletons import BONE_NAMES, HINGES
from .figure import Figure
from .local import posed_bone

_LIMBS = {"arm": ("upper_arm", "forearm", "hand"), "leg": ("thigh", "shin", "foot")}
# Shares of the limb's length by which its middle joint lies off the line from start to end from where on it begins to tell
# the plane of the bend, and tells it alone; a rig's own rest pose tells by less. And cosines to the hinge's own way between
# which a bend becomes one.
_POSED, _RESTING = (0.005, 0.03), (0.0005, 0.002)
_AGAINST, _WITH = -0.1, 0.3
# Limb's lengths from the limb at which a pole is at least and at most.
_NEAR, _FAR = 0.5, 2.0


@dataclass(slots=True)
class Goals:
    """What to key in place of limbs' bones, by target bone.

    turns: `[T, 4]` from rest to pose, heads: `[T, 3]`, both in armature space. product: the product bone whose confidence
    each has. replaced: bones that are not to be keyed.
    """

    turns: dict[int, np.ndarray] = field(default_factory=dict)
    heads: dict[int, np.ndarray] = field(default_factory=dict)
    product: dict[int, str] = field(default_factory=dict)
    replaced: set[int] = field(default_factory=set)


def ik_goals(
    rotations: np.ndarray, turns: Mapping[int, np.ndarray], heads: Mapping[int, np.ndarray], figure: Figure
) -> Goals:
    """Goals and poles of the limbs that the rig map has them for.

    rotations: `[T, 18, 4]` the subject's along the product's axes. turns, heads: by target bone, in armature space, of all
    that is posed. A goal goes with the hand's or foot's bone as they lie to each other in rest. A pole lies in the plane of
    the bent limb, about as far from it as in rest, and as far out of that plane as it rests.
    """
    found = Goals()
    for limb, (goal, pole) in figure.fit.ik.items():
        posed = _posed_limb(limb, rotations, turns, heads, figure)
        rest = figure.target.heads
        found.turns[goal] = posed.turn
        found.heads[goal] = posed.end + rot.rotate(posed.turn, rest[goal] - posed.rest_end)
        found.product[goal] = posed.names[2] if posed.names[2] in figure.fit.chains else posed.names[1]
        found.replaced |= {bone for name in posed.names for bone in figure.fit.chains.get(name, ())}
        if pole is not None:
            found.heads[pole] = _pole(pole, posed, _resting_limb(limb, figure), figure)
            found.turns[pole], _ = posed_bone(figure.target.carrier(pole), turns, heads, figure.target)
            found.product[pole] = posed.names[1]
    found.replaced -= set(found.turns)
    return found


@dataclass(frozen=True, slots=True)
class _Limb:
    """A limb in armature space: `[T, 3]` places, the `[T, 3]` axis about which it folds, and the `[T, 4]` turn of its end.

    rest_end: `[3]` where it ends in rest. names: of its product bones.
    """

    start: np.ndarray
    middle: np.ndarray
    end: np.ndarray
    hinge: np.ndarray
    turn: np.ndarray
    rest_end: np.ndarray
    names: tuple[str, str, str]

    @property
    def line(self) -> np.ndarray:
        return rot.normalize(self.end - self.start)

    @property
    def upper(self) -> np.ndarray:
        return np.linalg.norm(self.middle - self.start, axis=-1, keepdims=True)

    @property
    def length(self) -> np.ndarray:
        return self.upper + np.linalg.norm(self.end - self.middle, axis=-1, keepdims=True)

    def side(self, bends: tuple[float, float]) -> np.ndarray:
        """Unit directions `[T, 3]` across the line to which the middle joint bends; a straight limb's hinge tells.

        bends: shares of the limb's length from which on the middle joint begins to tell it, and tells it alone.
        """
        by_hinge = rot.normalize(np.cross(self.line, self.hinge))
        off = _across(self.middle - self.start, self.line)
        size = np.linalg.norm(off, axis=-1, keepdims=True) / self.length
        agrees = np.sum(rot.normalize(off) * by_hinge, axis=-1, keepdims=True)
        share = _smooth(size, *bends) * _smooth(agrees, _AGAINST, _WITH)
        return rot.normalize(share * rot.normalize(off) + (1.0 - share) * by_hinge)


def _posed_limb(
    limb: str,
    rotations: np.ndarray,
    turns: Mapping[int, np.ndarray],
    heads: Mapping[int, np.ndarray],
    figure: Figure,
) -> _Limb:
    names = _names(limb)
    bones, points = _joints(names, figure)
    places = []
    for bone, point in zip(bones, points, strict=True):
        turn, head = posed_bone(bone, turns, heads, figure.target)
        places.append(head + rot.rotate(turn, point - figure.target.heads[bone]))
    hinge = rot.rotate(rotations[:, BONE_NAMES.index(names[0])], np.array(HINGES[names[0]])) @ figure.basis.T
    start, middle, end = places
    return _Limb(start, middle, end, hinge, turns[bones[2]], points[2], names)


def _resting_limb(limb: str, figure: Figure) -> _Limb:
    names = _names(limb)
    _, points = _joints(names, figure)
    hinge = rot.rotate(rot.conjugate(figure.alignment[names[0]]), np.array(HINGES[names[0]])) @ figure.basis.T
    start, middle, end = points[:, None]
    return _Limb(start, middle, end, hinge[None], np.array([[1.0, 0.0, 0.0, 0.0]]), points[2], names)


def _names(limb: str) -> tuple[str, str, str]:
    kind, _, side = limb.partition(".")
    upper, lower, end = _LIMBS[kind]
    return f"{upper}.{side}", f"{lower}.{side}", f"{end}.{side}"


def _joints(names: tuple[str, str, str], figure: Figure) -> tuple[list[int], np.ndarray]:
    """The bones that carry a limb's three joints, and where these are in rest, `[3, 3]` in armature space."""
    upper, lower, end = names
    bones = [figure.bone(upper), figure.bone(lower)]
    bones.append(figure.bone(end) if end in figure.fit.chains else figure.fit.chains[lower][-1])
    points = np.stack([figure.spans[upper][0], figure.spans[lower][0], figure.spans[lower][1]])
    return bones, points @ figure.basis.T


def _pole(pole: int, posed: _Limb, resting: _Limb, figure: Figure) -> np.ndarray:
    """Where `[T, 3]` the head of the pole goes."""
    out = _across(figure.target.heads[pole] - resting.start, resting.line)
    side = resting.side(_RESTING)
    third = np.cross(resting.line, side)
    angle = np.arctan2(np.sum(out * third), np.sum(out * side))
    far = np.clip(np.linalg.norm(out), _NEAR * resting.length, _FAR * resting.length)
    bent = posed.side(_POSED)
    way = np.cos(angle) * bent + np.sin(angle) * np.cross(posed.line, bent)
    # beside the middle joint of the limb, however it is bent
    beside = posed.start + posed.upper / posed.length * (posed.end - posed.start)
    return beside + far * way


def _across(vectors: np.ndarray, line: np.ndarray) -> np.ndarray:
    return vectors - np.sum(vectors * line, axis=-1, keepdims=True) * line


def _smooth(values: np.ndarray, low: float, high: float) -> np.ndarray:
    share = np.clip((values - low) / (high - low), 0.0, 1.0)
    return share * share * (3.0 - 2.0 * share)
