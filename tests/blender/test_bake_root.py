"""Where the path over the floor goes, and where in the world the motion stands: the pose is the same whatever carries it."""

from __future__ import annotations

from dataclasses import replace

import bpy
import numpy as np
import pytest
from mathutils import Euler

from penumbra.errors import RigError
from penumbra.inference import rotations as rot
from penumbra.inference.motion import Motion, bone_heads_and_tails
from penumbra.models.skeletons import BONE_NAMES
from penumbra.retarget.root import Root
from penumbra.scene.actions import read_curves
from penumbra.scene.bake import BakeResult, BakeSettings, bake
from penumbra.tests.blender.rigs import direction_errors, mixamo_limbs, mixamo_rig
from penumbra.tests.synthetic import random_motion, standing

Y_UP = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]])
HIPS = "mixamorig:Hips"


def turning(count: int = 30) -> Motion:
    """Somebody who goes around a corner, every joint swinging."""
    motion = random_motion(count)
    angle = np.linspace(0.0, 2.5, count)
    turn = np.stack([np.cos(angle / 2), 0 * angle, 0 * angle, np.sin(angle / 2)], axis=1)
    path = motion.root + np.stack([np.sin(angle), 1.0 - np.cos(angle), 0 * angle], axis=1)
    return replace(motion, root=path, rotations=rot.continuous(rot.multiply(turn[:, None], motion.rotations)))


def add_above(target: bpy.types.Object, *, local: bool = True, inherit: bool = True) -> None:
    """Two oblique bones above the hips: the root, and one between, with the settings that decide what is inherited."""
    bpy.context.view_layer.objects.active = target
    bpy.ops.object.mode_set(mode="EDIT")
    bones = target.data.edit_bones
    unit = bones[HIPS].length / 0.1
    ground, between = bones.new("Ground"), bones.new("Between")
    ground.head, ground.tail, ground.roll = (0.0, 0.0, 0.0), (0.1 * unit, 0.2 * unit, 0.05 * unit), 0.7
    between.head, between.tail, between.roll = (0.2 * unit, 0.1 * unit, 0.3 * unit), (0.1 * unit, 0.3 * unit, 0.0), -1.1
    between.parent, bones[HIPS].parent = ground, between
    between.use_inherit_rotation = inherit
    bones[HIPS].use_local_location = local
    bpy.ops.object.mode_set(mode="OBJECT")


def poses(result: BakeResult, frames: range) -> np.ndarray:
    """`[T, N, 4, 4]` every bone's place in the world, but for those above the hips."""
    found = []
    for frame in frames:
        bpy.context.scene.frame_set(frame)
        world = result.object.matrix_world
        found.append([world @ bone.matrix for bone in result.object.pose.bones if bone.name not in _ABOVE])
    return np.array(found)


_ABOVE = {"root", "Ground", "Between"}


def floor_travel(result: BakeResult, bone: str, frames: range) -> np.ndarray:
    """`[T, 3]` way of a bone's head since the first frame, in the world."""
    heads = []
    for frame in frames:
        bpy.context.scene.frame_set(frame)
        heads.append(np.array(result.object.matrix_world @ result.object.pose.bones[bone].head))
    return np.array(heads) - heads[0]


def test_a_new_armature_gets_a_root_bone_that_goes_over_the_floor() -> None:
    motion = turning()
    result = bake(motion, None, BakeSettings("Walk", root="root"))
    root = result.object.data.bones["root"]
    assert result.object.data.bones["hips"].parent == root
    assert np.allclose(root.matrix_local, np.eye(4), atol=1e-6)
    heads, _ = bone_heads_and_tails(motion)
    facings = []
    for step in range(len(motion)):
        bpy.context.scene.frame_set(result.frame_start + step)
        bones = result.object.pose.bones
        for name in ("hips", "head", "hand.L", "foot.R"):
            assert np.array(bones[name].head) == pytest.approx(heads[step, BONE_NAMES.index(name)], abs=1e-4)
        carrier = np.array(bones["root"].matrix)
        assert carrier[2] == pytest.approx([0.0, 0.0, 1.0, 0.0], abs=1e-6), "it lies on the floor"
        assert carrier[:2, 3] == pytest.approx(motion.root[step, :2], abs=1e-4)
        facings.append(np.arctan2(carrier[1, 0], carrier[0, 0]))
    assert np.ptp(np.unwrap(facings)) > 1.5, "it turns with the subject"
    assert np.abs(np.diff(np.unwrap(facings), n=2)).max() < 0.02, "and smoothly"


@pytest.mark.parametrize("mode", ["QUATERNION", "ZXY", "AXIS_ANGLE"])
@pytest.mark.parametrize("axes", [np.eye(3), Y_UP])
@pytest.mark.parametrize(("local", "inherit"), [(True, True), (False, True), (True, False), (False, False)])
def test_root_and_hips_together_give_the_same_pose(mode: str, axes: np.ndarray, local: bool, inherit: bool) -> None:  # noqa: FBT001
    motion = turning(12)
    target = mixamo_rig(arms_down=45.0, axes=100 * axes)
    target.scale = (0.01, 0.01, 0.01)
    target.rotation_euler, target.location = (0.3, 0.2, 0.4), (3.0, -2.0, 1.0)
    add_above(target, local=local, inherit=inherit)
    for bone in target.pose.bones:
        bone.rotation_mode = mode
    frames = range(1, 13)
    goal = poses(bake(motion, target, BakeSettings("Hips")), frames)
    result = bake(motion, target, BakeSettings("Root", root="root"))
    assert poses(result, frames) == pytest.approx(goal, abs=1e-4)
    moved = {curve.group for curve in read_curves(result.action) if curve.data_path.endswith(".location")}
    assert moved == {"Ground", HIPS}
    assert "confidence" in target.pose.bones["Ground"]
    assert np.abs(floor_travel(result, "Ground", frames)).max() > 0.5


def test_an_armature_without_a_bone_above_the_hips_has_no_root() -> None:
    with pytest.raises(RigError, match=r'"mixamorig:Hips".*Choose Hips or In Place'):
        bake(standing(), mixamo_rig(), BakeSettings("Walk", root="root"))


def test_in_place_keeps_the_height_and_leaves_the_travel_away() -> None:
    motion = turning()
    motion = replace(motion, root=motion.root + np.linspace(0, 0.3, len(motion))[:, None] * [0.0, 0.0, 1.0])
    frames = range(1, len(motion) + 1)
    goal = poses(bake(motion, None, BakeSettings("Hips")), frames)
    result = bake(motion, None, BakeSettings("Walk", root="in-place"))
    found = poses(result, frames)
    assert found[..., :3, :3] == pytest.approx(goal[..., :3, :3], abs=1e-4)
    assert found[..., 2, 3] == pytest.approx(goal[..., 2, 3], abs=1e-4)
    assert np.abs(floor_travel(result, "hips", frames)[:, :2]).max() < 1e-4


@pytest.mark.parametrize("root", ["hips", "root"])
@pytest.mark.parametrize("axes", [np.eye(3), Y_UP])
def test_motion_of_the_world_stays_there_wherever_the_target_stands(root: Root, axes: np.ndarray) -> None:
    motion = turning(10)
    target = mixamo_rig(arms_down=45.0, axes=100 * axes)
    target.scale = (0.01, 0.01, 0.01)
    target.rotation_euler, target.location = (0.3, 0.2, 0.4), (3.0, -2.0, 1.0)
    add_above(target)
    result = bake(motion, target, BakeSettings("Walk", in_world=True, root=root))
    # limbs point where the subject's do, in the world
    assert direction_errors(target, mixamo_limbs(), motion, 1, _object_axes(target)).max() < 0.1
    heads, _ = bone_heads_and_tails(motion)
    for step in range(len(motion)):
        bpy.context.scene.frame_set(1 + step)
        legs = [target.matrix_world @ target.pose.bones[f"mixamorig:{side}UpLeg"].head for side in ("Left", "Right")]
        middle = np.mean([np.array(leg) for leg in legs], axis=0)
        hips = [heads[step, BONE_NAMES.index(f"thigh.{side}")] for side in "LR"]
        assert middle[:2] == pytest.approx(np.mean(hips, axis=0)[:2], abs=1e-4)
        if root == "root":
            assert (target.matrix_world @ target.pose.bones["Ground"].head).z == pytest.approx(0.0, abs=1e-4)
    assert any("its feet slide" in note for note in result.notes)


def _object_axes(target: bpy.types.Object) -> np.ndarray:
    """Rotation from the world's axes to the object's."""
    return np.array(target.matrix_world.to_3x3().normalized()).T


def test_somebody_who_stands_on_the_floor_of_the_world_stands_there_on_any_target() -> None:
    target = mixamo_rig(axes=100 * np.eye(3))
    target.scale = (0.02, 0.02, 0.02)
    target.rotation_euler, target.location = Euler((0.0, 0.0, 1.0)), (3.0, -2.0, 1.0)
    bake(standing(), target, BakeSettings("Stand", in_world=True))
    bpy.context.scene.frame_set(1)
    for side in ("Left", "Right"):
        toe = target.matrix_world @ target.pose.bones[f"mixamorig:{side}ToeBase"].head
        # at rest it is 2 cm above the floor, and the object twice as large
        assert toe.z == pytest.approx(0.04, abs=0.004)
        assert toe.y < -0.15, "it faces -y in the world"


def test_a_mirrored_target_has_no_place_in_the_world() -> None:
    target = mixamo_rig()
    target.scale = (-1.0, 1.0, 1.0)
    with pytest.raises(RigError, match="mirrored by a negative scale"):
        bake(standing(), target, BakeSettings("Stand", in_world=True))
