from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import addon_utils
import bpy
import numpy as np
import pytest

from penumbra.errors import RigError, TakeError, WriteError
from penumbra.inference.motion import bone_heads_and_tails
from penumbra.models.skeletons import BONE_NAMES
from penumbra.scene.actions import Curve, read_curves
from penumbra.scene.bake import BakeResult, BakeSettings, bake
from penumbra.tests.blender.rigs import SIDES, direction_errors, mixamo_limbs, mixamo_rig
from penumbra.tests.synthetic import random_motion, standing

# An armature modelled with y up that faces +z, as many exported characters are.
Y_UP = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]])


def curves_by_path(result: BakeResult) -> dict[tuple[str, int], Curve]:
    return {(curve.data_path, curve.index): curve for curve in read_curves(result.action)}


def rest_bytes(target: bpy.types.Object) -> bytes:
    """Everything about the rest pose and the object's place that a bake must leave alone."""
    matrices = [np.array(bone.matrix_local).tobytes() for bone in target.data.bones]
    place = (target.location, target.rotation_euler, target.rotation_quaternion, target.scale)
    return b"".join([*matrices, *(np.array(value).tobytes() for value in place)])


def metarig() -> bpy.types.Object:
    addon_utils.enable("rigify", default_set=True)
    bpy.ops.object.armature_human_metarig_add()
    return bpy.context.view_layer.objects.active


def test_a_new_armature_follows_the_motion_within_a_tenth_of_a_millimetre():
    motion = random_motion()
    result = bake(motion, None, BakeSettings("Walk"))
    heads, tails = bone_heads_and_tails(motion)
    worst = 0.0
    for step in range(len(motion)):
        bpy.context.scene.frame_set(result.frame_start + step)
        for column, name in enumerate(BONE_NAMES):
            bone = result.object.pose.bones[name]
            worst = max(worst, np.abs(np.array(bone.head) - heads[step, column]).max())
            worst = max(worst, np.abs(np.array(bone.tail) - tails[step, column]).max())
    assert worst < 1e-4
    assert result.rig_map == "penumbra"
    assert result.action.name == "Walk|Walk"
    assert (result.frame_start, result.frame_end) == (1, len(motion))


@pytest.mark.parametrize("arms_down", [0.0, 45.0])
@pytest.mark.parametrize("prefix", ["mixamorig:", "mixamorig7:", ""])
def test_limbs_of_a_mixamo_rig_point_where_the_motion_points(arms_down: float, prefix: str):
    motion = random_motion(12)
    target = mixamo_rig(arms_down=arms_down, prefix=prefix)
    before = rest_bytes(target)
    result = bake(motion, target, BakeSettings("Walk"))
    assert result.rig_map == "mixamo"
    assert direction_errors(target, mixamo_limbs(prefix), motion, 1).max() < 0.1
    assert rest_bytes(target) == before


def test_limbs_of_the_rigify_metarig_point_where_the_motion_points():
    motion = random_motion(12)
    target = metarig()
    before = rest_bytes(target)
    result = bake(motion, target, BakeSettings("Walk"))
    chain = {
        "upper_arm": ("upper_arm", "forearm"),
        "forearm": ("forearm", "hand"),
        "thigh": ("thigh", "shin"),
        "shin": ("shin", "foot"),
    }
    limbs = {
        f"{bone}.{side}": ([f"{start}.{side}"], [f"{end}.{side}"])
        for bone, (start, end) in chain.items()
        for side in "LR"
    }
    assert result.rig_map == "rigify_human"
    assert direction_errors(target, limbs, motion, 1).max() < 0.1
    assert rest_bytes(target) == before


@pytest.mark.parametrize("axes", [np.eye(3), Y_UP, Y_UP @ Y_UP])
def test_armatures_modelled_along_other_axes_and_placed_anywhere_move_in_their_own_space(axes: np.ndarray):
    motion = random_motion(8)
    target = mixamo_rig(arms_down=45.0, axes=100 * axes)
    target.scale = (0.01, 0.01, 0.01)
    target.rotation_euler = (np.pi / 2, 0.0, 0.4)
    target.location = (3.0, -2.0, 1.0)
    before = rest_bytes(target)
    bake(motion, target, BakeSettings("Walk"))
    assert rest_bytes(target) == before
    assert direction_errors(target, mixamo_limbs(), motion, 1, axes).max() < 0.1
    bpy.context.scene.frame_set(1)
    start = np.array(target.pose.bones["mixamorig:Hips"].head)
    bpy.context.scene.frame_set(8)
    way = (np.array(target.pose.bones["mixamorig:Hips"].head) - start) @ axes
    # the leg is 0.84 m long and the subject's 0.82 m; the pelvis turns a little about the hips' middle
    assert way == pytest.approx(100 * 0.84 / 0.82 * (motion.root[-1] - motion.root[0]), abs=6.0)


def test_the_body_moves_by_the_ratio_of_the_legs_lengths():
    still = standing(5)
    motion = replace(still, root=still.root + np.linspace(0, 1, 5)[:, None] * [1.0, 2.0, 0.5])
    target = mixamo_rig()
    bake(motion, target, BakeSettings("Slide"))
    heads = []
    for frame in (1, 5):
        bpy.context.scene.frame_set(frame)
        heads.append(np.array(target.pose.bones["mixamorig:Hips"].head))
    leg = np.linalg.norm([0, 0.005, 0.42]) + np.linalg.norm([0, 0.025, 0.42])
    assert heads[1] - heads[0] == pytest.approx(leg / 0.82 * np.array([1.0, 2.0, 0.5]), abs=1e-4)


@pytest.mark.parametrize("arms_down", [0.0, 45.0])
def test_a_standing_subject_leaves_feet_head_and_hips_as_the_target_rests(arms_down: float):
    target = mixamo_rig(arms_down=arms_down)
    bake(standing(), target, BakeSettings("Stand"))
    bpy.context.scene.frame_set(1)
    for name in ("Hips", "Head", "LeftFoot", "RightFoot", "LeftToeBase", "RightToeBase"):
        bone = target.pose.bones[f"mixamorig:{name}"]
        rest = np.array(bone.bone.matrix_local)
        posed = np.array(bone.matrix)
        if "Foot" in name or "Toe" in name:
            # the feet turn about the vertical only, to point forward, and stand at the height at which they rest
            assert posed[2, :3] == pytest.approx(rest[2, :3], abs=1e-4)
            assert posed[2, 3] == pytest.approx(rest[2, 3], abs=0.002)
        else:
            assert posed[:3, :3] == pytest.approx(rest[:3, :3], abs=1e-4)


def test_palms_turn_with_the_subject_whatever_the_rest_pose():
    motion = random_motion(8)
    target = mixamo_rig(arms_down=60.0)
    bake(motion, target, BakeSettings("Walk"))
    for step in range(len(motion)):
        bpy.context.scene.frame_set(1 + step)
        for side, word in SIDES.items():
            index, pinky, wrist = (
                np.array(target.pose.bones[f"mixamorig:{word}Hand{name}"].head) for name in ("Index1", "Pinky1", "")
            )
            along = (index + pinky) / 2 - wrist
            forward = quaternion_matrix(motion.rotations[step, BONE_NAMES.index(f"hand.{side}")]) @ [0.0, -1.0, 0.0]
            normal = np.cross(along, index - pinky)
            assert abs(forward @ normal) / np.linalg.norm(normal) < 1e-3
            assert forward @ (index - pinky) > 0


def quaternion_matrix(quaternion: np.ndarray) -> np.ndarray:
    from mathutils import Quaternion

    return np.array(Quaternion(quaternion).to_matrix())


@pytest.mark.parametrize("mode", ["XYZ", "XZY", "YXZ", "YZX", "ZXY", "ZYX", "AXIS_ANGLE"])
def test_every_rotation_mode_gives_the_same_pose_without_jumps(mode: str):
    motion = random_motion(30, bend=2.0)
    target = mixamo_rig(arms_down=45.0)
    for bone in target.pose.bones:
        bone.rotation_mode = mode
    result = bake(motion, target, BakeSettings("Walk"))
    assert all(bone.rotation_mode == mode for bone in target.pose.bones)
    assert direction_errors(target, mixamo_limbs(), motion, 1).max() < 0.1
    channel = "rotation_axis_angle" if mode == "AXIS_ANGLE" else "rotation_euler"
    angles = [curve for (path, _), curve in curves_by_path(result).items() if path.endswith(channel)]
    assert len(angles) == 20 * (4 if mode == "AXIS_ANGLE" else 3)
    if mode != "AXIS_ANGLE":
        assert max(np.abs(np.diff(curve.values)).max() for curve in angles) < np.pi + 0.2


def test_neighbouring_quaternions_lie_on_one_side():
    result = bake(random_motion(60, bend=2.5), None, BakeSettings("Spin"))
    curves = curves_by_path(result)
    for name in BONE_NAMES:
        path = f'pose.bones["{name}"].rotation_quaternion'
        values = np.stack([curves[path, axis].values for axis in range(4)], axis=1)
        assert np.sum(values[1:] * values[:-1], axis=1).min() > 0.5
        assert np.linalg.norm(values, axis=1) == pytest.approx(1.0, abs=1e-5)


def test_bones_that_do_not_inherit_rotation_still_point_right():
    motion = random_motion(6)
    target = mixamo_rig()
    for name in ("LeftForeArm", "RightLeg", "Spine1"):
        target.data.bones[f"mixamorig:{name}"].use_inherit_rotation = False
    bake(motion, target, BakeSettings("Walk"))
    assert direction_errors(target, mixamo_limbs(), motion, 1).max() < 0.1


@pytest.mark.parametrize("local", [True, False])
@pytest.mark.parametrize("with_parent", [True, False])
def test_the_path_is_exact_whatever_axes_the_hips_location_has(local: bool, with_parent: bool):  # noqa: FBT001
    still = standing(3)
    motion = replace(still, root=still.root + np.array([[0.0, 0, 0], [0.3, -0.2, 0.1], [0.5, 0.4, 0.0]]))
    target = mixamo_rig(seed=11)
    if with_parent:
        bpy.ops.object.mode_set(mode="EDIT")
        ground = target.data.edit_bones.new("Ground")
        ground.head, ground.tail, ground.roll = (0.0, 0.0, 0.0), (0.1, 0.2, 0.05), 0.7
        target.data.edit_bones["mixamorig:Hips"].parent = ground
        bpy.ops.object.mode_set(mode="OBJECT")
    target.data.bones["mixamorig:Hips"].use_local_location = local
    bake(motion, target, BakeSettings("Slide"))
    places = []
    for frame in (1, 2, 3):
        bpy.context.scene.frame_set(frame)
        places.append(np.array(target.pose.bones["mixamorig:Hips"].head))
    leg = np.linalg.norm([0, 0.005, 0.42]) + np.linalg.norm([0, 0.025, 0.42])
    ways = np.array(places) - places[0]
    assert ways == pytest.approx(leg / 0.82 * (motion.root - motion.root[0]), abs=1e-4)


def test_confidence_is_a_described_factor_with_its_own_keys():
    motion = random_motion(20)
    result = bake(motion, None, BakeSettings("Walk"))
    curves = curves_by_path(result)
    for column, name in enumerate(BONE_NAMES):
        bone = result.object.pose.bones[name]
        look = bone.id_properties_ui("confidence").as_dict()
        assert (look["min"], look["max"], look["subtype"]) == (0.0, 1.0, "FACTOR")
        assert look["description"]
        curve = curves[f'pose.bones["{name}"]["confidence"]', 0]
        assert curve.group == name
        assert curve.values == pytest.approx(motion.confidence[:, column], abs=1e-6)
        bpy.context.scene.frame_set(5)
        assert bone["confidence"] == pytest.approx(motion.confidence[4, column], abs=1e-5)


def test_absent_frames_get_confidence_keys_of_zero_and_no_others():
    motion = random_motion(10)
    motion.present[3:6] = False
    result = bake(motion, None, BakeSettings("Walk", frame_start=11))
    for (path, _), curve in curves_by_path(result).items():
        if path.endswith('["confidence"]'):
            assert curve.frames.tolist() == list(range(11, 21))
            assert curve.values[3:6].tolist() == [0.0, 0.0, 0.0]
        else:
            assert curve.frames.tolist() == [11, 12, 13, 17, 18, 19, 20]


def test_baking_again_keeps_the_earlier_action_as_it_was():
    target = mixamo_rig()
    first = bake(random_motion(10), target, BakeSettings("One"))
    before = [(c.data_path, c.index, c.frames.tobytes(), c.values.tobytes()) for c in read_curves(first.action)]
    name = first.action.name
    second = bake(random_motion(10, seed=8), target, BakeSettings("One"))
    assert target.animation_data.action == second.action
    assert second.action.name != name
    assert first.action.name == name
    assert first.action.use_fake_user
    assert before == [(c.data_path, c.index, c.frames.tobytes(), c.values.tobytes()) for c in read_curves(first.action)]
    assert len(read_curves(second.action)) == len(before)


def test_what_was_posed_by_hand_does_not_add_to_the_keys():
    motion = random_motion(4)
    target = mixamo_rig()
    for bone in target.pose.bones:
        bone.scale, bone.location = (1.2, 0.9, 1.0), (0.1, 0.0, 0.2)
    bake(motion, target, BakeSettings("Walk"))
    limbs = {bone: ends for bone, ends in mixamo_limbs().items() if not bone.startswith("hand")}
    assert direction_errors(target, limbs, motion, 1).max() < 0.1


def test_the_scene_takes_the_footages_rate_and_reaches_to_the_last_frame():
    scene = bpy.context.scene
    scene.frame_start, scene.frame_end = 10, 20
    motion = random_motion(40, fps=30000 / 1001)
    bake(motion, None, BakeSettings("Walk"))
    assert scene.render.fps / scene.render.fps_base == pytest.approx(30000 / 1001, rel=1e-6)
    assert (scene.frame_start, scene.frame_end) == (1, 40)


def test_the_scenes_own_rate_is_kept_and_the_motion_resampled_to_it():
    scene = bpy.context.scene
    scene.render.fps, scene.render.fps_base = 24, 1.0
    result = bake(random_motion(31, fps=30.0), None, BakeSettings("Walk", frame_rate="scene"))
    assert (scene.render.fps, scene.render.fps_base) == (24, 1.0)
    assert (result.frame_start, result.frame_end) == (1, 25)


def test_constraints_and_nla_tracks_are_named():
    target = mixamo_rig()
    target.pose.bones["mixamorig:LeftHand"].constraints.new("IK")
    target.animation_data_create().nla_tracks.new()
    notes = " ".join(bake(random_motion(3), target, BakeSettings("Walk")).notes)
    assert "mixamorig:LeftHand" in notes
    assert "NLA" in notes


def test_errors_say_what_to_do():
    motion = random_motion(3)
    camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    with pytest.raises(RigError, match="not an armature"):
        bake(motion, camera, BakeSettings())
    target = mixamo_rig()
    with pytest.raises(RigError, match=r"Choose one of: .*mixamo, .*rigify"):
        bake(motion, target, BakeSettings(rig_map="nobody"))
    # a map for another rig says which bones are missing
    with pytest.raises(
        RigError, match=r'"penumbra" does not fit the armature "Figure": it has no hips, no spine.*Choose'
    ):
        bake(motion, target, BakeSettings(rig_map="penumbra"))
    nobody = replace(motion, present=np.zeros(3, dtype=bool))
    with pytest.raises(TakeError, match=r"in no frame of this take.*Capture the footage again"):
        bake(nobody, target, BakeSettings())
    with pytest.raises(TakeError, match="in no frame"):
        bake(nobody, None, BakeSettings())
    assert len(bpy.data.objects) == 2
    assert target.animation_data is None


def test_the_raw_result_is_kept_on_a_track_that_does_not_play_and_does_not_pile_up():
    target = mixamo_rig()
    for seed, name in ((7, "One"), (8, "One"), (9, "Two"), (7, "One")):
        motion = random_motion(5, seed=seed)
        result = bake(motion, target, BakeSettings(name))
        assert not [note for note in result.notes if "NLA" in note]
        assert direction_errors(target, mixamo_limbs(), motion, 1).max() < 0.1
    tracks = list(target.animation_data.nla_tracks)
    assert [track.name for track in tracks] == ["Figure|Two (raw)", "Figure|One.002 (raw)"]
    assert all(track.mute and track.lock for track in tracks)
    raw = tracks[-1].strips[0].action
    assert raw != result.action
    assert [curve.values.tolist() for curve in read_curves(raw)] == [
        curve.values.tolist() for curve in read_curves(result.action)
    ]
    assert sorted(action.name for action in bpy.data.actions) == [
        "Figure|One", "Figure|One.001", "Figure|One.002", "Figure|One.002 (raw)", "Figure|Two", "Figure|Two (raw)",
    ]  # fmt: skip
    # somebody who plays the raw track again sees what was baked
    target.animation_data.action = None
    tracks[-1].mute = False
    assert direction_errors(target, mixamo_limbs(), motion, 1).max() < 0.1


def test_an_armature_without_legs_is_refused_in_words():
    target = mixamo_rig()
    bpy.ops.object.mode_set(mode="EDIT")
    for bone in list(target.data.edit_bones):
        if any(word in bone.name for word in ("Leg", "Foot", "Toe")):
            target.data.edit_bones.remove(bone)
    bpy.ops.object.mode_set(mode="OBJECT")
    with pytest.raises(RigError, match=r'"Figure".*Leg'):
        bake(random_motion(3), target, BakeSettings())


def link_figure(folder: Path) -> bpy.types.Object:
    """A Mixamo rig linked into the scene from another file."""
    mixamo_rig()
    bpy.ops.wm.save_as_mainfile(filepath=str(folder / "figure.blend"))
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.ops.wm.link(directory=f"{folder / 'figure.blend' / 'Object'}/", filename="Figure")
    return bpy.data.objects["Figure"]


def test_a_linked_armature_is_refused_and_its_library_override_animated(tmp_path: Path):
    motion = random_motion(4)
    target = link_figure(tmp_path)
    with pytest.raises(WriteError, match="library override"):
        bake(motion, target, BakeSettings("Walk"))
    override = target.override_create(remap_local_usages=True)
    bake(motion, override, BakeSettings("Walk"))
    assert direction_errors(override, mixamo_limbs(), motion, 1).max() < 0.1


def test_hips_connected_to_a_parent_are_refused():
    target = mixamo_rig()
    bpy.ops.object.mode_set(mode="EDIT")
    bones = target.data.edit_bones
    root = bones.new("Root")
    root.tail = bones["mixamorig:Hips"].head
    bones["mixamorig:Hips"].parent = root
    bones["mixamorig:Hips"].use_connect = True
    bpy.ops.object.mode_set(mode="OBJECT")
    with pytest.raises(RigError, match="connected to its parent"):
        bake(random_motion(3), target, BakeSettings("Walk"))
