"""Armatures: build one with a subject's proportions, and read the rest pose of any."""

from __future__ import annotations

import bpy
import numpy as np

from ..errors import RigError
from ..inference.motion import RestPose
from ..models.skeletons import BONES
from ..retarget.target import TargetRest
from .context import in_mode

# Where a bone's z axis points, by the first part of its name, so that positive turns about its x axis bend the trunk
# forward, fold elbows and knees, and curl the hands, the same on both sides.
_Z_AXES = {"thigh": (0.0, 1.0, 0.0), "shin": (0.0, 1.0, 0.0), "foot": (0.0, 0.0, -1.0), "hand": (0.0, 0.0, -1.0)}
_FORWARD = (0.0, -1.0, 0.0)
_ROOT, _ROOT_LENGTH = "root", 0.3
# Metres below which Blender drops a bone, with a margin.
_SHORTEST = 1e-3


def build_armature(rest: RestPose, name: str, *, root: bool = False) -> bpy.types.Object:
    """A new armature object with the product's bones and the subject's proportions, in the scene's own collection.

    It rests in a T-pose that faces -y with its soles at z = 0. Rotation modes are quaternions. With `root`, a bone of that
    name lies on the floor below the hips and carries them; its axes are the armature's.
    """
    armature = bpy.data.armatures.new(name)
    target = bpy.data.objects.new(name, armature)
    bpy.context.scene.collection.objects.link(target)
    ground = np.array([0.0, 0.0, -float(rest.tails[:, 2].min())])
    with in_mode(target, "EDIT"):
        carrier = armature.edit_bones.new(_ROOT) if root else None
        if carrier is not None:
            carrier.head, carrier.tail = (0.0, 0.0, 0.0), (0.0, _ROOT_LENGTH, 0.0)
        for bone, head, tail in zip(BONES, rest.heads + ground, rest.tails + ground, strict=True):
            edit_bone = armature.edit_bones.new(bone.name)
            direction = tail - head
            if np.linalg.norm(direction) < _SHORTEST:
                direction = _SHORTEST * np.array(bone.rest)
            edit_bone.head, edit_bone.tail = head.tolist(), (head + direction).tolist()
            edit_bone.align_roll(_Z_AXES.get(bone.name.partition(".")[0], _FORWARD))
            if bone.parent is not None:
                edit_bone.parent = armature.edit_bones[bone.parent]
                edit_bone.use_connect = (edit_bone.head - edit_bone.parent.tail).length < 1e-6
            elif carrier is not None:
                edit_bone.parent = carrier
    target.show_in_front = True
    return target


def read_rest(target: bpy.types.Object) -> TargetRest:
    """The armature's rest pose. Raises RigError when the object is not an armature, is being edited or has no bones."""
    if target.type != "ARMATURE":
        raise RigError(f'"{target.name}" is not an armature. Choose an armature as the target.')
    if target.mode == "EDIT":
        raise RigError(f'Leave Edit Mode on "{target.name}", then try again.')
    bones = list(target.data.bones)
    if not bones:
        raise RigError(f'"{target.name}" has no bones. Choose another armature as the target.')
    index = {bone.name: number for number, bone in enumerate(bones)}
    return TargetRest(
        name=target.name,
        bones=tuple(index),
        parents=np.array([index[bone.parent.name] if bone.parent is not None else -1 for bone in bones], dtype=int),
        matrices=np.array([bone.matrix_local for bone in bones], dtype=float).reshape(-1, 4, 4),
        lengths=np.array([bone.length for bone in bones], dtype=float),
        inherit_rotation=np.array([bone.use_inherit_rotation for bone in bones], dtype=bool),
        local_location=np.array([bone.use_local_location for bone in bones], dtype=bool),
        connected=np.array([bone.use_connect for bone in bones], dtype=bool),
        rotation_modes=tuple(target.pose.bones[bone.name].rotation_mode for bone in bones),
    )
