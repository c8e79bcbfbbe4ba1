"""Reduced keys: how far the figure moves, as Blender evaluates it, and what stays."""

from __future__ import annotations

from dataclasses import replace

import bpy
import numpy as np
import pytest

from penumbra.errors import RigError
from penumbra.inference.motion import Motion
from penumbra.inference.progress import finish
from penumbra.scene.actions import read_curves
from penumbra.scene.bake import BakeSettings, bake
from penumbra.scene.editing import reduce_keys as reduction
from penumbra.scene.editing.bone_curves import bone_curves
from penumbra.scene.editing.key_errors import pose_of
from penumbra.scene.editing.key_points import read_keys
from penumbra.scene.editing.keyed_pose import read_pose
from penumbra.scene.editing.posing import watched_points
from penumbra.scene.editing.reduce_keys import ReduceSettings, reduce_keys
from penumbra.tests.blender.rigs import mixamo_rig
from penumbra.tests.synthetic import random_motion

CM = 0.01


def joints(target: bpy.types.Object, frames: range) -> np.ndarray:
    """`[T, 2N, 3]` heads and tails of all bones in Blender's world, as Blender evaluates them."""
    world = np.array(target.matrix_world)
    places = []
    for frame in frames:
        bpy.context.scene.frame_set(frame)
        ends = np.empty((2, 3 * len(target.pose.bones)), dtype=np.float32)
        target.pose.bones.foreach_get("head", ends[0])
        target.pose.bones.foreach_get("tail", ends[1])
        places.append(ends.reshape(-1, 3) @ world[:3, :3].T + world[:3, 3])
    return np.array(places)


def count_keys(target: bpy.types.Object) -> int:
    return sum(
        len(curve.frames)
        for curve in read_curves(target.animation_data.action)
        if not curve.data_path.endswith('["confidence"]')
    )


def sure(motion: Motion) -> Motion:
    return replace(motion, confidence=np.ones_like(motion.confidence))


@pytest.mark.parametrize("mode", ["QUATERNION", "YXZ", "AXIS_ANGLE"])
def test_every_joint_stays_within_the_bound_as_blender_evaluates_it(mode: str):
    target = mixamo_rig(arms_down=45.0)
    for bone in target.pose.bones:
        bone.rotation_mode = mode
    target.scale = (1.5, 1.5, 1.5)
    bake(sure(random_motion(80)), target, BakeSettings("Walk"))
    before, keys = joints(target, range(1, 81)), count_keys(target)
    done = finish(reduce_keys(target, ReduceSettings(distance=CM, contacts=False)))
    away = np.linalg.norm(joints(target, range(1, 81)) - before, axis=2)
    assert 0.5 * CM < away.max() < 1.02 * CM
    assert count_keys(target) < keys / 5
    assert done.after < done.before / 5


def test_channels_of_a_rotation_share_their_keys_and_are_beziers():
    target = bake(sure(random_motion(60)), None, BakeSettings("Walk")).object
    finish(reduce_keys(target, ReduceSettings()))
    bezier = bpy.types.Keyframe.bl_rna.properties["interpolation"].enum_items["BEZIER"].value
    for curves in bone_curves(target).values():
        keys = [read_keys(fcurve) for fcurve in curves.rotation.values()]
        assert len({one.frames.tobytes() for one in keys}) == 1
        assert all(np.all(one.values["interpolation"] == bezier) for one in keys)


def test_where_the_capture_guessed_there_are_fewer_keys():
    motion = random_motion(120)
    counts = []
    for doubt in (1.0, 6.0):
        half = np.where(np.arange(120)[:, None] < 60, 1.0, 0.05) * np.ones_like(motion.confidence)
        target = bake(replace(motion, confidence=half), None, BakeSettings("Walk")).object
        before = joints(target, range(1, 121))
        finish(reduce_keys(target, ReduceSettings(distance=0.005, doubt=doubt, contacts=False)))
        away = np.linalg.norm(joints(target, range(1, 121)) - before, axis=2)
        assert away[:60].max() < 0.0051
        assert away[60:].max() < 0.005 * (1 + (doubt - 1) * 0.95) * 1.02
        frames = np.concatenate([read_keys(curves.rotation[0]).frames for curves in bone_curves(target).values()])
        counts.append((np.sum(frames <= 60), np.sum(frames > 60)))
    (sure_before, sure_after), (before_doubt, in_doubt) = counts
    assert in_doubt < 0.75 * sure_after
    assert before_doubt > 0.8 * sure_before


def test_an_angle_bounds_each_bones_own_rotation():
    target = bake(sure(random_motion(60)), None, BakeSettings("Walk")).object
    before = finish(read_pose(target, None))
    finish(reduce_keys(target, ReduceSettings(measure="angle", angle=np.radians(2.0))))
    after = finish(read_pose(target, None))
    turned = [
        np.degrees(
            2 * np.arccos(np.clip(np.abs(np.sum(new.goal * old.goal, axis=1)) / np.linalg.norm(new.goal, axis=1), 0, 1))
        )
        for old, new in zip(before.channels, after.channels, strict=True)
        if old.mode
    ]
    assert 1.0 < np.max(turned) < 2.03


def test_nothing_is_reduced_across_gaps_and_keys_there_stay():
    motion = sure(random_motion(80))
    present = np.ones(80, dtype=bool)
    present[30:50] = False
    gone = replace(motion, present=present, confidence=np.where(present[:, None], motion.confidence, 0.0))
    target = bake(gone, None, BakeSettings("Walk")).object
    bone_curves(target)["spine"].rotation[1].keyframe_points.insert(40, 0.3)
    before = {
        name: [c.evaluate(f) for c in one.rotation.values() for f in range(31, 51)]
        for name, one in bone_curves(target).items()
    }
    finish(reduce_keys(target, ReduceSettings()))
    for name, one in bone_curves(target).items():
        assert [c.evaluate(f) for c in one.rotation.values() for f in range(31, 51)] == pytest.approx(
            before[name], abs=1e-5
        )
        for fcurve in one.rotation.values():
            assert {30.0, 51.0} <= set(read_keys(fcurve).frames)
        shown = [one.confidence[0].evaluate(frame) for frame in range(1, 81)]
        assert np.all((np.array(shown) == 0) == ~present)
    assert 40.0 in read_keys(bone_curves(target)["spine"].rotation[1]).frames


def test_only_the_range_and_the_chosen_bones_are_reduced():
    target = bake(sure(random_motion(60)), None, BakeSettings("Walk")).object
    before = {(c.data_path, c.index): c for c in read_curves(target.animation_data.action)}
    finish(reduce_keys(target, ReduceSettings(bones=frozenset({"shin.L"}), first=20, last=40, distance=0.02)))
    for curve in read_curves(target.animation_data.action):
        old = before[curve.data_path, curve.index]
        if '"shin.L"' not in curve.data_path:
            assert np.array_equal(curve.frames, old.frames)
            assert np.array_equal(curve.values, old.values)
            continue
        outside = (curve.frames < 20) | (curve.frames > 40)
        assert set(curve.frames[outside]) == {*range(1, 20), *range(41, 61)}
        if "rotation" in curve.data_path:
            assert len(curve.frames) < 50


def test_steps_keep_keys_where_feet_are_set_down_and_lifted():
    motion = sure(random_motion(90))
    root = motion.root.copy()
    root[30:60] = root[30]
    turns = motion.rotations.copy()
    turns[30:60] = turns[30]
    target = bake(replace(motion, root=root, rotations=turns), None, BakeSettings("Walk", lock_feet=False)).object
    finish(reduce_keys(target, ReduceSettings(distance=0.02)))
    for name in ("thigh.L", "shin.R", "foot.L"):
        frames = read_keys(bone_curves(target)[name].rotation[0]).frames
        assert {31.0, 60.0} <= set(frames)


def test_long_takes_go_on_smoothly_from_window_to_window(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(reduction, "_WINDOW", 40)
    target = bake(sure(random_motion(81)), None, BakeSettings("Walk")).object
    before = joints(target, range(1, 82))
    finish(reduce_keys(target, ReduceSettings(contacts=False)))
    away = np.linalg.norm(joints(target, range(1, 82)) - before, axis=2)
    assert away.max() < 1.02 * CM
    for curves in bone_curves(target).values():
        for fcurve in curves.rotation.values():
            (border,) = [key for key in fcurve.keyframe_points if key.co.x == 41]
            assert border.handle_left_type == "ALIGNED"
            slopes = [(end - border.co).y / (end - border.co).x for end in (border.handle_left, border.handle_right)]
            assert slopes[0] == pytest.approx(slopes[1], abs=1e-4)


def test_closing_the_work_leaves_the_action_as_it_was():
    target = bake(sure(random_motion(60)), None, BakeSettings("Walk")).object
    keys = count_keys(target)
    work = reduce_keys(target, ReduceSettings())
    while (progress := next(work)).stage != "reduce" or not progress.fraction:
        pass
    assert progress.fraction < 1
    work.close()
    assert count_keys(target) == keys


def test_the_arrays_pose_a_figure_as_blender_does():
    target = mixamo_rig(arms_down=30.0)
    target.pose.bones["mixamorig:LeftForeArm"].bone.use_inherit_rotation = False
    target.pose.bones["mixamorig:LeftToeBase"].rotation_mode = "XYZ"
    bake(random_motion(10), target, BakeSettings("Walk"))
    there = finish(read_pose(target, None))

    posed = pose_of(there.poser, there.channels, [one.goal for one in there.channels])
    assert watched_points(there.poser, posed).shape[1] == 10
    for step in (0, 4, 9):
        bpy.context.scene.frame_set(1 + step)
        for number, name in enumerate(there.poser.names):
            assert posed.heads[number, step] == pytest.approx(np.array(target.pose.bones[name].head), abs=2e-5)


def test_what_cannot_be_reduced_is_told():
    with pytest.raises(RigError, match="has no action"):
        finish(reduce_keys(mixamo_rig(), ReduceSettings()))
    target = bake(random_motion(10), None, BakeSettings("Walk")).object
    with pytest.raises(RigError, match="None of the selected bones"):
        finish(reduce_keys(target, ReduceSettings(bones=frozenset())))
    with pytest.raises(RigError, match="range of frames has no keys"):
        finish(reduce_keys(target, ReduceSettings(first=100)))
    target.animation_data.action = bpy.data.actions.new("Mine")
    with pytest.raises(RigError, match="No capture made the action"):
        finish(reduce_keys(target, ReduceSettings()))
