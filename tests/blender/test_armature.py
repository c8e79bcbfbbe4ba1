from __future__ import annotations

import bpy
import numpy as np
import pytest

from penumbra.errors import RigError
from penumbra.models.skeletons import BONES
from penumbra.scene.armature import build_armature, read_rest
from penumbra.scene.context import alone
from penumbra.tests.synthetic import rest_pose


def test_a_new_armature_has_the_subjects_bones_and_stands_on_the_floor():
    rest = rest_pose()
    target = build_armature(rest, "Subject")
    bones = target.data.bones
    assert {bone.name: bone.parent.name if bone.parent else None for bone in bones} == {b.name: b.parent for b in BONES}
    lift = np.array([0.0, 0.0, -rest.tails[:, 2].min()])
    for bone, head, tail in zip(BONES, rest.heads, rest.tails, strict=True):
        assert np.array(bones[bone.name].head_local) == pytest.approx(head + lift, abs=1e-6)
        assert np.array(bones[bone.name].tail_local) == pytest.approx(tail + lift, abs=1e-6)
    assert min(bone.tail_local.z for bone in bones) == pytest.approx(0.0, abs=1e-6)
    assert not bones["thigh.L"].use_connect
    assert bones["upper_arm.R"].use_connect
    assert target.name in bpy.context.scene.collection.objects


@pytest.mark.parametrize(
    ("bone", "child", "goal"),
    [
        ("forearm.L", "forearm.L", (0.0, -1.0, 0.0)),
        ("forearm.R", "forearm.R", (0.0, -1.0, 0.0)),
        ("shin.L", "shin.L", (0.0, 1.0, 0.0)),
        ("shin.R", "shin.R", (0.0, 1.0, 0.0)),
        ("hand.L", "hand.L", (0.0, 0.0, -1.0)),
        ("hand.R", "hand.R", (0.0, 0.0, -1.0)),
        ("spine", "spine", (0.0, -1.0, 0.0)),
    ],
)
def test_a_positive_quarter_turn_about_x_folds_the_joint(bone: str, child: str, goal: tuple[float, float, float]):
    target = build_armature(rest_pose(), "Subject")
    pose = target.pose.bones[bone]
    pose.rotation_mode = "XYZ"
    pose.rotation_euler.x = np.pi / 2
    bpy.context.view_layer.update()
    moved = target.pose.bones[child]
    assert np.array((moved.tail - moved.head).normalized()) == pytest.approx(goal, abs=1e-5)


def test_left_and_right_rolls_mirror_each_other():
    bones = build_armature(rest_pose(), "Subject").data.bones
    for bone in bones:
        if bone.name.endswith(".L"):
            left, right = np.array(bone.matrix_local), np.array(bones[bone.name[:-1] + "R"].matrix_local)
            assert left[:3, 2] * [-1, 1, 1] == pytest.approx(right[:3, 2], abs=1e-5)


def test_building_leaves_selection_and_mode_as_they_were():
    first = build_armature(rest_pose(), "First")
    second = build_armature(rest_pose(), "Second")
    layer = bpy.context.view_layer
    layer.objects.active = first
    first.select_set(state=True)
    second.select_set(state=False)
    bpy.ops.object.mode_set(mode="POSE")
    third = build_armature(rest_pose(), "Third")
    assert layer.objects.active == first
    assert first.mode == "POSE"
    assert [item.name for item in layer.objects if item.select_get()] == ["First"]
    assert len(third.data.bones) == len(BONES)
    bpy.ops.object.mode_set(mode="OBJECT")


def test_the_rest_pose_is_read_as_blender_has_it():
    target = build_armature(rest_pose(), "Subject")
    target.pose.bones["head"].rotation_mode = "ZXY"
    target.data.bones["head"].use_inherit_rotation = False
    rest = read_rest(target)
    head = rest.bones.index("head")
    assert rest.rotation_modes[head] == "ZXY"
    assert rest.inherit_rotation.tolist().count(False) == 1
    assert not rest.inherit_rotation[head]
    assert [rest.bones[bone] for bone in rest.ancestors(head)] == ["neck", "spine", "hips"]
    for number, name in enumerate(rest.bones):
        bone = target.data.bones[name]
        assert rest.tails[number] == pytest.approx(np.array(bone.tail_local), abs=1e-6)
        assert rest.matrices[number] == pytest.approx(np.array(bone.matrix_local), abs=1e-7)


def test_a_target_that_is_no_armature_or_is_being_edited_is_refused():
    camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    with pytest.raises(RigError, match='"Camera" is not an armature'):
        read_rest(camera)
    target = build_armature(rest_pose(), "Subject")
    bpy.context.view_layer.objects.active = target
    bpy.ops.object.mode_set(mode="EDIT")
    with pytest.raises(RigError, match="Edit Mode"):
        read_rest(target)
    bpy.ops.object.mode_set(mode="OBJECT")


def test_a_target_outside_the_view_layer_is_refused():
    target = bpy.data.objects.new("Loose", bpy.data.armatures.new("Loose"))
    with pytest.raises(RigError, match="view layer"), alone(target):
        pass


def test_an_armature_without_bones_is_refused():
    target = bpy.data.objects.new("Empty", bpy.data.armatures.new("Empty"))
    bpy.context.scene.collection.objects.link(target)
    with pytest.raises(RigError, match=r'"Empty" has no bones\. Choose another'):
        read_rest(target)
