"""The bodies that motion is played on: a mean adult whose joints are the detector's landmarks, and many around it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from ..inference import rotations as rot
from ..inference.body import rest_joints
from ..models.skeletons import BONES, CARRIERS, JOINTS, STATURE, mirrored
from .landmarks import fitted

# Segment lengths as shares of the stature (Drillis and Contini 1966, as in Winter, Biomechanics and Motor Control of
# Human Movement, 2009, figure 4.1). The trunk runs from the hips' to the shoulders' height.
_SEGMENTS = {"trunk": 0.288, "thigh": 0.245, "shin": 0.246, "upper_arm": 0.186, "forearm": 0.146}
SHOULDER_HEIGHT = 0.818
_EAR_HEIGHT = 0.924
# How far the landmarks of heel and toe lie above the sole, metres: they sit on the skin of a foot's end, not below it.
_SOLE = 0.0145
# The foot as it stands, ankle at the origin, metres; the ankle is 0.04 statures above the sole (Drillis and Contini).
_STANDING_FOOT = {"heel": (0.0, 0.053, -0.0535), "toe": (0.0, -0.186, -0.0535)}
# The left hand about its wrist. Knuckles of index and little finger, and the thumb's second joint.
_HAND = {"index": (0.084, -0.022, 0.0), "pinky": (0.076, 0.022, 0.0), "thumb": (0.045, -0.042, -0.012)}
# The face about the middle of the ears, looking along -y (Farkas, Anthropometry of the Head and Face, 1994): between the
# ears, to the nose's tip, from there to the mouth, and to the crown as `inference.lift` has it.
_EAR = (0.071, 0.0, 0.0)
_NOSE = (0.0, -0.112, -0.0238)
_MOUTH_FROM_NOSE = (0.0, 0.02, -0.04)
_CROWN = (0.0, 0.0, 0.13)
_NECK_SHARE = 0.7


@dataclass(frozen=True, slots=True)
class BodyVariety:
    """How bodies differ.

    hips: least and greatest half-width between the hip joints, metres; wider than people differ, because laboratories
    differ in what they call the hip. limbs: spread of the logarithm of each limb's length, independently of each other.
    ends: the same for hands, feet and head. own: the same for `vary`, which keeps to the performer. blend: greatest
    share of a sampled body in a varied one.
    """

    hips: tuple[float, float] = (0.07, 0.16)
    limbs: float = 0.13
    ends: float = 0.16
    own: float = 0.08
    blend: float = 0.7


@cache
def _mean() -> np.ndarray:
    measured = fitted()["body"]
    share = {name: measured[name] / measured["stature"] for name in measured}
    # one subject tells how the detector's landmarks lie, many tell how long people's limbs are: half each
    length = {name: STATURE * (value + share[name]) / 2 for name, value in _SEGMENTS.items()}
    places: dict[str, np.ndarray | tuple[float, float, float]] = {
        "spine": (0.0, 0.0, length["trunk"] / 2),
        "thorax": (0.0, 0.0, length["trunk"] / 2),
        "neck": (0.0, 0.0, STATURE * (_EAR_HEIGHT - SHOULDER_HEIGHT) + _NECK_SHARE * _MOUTH_FROM_NOSE[2]),
        **_head(),
        "hip.L": (STATURE * share["hip_width"] / 2, 0.0, 0.0),
        "knee.L": (0.0, 0.0, -length["thigh"]),
        "ankle.L": (0.0, 0.0, -length["shin"]),
        **{f"{name}.L": place for name, place in _foot().items()},
        "shoulder.L": (STATURE * share["shoulder_width"] / 2, 0.0, 0.0),
        "elbow.L": (length["upper_arm"], 0.0, 0.0),
        "wrist.L": (length["forearm"], 0.0, 0.0),
        **{f"{name}.L": np.array(place) for name, place in _HAND.items()},
    }
    offsets = np.zeros((len(JOINTS), 3))
    for name, place in places.items():
        offsets[JOINTS.index(name)] = place
        if name.endswith(".L"):
            offsets[JOINTS.index(mirrored(name))] = np.array(place) * (-1.0, 1.0, 1.0)
    return to_stature(offsets)


def mean_body() -> np.ndarray:
    """Offsets `[30, 3]` of a mean adult of `STATURE`, with its joints where the detector puts its landmarks."""
    return _mean().copy()


def stature(offsets: np.ndarray) -> np.ndarray:
    """Metres from the soles, as they stand flat, to the crown of bodies `[..., 30, 3]` in the rest pose; `[...]`."""
    rest = rest_joints(offsets)
    heights = []
    for side in ("L", "R"):
        heel, toe = offsets[..., JOINTS.index(f"heel.{side}"), :], offsets[..., JOINTS.index(f"toe.{side}"), :]
        line = rot.normalize(toe - heel)
        over = np.linalg.norm(heel - np.sum(heel * line, axis=-1, keepdims=True) * line, axis=-1)
        heights.append(rest[..., JOINTS.index("head"), 2] - rest[..., JOINTS.index(f"ankle.{side}"), 2] + over)
    return (heights[0] + heights[1]) / 2 + _SOLE


def to_stature(offsets: np.ndarray) -> np.ndarray:
    """The same bodies `[..., 30, 3]` scaled to `STATURE`."""
    # the soles' thickness is added and not scaled
    return offsets * ((STATURE - _SOLE) / (stature(offsets) - _SOLE))[..., None, None]


def sample_bodies(rng: np.random.Generator, count: int, variety: BodyVariety | None = None) -> np.ndarray:
    """Offsets `[count, 30, 3]` of symmetric bodies of `STATURE`, broadly spread around the mean."""
    variety = variety or BodyVariety()
    bodies = np.broadcast_to(_mean(), (count, len(JOINTS), 3)) * _scales(rng, count, variety.limbs, variety.ends)
    bodies = to_stature(bodies)
    half = rng.uniform(*variety.hips, count)
    for side, sign in (("L", 1.0), ("R", -1.0)):
        bodies[:, JOINTS.index(f"hip.{side}"), 0] = sign * half
    return bodies.astype(np.float32)


def vary(offsets: np.ndarray, rng: np.random.Generator, variety: BodyVariety | None = None) -> np.ndarray:
    """Performers' own bodies `[B, 30, 3]`, each drawn a random way towards a sampled body and a little changed."""
    variety = variety or BodyVariety()
    count = len(offsets)
    share = rng.uniform(0.0, variety.blend, (count, 1, 1))
    mixed = offsets + share * (sample_bodies(rng, count, variety) - offsets)
    return to_stature(mixed * _scales(rng, count, variety.own, variety.own)).astype(np.float32)


def training_bodies(offsets: np.ndarray, rng: np.random.Generator, variety: BodyVariety | None = None) -> np.ndarray:
    """Bodies `[B, 30, 3]` to train on: half are the performers' own, varied, half are sampled."""
    own = vary(offsets, rng, variety)
    other = sample_bodies(rng, len(offsets), variety)
    return np.where(rng.random((len(offsets), 1, 1)) < 0.5, own, other)


def _foot() -> dict[str, np.ndarray]:
    """Heel and toe about the ankle, turned from standing flat to the rest pose of the product's foot bone."""
    rest = next(bone.rest for bone in BONES if bone.name == "foot.L")
    turn = rot.between(np.array(_STANDING_FOOT["toe"]), np.array(rest))
    return {name: rot.rotate(turn, np.array(place)) for name, place in _STANDING_FOOT.items()}


def _head() -> dict[str, np.ndarray]:
    """Joints of the head about the neck joint, turned so that the crown is straight above it, as the head bone has it."""
    neck = _NECK_SHARE * np.array(_MOUTH_FROM_NOSE)
    turn = rot.between(np.array(_CROWN) - neck, np.array([0.0, 0.0, 1.0]))
    places = {"head": _CROWN, "nose": _NOSE, "ear.L": _EAR}
    return {name: rot.rotate(turn, np.array(place) - neck) for name, place in places.items()}


_ENDS = ("hand", "foot", "head")


def _group(joint: str) -> str:
    """What a joint's offset is scaled with: left with right, the trunk's halves, all joints of a hand, foot or head."""
    carrier = CARRIERS[joint].split(".")[0]
    if carrier in _ENDS:
        return carrier
    return "trunk" if joint in {"spine", "thorax"} else joint.split(".", maxsplit=1)[0]


# the pelvis's own offset is zero, whatever its scale
_GROUPS = tuple(_group(name) if name in CARRIERS else "trunk" for name in JOINTS)


def _scales(rng: np.random.Generator, count: int, limbs: float, ends: float) -> np.ndarray:
    """`[count, 30, 1]` log-normal scales of the joints' offsets, one for each group of joints."""
    names = sorted(set(_GROUPS))
    spread = np.array([ends if name in _ENDS else limbs for name in names])
    scales = np.exp(rng.normal(size=(count, len(names))) * spread)
    return scales[:, [names.index(group) for group in _GROUPS], None]
