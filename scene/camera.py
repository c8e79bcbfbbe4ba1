"""The camera that took the footage, in the scene, with the footage behind what it shows."""

from __future__ import annotations

import re
from pathlib import Path

import bpy
import numpy as np

from ..errors import FootageError
from ..inference import rotations as rot
from ..inference.camera import SENSOR_WIDTH
from ..inference.shot import Shot
from .actions import Curve, new_action, write_curves

# Custom property that marks a camera as ours, with the take's name.
_OURS = "penumbra_take"
# Blender's cameras look along -z with y up; camera axes are x right, y down, z forward.
_FROM_CAMERA_AXES = np.array([1.0, -1.0, -1.0])
# Share of a frame within which times lie on it.
_NEAR = 1e-3
# Meters, millimeters and parts of a rotation below which a camera has not moved.
_STILL = 1e-6
# Frames by which a clock may drift from a constant rate before its rate counts as variable.
_DRIFT = 1.0
# The first Blender that turns videos upright by itself, as their files say.
_UPRIGHT = (4, 5, 0)


def add_footage_camera(
    shot: Shot, name: str, from_capture: np.ndarray, frame_start: int
) -> tuple[bpy.types.Object, tuple[str, ...]]:
    """Add the camera of the take `name` to the scene, or bring the one that is there up to date.

    Through it the subject's motion, brought to the scene by `from_capture` (`[4, 4]`, as `BakeResult` has it), stands over
    the person in the footage, which is the camera's background. The frame `frame_start` shows the shot's first frame. The
    camera is keyed where it moves. Camera and resolution of the scene stay where the user has a camera. Gives the camera
    and sentences that the user should see; footage that is gone is one of these.
    """
    scene = bpy.context.scene
    camera = _ours(name) or _new_camera(scene, f"{name} Camera", name)
    for owner in (camera, camera.data):
        owner.animation_data_clear()
    rate = scene.render.fps / scene.render.fps_base
    times = shot.times[0] + np.arange(int((shot.times[-1] - shot.times[0]) * rate + _NEAR) + 1) / rate
    frames = frame_start + np.arange(len(times))
    _place(camera, shot, from_capture, times, frames)
    _set_lens(camera.data, shot)
    notes = _look_through(scene, camera, shot)
    lens_curves = _lens_curves(camera.data, shot, times, frames)
    try:
        lens_curves += _show_footage(scene, camera.data, shot, times, frames)
    except FootageError as error:
        notes.append(f"The camera has no background: {error}")
    if lens_curves:
        write_curves(new_action(camera.data, f"{camera.name} Lens"), lens_curves)
    scene.frame_set(scene.frame_current)
    return camera, tuple(notes)


def picture_notes(scene: bpy.types.Scene, width: int, height: int) -> list[str]:
    """A sentence where the scene's pictures have other sides than footage of `width` × `height` pixels."""
    wide, high = _frame_sides(scene)
    if abs(wide * height - high * width) < max(wide, high):
        return []
    render = scene.render
    difference = (
        f"The scene renders {render.resolution_x} × {render.resolution_y} pixels, the footage has {width} × {height}"
    )
    return [f"{difference}: set the scene's resolution to the footage's to see all of it."]


def _ours(name: str) -> bpy.types.Object | None:
    """The camera of the take `name`, where the scene has one from before."""
    cameras = (thing for thing in bpy.context.scene.objects if thing.type == "CAMERA")
    return next((camera for camera in cameras if camera.get(_OURS) == name and camera.is_editable), None)


def _new_camera(scene: bpy.types.Scene, label: str, name: str) -> bpy.types.Object:
    camera = bpy.data.objects.new(label, bpy.data.cameras.new(label))
    camera[_OURS] = name
    scene.collection.objects.link(camera)
    return camera


def _place(
    camera: bpy.types.Object, shot: Shot, from_capture: np.ndarray, times: np.ndarray, frames: np.ndarray
) -> None:
    """Put the camera where the shot has it, with keys where it moves."""
    left, sizes, right = np.linalg.svd(from_capture[:3, :3])
    positions = _between(shot.positions, shot.times, times) @ from_capture[:3, :3].T + from_capture[:3, 3]
    turned = rot.from_matrix(left @ right @ shot.rotations * _FROM_CAMERA_AXES)
    rotations = rot.continuous(_turned_between(turned, shot.times, times))
    camera.rotation_mode = "QUATERNION"
    camera.location, camera.rotation_quaternion = positions[0], rotations[0]
    camera.scale = (1.0, 1.0, 1.0)
    camera.data.clip_end = max(camera.data.clip_end, 1000.0 * float(sizes.max()))
    if not (_varies(positions) or _varies(rotations)):
        return
    channels = (("location", positions), ("rotation_quaternion", rotations))
    write_curves(
        new_action(camera, camera.name),
        (Curve(path, axis, path, frames, column) for path, values in channels for axis, column in enumerate(values.T)),
    )


def _set_lens(lens: bpy.types.Camera, shot: Shot) -> None:
    """The lens along the side of the scene's picture that is the footage's longer one, whatever the scene's is."""
    lens.type = "PERSP"
    lens.shift_x = lens.shift_y = 0.0
    lens.sensor_width = lens.sensor_height = SENSOR_WIDTH
    lens.sensor_fit = "HORIZONTAL" if shot.width >= shot.height else "VERTICAL"


def _lens_curves(lens: bpy.types.Camera, shot: Shot, times: np.ndarray, frames: np.ndarray) -> list[Curve]:
    lens.lens = float(shot.focal_lengths[0])
    if not _varies(shot.focal_lengths):
        return []
    return [Curve("lens", 0, "lens", frames, _between(shot.focal_lengths[:, None], shot.times, times)[:, 0])]


def _look_through(scene: bpy.types.Scene, camera: bpy.types.Object, shot: Shot) -> list[str]:
    """Make it the scene's camera, with the footage's resolution, unless the user has a camera there."""
    if scene.camera is not None and _OURS not in scene.camera:
        kept = f'"{camera.name}" shows the footage; the scene keeps its own camera "{scene.camera.name}".'
        return [kept, *picture_notes(scene, shot.width, shot.height)]
    scene.camera = camera
    scene.render.resolution_x, scene.render.resolution_y = shot.width, shot.height
    scene.render.pixel_aspect_x = scene.render.pixel_aspect_y = 1.0
    return []


def _show_footage(
    scene: bpy.types.Scene, lens: bpy.types.Camera, shot: Shot, times: np.ndarray, frames: np.ndarray
) -> list[Curve]:
    """Make the footage the lens' background and give the curves by which each frame shows its own picture.

    Blender shows one picture a frame; where the scene's rate is another than the footage's, the offset is keyed. Raises
    FootageError where there is no footage.
    """
    lens.background_images.clear()
    lens.show_background_images = True
    image, numbers = _load(shot, times)
    background = lens.background_images.new()
    background.source, background.image = "IMAGE", image
    background.alpha, background.display_depth = 1.0, "BACK"
    _fit(scene, background, shot)
    user = background.image_user
    user.frame_start, user.frame_duration, user.use_auto_refresh = int(frames[0]), len(frames), True
    offsets = numbers - np.arange(len(frames))
    user.frame_offset = int(offsets[0])
    changes = np.flatnonzero(np.diff(offsets, prepend=offsets[0] - 1))
    if len(changes) == 1:
        return []
    path = "background_images[0].image_user.frame_offset"
    return [Curve(path, 0, "footage", frames[changes], offsets[changes].astype(float), "CONSTANT")]


def _load(shot: Shot, times: np.ndarray) -> tuple[bpy.types.Image, np.ndarray]:
    """The footage as an image of Blender's, and `[F]` which of its pictures each time shows, as Blender counts them from 0.

    Raises FootageError.
    """
    steady = np.abs(shot.index - shot.times * shot.rate).max() < _DRIFT
    # Blender counts the pictures of a video by a constant rate
    numbers = np.rint(np.interp(times, shot.times, shot.index) if steady else times * shot.rate).astype(int)
    if shot.kind == "video":
        return _open(shot.path), numbers
    from ..inference.footage.image_sequence import list_pictures  # noqa: PLC0415 - loads the decoder

    if not shot.path.exists():
        raise FootageError(f"There is no {shot.path}.")
    pictures = list_pictures(shot.path)
    image = _open(pictures[0])
    if len(pictures) == 1:
        return image, 0 * numbers
    image.source = "SEQUENCE"
    return image, _file_numbers(pictures)[np.minimum(numbers, len(pictures) - 1)] - 1


def _open(path: Path) -> bpy.types.Image:
    try:
        return bpy.data.images.load(str(path), check_existing=True)
    except RuntimeError:
        raise FootageError(f"There is no {path} that Blender can show.") from None


def _file_numbers(pictures: list[Path]) -> np.ndarray:
    """`[N]` the numbers in the files' names. Raises FootageError where they are not one name with different numbers."""
    first = re.fullmatch(r"(.*?)(\d+)(\D*)", pictures[0].name)
    if first is None:
        raise FootageError("The pictures' names have no numbers, by which Blender would find them.")
    head, digits, tail = first.groups()
    numbers = []
    for picture in pictures:
        number = picture.name.removeprefix(head).removesuffix(tail)
        if not number.isdecimal() or f"{head}{int(number):0{len(digits)}d}{tail}" != picture.name:
            raise FootageError(f'"{picture.name}" is not numbered like "{pictures[0].name}", as Blender needs it.')
        numbers.append(int(number))
    return np.array(numbers)


def _fit(scene: bpy.types.Scene, background: bpy.types.CameraBackgroundImage, shot: Shot) -> None:
    """Lay the picture into the camera's frame so that its longer side spans what the lens says."""
    turned = shot.rotation % 180 != 0 and tuple(background.image.size) == (shot.height, shot.width)
    upside_down = shot.rotation == 180 and bpy.app.version < _UPRIGHT
    background.rotation = np.radians(shot.rotation) if turned or upside_down else 0.0
    wide, high = _frame_sides(scene)
    stored = (shot.height, shot.width) if turned else (shot.width, shot.height)
    background.frame_method = "FIT"
    fitted = min(wide / stored[0], high / stored[1])
    background.scale = (wide / shot.width if shot.width >= shot.height else high / shot.height) / fitted


def _frame_sides(scene: bpy.types.Scene) -> tuple[float, float]:
    render = scene.render
    return render.resolution_x * render.pixel_aspect_x, render.resolution_y * render.pixel_aspect_y


def _between(values: np.ndarray, times: np.ndarray, goal: np.ndarray) -> np.ndarray:
    """Values `[T, N]` at `times`, straight between them, at the times `goal` `[F]`."""
    return np.stack([np.interp(goal, times, column) for column in values.T], axis=1)


def _turned_between(rotations: np.ndarray, times: np.ndarray, goal: np.ndarray) -> np.ndarray:
    """The same for quaternions `[T, 4]`, along the shorter arc."""
    if len(times) == 1:
        return np.tile(rotations, (len(goal), 1))
    after = np.clip(np.searchsorted(times, goal), 1, len(times) - 1)
    share = np.clip((goal - times[after - 1]) / (times[after] - times[after - 1]), 0.0, 1.0)
    return rot.slerp(rotations[after - 1], rotations[after], share)


def _varies(values: np.ndarray) -> bool:
    return bool(np.ptp(values, axis=0).max() > _STILL)
