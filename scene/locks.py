"""Locked channels of pose bones: what is locked is not keyed and keeps its value."""

from __future__ import annotations

import bpy
import numpy as np
from mathutils import Quaternion

from ..inference import rotations as rot
from ..retarget.channels import rotation_channel, rotation_channels

# Radians, or armature units, by which a key may differ from what a lock holds without changing the pose to speak of.
_NEAR = 1e-3


def free_rotations(bone: bpy.types.PoseBone, rotations: np.ndarray) -> np.ndarray:
    """`rotations` `[T, 4]` as far as the bone's locks let it turn.

    Where a bone that turns by quaternions or an axis and an angle is locked without Lock Rotation 4D, its locks hold the
    angles about x, y and z, as they do when it is turned by hand.
    """
    locks = np.array(bone.lock_rotation)
    if not locks.any() or bone.lock_rotations_4d or bone.rotation_mode not in {"QUATERNION", "AXIS_ANGLE"}:
        return rotations
    _, angles = rotation_channels(rotations, "XYZ")
    angles[:, locks] = np.array(_turned(bone).to_euler("XYZ"))[locks]
    turns = np.zeros((3, len(angles), 4))
    for axis in range(3):
        turns[axis, :, 0], turns[axis, :, 1 + axis] = np.cos(angles[:, axis] / 2), np.sin(angles[:, axis] / 2)
    return rot.continuous(rot.multiply(turns[2], rot.multiply(turns[1], turns[0])))


def free_axes(bone: bpy.types.PoseBone, channel: str) -> list[int]:
    """Which of the channel's numbers may be keyed."""
    turns = np.array(bone.lock_rotation)
    if channel == "location":
        locks = np.array(bone.lock_location)
    elif channel == "rotation_euler":
        locks = turns
    elif bone.lock_rotations_4d:
        locks = np.append(bone.lock_rotation_w, turns)
    else:
        # the locks hold angles, which all four numbers share
        locks = np.full(4, turns.all())
    return [int(axis) for axis in np.flatnonzero(~locks)]


def changes_pose(bone: bpy.types.PoseBone, channel: str, values: np.ndarray) -> bool:
    """Whether the pose is another than `values` `[T, N]` of the channel tell because numbers of it are locked."""
    locked = [axis for axis in range(values.shape[1]) if axis not in free_axes(bone, channel)]
    now = np.array(getattr(bone, channel))
    return bool(locked) and bool(len(values)) and float(np.abs(values - now)[:, locked].max()) > _NEAR


def turned_away(rotations: np.ndarray, wanted: np.ndarray) -> bool:
    """Whether rotations `[T, 4]` differ from those wanted by more than nothing to speak of."""
    return bool(len(wanted)) and float(np.abs(np.sum(rotations * wanted, axis=1)).min()) < np.cos(_NEAR / 2)


def clear(bone: bpy.types.PoseBone) -> None:
    """Bring the bone to rest, but for what is locked."""
    for axis in free_axes(bone, "location"):
        bone.location[axis] = 0.0
    for axis in np.flatnonzero(~np.array(bone.lock_scale)):
        bone.scale[int(axis)] = 1.0
    rest = {"QUATERNION": (1.0, 0.0, 0.0, 0.0), "AXIS_ANGLE": (0.0, 0.0, 1.0, 0.0)}.get(bone.rotation_mode, (0.0,) * 3)
    channel = rotation_channel(bone.rotation_mode)
    values = getattr(bone, channel)
    for axis in free_axes(bone, channel):
        values[axis] = rest[axis]


def _turned(bone: bpy.types.PoseBone) -> Quaternion:
    """The bone's rotation as it is, by a quaternion or an axis and an angle."""
    if bone.rotation_mode == "QUATERNION":
        return bone.rotation_quaternion.normalized()
    angle, *axis = np.array(bone.rotation_axis_angle)
    return Quaternion(axis, angle)
