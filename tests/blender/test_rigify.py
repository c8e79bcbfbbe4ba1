"""The rig that Rigify generates: its deforming bones go where the subject's go, keyed in FK and in IK."""

from __future__ import annotations

import time
from pathlib import Path

import bpy
import numpy as np
import pytest

from penumbra.inference import rotations as rot
from penumbra.inference.motion import Motion, bone_heads_and_tails
from penumbra.models.skeletons import BONE_NAMES
from penumbra.scene.actions import read_curves
from penumbra.scene.armature import read_rest
from penumbra.scene.bake import BakeResult, BakeSettings, bake
from penumbra.scene.follows import follow
from penumbra.scene.keyed import fitted
from penumbra.tests.blender.rigs import moving

LIMBS = {
    "upper_arm": ("DEF-upper_arm", "DEF-forearm"),
    "forearm": ("DEF-forearm", "DEF-hand"),
    "thigh": ("DEF-thigh", "DEF-shin"),
    "shin": ("DEF-shin", "DEF-foot"),
}
# Deforming bones that turn as the subject's do, from a rest pose in which both are alike.
ENDS = {"foot.L": "DEF-foot.L", "foot.R": "DEF-foot.R", "head": "DEF-spine.006", "hips": "torso"}
COUNT = 10


@pytest.fixture
def rig(rigify_file: Path) -> bpy.types.Object:
    bpy.ops.wm.open_mainfile(filepath=str(rigify_file))
    return next(item for item in bpy.data.objects if item.type == "ARMATURE")


def errors(result: BakeResult, motion: Motion) -> dict[str, float]:
    """Mean degrees between the subject and the rig's deforming bones, as Blender evaluates them."""
    heads, tails = bone_heads_and_tails(motion)
    ways = rot.normalize(tails - heads)
    found: dict[str, list[float]] = {}

    def note(name: str, way: np.ndarray, goal: np.ndarray) -> None:
        cosine = way @ goal / np.linalg.norm(way) / np.linalg.norm(goal)
        found.setdefault(name, []).append(float(np.degrees(np.arccos(np.clip(cosine, -1, 1)))))

    for step in range(len(motion)):
        bpy.context.scene.frame_set(result.frame_start + step)
        bones = result.object.pose.bones
        for limb, (start, end) in LIMBS.items():
            for side in "LR":
                way = np.array(bones[f"{end}.{side}"].head - bones[f"{start}.{side}"].head)
                note(f"{limb}.{side}", way, ways[step, BONE_NAMES.index(f"{limb}.{side}")])
        for name, bone in ENDS.items():
            turn = bones[bone].matrix.to_3x3() @ bones[bone].bone.matrix_local.to_3x3().inverted()
            goal = rot.to_matrix(motion.rotations[step, BONE_NAMES.index(name)])
            angle = np.arccos(np.clip((np.trace(np.array(turn) @ goal.T) - 1) / 2, -1, 1))
            found.setdefault(name, []).append(float(np.degrees(angle)))
        for side in "LR":
            knuckles = (bones[f"f_index.01.{side}"].head + bones[f"f_pinky.01.{side}"].head) / 2
            way = np.array(knuckles - bones[f"DEF-hand.{side}"].head)
            note(f"hand.{side}", way, ways[step, BONE_NAMES.index(f"hand.{side}")])
    return {name: float(np.mean(values)) for name, values in found.items()}


def test_keyed_in_fk_every_limb_points_where_the_motion_points(rig: bpy.types.Object):
    motion = moving()
    result = bake(motion, rig, BakeSettings("Walk", lock_feet=False))
    assert result.rig_map == "rigify"
    assert result.notes == ()
    assert max(errors(result, motion).values()) < 0.1


def test_keyed_in_ik_hands_and_feet_are_where_fk_puts_them_and_limbs_nearly(rig: bpy.types.Object):
    motion = moving()
    places = []
    for limbs in ("fk", "ik"):
        result = bake(motion, rig, BakeSettings("Walk", limbs=limbs, lock_feet=False))
        found = []
        for frame in range(1, COUNT + 1):
            bpy.context.scene.frame_set(frame)
            names = ("DEF-hand.L", "DEF-hand.R", "DEF-foot.L", "DEF-foot.R", "DEF-spine.006")
            found.append([np.array(rig.pose.bones[name].matrix) for name in names])
        places.append(np.array(found))
    assert np.abs(places[0] - places[1]).max() < 2e-3
    # Rigify's limbs shrink a little before they bend, and knees and elbows lie off by that
    assert max(errors(result, motion).values()) < 4.0
    for bone in rig.pose.bones:
        bone.ik_stretch = 0.0
    assert max(errors(result, motion).values()) < 0.1
    assert result.notes == ()


@pytest.mark.parametrize(("limbs", "value"), [("fk", 1.0), ("ik", 0.0)])
def test_the_switches_are_set_and_keyed_once_and_hold(rig: bpy.types.Object, limbs: str, value: float):
    rig.pose.bones["upper_arm_parent.L"]["IK_FK"] = 0.4
    result = bake(moving(), rig, BakeSettings("Walk", frame_start=5, limbs=limbs))
    curves = {curve.data_path: curve for curve in read_curves(result.action)}
    for bone in ("upper_arm_parent.L", "upper_arm_parent.R", "thigh_parent.L", "thigh_parent.R"):
        curve = curves[f'pose.bones["{bone}"]["IK_FK"]']
        assert (curve.frames.tolist(), curve.values.tolist(), curve.interpolation) == ([5], [value], "CONSTANT")
        for frame in (1, 5, 300):
            bpy.context.scene.frame_set(frame)
            assert rig.pose.bones[bone]["IK_FK"] == value
    keyed = {curve.group for curve in read_curves(result.action)}
    assert ("hand_ik.L" in keyed) == (limbs == "ik")
    assert ("forearm_fk.L" in keyed) == (limbs == "fk")


def test_what_carries_the_controls_is_found_fast_and_leaves_no_trace(rig: bpy.types.Object):
    rig.pose.bones["torso"]["neck_follow"] = 0.25
    rig.pose.bones["chest"].rotation_quaternion = (0.9, 0.1, 0.2, 0.3)
    start = time.perf_counter()
    rest, fit, notes = fitted(rig, BakeSettings())
    assert time.perf_counter() - start < 0.5
    assert notes == ()
    carrier = {rest.bones[bone]: rest.bones[rest.carrier(bone)] for chain in fit.chains.values() for bone in chain}
    assert carrier == {
        "torso": "root", "spine_fk.002": "torso", "spine_fk.003": "spine_fk.002", "neck": "spine_fk.003", "head": "neck",
        **{f"shoulder.{side}": "spine_fk.003" for side in "LR"},
        **{f"upper_arm_fk.{side}": f"shoulder.{side}" for side in "LR"},
        **{f"forearm_fk.{side}": f"upper_arm_fk.{side}" for side in "LR"},
        **{f"hand_fk.{side}": f"forearm_fk.{side}" for side in "LR"},
        **{f"thigh_fk.{side}": "torso" for side in "LR"},
        **{f"shin_fk.{side}": f"thigh_fk.{side}" for side in "LR"},
        **{f"foot_fk.{side}": f"shin_fk.{side}" for side in "LR"},
    }  # fmt: skip
    assert rig.pose.bones["torso"]["neck_follow"] == 0.25
    assert rig.pose.bones["upper_arm_parent.L"]["IK_FK"] == 0.0
    assert np.array(rig.pose.bones["chest"].rotation_quaternion) == pytest.approx([0.9, 0.1, 0.2, 0.3])
    assert rig.animation_data.action is None


def test_heads_that_follow_by_halves_are_told(rig: bpy.types.Object):
    rest = read_rest(rig)
    rig.pose.bones["torso"]["neck_follow"] = 0.5
    bones = [rest.bones.index(name) for name in ("torso", "spine_fk.002", "spine_fk.003", "neck", "head")]
    assert follow(rig, rest, bones).partly[0] == "neck"


def test_the_root_bone_carries_the_whole_rig(rig: bpy.types.Object):
    motion = moving()
    result = bake(motion, rig, BakeSettings("Walk", root="root", limbs="fk", lock_feet=False))
    found = {curve.group for curve in read_curves(result.action) if curve.data_path.endswith("location")}
    assert found == {"root", "torso"}
    assert max(errors(result, motion).values()) < 0.1
    bpy.context.scene.frame_set(1)
    start = np.array(rig.pose.bones["root"].head)
    bpy.context.scene.frame_set(COUNT)
    assert np.linalg.norm(np.array(rig.pose.bones["root"].head) - start) > 0.02


def test_a_second_bake_and_a_pose_by_hand_change_nothing(rig: bpy.types.Object):
    motion = moving()
    bake(motion, rig, BakeSettings("Walk", limbs="ik"))
    bpy.context.scene.frame_set(4)
    for name in ("torso", "root", "hand_ik.L", "upper_arm_fk.L", "head"):
        rig.pose.bones[name].rotation_quaternion = (0.9, 0.3, 0.2, 0.1)
        rig.pose.bones[name].location = (0.1, 0.2, -0.1)
    assert max(errors(bake(motion, rig, BakeSettings("Walk", lock_feet=False)), motion).values()) < 0.1
