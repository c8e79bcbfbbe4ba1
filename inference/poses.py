"""One body in motion: what every stage after the lift takes and gives."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..models.skeletons import BONE_NAMES, JOINTS
from . import rotations as rot
from . import turns
from .body import joints_of_matrices


@dataclass(frozen=True, slots=True)
class Poses:
    """One subject's motion in Blender's world; T frames.

    offsets: `[30, 3]` metres, the body (`inference.body`), whose soles lie flat in its rest pose. root: `[T, 3]` metres,
    the pelvis. rotations: `[T, 18, 4]` unit quaternions wxyz in the order of `BONE_NAMES`, each the rotation in world axes
    that takes a bone from the rest pose to its pose (global, not relative to the parent). Bones keep their lengths by
    construction.
    """

    offsets: np.ndarray
    root: np.ndarray
    rotations: np.ndarray

    def joints(self) -> np.ndarray:
        """`[T, 30, 3]` metres in Blender's world, by forward kinematics."""
        places = joints_of_matrices(turns.to_matrix(self.rotations), self.offsets)
        return np.ascontiguousarray(places) + self.root[:, None]


def flat_soled(poses: Poses) -> Poses:
    """The same motion, told from a rest pose in which the body stands on flat soles: heel and toe level with each other."""
    offsets, rotations = poses.offsets.astype(float), poses.rotations.astype(float)
    for side in ("L", "R"):
        heel, toe = (JOINTS.index(f"{name}.{side}") for name in ("heel", "toe"))
        sole = (offsets[toe] - offsets[heel]) * (0.0, 1.0, 1.0)
        turn = rot.between(sole, np.array([0.0, -1.0, 0.0]))
        offsets[[heel, toe]] = rot.rotate(turn, offsets[[heel, toe]])
        foot = BONE_NAMES.index(f"foot.{side}")
        rotations[:, foot] = rot.multiply(rotations[:, foot], rot.conjugate(turn))
    return Poses(offsets, poses.root, rotations)
