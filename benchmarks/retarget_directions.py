"""In which directions a body's parts point, told alike of a subject and of a rig with the subject's motion on it.

A rig's joints are where its family's own table puts a human's, whatever map was chosen for it. The trunk runs from the middle of the
hips to the middle of the shoulders as they are now. The neck begins on the chest, between where the shoulders are in rest. A
sole and a head have an attitude: both are compared by where what lay level or upright in rest points now, along and aside. How a
hand is turned is told by its palm, of rigs that have fingers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..inference import rotations as rot
from ..inference.motion import Motion
from ..models.skeletons import BONE_NAMES, JOINTS
from ..retarget.forward import Posed
from ..retarget.target import TargetRest
from .rigs.build import expected_bones, expected_fingers

_SIDES = ("L", "R")
_LIMBS = {
    "upper_arm": ("shoulder", "elbow"),
    "forearm": ("elbow", "wrist"),
    "hand": ("wrist", "knuckles"),
    "thigh": ("hip", "knee"),
    "shin": ("knee", "ankle"),
    "foot": ("ankle", "sole"),
}
DIRECTIONS: Mapping[str, tuple[str, str]] = {
    **{f"{bone}.{side}": (f"{a}.{side}", f"{b}.{side}") for bone, (a, b) in _LIMBS.items() for side in _SIDES},
    "trunk": ("hips' middle", "shoulders' middle"),
    "neck": ("thorax", "neck"),
    "head": ("neck", "crown"),
    "face": ("neck", "face"),
    **{f"sole aside.{side}": (f"ankle.{side}", f"aside.{side}") for side in _SIDES},
    **{f"palm.{side}": (f"wrist.{side}", f"palm.{side}") for side in _SIDES},
    "hip line": ("hip.R", "hip.L"),
    "shoulder line": ("shoulder.R", "shoulder.L"),
}
"""Each direction's name, and the places that it runs between."""
_FRONT, _UP, _LEVEL = np.array([0.0, -1.0, 0.0]), np.array([0.0, 0.0, 1.0]), np.array([1.0, 1.0, 0.0])
_ASIDE = np.array([1.0, 0.0, 0.0])


def subject_directions(motion: Motion, joints: np.ndarray) -> np.ndarray:
    """Unit directions `[T, D, 3]` in the world, as `DIRECTIONS` lists them, of a subject with `joints` `[T, 30, 3]`."""
    places = {name: joints[:, number] for number, name in enumerate(JOINTS)}
    for side in _SIDES:
        places[f"knuckles.{side}"] = (places[f"index.{side}"] + places[f"pinky.{side}"]) / 2
        foot = motion.rotations[:, BONE_NAMES.index(f"foot.{side}")]
        places[f"sole.{side}"] = places[f"ankle.{side}"] + rot.rotate(foot, _FRONT)
        places[f"aside.{side}"] = places[f"ankle.{side}"] + rot.rotate(foot, _ASIDE)
    head = motion.rotations[:, BONE_NAMES.index("head")]
    places["crown"], places["face"] = (places["neck"] + rot.rotate(head, way) for way in (_UP, _FRONT))
    return directions_of(places)


@dataclass(frozen=True, slots=True)
class Marks:
    """The places of a rig that faces -y, by their names: the bone that carries each, and where it lies in rest, armature space."""

    bones: Mapping[str, int]
    rest: Mapping[str, np.ndarray]


def family_marks(name: str, target: TargetRest, points: Mapping[str, np.ndarray]) -> Marks:
    """The places of a family's rig where `points` (`canonical_points`) has them, on the bones that its own table names.

    The neck ends where the rig's own head begins; a hand without fingers points as its bone does.
    """
    chains = {bone: [target.bones.index(one) for one in chain] for bone, chain in expected_bones(name).items()}
    fingered = {finger.partition(".")[2] for finger in expected_fingers(name) if finger.startswith("index")}
    rest = {
        **points,
        "thorax": (points["shoulder.L"] + points["shoulder.R"]) / 2,
        "neck": target.heads[chains["head"][0]],
    }
    for side in _SIDES:
        if side in fingered:
            rest |= {f"{digit}.{side}": points[f"{digit}1.{side}"] for digit in ("index", "pinky")}
        else:
            rest[f"knuckles.{side}"] = target.tails[chains[f"hand.{side}"][-1]]
        rest[f"toe.{side}"] = points[f"ball.{side}"]
    return marks_of(chains, rest, np.eye(3))


def marks_of(chains: Mapping[str, Sequence[int]], joints: Mapping[str, np.ndarray], basis: np.ndarray) -> Marks:
    """The places of a rig whose product bones are `chains` and whose joints `[3]` lie at `joints` in rest, as `body_joints` gives.

    basis: rotation `[3, 3]` from the product's axes to armature space.
    """
    rest = dict(joints)
    rest["crown"], rest["face"] = (rest["neck"] + basis @ way for way in (_UP, _FRONT))
    for side in _SIDES:
        ankle, toe = (basis.T @ rest[f"{joint}.{side}"] for joint in ("ankle", "toe"))
        rest[f"sole.{side}"] = basis @ (toe * _LEVEL + ankle * _UP)
        rest[f"aside.{side}"] = basis @ (ankle + np.cross(_UP, (toe - ankle) * _LEVEL))
        if f"index.{side}" in rest:
            rest[f"knuckles.{side}"] = (rest[f"index.{side}"] + rest[f"pinky.{side}"]) / 2
    bones = _carriers(chains)
    return Marks({place: bone for place, bone in bones.items() if place in rest}, rest)


def _carriers(chains: Mapping[str, Sequence[int]]) -> dict[str, int]:
    """By place, the bone that carries it, of a rig whose product bones are `chains`."""
    head = chains["head"][0]
    found = {"thorax": chains["spine"][-1], "neck": head, "crown": head, "face": head}
    for side in _SIDES:
        limbs = {bone: (chains[f"{bone}.{side}"], *ends) for bone, ends in _LIMBS.items()}
        found |= {f"{end}.{side}": chain[-1] for chain, _, end in limbs.values()}
        # where one bone ends another begins, and that one tells it
        found |= {f"{start}.{side}": chain[0] for chain, start, _ in limbs.values()}
        found |= {f"{point}.{side}": limbs["foot"][0][-1] for point in ("heel", "toes", "aside")}
        found |= {f"{digit}.{side}": limbs["hand"][0][-1] for digit in ("index", "pinky")}
    return found


def rig_directions(target: TargetRest, marks: Marks, where: Posed) -> np.ndarray:
    """Unit directions `[T, D, 3]`, as `DIRECTIONS` lists them, of a rig in motion."""
    return directions_of({name: where.carried(bone, marks.rest[name], target) for name, bone in marks.bones.items()})


def angles(ours: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Degrees `[T, D]` between unit directions `[T, D, 3]`."""
    sine = np.linalg.norm(np.cross(ours, truth), axis=-1)
    return np.degrees(np.arctan2(sine, np.sum(ours * truth, axis=-1)))


def directions_of(places: Mapping[str, np.ndarray]) -> np.ndarray:
    """Unit directions `[T, D, 3]`, as `DIRECTIONS` lists them, between `places` `[T, 3]`; NaN for palms without knuckles."""
    known = {
        **places,
        "hips' middle": (places["hip.L"] + places["hip.R"]) / 2,
        "shoulders' middle": (places["shoulder.L"] + places["shoulder.R"]) / 2,
    }
    for side in _SIDES:
        known[f"palm.{side}"] = np.full_like(places[f"wrist.{side}"], np.nan)
        if f"index.{side}" in places:
            row = places[f"index.{side}"] - places[f"pinky.{side}"]
            along = places[f"knuckles.{side}"] - places[f"wrist.{side}"]
            known[f"palm.{side}"] = places[f"wrist.{side}"] + rot.normalize(np.cross(along, row))
    return rot.normalize(np.stack([known[end] - known[start] for start, end in DIRECTIONS.values()], axis=1))
