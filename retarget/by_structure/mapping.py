"""A rig map from an armature's structure alone: hierarchy, places and symmetry, never names.

The plane that mirrors most bones onto others tells left from right. Branches that leave the middle in pairs are read as legs
and as arms, whose joints are where the lengths of upper and lower limb agree; the two pairs that look most like legs and
arms, with a trunk between them and a head above, are taken. Front is where the feet point, or the face, the bent knees, or
the nearest convention; front and up tell which side is left.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations

import numpy as np

from ...errors import RigError
from ..rig_map_table import STRUCTURE, RigMap
from ..target import TargetRest
from .hands import fingers_of
from .limbs import Limb, branch_pairs, read_arm, read_leg
from .tree import Plane, Tree, find_plane, sides_of, tree_of
from .trunk import Trunk, read_trunk

_HELP = "Choose another armature, map its bones by hand in the Rig Map panel, or let Penumbra make a new one."
# Lengths of the ankle's way to the toes' end from which on a bone begins at the ball of the foot, and how alike toes are.
_BALL, _ALIKE = 0.5, 0.4
# Cosine of the angle between two limbs from which on they hang side by side, as legs do.
_PARALLEL = 0.8


@dataclass(frozen=True, slots=True)
class _Body:
    """What was found: limbs by side of the plane (+1, -1)."""

    tree: Tree
    plane: Plane
    trunk: Trunk
    legs: dict[int, Limb]
    arms: dict[int, Limb]

    @property
    def up(self) -> np.ndarray:
        """Direction `[3]` from between the hips to between the shoulders."""
        return self.trunk.up


def map_by_structure(target: TargetRest) -> RigMap:
    """The rig map of any humanoid. Raises RigError, saying what is missing, when the armature has not all of a body."""
    tree = tree_of(target)
    body = _find_body(target, tree)
    left = _left_side(target, body)
    bones: dict[str, tuple[int, ...]] = {"hips": (body.trunk.hips,), "spine": body.trunk.spine}
    bones |= {"neck": body.trunk.neck} if body.trunk.neck else {}
    bones["head"] = (body.trunk.head,)
    ends: dict[str, tuple[int, ...]] = {"head": body.trunk.crown} if body.trunk.crown else {}
    fingers: dict[str, tuple[int, ...]] = {}
    for side, sign in (("L", left), ("R", -left)):
        arm, leg = body.arms[sign], body.legs[sign]
        parts = {
            "shoulder": arm.before,
            "upper_arm": arm.upper,
            "forearm": arm.lower,
            "thigh": leg.upper,
            "shin": leg.lower,
        }
        parts |= {"hand": (arm.tip,)} if arm.tip is not None else {}
        parts |= {"foot": (leg.tip,)} if leg.tip is not None else {}
        bones |= {f"{part}.{side}": chain for part, chain in parts.items() if chain}
        digits = fingers_of(tree, arm.tip) if arm.tip is not None else {}
        fingers |= {f"{digit}.{side}": chain for digit, chain in digits.items()}
        row = tuple(digits[digit][0] for digit in ("index", "pinky") if digit in digits) or arm.way[arm.end + 1 :][:1]
        toes = _toes(tree, leg)
        ends |= {f"{part}.{side}": end for part, end in (("hand", row), ("foot", toes)) if end}

    def named(table: dict[str, tuple[int, ...]]) -> dict[str, tuple[str, ...]]:
        return {part: tuple(target.bones[bone] for bone in chain) for part, chain in table.items()}

    return RigMap(STRUCTURE, "By Structure", named(bones), named(ends), "", named(fingers))


def _find_body(target: TargetRest, tree: Tree) -> _Body:
    plane = find_plane(tree)
    if plane is None:
        raise RigError(f'No rig map fits the armature "{target.name}", and it has no left and right side. {_HELP}')
    pairs = branch_pairs(tree, plane, sides_of(tree, plane))
    best, least = None, np.inf
    for legs, arms in permutations(pairs, 2):
        body, cost = _read(target, tree, plane, legs, arms)
        if body is not None and cost < least:
            best, least = body, cost
    if best is None:
        raise RigError(f'No rig map fits the armature "{target.name}", and {_missing(tree, pairs)}. {_HELP}')
    return best


def _read(
    target: TargetRest, tree: Tree, plane: Plane, leg_pair: tuple[int, int], arm_pair: tuple[int, int]
) -> tuple[_Body | None, float]:
    """One pair of branches as legs and another as arms, and how little that looks like a body."""
    ends = {bone: target.tails[tree.longest(bone)[-1]] for bone in (*leg_pair, *arm_pair)}
    legs = {sign: read_leg(tree, bone, ends[bone]) for sign, bone in zip((1, -1), leg_pair, strict=True)}
    arms = {sign: read_arm(tree, plane, bone, ends[bone]) for sign, bone in zip((1, -1), arm_pair, strict=True)}
    there = {sign: limb for sign, limb in legs.items() if limb is not None}
    held = {sign: limb for sign, limb in arms.items() if limb is not None}
    if len(there) < 2 or len(held) < 2:
        return None, np.inf
    trunk = read_trunk(tree, plane, tuple(there.values()), tuple(held.values()))
    if trunk is None:
        return None, np.inf
    cost = sum(limb.cost for limb in (*there.values(), *held.values()))
    for limb in there.values():
        way = tree.heads[limb.way[-1]] - tree.heads[limb.upper[0]]
        cost += 2.0 * (1.0 + float(way @ trunk.up) / max(float(np.linalg.norm(way)), 1e-9))
    reach = sum(tree.reach[limb.way[0]] for limb in (*there.values(), *held.values()))
    return _Body(tree, plane, trunk, there, held), cost - 3.0 * reach / tree.size


def _missing(tree: Tree, pairs: list[tuple[int, int]]) -> str:
    if not pairs:
        return "it has neither a pair of legs nor a pair of arms"
    if len(pairs) > 1:
        return "no two of its pairs of limbs are legs and arms on a trunk with a head"
    one, other = (tree.heads[tree.longest(bone)[-1]] - tree.heads[bone] for bone in pairs[0])
    parallel = float(one @ other) > _PARALLEL * float(np.linalg.norm(one) * np.linalg.norm(other))
    return "it has no arms beside its legs" if parallel else "it has no legs below its arms"


def _left_side(target: TargetRest, body: _Body) -> int:
    """+1 or -1: on which side of the plane the body's left is."""
    left = np.cross(body.up, _front(target, body))
    return 1 if float(left @ body.plane.normal) > 0 else -1


def _front(target: TargetRest, body: _Body) -> np.ndarray:
    """Where `[3]` the body faces: its feet, else its face, else its knees, else the nearest convention."""
    tree, across = body.tree, np.cross(body.plane.normal, body.up)
    feet = np.zeros(3)
    for leg in body.legs.values():
        toes = _toes(tree, leg)
        if toes:
            feet += tree.heads[list(toes)].mean(axis=0) - tree.heads[leg.way[leg.end]]
        elif leg.tip is not None:
            feet += target.tails[leg.tip] - target.heads[leg.tip]
    face = [bone for bone in tree.below[body.trunk.head] if not tree.together(bone, body.trunk.head)]
    faced = tree.heads[face].mean(axis=0) - tree.heads[body.trunk.head] if face else np.zeros(3)
    knees = np.zeros(3)
    for leg in body.legs.values():
        hip, knee, ankle = (
            tree.heads[leg.way[place]] for place in (leg.start, leg.middle, min(leg.end, len(leg.way) - 1))
        )
        knees += knee - (hip + ankle) / 2
    for clue, least in ((feet, 0.03), (faced, 0.02), (knees, 0.005)):
        if abs(float(clue @ across)) > least * tree.size:
            return across * np.sign(clue @ across)
    # Blender's own armatures face -y with z up; those of other programs face +z with y up
    return np.array([0.0, -1.0, 0.0]) if abs(body.up[2]) > abs(body.up[1]) else np.array([0.0, 0.0, 1.0])


def _toes(tree: Tree, leg: Limb) -> tuple[int, ...]:
    """The bones that begin at the ball of the foot, which may be several toes."""
    if leg.tip is None:
        return ()
    ankle, ahead = tree.heads[leg.tip], leg.way[leg.end + 1 :]
    far = [float(np.linalg.norm(tree.heads[bone] - ankle)) for bone in ahead]
    ball = next((place for place, length in enumerate(far) if length > _BALL * max(far)), None)
    if ball is None:
        return ()
    parent = leg.way[leg.end + ball]
    direction = tree.heads[ahead[ball]] - ankle
    return tuple(
        bone
        for bone in tree.children[parent]
        if np.linalg.norm(tree.heads[bone] - ankle - direction) < _ALIKE * np.linalg.norm(direction)
    )
