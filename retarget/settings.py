"""What the user chooses about how motion comes onto an armature."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from .root import Root

Limbs = Literal["fk", "ik"]
"""What arms and legs are keyed on: their bones, or the goals and poles of their inverse kinematics."""


@dataclass(frozen=True, slots=True)
class RetargetSettings:
    """How motion is put on an armature.

    root: what carries the path over the floor. placed: `[4, 4]` from armature space to Blender's world; with it the motion
    stays where it was captured in that world, else it is shrunk or grown to the armature. feet, hands: whether those that
    stand on the subject are held where they stand on the target too. fingers: whether fingers are keyed that the motion tells
    of. limbs: "ik" keys goals and poles where the rig map has them.
    """

    root: Root = "hips"
    placed: np.ndarray | None = None
    feet: bool = True
    hands: bool = False
    fingers: bool = True
    limbs: Limbs = "fk"
