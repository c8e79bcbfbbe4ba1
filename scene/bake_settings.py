"""What a bake is told to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..retarget.rig_map import RigMap
from ..retarget.root import Root
from ..retarget.settings import Limbs


@dataclass(frozen=True, slots=True)
class BakeSettings:
    """How motion is put on an armature.

    name: the take's, for the action and for a new armature. frame_start: the scene's frame for the first time of the
    motion. frame_rate: "footage" gives the scene the footage's rate, "scene" resamples the motion to the scene's.
    rig_map: name of a rig map; None finds it out. root: what the path over the floor is keyed on: the hips' bone, the topmost
    bone above it together with the heading, or nothing. in_world: the motion stays where it was captured in Blender's
    world, as one captured through the user's own camera must, wherever the target stands. limbs: arms and legs are keyed on
    their bones, or on the goals and poles of a control rig's inverse kinematics. lock_feet, lock_hands: whether those that
    stand on the subject are held where they stand on the target too. fingers: whether fingers are keyed that the motion tells
    of. own_map: the user's own rig map, which goes before `rig_map`.
    """

    name: str = "Armature"
    frame_start: int = 1
    frame_rate: Literal["scene", "footage"] = "footage"
    rig_map: str | None = None
    root: Root = "hips"
    in_world: bool = False
    limbs: Limbs = "fk"
    lock_feet: bool = True
    lock_hands: bool = False
    fingers: bool = True
    own_map: RigMap | None = None
