"""A camera of the user's scene, sampled: what moves it, where it is on the footage's clock, and its lens."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import bpy
import numpy as np
import pytest
from bpy_extras.object_utils import world_to_camera_view
from mathutils import Vector

from penumbra.errors import ArgumentsError
from penumbra.inference.camera import SENSOR_WIDTH, CameraTrack
from penumbra.inference.shot import Timeline
from penumbra.scene.own_camera import camera_track
from penumbra.tests.blender.shots import HEIGHT, WIDTH, write_video

WIDE = Timeline(start=0.0, seconds=1.0, rate=10.0, width=1920, height=1080)
TALL = Timeline(start=0.0, seconds=1.0, rate=10.0, width=1080, height=1920)
PLACES = np.array([[0.0, 0.0, 0.0], [1.0, 0.5, 0.3], [-0.7, 1.2, 1.5]])


@pytest.fixture
def camera() -> bpy.types.Object:
    """A camera four meters before the origin that looks a little down at it."""
    camera = bpy.data.objects.new("Shot", bpy.data.cameras.new("Shot"))
    bpy.context.scene.collection.objects.link(camera)
    camera.location, camera.rotation_euler = (0.4, -6.0, 1.6), (1.4, 0.05, 0.1)
    return camera


def sampled(
    camera: bpy.types.Object, timeline: Timeline = WIDE, frame_start: int = 1, rate: float = 10.0
) -> CameraTrack:
    return camera_track(camera, timeline, frame_start, rate)


def seen_by_track(track: CameraTrack, step: int, timeline: Timeline) -> np.ndarray:
    """`[N, 2]` where the places are in the picture, from the left and from the bottom."""
    seen = (PLACES - track.positions[step]) @ track.rotations[step]
    focal = track.focal_lengths[step] / SENSOR_WIDTH * max(timeline.width, timeline.height)
    return seen[:, :2] / seen[:, 2:] * focal / [timeline.width, -timeline.height] + 0.5


def seen_by_blender(camera: bpy.types.Object, timeline: Timeline) -> np.ndarray:
    """The same as Blender has it."""
    scene = bpy.context.scene
    scene.render.resolution_x, scene.render.resolution_y = timeline.width, timeline.height
    bpy.context.view_layer.update()
    return np.array([world_to_camera_view(scene, camera, Vector(place))[:2] for place in PLACES])


@pytest.mark.parametrize("timeline", [WIDE, TALL])
@pytest.mark.parametrize("fit", ["AUTO", "HORIZONTAL", "VERTICAL"])
def test_place_and_lens_are_those_that_blender_renders_with(
    camera: bpy.types.Object, timeline: Timeline, fit: str
) -> None:
    camera.data.lens, camera.data.sensor_width, camera.data.sensor_height = 31.0, 23.6, 14.1
    camera.data.sensor_fit = fit
    camera.scale = (2.0, 0.5, 3.0)
    track = sampled(camera, timeline)
    assert len(track.times) == len(track.positions) == 1, "a camera that nothing moves is looked at once"
    assert np.linalg.det(track.rotations[0]) == pytest.approx(1.0)
    assert seen_by_track(track, 0, timeline) == pytest.approx(seen_by_blender(camera, timeline), abs=1e-4)


def key_place(camera: bpy.types.Object) -> None:
    camera.keyframe_insert("location", frame=5)
    camera.location.x += 2.0
    camera.keyframe_insert("location", frame=15)


def key_lens(camera: bpy.types.Object) -> None:
    camera.data.keyframe_insert("lens", frame=5)
    camera.data.lens = 80.0
    camera.data.keyframe_insert("lens", frame=15)


def key_parent(camera: bpy.types.Object) -> None:
    rail, crane = (bpy.data.objects.new(name, None) for name in ("Rail", "Crane"))
    for thing in (rail, crane):
        bpy.context.scene.collection.objects.link(thing)
    camera.parent, crane.parent = crane, rail
    rail.scale = (1.5, 1.5, 1.5)
    key_place(rail)


def follow(camera: bpy.types.Object) -> None:
    """As a Camera Solver does, a constraint moves what has no keys of its own."""
    goal = bpy.data.objects.new("Goal", None)
    bpy.context.scene.collection.objects.link(goal)
    goal.matrix_world = camera.matrix_basis
    key_place(goal)
    camera.constraints.new("COPY_TRANSFORMS").target = goal


def drive(camera: bpy.types.Object) -> None:
    camera.driver_add("location", 2).driver.expression = "frame / 10"


@pytest.mark.parametrize("move", [key_place, key_lens, key_parent, follow, drive])
def test_whatever_moves_the_camera_is_seen_at_every_frame(
    camera: bpy.types.Object, move: Callable[[bpy.types.Object], None]
) -> None:
    scene = bpy.context.scene
    move(camera)
    scene.frame_set(7, subframe=0.25)
    track = sampled(camera, frame_start=5)
    assert (scene.frame_current, scene.frame_subframe) == (7, 0.25)
    assert track.times == pytest.approx(np.arange(11) / 10.0)
    for step in (0, 4, 10):
        scene.frame_set(5 + step)
        assert seen_by_track(track, step, WIDE) == pytest.approx(seen_by_blender(camera, WIDE), abs=1e-3)


def solve_clip(path: Path, way: np.ndarray, count: int) -> None:
    """Make a clip the scene's, with tracks as a camera sees them that goes `way` `[3]` each frame, and solve it."""
    (window,) = bpy.context.window_manager.windows
    area = window.screen.areas[0]
    area.type = "CLIP_EDITOR"
    clip = bpy.data.movieclips.load(str(write_video(path, count)))
    area.spaces.active.clip = bpy.context.scene.active_clip = clip
    tracking = clip.tracking
    tracking.camera.sensor_width, tracking.camera.focal_length = 36.0, 35.0
    tracking.objects[0].keyframe_a, tracking.objects[0].keyframe_b = 1, count
    points = np.random.default_rng(0).uniform([-2.0, -1.0, 4.0], [2.0, 1.0, 8.0], (24, 3))
    for number, point in enumerate(points):
        track = tracking.tracks.new(name=f"Track {number}", frame=1)
        for frame in range(count):
            x, y, depth = point - frame * way
            track.markers.insert_frame(
                frame + 1, co=(x / depth * 35 / 36 + 0.5, y / depth * 35 / 36 * WIDTH / HEIGHT + 0.5)
            )
    region = next(region for region in area.regions if region.type == "WINDOW")
    with bpy.context.temp_override(window=window, area=area, region=region):
        assert bpy.ops.clip.solve_camera("EXEC_DEFAULT") == {"FINISHED"}


def test_a_solved_clip_moves_the_camera(tmp_path: Path) -> None:
    bpy.ops.wm.read_factory_settings(use_empty=False)  # solving needs a window's editor
    way = np.array([0.06, 0.01, 0.03])
    solve_clip(tmp_path / "walk.mp4", way, 20)
    camera = bpy.context.scene.camera
    camera.matrix_world.identity()
    camera.constraints.new("CAMERA_SOLVER").use_active_clip = True
    track = sampled(camera, Timeline(0.0, 19 / 30, 30.0, WIDTH, HEIGHT), rate=30.0)
    assert len(track.times) == 20
    gone = track.positions - track.positions[0]
    # in Blender's axes of a camera: y up, looking along -z; a solved clip has no size of its own
    goal = np.arange(20)[:, None] * way * [1.0, 1.0, -1.0]
    assert gone / np.linalg.norm(gone[-1]) == pytest.approx(goal / np.linalg.norm(goal[-1]), abs=1e-4)


def test_a_constraint_that_moves_nothing_leaves_a_still_camera(camera: bpy.types.Object) -> None:
    goal = bpy.data.objects.new("Goal", None)
    bpy.context.scene.collection.objects.link(goal)
    constraint = camera.constraints.new("TRACK_TO")
    constraint.target = goal
    assert len(sampled(camera).times) == 1


def test_times_are_on_the_footages_own_clock(camera: bpy.types.Object) -> None:
    key_place(camera)
    timeline = Timeline(start=2.5, seconds=0.4, rate=30.0, width=1920, height=1080)
    track = sampled(camera, timeline, frame_start=8, rate=30.0)
    assert track.times == pytest.approx(2.5 + np.arange(13) / 30.0)
    bpy.context.scene.frame_set(8)
    assert track.positions[0] == pytest.approx(np.array(camera.matrix_world.translation))


def test_footage_of_unknown_length_is_taken_to_last_as_long_as_the_scene(camera: bpy.types.Object) -> None:
    key_place(camera)
    bpy.context.scene.frame_end = 20
    timeline = Timeline(start=0.0, seconds=None, rate=10.0, width=1920, height=1080)
    assert len(sampled(camera, timeline, frame_start=5).times) == 16


def set_orthographic(camera: bpy.types.Object) -> None:
    camera.data.type = "ORTHO"


def set_panoramic(camera: bpy.types.Object) -> None:
    camera.data.type = "PANO"


def shift(camera: bpy.types.Object) -> None:
    camera.data.shift_y = 0.1


def mirror(camera: bpy.types.Object) -> None:
    camera.scale = (-1.0, 1.0, 1.0)


def put_away(camera: bpy.types.Object) -> None:
    bpy.context.scene.collection.objects.unlink(camera)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (set_orthographic, "not a perspective camera"),
        (set_panoramic, "not a perspective camera"),
        (shift, "is shifted"),
        (mirror, "negative scale"),
        (put_away, "not in this view layer"),
    ],
)
def test_cameras_that_footage_is_not_taken_with_are_refused(
    camera: bpy.types.Object, spoil: Callable[[bpy.types.Object], None], words: str
) -> None:
    spoil(camera)
    with pytest.raises(ArgumentsError, match=words) as caught:
        sampled(camera)
    assert str(caught.value).endswith(".")
