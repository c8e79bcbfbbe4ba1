"""The armature that motion is put on, as plain arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class TargetRest:
    """An armature's rest pose and what decides how its bones follow their parents; parents come before children.

    name: the armature object's name. bones: `[N]` names. parents: `[N]` int, -1 for none. matrices: `[N, 4, 4]` rest
    matrices in armature space (columns: the bone's x, y and z axes and its head). lengths: `[N]` in armature units.
    inherit_rotation, local_location, connected: `[N]` bool, Blender's bone settings of these names. rotation_modes:
    `[N]` each bone's rotation mode (QUATERNION, XYZ, ..., AXIS_ANGLE). follows: `[N]` int, the bone with which each bone
    really moves where constraints of a control rig decide it, -1 for none; None where all follow their parents.
    """

    name: str
    bones: tuple[str, ...]
    parents: np.ndarray
    matrices: np.ndarray
    lengths: np.ndarray
    inherit_rotation: np.ndarray
    local_location: np.ndarray
    connected: np.ndarray
    rotation_modes: tuple[str, ...]
    follows: np.ndarray | None = None

    @property
    def heads(self) -> np.ndarray:
        """`[N, 3]` joint positions in armature space."""
        return self.matrices[:, :3, 3]

    @property
    def tails(self) -> np.ndarray:
        """`[N, 3]` in armature space."""
        return self.heads + self.matrices[:, :3, 1] * self.lengths[:, None]

    def carrier(self, bone: int) -> int:
        """The bone with which `bone` moves, -1 for none."""
        return int((self.parents if self.follows is None else self.follows)[bone])

    def turns_along(self, bone: int) -> bool:
        """Whether `bone` turns with its carrier: by its own setting on its parent, always where constraints carry it."""
        return bool(self.inherit_rotation[bone]) or self.carrier(bone) != self.parents[bone]

    def location_axes(self, bone: int) -> np.ndarray:
        """Rotation `[3, 3]` from the axes of the bone's `location` to armature space, all above it at rest."""
        if self.local_location[bone]:
            return self.matrices[bone, :3, :3]
        parent = self.parents[bone]
        return self.matrices[parent, :3, :3] if parent >= 0 else np.eye(3)

    def downward(self) -> list[int]:
        """All bones, what carries another before what it carries. Raises ValueError where bones carry each other in a ring."""
        order: dict[int, None] = {}
        for bone in range(len(self.bones)):
            waiting = [bone]
            while (carrier := self.carrier(waiting[-1])) >= 0 and carrier not in order:
                if carrier in waiting:
                    raise ValueError(f"{self.bones[carrier]} follows itself")
                waiting.append(carrier)
            order |= dict.fromkeys(reversed(waiting))
        return list(order)

    def ancestors(self, bone: int) -> list[int]:
        """Indices of the bone's parent, its parent's parent and so on."""
        found = []
        while (bone := int(self.parents[bone])) >= 0:
            found.append(bone)
        return found

    def carriers(self, bone: int) -> list[int]:
        """Indices of what carries the bone, what carries that and so on."""
        found = []
        while (bone := self.carrier(bone)) >= 0:
            found.append(bone)
        return found
