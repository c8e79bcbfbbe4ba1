"""The camera that took the footage: the subject stands over the person in the picture, and each frame shows its own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import bpy
import numpy as np
import pytest
from bpy_extras.object_utils import world_to_camera_view
from mathutils import Vector

from penumbra.inference.motion import Motion, bone_heads_and_tails
from penumbra.inference.shot import Shot
from penumbra.models.skeletons import BONE_NAMES
from penumbra.retarget.root import Root
from penumbra.scene.actions import read_curves
from penumbra.scene.bake import BakeResult, BakeSettings, bake
from penumbra.scene.camera import add_footage_camera
from penumbra.tests.blender.rigs import mixamo_rig
from penumbra.tests.blender.shots import HEIGHT, WIDTH, project, shot_before, write_pictures, write_video
from penumbra.tests.synthetic import random_motion

GONE = Path("/no/such/walk.mp4")


def filmed(shot: Shot, baked: BakeResult) -> tuple[bpy.types.Object, tuple[str, ...]]:
    return add_footage_camera(shot, "Walk", baked.from_capture, baked.frame_start)


def seen_at(camera: bpy.types.Object, places: np.ndarray) -> np.ndarray:
    """`[N, 2]` where points `[N, 3]` of Blender's world are in the picture, from the left and from the top."""
    scene = bpy.context.scene
    views = np.array([world_to_camera_view(scene, camera, Vector(place)) for place in places])
    return np.stack([views[:, 0], 1.0 - views[:, 1]], axis=1)


def hips(motion: Motion, step: int) -> np.ndarray:
    """`[1, 3]` the middle between the subject's hips."""
    heads, _ = bone_heads_and_tails(motion)
    return np.mean([heads[step, BONE_NAMES.index(f"thigh.{side}")] for side in "LR"], axis=0)[None]


@pytest.mark.parametrize("moving", [True, False])
@pytest.mark.parametrize("tall", [True, False])
@pytest.mark.parametrize("root", ["hips", "root"])
def test_a_new_armature_stands_over_the_person(moving: bool, tall: bool, root: Root) -> None:  # noqa: FBT001
    motion = random_motion(20)
    shot = shot_before(motion, GONE, moving=moving, tall=tall)
    baked = bake(motion, None, BakeSettings("Walk", frame_start=5, root=root))
    camera, notes = filmed(shot, baked)
    scene = bpy.context.scene
    assert scene.camera == camera
    assert camera.name == "Walk Camera"
    assert (scene.render.resolution_x, scene.render.resolution_y) == (shot.width, shot.height)
    assert len(notes) == 1
    assert "/no/such/walk.mp4" in notes[0], "footage that is gone is a note"
    assert (camera.animation_data is not None) == moving
    heads, _ = bone_heads_and_tails(motion)
    for step in (0, 7, 19):
        scene.frame_set(5 + step)
        places = np.array([np.array(baked.object.pose.bones[name].head) for name in BONE_NAMES])
        assert seen_at(camera, places) == pytest.approx(project(shot, step, heads[step]), abs=2e-4)


@pytest.mark.parametrize("scale", [(0.01, 0.01, 0.01), (0.03, 0.03, 0.03)])
def test_a_target_of_another_size_in_another_place_stands_over_the_person(scale: tuple[float, float, float]) -> None:
    motion = random_motion(20)
    shot = shot_before(motion, GONE)
    target = mixamo_rig(axes=100 * np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]]))
    target.scale, target.rotation_euler, target.location = scale, (np.pi / 2, 0.0, 0.7), (3.0, -2.0, 1.0)
    camera, _ = filmed(shot, bake(motion, target, BakeSettings("Walk")))
    legs = [target.pose.bones[f"mixamorig:{side}UpLeg"] for side in ("Left", "Right")]
    feet = [target.pose.bones[f"mixamorig:{side}Foot"] for side in ("Left", "Right")]
    heads, _ = bone_heads_and_tails(motion)
    for step in (0, 7, 19):
        bpy.context.scene.frame_set(1 + step)
        middle = np.mean([np.array(target.matrix_world @ leg.head) for leg in legs], axis=0)[None]
        # the target's feet rest lower below its hips than the subject's soles tell
        assert seen_at(camera, middle) == pytest.approx(project(shot, step, hips(motion, step)), abs=0.02)
        ankles = np.array([np.array(target.matrix_world @ foot.head) for foot in feet])
        subject = np.array([heads[step, BONE_NAMES.index(f"foot.{side}")] for side in "LR"])
        assert seen_at(camera, ankles) == pytest.approx(project(shot, step, subject), abs=0.03)


def test_the_user_keeps_camera_and_resolution() -> None:
    scene = bpy.context.scene
    own = bpy.data.objects.new("Mine", bpy.data.cameras.new("Mine"))
    scene.collection.objects.link(own)
    scene.camera = own
    motion = random_motion(5)
    camera, notes = filmed(shot_before(motion, GONE), bake(motion, None, BakeSettings("Walk")))
    assert scene.camera == own
    assert (scene.render.resolution_x, scene.render.resolution_y) == (1920, 1080)
    assert any('its own camera "Mine"' in note for note in notes)
    assert any(f"1920 × 1080 pixels, the footage has {WIDTH} × {HEIGHT}" in note for note in notes)
    assert camera.name == "Walk Camera"


def test_the_same_take_again_brings_its_camera_up_to_date() -> None:
    motion = random_motion(5)
    first, _ = filmed(shot_before(motion, GONE), bake(motion, None, BakeSettings("Walk")))
    still = shot_before(motion, GONE, moving=False)
    again, _ = filmed(replace(still, focal_lengths=np.linspace(30, 50, 5)), bake(motion, None, BakeSettings("Walk")))
    assert again == first
    assert again.animation_data is None
    assert [thing.name for thing in bpy.context.scene.objects if thing.type == "CAMERA"] == ["Walk Camera"]
    bpy.context.scene.frame_set(3)
    assert again.data.lens == pytest.approx(40.0, abs=1e-3)
    other, _ = add_footage_camera(still, "Run", np.eye(4), 1)
    assert bpy.context.scene.camera == other


def pictures_shown(camera: bpy.types.Object, frames: range) -> list[int]:
    """By Blender's rule: which picture of the footage, counted from 0, the background shows at each frame."""
    shown = []
    for frame in frames:
        bpy.context.scene.frame_set(frame)
        user = camera.data.background_images[0].image_user
        shown.append(min(frame - user.frame_start + 1, user.frame_duration) + user.frame_offset - 1)
    return shown


def test_each_frame_shows_its_own_picture_of_a_video(tmp_path: Path) -> None:
    motion = random_motion(20)
    shot = shot_before(motion, write_video(tmp_path / "walk.mp4", 40), start=10)
    camera, notes = filmed(shot, bake(motion, None, BakeSettings("Walk", frame_start=101)))
    assert not notes
    (background,) = camera.data.background_images
    assert background.image.source == "MOVIE"
    assert camera.data.show_background_images
    assert background.scale == pytest.approx(1.0)
    assert pictures_shown(camera, range(101, 121)) == list(range(10, 30))
    assert camera.data.animation_data is None


def test_a_step_shows_the_pictures_between_too(tmp_path: Path) -> None:
    motion = random_motion(10, fps=15.0)
    shot = shot_before(motion, write_video(tmp_path / "walk.mp4", 40))
    shot = replace(shot, rate=30.0, index=2 * shot.index)
    camera, _ = filmed(shot, bake(replace(motion, fps=30.0), None, BakeSettings("Walk")))
    assert pictures_shown(camera, range(1, 20)) == list(range(19))


def test_another_rate_of_the_scene_shows_the_nearest_picture(tmp_path: Path) -> None:
    scene = bpy.context.scene
    scene.render.fps = 24
    motion = random_motion(31)
    shot = shot_before(motion, write_video(tmp_path / "walk.mp4", 60), start=20)
    camera, _ = filmed(shot, bake(motion, None, BakeSettings("Walk", frame_rate="scene")))
    expected = np.rint(20 + np.arange(25) * 30 / 24)
    assert np.abs(np.array(pictures_shown(camera, range(1, 26))) - expected).max() <= 0
    (curve,) = read_curves(camera.data.animation_data.action)
    assert curve.interpolation == "CONSTANT"


def test_numbered_pictures_are_found_by_their_numbers(tmp_path: Path) -> None:
    names = [f"walk_{number:04d}.png" for number in (7, 8, 9, 12, 13, 14)]
    motion = random_motion(6)
    shot = shot_before(motion, write_pictures(tmp_path / "walk", names))
    camera, notes = filmed(shot, bake(motion, None, BakeSettings("Walk")))
    assert not notes
    assert camera.data.background_images[0].image.source == "SEQUENCE"
    # Blender counts a sequence by the numbers in its names
    assert [number + 1 for number in pictures_shown(camera, range(1, 7))] == [7, 8, 9, 12, 13, 14]


@pytest.mark.parametrize("names", [["a.png", "b.png"], ["walk1.png", "run2.png"]])
def test_pictures_without_numbers_are_no_background(names: list[str], tmp_path: Path) -> None:
    motion = random_motion(2)
    shot = shot_before(motion, write_pictures(tmp_path / "walk", names))
    camera, notes = filmed(shot, bake(motion, None, BakeSettings("Walk")))
    assert len(notes) == 1
    assert notes[0].startswith("The camera has no background: ")
    assert not camera.data.background_images


def test_the_picture_spans_what_the_lens_says_in_a_frame_of_another_shape(tmp_path: Path) -> None:
    scene = bpy.context.scene
    scene.camera = bpy.data.objects.new("Mine", bpy.data.cameras.new("Mine"))
    scene.collection.objects.link(scene.camera)
    motion = random_motion(2)
    shot = shot_before(motion, write_video(tmp_path / "walk.mp4", 2))
    camera, _ = filmed(shot, bake(motion, None, BakeSettings("Walk")))
    # 3:2 fits into 16:9 by its height and has to grow to be as wide
    assert camera.data.background_images[0].scale == pytest.approx((16 / 9) / (3 / 2))
    assert (camera.data.sensor_fit, camera.data.sensor_width) == ("HORIZONTAL", 36.0)
