from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import bpy
import numpy as np
import pytest
from mathutils import Quaternion

import penumbra
from penumbra.errors import ArgumentsError
from penumbra.inference.pipeline import motion_of
from penumbra.inference.progress import finish
from penumbra.inference.take import save_take
from penumbra.operators.correct import corrections
from penumbra.scene.actions import Curve, read_curves
from penumbra.scene.bake import BakeSettings, bake
from penumbra.scene.baked import Baked, baked_of
from penumbra.scene.editing.corrections import Solved, is_solved, mark, marks_of, motion_of_action, solve_marked, unmark
from penumbra.tests.blender.rigs import mixamo_rig
from penumbra.tests.correcting import hidden_take

FRAME, FIRST, LAST = 31, 16, 45
"""Corrected, and where the left arm is hidden, as frames of the scene."""
ARM = {"mixamorig:LeftArm", "mixamorig:LeftForeArm", "mixamorig:LeftHand"}


@pytest.fixture
def captured(tmp_path: Path) -> tuple[bpy.types.Object, Baked]:
    take = hidden_take()
    path = tmp_path / "walk.take"
    save_take(take, path)
    target = mixamo_rig(arms_down=30.0)
    action = bake(motion_of(take), target, BakeSettings("walk"), path).action
    baked = baked_of(action)
    assert baked is not None
    return target, baked


def pose_by_hand(target: bpy.types.Object, frame: int = FRAME) -> dict[str, np.ndarray]:
    """Lift the left arm, and give every bone's matrix as it is then."""
    bpy.context.scene.frame_set(frame)
    bone = target.pose.bones["mixamorig:LeftArm"]
    bone.rotation_quaternion = bone.rotation_quaternion @ Quaternion((1.0, 0.0, 0.3), 0.6)
    bpy.context.view_layer.update()
    return {bone.name: np.array(bone.matrix) for bone in target.pose.bones}


def keys(action: bpy.types.Action) -> dict[tuple[str, int], Curve]:
    return {(curve.data_path, curve.index): curve for curve in read_curves(action)}


def solved(target: bpy.types.Object, baked: Baked) -> Solved:
    finish(mark(target, baked, FRAME))
    return finish(solve_marked(target, baked))


def test_the_corrected_frame_is_as_it_was_posed(captured: tuple[bpy.types.Object, Baked]):
    target, baked = captured
    wanted = pose_by_hand(target)
    result = solved(target, baked)
    bpy.context.scene.frame_set(FRAME + 5)
    bpy.context.scene.frame_set(FRAME)
    for bone in target.pose.bones:
        np.testing.assert_allclose(np.array(bone.matrix), wanted[bone.name], atol=2e-3, err_msg=bone.name)
    assert set(result.bones) == ARM
    assert (result.first, result.last) == (FIRST, LAST)
    (marked,) = marks_of(baked.action)
    assert marked.frame == FRAME
    assert is_solved(baked.action, marked)


def test_all_else_stays_to_the_bit(captured: tuple[bpy.types.Object, Baked]):
    target, baked = captured
    before = keys(baked.action)
    pose_by_hand(target)
    solved(target, baked)
    changed = 0
    for name, curve in keys(baked.action).items():
        np.testing.assert_array_equal(curve.frames, before[name].frames)
        differs = curve.values != before[name].values
        inside = (curve.frames >= FIRST) & (curve.frames <= LAST)
        if not any(f'"{bone}"' in name[0] for bone in ARM):
            assert not differs.any(), name
        assert not differs[~inside].any(), name
        changed += int(differs.sum())
    assert changed > 100


def test_the_frames_around_follow(captured: tuple[bpy.types.Object, Baked]):
    target, baked = captured
    bpy.context.scene.frame_set(FRAME + 4)
    hand = np.array(target.pose.bones["mixamorig:LeftHand"].head)
    bpy.context.scene.frame_set(FRAME)
    middle = np.array(target.pose.bones["mixamorig:LeftHand"].head)
    wanted = pose_by_hand(target)["mixamorig:LeftHand"][:3, 3]
    solved(target, baked)
    bpy.context.scene.frame_set(FRAME + 4)
    followed = np.array(target.pose.bones["mixamorig:LeftHand"].head) - hand
    assert np.linalg.norm(followed) > 0.7 * np.linalg.norm(wanted - middle)


def test_a_second_solve_changes_nothing_more(captured: tuple[bpy.types.Object, Baked]):
    target, baked = captured
    pose_by_hand(target)
    solved(target, baked)
    before = keys(baked.action)
    assert finish(solve_marked(target, baked)) == Solved((), 0, 0)
    for name, curve in keys(baked.action).items():
        np.testing.assert_array_equal(curve.values, before[name].values)


def test_without_its_correction_the_motion_is_the_take_s_again(captured: tuple[bpy.types.Object, Baked]):
    target, baked = captured
    before = keys(baked.action)
    pose_by_hand(target)
    solved(target, baked)
    unmark(baked.action, FRAME)
    finish(solve_marked(target, baked))
    for name, curve in keys(baked.action).items():
        np.testing.assert_allclose(curve.values, before[name].values, atol=1e-5)


def test_a_mark_takes_the_place_of_an_earlier_one_of_its_frame(captured: tuple[bpy.types.Object, Baked]):
    target, baked = captured
    first = finish(mark(target, baked, FRAME))
    pose_by_hand(target)
    second = finish(mark(target, baked, FRAME))
    assert marks_of(baked.action) == [second]
    assert second.rotations != first.rotations


def test_a_marked_pose_is_keyed(captured: tuple[bpy.types.Object, Baked]):
    target, baked = captured
    wanted = pose_by_hand(target)
    finish(mark(target, baked, FRAME))
    bpy.context.scene.frame_set(FRAME + 9)
    bpy.context.scene.frame_set(FRAME)
    for bone in target.pose.bones:
        np.testing.assert_allclose(np.array(bone.matrix), wanted[bone.name], atol=1e-5)


def test_what_cannot_be_corrected_says_what_to_do(captured: tuple[bpy.types.Object, Baked]):
    target, baked = captured
    with pytest.raises(ArgumentsError, match="no keys in frame 500"):
        finish(mark(target, baked, 500))
    with pytest.raises(ArgumentsError, match="Frame 3 has no correction"):
        unmark(baked.action, 3)
    with pytest.raises(ArgumentsError, match="Mark"):
        finish(solve_marked(target, baked))
    forgotten = Baked(baked.action, None, baked.settings)
    with pytest.raises(ArgumentsError, match="was not kept"):
        finish(mark(target, forgotten, FRAME))


@pytest.mark.parametrize("text", ["", "{", "[1]", '[{"frame": 3}]', '[{"frame":1,"time":0,"root":[1],"rotations":[]}]'])
def test_damaged_marks_are_left_out(captured: tuple[bpy.types.Object, Baked], text: str):
    _, baked = captured
    baked.action["penumbra_corrections"] = text
    assert marks_of(baked.action) == []
    assert len(finish(motion_of_action(baked)).times) > LAST


@pytest.fixture
def _registered() -> Iterator[None]:
    penumbra.register()
    yield
    penumbra.unregister()


@pytest.mark.usefixtures("_registered")
def test_the_buttons_mark_solve_and_take_away(captured: tuple[bpy.types.Object, Baked]):
    target, baked = captured
    before = keys(baked.action)
    pose_by_hand(target)
    assert bpy.ops.penumbra.mark_correction() == {"FINISHED"}
    assert corrections(bpy.context) == [(FRAME, False)]
    assert bpy.ops.penumbra.solve_corrections() == {"FINISHED"}
    assert corrections(bpy.context) == [(FRAME, True)]
    assert bpy.ops.penumbra.remove_correction(frame=FRAME) == {"FINISHED"}
    assert corrections(bpy.context) == []
    assert bpy.ops.penumbra.solve_corrections() == {"FINISHED"}
    for name, curve in keys(baked.action).items():
        np.testing.assert_allclose(curve.values, before[name].values, atol=1e-5)
    with pytest.raises(RuntimeError, match="Nothing is marked"):
        bpy.ops.penumbra.solve_corrections()
    with pytest.raises(RuntimeError, match="has no correction"):
        bpy.ops.penumbra.remove_correction(frame=3)


@pytest.mark.usefixtures("_registered")
def test_baking_a_part_again_keeps_what_was_corrected(captured: tuple[bpy.types.Object, Baked]):
    target, _ = captured
    wanted = pose_by_hand(target)
    bpy.ops.penumbra.mark_correction()
    bpy.ops.penumbra.solve_corrections()
    assert bpy.ops.penumbra.rebake(range="FRAMES", first=20, last=40, fade=0) == {"FINISHED"}
    bpy.context.scene.frame_set(FRAME)
    for bone in target.pose.bones:
        np.testing.assert_allclose(np.array(bone.matrix), wanted[bone.name], atol=2e-3)


def test_controls_of_a_generated_rig_are_corrected_as_well(rigify_file: Path, tmp_path: Path):
    bpy.ops.wm.open_mainfile(filepath=str(rigify_file))
    (target,) = (thing for thing in bpy.data.objects if thing.type == "ARMATURE")
    take = hidden_take()
    save_take(take, tmp_path / "walk.take")
    baked = baked_of(bake(motion_of(take), target, BakeSettings("walk"), tmp_path / "walk.take").action)
    assert baked is not None
    bpy.context.scene.frame_set(FRAME)
    finish(mark(target, baked, FRAME))
    assert finish(solve_marked(target, baked)) == Solved((), 0, 0), "a pose that was not touched changes nothing"
    arm = target.pose.bones["upper_arm_fk.L"]
    arm.rotation_quaternion = arm.rotation_quaternion @ Quaternion((1.0, 0.0, 0.0), 0.5)
    bpy.context.view_layer.update()
    wanted = {bone.name: np.array(bone.matrix) for bone in target.pose.bones if bone.name.startswith("DEF-")}
    result = solved(target, baked)
    assert set(result.bones) == {"upper_arm_fk.L", "forearm_fk.L", "hand_fk.L"}
    bpy.context.scene.frame_set(FRAME + 5)
    bpy.context.scene.frame_set(FRAME)
    for name, matrix in wanted.items():
        np.testing.assert_allclose(np.array(target.pose.bones[name].matrix), matrix, atol=2e-3, err_msg=name)
