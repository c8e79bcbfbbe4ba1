"""A target's rest pose along the product's axes, with all that retargeting asks of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from ..models.skeletons import BONES
from .alignment import align
from .body import body_basis, body_joints
from .rig_map import RigFit
from .target import TargetRest

_TRUNK = {"spine": ("pelvis", "thorax"), "neck": ("thorax", "neck"), "head": ("neck", "head")}


@dataclass(frozen=True, slots=True)
class Figure:
    """A target that a rig map fits; its rest pose turned so that it faces -y with its left at +x and z up.

    basis: rotation `[3, 3]` from these axes to armature space. heads, tails: `[N, 3]` of the target's bones. joints: the
    product's joints `[3]` on it. alignment: for each mapped product bone the rotation `[4]` from rest to the T-pose.
    spans: where each mapped product bone begins and ends, `[3]` each. All in armature units.
    """

    target: TargetRest
    fit: RigFit
    basis: np.ndarray
    heads: np.ndarray
    tails: np.ndarray
    joints: Mapping[str, np.ndarray]
    alignment: Mapping[str, np.ndarray]
    spans: Mapping[str, tuple[np.ndarray, np.ndarray]]

    def bone(self, name: str) -> int:
        """The first target bone of the product bone `name`."""
        return self.fit.chains[name][0]

    @property
    def upright(self) -> TargetRest:
        """The target as if its armature faced -y with z up."""
        matrices = self.target.matrices.copy()
        matrices[:, :3] = self.basis.T @ matrices[:, :3]
        return replace(self.target, matrices=matrices)

    @property
    def leg(self) -> float:
        """Mean length of both legs from hip over knee to ankle, in armature units."""
        return leg_length(self.joints)


def figure_of(target: TargetRest, fit: RigFit) -> Figure:
    """The figure that `target` is. Raises RigError where its rest pose does not tell which way the body faces."""
    in_armature = body_joints(target, fit.chains, fit.ends, fit.fingers)
    basis = body_basis(target.name, in_armature)
    joints = {name: basis.T @ place for name, place in in_armature.items()}
    heads = target.heads @ basis
    spans = {}
    for bone in BONES:
        if bone.name in fit.chains:
            kind, _, side = bone.name.partition(".")
            ends = _TRUNK.get(kind, ("thorax", f"shoulder.{side}") if kind == "shoulder" else None)
            start = joints[ends[0]] if ends else heads[fit.chains[bone.name][0]]
            spans[bone.name] = (start, joints[ends[1] if ends else bone.tail])
    return Figure(target, fit, basis, heads, target.tails @ basis, joints, align(fit, joints), spans)


def leg_length(joints: Mapping[str, np.ndarray]) -> float:
    """Mean length of both legs from hip over knee to ankle."""
    thighs = [np.linalg.norm(joints[f"knee.{side}"] - joints[f"hip.{side}"]) for side in ("L", "R")]
    shins = [np.linalg.norm(joints[f"ankle.{side}"] - joints[f"knee.{side}"]) for side in ("L", "R")]
    return float(np.mean(thighs) + np.mean(shins))
