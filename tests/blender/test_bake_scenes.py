"""Armatures as scenes have them: placed, parented, shared, hidden, partly missing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import bpy
import numpy as np
import pytest
from mathutils import Euler

from penumbra.errors import RigError
from penumbra.scene.actions import read_curves
from penumbra.scene.bake import BakeSettings, bake
from penumbra.tests.blender.rigs import direction_errors, mixamo_limbs, mixamo_rig, moving
from penumbra.tests.synthetic import random_motion


def scaled_unevenly(target: bpy.types.Object) -> None:
    target.scale, target.rotation_euler = (1.5, 0.7, 1.2), (0.3, 0.2, 0.1)


def moved_by_delta(target: bpy.types.Object) -> None:
    target.delta_location, target.delta_rotation_euler = (3.0, 1.0, -2.0), (0.5, 0.1, 0.9)
    target.delta_scale = (2.0, 2.0, 2.0)


def parented(target: bpy.types.Object) -> None:
    parent = bpy.data.objects.new("Cart", None)
    bpy.context.scene.collection.objects.link(parent)
    parent.location, parent.rotation_euler, parent.scale = (1.0, 2.0, 3.0), (0.4, 0.5, 0.6), (0.5, 0.5, 0.5)
    target.parent = parent
    target.location = (0.2, 0.3, 0.4)


def turned_by_quaternion(target: bpy.types.Object) -> None:
    target.rotation_mode = "QUATERNION"
    target.rotation_quaternion = (0.5, 0.5, -0.5, 0.5)


@pytest.mark.parametrize("place", [scaled_unevenly, moved_by_delta, parented, turned_by_quaternion])
def test_an_objects_place_changes_nothing_of_the_pose_in_it(place: Callable[[bpy.types.Object], None]):
    motion = random_motion(6)
    plain, placed = mixamo_rig(), mixamo_rig()
    place(placed)
    first, second = (bake(motion, target, BakeSettings("Walk")) for target in (plain, placed))
    for here, there in zip(read_curves(first.action), read_curves(second.action), strict=True):
        assert here.data_path == there.data_path
        assert here.values == pytest.approx(there.values, abs=1e-6)


def test_motion_in_the_world_stays_there_on_a_placed_and_parented_armature():
    motion = random_motion(6)
    target = mixamo_rig()
    parented(target)
    target.delta_rotation_euler = (0.1, 0.2, 0.3)
    bake(motion, target, BakeSettings("Walk", in_world=True))
    turn = np.array(target.matrix_world.to_3x3().normalized())
    assert direction_errors(target, mixamo_limbs(), motion, 1, turn.T).max() < 0.1


def test_two_objects_with_one_armature_move_on_their_own():
    first = mixamo_rig()
    second = bpy.data.objects.new("Twin", first.data)
    bpy.context.scene.collection.objects.link(second)
    one, other = random_motion(6), random_motion(6, seed=3)
    bake(one, first, BakeSettings("One"))
    bake(other, second, BakeSettings("Other"))
    assert direction_errors(first, mixamo_limbs(), one, 1).max() < 0.1
    assert direction_errors(second, mixamo_limbs(), other, 1).max() < 0.1


def test_hidden_bones_and_bones_that_cannot_be_selected_are_keyed():
    motion = random_motion(6)
    target = mixamo_rig()
    for number, bone in enumerate(target.data.bones):
        bone.hide, bone.hide_select = number % 2 == 0, number % 3 == 0
    hidden = target.data.collections.new("Hidden")
    hidden.is_visible = False
    for bone in target.data.bones:
        hidden.assign(bone)
    bake(motion, target, BakeSettings("Walk"))
    assert direction_errors(target, mixamo_limbs(), motion, 1).max() < 0.1


def test_a_bake_can_be_taken_back():
    target = mixamo_rig()
    name = target.name
    target.pose.bones["mixamorig:Head"].rotation_quaternion = (0.9, 0.1, 0.2, 0.3)
    bpy.context.preferences.edit.use_global_undo = True
    bpy.ops.ed.undo_push(message="Before")
    bake(random_motion(6), target, BakeSettings("Walk"))
    bpy.ops.ed.undo_push(message="Bake")
    bpy.ops.ed.undo()
    target = bpy.data.objects[name]
    assert target.animation_data is None or target.animation_data.action is None
    assert not bpy.data.actions
    assert "confidence" not in target.pose.bones["mixamorig:Head"]
    assert np.array(target.pose.bones["mixamorig:Head"].rotation_quaternion) == pytest.approx([0.9, 0.1, 0.2, 0.3])


def opened(path: Path) -> bpy.types.Object:
    bpy.ops.wm.open_mainfile(filepath=str(path))
    return next(item for item in bpy.data.objects if item.type == "ARMATURE")


def test_a_control_rig_that_lacks_a_switch_is_baked_without_it(rigify_file: Path):
    rig = opened(rigify_file)
    del rig.pose.bones["upper_arm_parent.L"]["IK_parent"]
    result = bake(moving(), rig, BakeSettings("Walk"))
    switches = [curve.data_path for curve in read_curves(result.action) if "IK_parent" in curve.data_path]
    assert switches
    assert not [path for path in switches if "upper_arm_parent.L" in path]
    assert "IK_parent" not in rig.pose.bones["upper_arm_parent.L"]


def switch_off(rig: bpy.types.Object) -> None:
    rig.hide_viewport = True


def exclude(rig: bpy.types.Object) -> None:
    aside = bpy.data.collections.new("Aside")
    bpy.context.scene.collection.children.link(aside)
    for collection in list(rig.users_collection):
        collection.objects.unlink(rig)
    aside.objects.link(rig)
    bpy.context.view_layer.layer_collection.children["Aside"].exclude = True


@pytest.mark.parametrize("hide", [switch_off, exclude])
def test_a_control_rig_that_is_not_evaluated_is_refused_and_left_as_it_was(
    rigify_file: Path, hide: Callable[[bpy.types.Object], None]
):
    rig = opened(rigify_file)
    hide(rig)
    with pytest.raises(RigError, match=r"is hidden.*Show it"):
        bake(moving(), rig, BakeSettings("Walk"))
    assert rig.animation_data.action is None
    assert rig.pose.bones["upper_arm_parent.L"]["IK_FK"] == 0.0


def test_a_control_rig_placed_anywhere_moves_as_it_does_at_the_origin(rigify_file: Path):
    rig = opened(rigify_file)
    values = []
    for place in (lambda _: None, parented, moved_by_delta):
        place(rig)
        rig.rotation_euler = Euler((0.0, 0.0, len(values)))
        curves = read_curves(bake(moving(), rig, BakeSettings("Walk", limbs="ik")).action)
        values.append(np.concatenate([curve.values for curve in curves]))
    assert values[1] == pytest.approx(values[0], abs=1e-5)
    assert values[2] == pytest.approx(values[0], abs=1e-5)
