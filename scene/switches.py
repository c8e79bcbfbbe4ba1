"""The custom properties that a control rig needs set for the keys to count, such as Rigify's switch from IK to FK."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import bpy
import numpy as np

from ..retarget.rig_map import RigFit
from ..retarget.settings import Limbs
from .actions import Curve

Value = bool | int | float


@contextmanager
def switched(target: bpy.types.Object, fit: RigFit, limbs: Limbs) -> Iterator[None]:
    """The rig's switches are set as the limbs' keys need them inside, and as they were afterwards, whatever happens."""
    wanted = _wanted(target, fit, limbs)
    before = {(bone, name): target.pose.bones[bone][name] for bone, name in wanted}
    try:
        set_switches(target, fit, limbs)
        yield
    finally:
        for (bone, name), value in before.items():
            target.pose.bones[bone][name] = value
        target.update_tag()


def set_switches(target: bpy.types.Object, fit: RigFit, limbs: Limbs) -> None:
    """Set the rig's switches as the limbs' keys need them."""
    for (bone, name), value in _wanted(target, fit, limbs).items():
        target.pose.bones[bone][name] = value
    # custom properties that drivers read do not tell Blender that they changed
    target.update_tag()


def switch_curves(target: bpy.types.Object, fit: RigFit, limbs: Limbs, frame: int) -> Iterator[Curve]:
    """A key for each of the rig's switches at `frame`, which holds from there on."""
    for (bone, name), value in _wanted(target, fit, limbs).items():
        path = f'pose.bones["{bpy.utils.escape_identifier(bone)}"]["{bpy.utils.escape_identifier(name)}"]'
        yield Curve(path, 0, bone, np.array([frame]), np.array([float(value)]), "CONSTANT")


def _wanted(target: bpy.types.Object, fit: RigFit, limbs: Limbs) -> dict[tuple[str, str], Value]:
    """By pose bone and property that the armature has, the value it needs, in the property's own type."""
    wanted: dict[tuple[str, str], Value] = {}
    for switch in fit.properties:
        bone = target.pose.bones.get(switch.bone)
        value = switch.fk if limbs == "fk" or switch.ik is None else switch.ik
        now = bone.get(switch.name) if bone is not None else None
        if isinstance(now, (bool, int, float)):
            wanted[switch.bone, switch.name] = type(now)(value)
    return wanted
