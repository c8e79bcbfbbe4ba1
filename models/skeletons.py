"""Skeletons as data: detector landmarks, the product's joints, and the product's bones with their rest pose.

Sources: the BlazePose topology is that of MediaPipe's pose landmarker (33 points); the first 17 product joints are the
Human3.6M joints in the field's usual order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

BLAZEPOSE = (
    "nose", "eye_inner.L", "eye.L", "eye_outer.L", "eye_inner.R", "eye.R", "eye_outer.R", "ear.L", "ear.R",
    "mouth.L", "mouth.R", "shoulder.L", "shoulder.R", "elbow.L", "elbow.R", "wrist.L", "wrist.R",
    "pinky.L", "pinky.R", "index.L", "index.R", "thumb.L", "thumb.R", "hip.L", "hip.R", "knee.L", "knee.R",
    "ankle.L", "ankle.R", "heel.L", "heel.R", "toe.L", "toe.R",
)  # fmt: skip

STATURE = 1.70
"""Metres from the soles to the crown of every body that the networks are trained on."""

JOINTS = (
    # the 17 of Human3.6M
    "pelvis", "hip.R", "knee.R", "ankle.R", "hip.L", "knee.L", "ankle.L", "spine", "thorax", "neck", "head",
    "shoulder.L", "elbow.L", "wrist.L", "shoulder.R", "elbow.R", "wrist.R",
    # hands, feet and face, so that their turn can be solved
    "index.L", "pinky.L", "thumb.L", "index.R", "pinky.R", "thumb.R", "heel.L", "toe.L", "heel.R", "toe.R",
    "nose", "ear.L", "ear.R",
)  # fmt: skip

# A parent always comes before its children.
JOINT_PARENTS = (
    -1, 0, 1, 2, 0, 4, 5, 0, 7, 8, 9,
    8, 11, 12, 8, 14, 15,
    13, 13, 13, 16, 16, 16, 6, 6, 3, 3,
    9, 9, 9,
)  # fmt: skip

POINTS = (
    "nose", "ear.L", "ear.R", "shoulder.L", "shoulder.R", "elbow.L", "elbow.R", "wrist.L", "wrist.R",
    "index.L", "index.R", "pinky.L", "pinky.R", "thumb.L", "thumb.R", "hip.L", "hip.R", "knee.L", "knee.R",
    "ankle.L", "ankle.R", "heel.L", "heel.R", "toe.L", "toe.R",
)  # fmt: skip
"""The joints that a detector sees as a landmark of its own: what the trained lifters read."""
POINT_JOINTS = tuple(JOINTS.index(name) for name in POINTS)


@dataclass(frozen=True, slots=True)
class Bone:
    """One bone of the product's rig: it runs from joint `head` to joint `tail`.

    `rest` is its direction in the rest pose, a T-pose in Blender's world that faces -y: the subject's left is +x, up +z.
    """

    name: str
    parent: str | None
    head: str
    tail: str
    rest: tuple[float, float, float]


_UP = (0.0, 0.0, 1.0)
_DOWN = (0.0, 0.0, -1.0)
_LEFT = (1.0, 0.0, 0.0)
_RIGHT = (-1.0, 0.0, 0.0)
_FOOT = (0.0, -0.8, -0.6)

BONES = (
    Bone("hips", None, "pelvis", "spine", _UP),
    Bone("spine", "hips", "spine", "thorax", _UP),
    Bone("neck", "spine", "thorax", "neck", _UP),
    Bone("head", "neck", "neck", "head", _UP),
    Bone("shoulder.L", "spine", "thorax", "shoulder.L", _LEFT),
    Bone("upper_arm.L", "shoulder.L", "shoulder.L", "elbow.L", _LEFT),
    Bone("forearm.L", "upper_arm.L", "elbow.L", "wrist.L", _LEFT),
    Bone("hand.L", "forearm.L", "wrist.L", "knuckles.L", _LEFT),
    Bone("shoulder.R", "spine", "thorax", "shoulder.R", _RIGHT),
    Bone("upper_arm.R", "shoulder.R", "shoulder.R", "elbow.R", _RIGHT),
    Bone("forearm.R", "upper_arm.R", "elbow.R", "wrist.R", _RIGHT),
    Bone("hand.R", "forearm.R", "wrist.R", "knuckles.R", _RIGHT),
    Bone("thigh.L", "hips", "hip.L", "knee.L", _DOWN),
    Bone("shin.L", "thigh.L", "knee.L", "ankle.L", _DOWN),
    Bone("foot.L", "shin.L", "ankle.L", "toe.L", _FOOT),
    Bone("thigh.R", "hips", "hip.R", "knee.R", _DOWN),
    Bone("shin.R", "thigh.R", "knee.R", "ankle.R", _DOWN),
    Bone("foot.R", "shin.R", "ankle.R", "toe.R", _FOOT),
)
HINGES = {
    "upper_arm.L": _DOWN,
    "upper_arm.R": _UP,
    "thigh.L": _LEFT,
    "thigh.R": _LEFT,
}
"""Axis of the rest pose about which a limb folds at its lower end: elbows fold the forearm forward, knees the shin back."""
HINGED = {"upper_arm.L": "forearm.L", "upper_arm.R": "forearm.R", "thigh.L": "shin.L", "thigh.R": "shin.R"}
"""The lower bone of each limb of `HINGES`."""


@dataclass(frozen=True, slots=True)
class Reach:
    """How far in radians a bone turns about its parent, from the rest pose and about any axis."""

    parent: str
    angle: float


REACH = {
    "spine": Reach("hips", 1.4),
    "neck": Reach("spine", 1.1),
    "head": Reach("neck", 1.2),
    **{f"shoulder.{side}": Reach("spine", 0.7) for side in ("L", "R")},
    **{f"hand.{side}": Reach(f"forearm.{side}", 2.0) for side in ("L", "R")},
    **{f"foot.{side}": Reach(f"shin.{side}", 1.2) for side in ("L", "R")},
}
"""The joints' limits beside the hinges: adult ranges of motion with room to spare (Kapandji, The Physiology of the Joints).

A hand's includes the forearm's own twist, for which the product has no bone.
"""
CARRIERS = {
    "spine": "hips", "hip.L": "hips", "hip.R": "hips", "thorax": "spine", "neck": "neck", "head": "head", "nose": "head",
    "ear.L": "head", "ear.R": "head",
    "shoulder.L": "shoulder.L", "elbow.L": "upper_arm.L", "wrist.L": "forearm.L",
    "index.L": "hand.L", "pinky.L": "hand.L", "thumb.L": "hand.L",
    "shoulder.R": "shoulder.R", "elbow.R": "upper_arm.R", "wrist.R": "forearm.R",
    "index.R": "hand.R", "pinky.R": "hand.R", "thumb.R": "hand.R",
    "knee.L": "thigh.L", "ankle.L": "shin.L", "heel.L": "foot.L", "toe.L": "foot.L",
    "knee.R": "thigh.R", "ankle.R": "shin.R", "heel.R": "foot.R", "toe.R": "foot.R",
}  # fmt: skip
"""The bone whose turn carries each joint about the joint's parent; the pelvis has none."""
BONE_NAMES = tuple(bone.name for bone in BONES)
JOINT_CARRIERS = tuple(BONE_NAMES.index(CARRIERS[name]) if name in CARRIERS else 0 for name in JOINTS)
"""The number of the bone that carries each joint; the pelvis's own place is not carried, and the hips stand in for it."""
BONE_PARENTS = tuple(-1 if bone.parent is None else BONE_NAMES.index(bone.parent) for bone in BONES)


def mirrored(name: str) -> str:
    """The left or right partner of a joint or bone name; a name in the middle is its own partner."""
    if name.endswith(".L"):
        return name[:-1] + "R"
    if name.endswith(".R"):
        return name[:-1] + "L"
    return name


def partners(names: Sequence[str]) -> list[int]:
    """The index of each name's left or right partner among `names`; its own for a name in the middle."""
    places = {name: index for index, name in enumerate(names)}
    return [places[mirrored(name)] for name in names]
