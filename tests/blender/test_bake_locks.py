"""Locked channels are respected: not keyed, and as they were."""

from __future__ import annotations

import bpy
import numpy as np
import pytest
from mathutils import Euler, Quaternion

from penumbra.scene.actions import read_curves
from penumbra.scene.bake import BakeResult, BakeSettings, bake
from penumbra.tests.blender.rigs import direction_errors, mixamo_limbs, mixamo_rig
from penumbra.tests.synthetic import random_motion

ARM = "mixamorig:LeftArm"


def keyed_axes(result: BakeResult, bone: str, channel: str) -> list[int]:
    path = f'pose.bones["{bone}"].{channel}'
    return sorted(curve.index for curve in read_curves(result.action) if curve.data_path == path)


def axis_angle(values: np.ndarray) -> Quaternion:
    return Quaternion(values[1:], values[0])


@pytest.mark.parametrize(
    ("mode", "channel", "value"),
    [
        ("XYZ", "rotation_euler", (0.1, 0.2, 0.3)),
        ("ZYX", "rotation_euler", (0.1, 0.2, 0.3)),
        ("QUATERNION", "rotation_quaternion", (0.9, 0.1, 0.2, 0.3)),
        ("AXIS_ANGLE", "rotation_axis_angle", (0.4, 0.0, 0.6, 0.8)),
    ],
)
def test_a_locked_channel_is_not_keyed_and_keeps_its_value(mode: str, channel: str, value: tuple[float, ...]):
    target = mixamo_rig()
    bone = target.pose.bones[ARM]
    bone.rotation_mode = mode
    bone.lock_rotations_4d = len(value) == 4
    bone.lock_rotation = (False, True, False)
    setattr(bone, channel, value)
    result = bake(random_motion(6), target, BakeSettings("Walk"))
    locked = len(value) - 2
    assert keyed_axes(result, ARM, channel) == [axis for axis in range(len(value)) if axis != locked]
    bpy.context.scene.frame_set(4)
    assert getattr(bone, channel)[locked] == pytest.approx(value[locked])
    notes = " ".join(result.notes)
    assert "Locked channels" in notes
    assert ARM in notes
    assert "LeftForeArm" not in notes


def test_the_fourth_number_has_a_lock_of_its_own():
    target = mixamo_rig()
    bone = target.pose.bones[ARM]
    bone.lock_rotations_4d = bone.lock_rotation_w = True
    assert keyed_axes(bake(random_motion(6), target, BakeSettings("Walk")), ARM, "rotation_quaternion") == [1, 2, 3]


@pytest.mark.parametrize("mode", ["QUATERNION", "AXIS_ANGLE"])
def test_a_quaternion_without_locks_in_four_dimensions_holds_the_angle_that_is_locked(mode: str):
    target = mixamo_rig()
    bone = target.pose.bones[ARM]
    bone.rotation_mode = mode
    turn = Euler((0.2, 0.5, -0.1)).to_quaternion()
    bone.rotation_quaternion = turn
    bone.rotation_axis_angle = (turn.angle, *turn.axis)
    bone.lock_rotations_4d = False
    bone.lock_rotation = (False, True, False)
    result = bake(random_motion(6), target, BakeSettings("Walk"))
    turns = []
    for frame in range(1, 7):
        bpy.context.scene.frame_set(frame)
        turn = bone.rotation_quaternion if mode == "QUATERNION" else axis_angle(np.array(bone.rotation_axis_angle))
        turns.append(turn.to_euler("XYZ"))
    assert [angles.y for angles in turns] == pytest.approx([0.5] * 6, abs=1e-4)
    assert np.ptp([angles.x for angles in turns]) > 0.01
    assert ARM in " ".join(result.notes)


def test_a_bone_whose_turns_are_all_locked_gets_no_rotation_keys():
    target = mixamo_rig()
    bone = target.pose.bones[ARM]
    bone.lock_rotations_4d, bone.lock_rotation = False, (True, True, True)
    result = bake(random_motion(6), target, BakeSettings("Walk"))
    assert keyed_axes(result, ARM, "rotation_quaternion") == []
    assert np.array(bone.rotation_quaternion) == pytest.approx([1, 0, 0, 0])


def test_locks_that_hold_nothing_back_are_not_told():
    target = mixamo_rig()
    for bone in target.pose.bones:
        bone.lock_location = (not bone.name.endswith("Hips"),) * 3
    motion = random_motion(6)
    result = bake(motion, target, BakeSettings("Walk"))
    assert not [note for note in result.notes if "Locked" in note]
    assert direction_errors(target, mixamo_limbs(), motion, 1).max() < 0.1


def test_locked_hips_stay_where_they_are_along_that_axis():
    target = mixamo_rig()
    hips = target.pose.bones["mixamorig:Hips"]
    hips.lock_location = (False, True, False)
    hips.location[1] = 0.25
    result = bake(random_motion(6), target, BakeSettings("Walk"))
    assert keyed_axes(result, hips.name, "location") == [0, 2]
    bpy.context.scene.frame_set(3)
    assert hips.location[1] == pytest.approx(0.25)
    assert hips.name in " ".join(result.notes)
