"""Joint names of the skeletons that motion comes in, as data: which of a source's joints are the product's."""

from __future__ import annotations

from dataclasses import dataclass

from .source import END


@dataclass(frozen=True, slots=True)
class Family:
    """One way to name joints.

    joints: the product's joint and the source's, a middle of several where there are more names than one; `{side}` in
    both stands for the pairs of `sides`. spine: the source's joints from the pelvis to the thorax, lowest first. turns:
    the source's joint that carries a product bone, where it is not the joint at the bone's head. up: the source's axis
    that points up, "y" or "z". reference: "rest" where the skeleton's rest pose is one that a person can stand in,
    "mean" where it is not and the poses themselves must tell how the bones lie in the body.
    """

    name: str
    sides: tuple[str, str]
    joints: dict[str, str | tuple[str, ...]]
    spine: tuple[str, ...]
    turns: dict[str, str]
    up: str = "y"
    reference: str = "rest"

    def joint_names(self) -> dict[str, tuple[str, ...]]:
        """The source's joints of each product joint, both sides written out."""
        written: dict[str, tuple[str, ...]] = {}
        for goal, found in self.joints.items():
            several = (found,) if isinstance(found, str) else found
            for side, letter in zip(self.sides, ("L", "R"), strict=True):
                written[goal.format(side=letter)] = tuple(name.format(side=side) for name in several)
        return written

    def turn_names(self) -> dict[str, str]:
        """The source's joint that carries each product bone of the limbs and the head."""
        at = self.joint_names()
        written: dict[str, str] = {"head": at["neck"][0]}
        for side, letter in zip(self.sides, ("L", "R"), strict=True):
            heads = {"upper_arm": "shoulder", "forearm": "elbow", "hand": "wrist"}
            heads |= {"thigh": "hip", "shin": "knee", "foot": "ankle"}
            written |= {f"{bone}.{letter}": at[f"{joint}.{letter}"][0] for bone, joint in heads.items()}
            written |= {f"{bone}.{letter}": name.format(side=side) for bone, name in self.turns.items()}
        return written

    def fits(self, names: tuple[str, ...]) -> bool:
        """Whether a skeleton has every joint that the family needs."""
        needed = {name for several in self.joint_names().values() for name in several}
        return needed | set(self.spine) | set(self.turn_names().values()) <= set(names)


FAMILIES = (
    Family(
        name="CMU, Acclaim",
        sides=("l", "r"),
        joints={
            "hip.{side}": "{side}femur",
            "knee.{side}": "{side}tibia",
            "ankle.{side}": "{side}foot",
            "toe.{side}": ("{side}toes", "{side}toes" + END),
            "shoulder.{side}": "{side}humerus",
            "elbow.{side}": "{side}radius",
            "wrist.{side}": "{side}wrist",
            "neck": "head",
        },
        spine=("lowerback", "upperback", "thorax"),
        turns={"hand": "{side}hand"},
    ),
    Family(
        name="CMU, Motionbuilder names",
        sides=("Left", "Right"),
        joints={
            "hip.{side}": "{side}UpLeg",
            "knee.{side}": "{side}Leg",
            "ankle.{side}": "{side}Foot",
            "toe.{side}": ("{side}ToeBase", "{side}ToeBase" + END),
            "shoulder.{side}": "{side}Arm",
            "elbow.{side}": "{side}ForeArm",
            "wrist.{side}": "{side}Hand",
            "neck": "Head",
        },
        spine=("LowerBack", "Spine", "Spine1"),
        turns={"hand": "{side}FingerBase"},
    ),
    Family(
        name="CMU, plain names",
        sides=("Left", "Right"),
        joints={
            "hip.{side}": "{side}Hip",
            "knee.{side}": "{side}Knee",
            "ankle.{side}": "{side}Ankle",
            "toe.{side}": ("{side}Toe", "{side}Toe" + END),
            "shoulder.{side}": "{side}Shoulder",
            "elbow.{side}": "{side}Elbow",
            "wrist.{side}": "{side}Wrist",
            "neck": "Head",
        },
        spine=("lowerback", "Chest", "Chest2"),
        turns={},
    ),
    Family(
        name="Poser",
        sides=("l", "r"),
        joints={
            "hip.{side}": "{side}Thigh",
            "knee.{side}": "{side}Shin",
            "ankle.{side}": "{side}Foot",
            "toe.{side}": "{side}Foot" + END,
            "shoulder.{side}": "{side}Shldr",
            "elbow.{side}": "{side}ForeArm",
            "wrist.{side}": "{side}Hand",
            "neck": "head",
        },
        spine=("abdomen", "chest", "neck"),
        turns={},
    ),
    Family(
        name="Character Creator",
        sides=("L", "R"),
        joints={
            "hip.{side}": "CC_Base_{side}_Thigh",
            "knee.{side}": "CC_Base_{side}_Calf",
            "ankle.{side}": "CC_Base_{side}_Foot",
            "toe.{side}": ("CC_Base_{side}_ToeBase", "CC_Base_{side}_IndexToe1"),
            "shoulder.{side}": "CC_Base_{side}_Upperarm",
            "elbow.{side}": "CC_Base_{side}_Forearm",
            "wrist.{side}": "CC_Base_{side}_Hand",
            "neck": "CC_Base_Head",
        },
        spine=("CC_Base_Waist", "CC_Base_Spine01", "CC_Base_Spine02"),
        turns={},
        reference="mean",
    ),
    Family(
        name="ReActIdle",
        sides=("L", "R"),
        joints={
            "hip.{side}": "thigh.{side}",
            "knee.{side}": "shin.{side}",
            "ankle.{side}": "foot.{side}",
            "toe.{side}": "foot.{side}" + END,
            "shoulder.{side}": "upper_arm.{side}",
            "elbow.{side}": "forearm.{side}",
            "wrist.{side}": "forearm.{side}" + END,
            "neck": "face",
        },
        spine=("spine", "spine.001", "neck"),
        turns={"hand": "forearm.{side}"},
    ),
    Family(
        name="Mesh2Motion",
        sides=("l", "r"),
        joints={
            "hip.{side}": "thigh_{side}",
            "knee.{side}": "calf_{side}",
            "ankle.{side}": "foot_{side}",
            "toe.{side}": ("ball_{side}", "ball_leaf_{side}"),
            "shoulder.{side}": "upperarm_{side}",
            "elbow.{side}": "lowerarm_{side}",
            "wrist.{side}": "hand_{side}",
            "neck": "head",
        },
        spine=("spine_01", "spine_02", "spine_03"),
        turns={},
        up="z",
    ),
    Family(
        name="Neo",
        sides=("Left", "Right"),
        joints={
            "hip.{side}": "Neo_{side}UpLeg",
            "knee.{side}": "Neo_{side}Leg",
            "ankle.{side}": "Neo_{side}Foot",
            "toe.{side}": ("Neo_{side}ToeBase", "Neo_{side}ToeBase" + END),
            "shoulder.{side}": "Neo_{side}Arm",
            "elbow.{side}": "Neo_{side}ForeArm",
            "wrist.{side}": "Neo_{side}Hand",
            "neck": "Neo_Head",
        },
        spine=("Neo_Spine", "Neo_Spine1", "Neo_Spine2"),
        turns={},
        up="z",
    ),
    Family(
        name="Rokoko",
        sides=("Left", "Right"),
        joints={
            "hip.{side}": "{side}UpLeg",
            "knee.{side}": "{side}Leg",
            "ankle.{side}": "{side}Foot",
            "toe.{side}": ("{side}ToeBase", "{side}ToeBase" + END),
            "shoulder.{side}": "{side}Arm",
            "elbow.{side}": "{side}ForeArm",
            "wrist.{side}": "{side}Hand",
            "neck": "Head",
        },
        spine=("Spine", "Spine1", "Spine2"),
        turns={"hand": "{side}InHandMiddle"},
        reference="mean",
    ),
    Family(
        name="FAIR",
        sides=("Left", "Right"),
        joints={
            "hip.{side}": "{side}UpLeg",
            "knee.{side}": "{side}Leg",
            "ankle.{side}": "{side}Foot",
            "toe.{side}": ("{side}ToeBase", "{side}ToeBase" + END),
            "shoulder.{side}": "{side}Arm",
            "elbow.{side}": "{side}ForeArm",
            "wrist.{side}": "{side}Hand",
            "neck": "Head",
        },
        spine=("Spine", "Spine1", "Spine2", "Spine3"),
        turns={"hand": "{side}HandEnd"},
        up="z",
    ),
)
"""Every family known, the more particular before the more general."""


def family_of(names: tuple[str, ...]) -> Family | None:
    """The first family that a skeleton's joint names fit, or None."""
    return next((family for family in FAMILIES if family.fits(names)), None)
