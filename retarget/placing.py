"""Where a target's pelvis goes: the subject's path, sized to the target's legs and to its floor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..inference import rotations as rot
from ..inference.motion import Motion, RestPose
from ..models.skeletons import BONE_NAMES
from .figure import Figure, leg_length
from .floor import Floor, own_floor, world_floor
from .soles import Sole, floor_level


@dataclass(frozen=True, slots=True)
class Placing:
    """How the captured world lies on the target.

    floor: in armature space. level: height of the ground along the floor's up, in armature units. unit: armature units for a
    meter of the body that stands there. ratio: by how much the target's legs are longer, armature units for a meter.
    """

    floor: Floor
    level: float
    unit: float
    ratio: float

    def pelvis(self, motion: Motion) -> np.ndarray:
        """The middle between the hips `[T, 3]` along the world's axes, in armature units."""
        rest = subject_joints(motion.rest)
        hips = motion.rotations[:, BONE_NAMES.index("hips")]
        return self.floor.along(motion.root + rot.rotate(hips, (rest["hip.L"] + rest["hip.R"]) / 2))

    def to_body(self, points: np.ndarray) -> np.ndarray:
        """Points `[..., 3]` along the world's axes in armature units as meters above the ground."""
        return (points - np.array([0.0, 0.0, self.level])) / self.unit

    def from_body(self, points: np.ndarray) -> np.ndarray:
        """The way back."""
        return points * self.unit + np.array([0.0, 0.0, self.level])


def place(rest: RestPose, figure: Figure, soles: Mapping[str, Sole], placed: np.ndarray | None) -> Placing:
    """On the floor that the target was made for, or with `placed` `[4, 4]`, from armature space, on that of Blender's world.

    The legs' lengths tell the size. The target stands so that its soles are on the ground when the subject's are.
    Raises RigError where `placed` mirrors.
    """
    subject = subject_joints(rest)
    ratio = figure.leg / leg_length(subject)
    ankle = sum(sole.ankle_height for sole in soles.values()) / 2
    subject_ankle = (subject["ankle.L"] + subject["ankle.R"])[2] / 2 - min(subject["toe.L"][2], subject["toe.R"][2])
    rise = ankle - ratio * float(subject_ankle)
    if placed is not None:
        floor = world_floor(figure.target.name, placed, ratio, rise)
        return Placing(floor, 0.0, float(floor.scale[0]), ratio)
    level = floor_level(figure)
    return Placing(own_floor(figure.basis, ratio, level + rise), level, ratio, ratio)


def subject_joints(rest: RestPose) -> dict[str, np.ndarray]:
    """The joints `[3]` of the subject's legs."""
    joints = {}
    for side in ("L", "R"):
        thigh, shin, foot = (BONE_NAMES.index(f"{bone}.{side}") for bone in ("thigh", "shin", "foot"))
        joints |= {f"hip.{side}": rest.heads[thigh], f"knee.{side}": rest.heads[shin]}
        joints |= {f"ankle.{side}": rest.heads[foot], f"toe.{side}": rest.tails[foot]}
    return joints
