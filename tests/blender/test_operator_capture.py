from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path

import bpy
import numpy as np
import pytest

import penumbra
from penumbra.errors import ArgumentsError
from penumbra.inference.pipeline import StageSettings
from penumbra.inference.settings import CameraSettings, CaptureSettings, Moment, MotionSettings
from penumbra.inference.systems import LIFTERS, REFINERS
from penumbra.operators.capture import FOR_CHOICES, PENUMBRA_OT_capture
from penumbra.retarget.rig_map_table import load_rig_maps
from penumbra.scene.properties import bake_settings, capture_settings, lift_settings, motion_settings
from penumbra.scene.rig_map_choices import fill_map
from penumbra.tests.blender.rigs import mixamo_rig
from penumbra.tests.blender.shots import HEIGHT, WIDTH, write_video


@pytest.fixture
def scene() -> Iterator[bpy.types.Scene]:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    penumbra.register()
    yield bpy.context.scene
    penumbra.unregister()


def settings(scene: bpy.types.Scene):
    return capture_settings(scene, bpy.context.preferences)


def test_defaults_are_the_recommended_choices(scene: bpy.types.Scene, tmp_path: Path) -> None:
    scene.penumbra.footage = str(tmp_path / "walk.mp4")
    found = settings(scene)
    assert found.footage.path == tmp_path / "walk.mp4"
    assert (found.footage.start, found.footage.end, found.footage.step) == (None, None, 1)
    assert (found.subject.point, found.subject.box) == (None, None)
    assert (found.detector.backend, found.detector.model, found.detector.provider) == ("onnx", "heavy", "auto")
    assert found.detector.threads is None
    assert found.camera == CameraSettings()
    assert motion_settings(scene) == MotionSettings()
    assert found.cache is not None
    lift = lift_settings(scene, bpy.context.preferences)
    assert (lift.lifter, lift.refine, lift.threads) == ("auto", "auto", None)
    baked = bake_settings(scene)
    assert (baked.name, baked.frame_start, baked.frame_rate, baked.rig_map) == ("walk", 1, "footage", None)
    assert (baked.root, baked.in_world, scene.penumbra.add_camera) == ("hips", False, True)
    assert (baked.limbs, baked.lock_feet, baked.lock_hands, baked.fingers) == ("fk", True, False, True)


def test_every_choice_reaches_the_settings(scene: bpy.types.Scene, tmp_path: Path) -> None:
    choices = scene.penumbra
    choices.footage = str(tmp_path)
    choices.quality, choices.step, choices.image_rate, choices.focal_length = "FAST", 3, 12.0, 50.0
    choices.range, choices.first_frame, choices.last_frame = "FRAMES", 10, 20
    choices.subject = "BOX"
    choices.subject_left, choices.subject_top, choices.subject_right, choices.subject_bottom = 0.125, 0.25, 0.5, 0.75
    choices.frame_rate, choices.scene_start, choices.rig_map = "SCENE", 101, "mixamo"
    found = settings(scene)
    assert (found.detector.model, found.footage.step, found.footage.image_rate) == ("full", 3, 12.0)
    assert found.camera == CameraSettings(50.0)
    choices.use_camera_tilt, choices.camera_tilt = True, math.radians(12.5)
    choices.use_camera_height, choices.camera_height = True, 1.4
    assert settings(scene).camera == CameraSettings(50.0, 12.5, 1.4)
    choices.subject_height, choices.fit, choices.foot_lock, choices.smoothing = 1.83, "FINE", "GROUNDING", 0.25
    assert motion_settings(scene) == MotionSettings(1.83, "fine", "grounding", 0.25)
    for root in ("hips", "root", "in-place"):
        choices.root = root.upper().replace("-", "_")
        assert bake_settings(scene).root == root
    assert (found.footage.start, found.footage.end) == (Moment(10, "frames"), Moment(20, "frames"))
    assert found.subject.box == (0.125, 0.25, 0.5, 0.75)
    baked = bake_settings(scene)
    assert (baked.frame_start, baked.frame_rate, baked.rig_map) == (101, "scene", "mixamo")
    choices.limbs, choices.foot_contacts, choices.hand_contacts, choices.fingers = "IK", False, True, False
    baked = bake_settings(scene)
    assert (baked.limbs, baked.lock_feet, baked.lock_hands, baked.fingers) == ("ik", False, True, False)
    choices.rig_map = "structure"
    assert bake_settings(scene).rig_map == "structure"
    choices.lifter, choices.refiner = "DTF_81", "GRAPH"
    lift = lift_settings(scene, bpy.context.preferences)
    assert (lift.lifter, lift.refine) == ("dtf-81", "graph")
    choices.range, choices.first_second = "SECONDS", 0.5
    choices.subject, choices.subject_point = "POINT", (0.25, 0.75)
    found = settings(scene)
    assert (found.footage.start, found.footage.end) == (Moment(0.5, "seconds"), None)
    assert found.subject.point == (0.25, 0.75)
    assert found.subject.box is None


def test_the_users_own_rig_map_goes_with_its_armature(scene: bpy.types.Scene) -> None:
    first, second = mixamo_rig(), mixamo_rig()
    own = next(rig_map for rig_map in load_rig_maps() if rig_map.name == "mixamo")
    fill_map(first, own)
    assert bake_settings(scene).own_map is None
    scene.penumbra.target = first
    found = bake_settings(scene).own_map
    assert found is not None
    assert found.bones == own.bones
    assert bake_settings(scene, second).own_map is None
    first.penumbra_rig_map.use = False
    assert bake_settings(scene).own_map is None


@pytest.mark.parametrize(("name", "uses"), [("lifter", LIFTERS), ("refiner", REFINERS)])
def test_every_system_can_be_chosen_and_says_when_to(
    scene: bpy.types.Scene, name: str, uses: Mapping[str, str]
) -> None:
    items = scene.penumbra.bl_rna.properties[name].enum_items
    assert items[0].identifier == items[0].identifier.upper() == "AUTO"
    assert [item.description for item in items[1:]] == list(uses.values())
    names = []
    for item in items:
        setattr(scene.penumbra, name, item.identifier)
        chosen = lift_settings(scene, bpy.context.preferences)
        names.append(chosen.lifter if name == "lifter" else chosen.refine)
    assert names == ["auto", *uses]


def test_the_operator_passes_the_choice_on(
    scene: bpy.types.Scene, asked: list[tuple[CaptureSettings, StageSettings]]
) -> None:
    scene.penumbra.footage, scene.penumbra.lifter, scene.penumbra.refiner = "walk.mp4", "DTF_27", "PPT"
    scene.penumbra.foot_lock = "NEVER"
    with pytest.raises(RuntimeError, match="Enough was seen"):
        bpy.ops.penumbra.capture()
    stages = asked[0][1]
    assert (stages.lift.lifter, stages.lift.refine, stages.motion.foot_lock) == ("dtf-27", "ppt", "never")


def test_a_camera_object_is_sampled_before_the_work_starts(
    scene: bpy.types.Scene, asked: list[tuple[CaptureSettings, StageSettings]], tmp_path: Path
) -> None:
    camera = bpy.data.objects.new("Solved", bpy.data.cameras.new("Solved"))
    scene.collection.objects.link(camera)
    camera.location, camera.data.sensor_fit, camera.data.lens = (0.0, -5.0, 1.5), "VERTICAL", 24.0
    camera.keyframe_insert("location", frame=11)
    camera.location.x = 1.0
    camera.keyframe_insert("location", frame=20)
    choices = scene.penumbra
    choices.footage = str(write_video(tmp_path / "walk.mp4", 40))
    choices.range, choices.first_frame, choices.last_frame, choices.scene_start = "FRAMES", 6, 15, 11
    choices.camera_source = "OBJECT"
    with pytest.raises(RuntimeError, match="Choose the camera object"):
        bpy.ops.penumbra.capture()
    choices.camera = camera
    with pytest.raises(RuntimeError, match="Enough was seen"):
        bpy.ops.penumbra.capture()
    track = asked[0][0].camera.track
    assert track is not None
    # frame by frame as the scene will be when it has the footage's rate, whatever its rate is now
    assert track.times == pytest.approx(np.arange(6, 16) / 30.0)
    assert track.positions[[0, -1], 0] == pytest.approx([0.0, 1.0])
    assert track.focal_lengths[0] == pytest.approx(24.0 / 24.0 * HEIGHT / WIDTH * 36.0)
    assert bake_settings(scene).in_world


def test_a_target_that_cannot_be_used_is_told_before_the_work_starts(
    scene: bpy.types.Scene, asked: list[tuple[CaptureSettings, StageSettings]]
) -> None:
    choices = scene.penumbra
    choices.footage, choices.target, choices.root = "walk.mp4", mixamo_rig(), "ROOT"
    with pytest.raises(RuntimeError, match="there is no root bone"):
        bpy.ops.penumbra.capture()
    assert not asked
    choices.root = "IN_PLACE"
    with pytest.raises(RuntimeError, match="Enough was seen"):
        bpy.ops.penumbra.capture()


@pytest.mark.usefixtures("scene")
def test_a_path_beside_the_file_is_found(tmp_path: Path) -> None:
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "shot.blend"))
    bpy.context.scene.penumbra.footage = "//footage/walk.mp4"
    assert settings(bpy.context.scene).footage.path == tmp_path / "footage" / "walk.mp4"


@pytest.mark.parametrize(
    ("choices", "words"),
    [
        ({"footage": ""}, "Choose the footage"),
        ({"range": "FRAMES", "first_frame": 9, "last_frame": 3}, "ends before it starts"),
        ({"subject": "BOX", "subject_left": 0.5, "subject_right": 0.5}, "box is empty"),
    ],
)
def test_choices_that_make_no_sense_are_told(scene: bpy.types.Scene, choices: dict[str, object], words: str) -> None:
    scene.penumbra.footage = "walk.mp4"
    for name, value in choices.items():
        setattr(scene.penumbra, name, value)
    with pytest.raises(ArgumentsError, match=words):
        settings(scene)


def test_the_button_waits_for_footage_which_a_script_brings_along(scene: bpy.types.Scene) -> None:
    assert bpy.ops.penumbra.capture.poll()
    with bpy.context.temp_override(**{FOR_CHOICES: scene.penumbra}):
        assert not bpy.ops.penumbra.capture.poll()
        scene.penumbra.footage = "walk.mp4"
        assert bpy.ops.penumbra.capture.poll()
    assert not bpy.ops.penumbra.cancel_capture.poll()


def test_a_mistake_is_reported_in_words(scene: bpy.types.Scene) -> None:
    scene.penumbra.footage = "/no/such/walk.mp4"
    with pytest.raises(RuntimeError, match=r"There is no file or folder /no/such/walk\.mp4"):
        bpy.ops.penumbra.capture()
    assert not bpy.data.objects
    assert PENUMBRA_OT_capture.run is None


@pytest.mark.usefixtures("weights")
def test_without_a_window_it_captures_straight_through(
    scene: bpy.types.Scene, demo_clip: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    choices = scene.penumbra
    choices.footage, choices.quality = str(demo_clip), "FAST"
    choices.range, choices.last_frame, choices.scene_start = "FRAMES", 9, 11
    assert bpy.ops.penumbra.capture("INVOKE_DEFAULT") == {"FINISHED"}
    (rig,) = (thing for thing in scene.objects if thing.type == "ARMATURE")
    assert tuple(rig.animation_data.action.frame_range) == (11, 20)
    assert all("confidence" in bone for bone in rig.pose.bones)
    assert bpy.context.window_manager.penumbra.result.startswith(f"Captured 10 of 10 frames onto {rig.name}")
    assert scene.camera.name == "demo Camera"
    (background,) = scene.camera.data.background_images
    assert (background.image_user.frame_start, background.image_user.frame_offset) == (11, 0)
