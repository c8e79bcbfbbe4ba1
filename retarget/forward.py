"""Forward kinematics of a target armature: where its bones are with what is keyed on them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..inference import rotations as rot
from .retarget import TargetMotion
from .target import TargetRest


@dataclass(frozen=True, slots=True)
class Posed:
    """An armature in motion, in its own space; T frames, N bones in the order of `TargetRest.bones`.

    turns: `[T, N, 4]` unit quaternions wxyz that take each bone from rest to pose. heads, tails: `[T, N, 3]` armature units.
    """

    turns: np.ndarray
    heads: np.ndarray
    tails: np.ndarray

    def matrices(self, target: TargetRest) -> np.ndarray:
        """`[T, N, 4, 4]` pose matrices in armature space, as Blender's `PoseBone.matrix`."""
        result = np.zeros((*self.turns.shape[:2], 4, 4))
        result[..., :3, :3] = rot.to_matrix(self.turns) @ target.matrices[:, :3, :3]
        result[..., :3, 3] = self.heads
        result[..., 3, 3] = 1.0
        return result

    def carried(self, bone: int, point: np.ndarray, target: TargetRest) -> np.ndarray:
        """Where `[T, 3]` a `point` `[3]` of the rest pose goes that is fixed to `bone`."""
        return self.heads[:, bone] + rot.rotate(self.turns[:, bone], point - target.heads[bone])


def posed(target: TargetRest, moved: TargetMotion) -> Posed:
    """The armature with `moved` on it; bones that are not keyed rest on what carries them.

    Bones that follow others by constraints ride on them rigidly; inverse kinematics are not solved.
    """
    count = len(moved.present)
    keyed = {target.bones.index(name): number for number, name in enumerate(moved.bones)}
    rests = rot.from_matrix(target.matrices[:, :3, :3])
    turns, heads = np.zeros((count, len(target.bones), 4)), np.zeros((count, len(target.bones), 3))
    for bone in target.downward():
        carrier = target.carrier(bone)
        carried = carrier >= 0
        turn = turns[:, carrier] if carried else np.array([1.0, 0.0, 0.0, 0.0])
        offset = target.heads[bone] - target.heads[carrier] if carried else target.heads[bone]
        head = rot.rotate(turn, offset) + (heads[:, carrier] if carried else 0.0)
        if (location := moved.locations.get(target.bones[bone])) is not None:
            head = head + rot.rotate(turn, location @ target.location_axes(bone).T)
        if not target.turns_along(bone):
            turn = np.array([1.0, 0.0, 0.0, 0.0])
        if bone in keyed:
            own = moved.rotations[:, keyed[bone]]
            turn = rot.multiply(turn, rot.multiply(rot.multiply(rests[bone], own), rot.conjugate(rests[bone])))
        turns[:, bone], heads[:, bone] = turn, head
    return Posed(turns, heads, heads + rot.rotate(turns, target.tails - target.heads))
