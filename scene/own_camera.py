"""A camera of the user's own scene as one that is known to the capture: where it is at every moment, and its lens."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence

import bpy
import numpy as np

from ..errors import ArgumentsError
from ..inference.camera import SENSOR_WIDTH, CameraTrack
from ..inference.progress import Progress, Work, finish
from ..inference.shot import Timeline

# Blender's cameras look along -z with y up; camera axes are x right, y down, z forward.
_TO_CAMERA_AXES = np.array([1.0, -1.0, -1.0])
# Meters, millimeters and parts of a rotation below which a camera has not moved.
_STILL = 1e-6
# Seconds for which the scene is gone through at once.
_SLICE = 0.03

_Sample = tuple[np.ndarray, np.ndarray, float]
"""Rotation `[3, 3]`, position `[3]` and focal length."""


def camera_track(camera: bpy.types.Object, timeline: Timeline, frame_start: int, rate: float) -> CameraTrack:
    """Where `camera` is while the footage runs, whatever moves it: keys, drivers, parents, or a solved clip.

    frame_start: the scene's frame that shows the footage's first frame that is read. rate: frames of the scene to a second
    of the footage. The scene is gone through frame by frame and left as it was; a camera that nothing moves is looked at
    once. Raises ArgumentsError where the camera is not one that footage can be taken with.
    """
    return finish(tracking(camera, timeline, frame_start, rate))


def tracking(camera: bpy.types.Object, timeline: Timeline, frame_start: int, rate: float) -> Work[CameraTrack]:
    """`camera_track` in short steps, between which the scene shows the frame that it showed before."""
    layer = bpy.context.view_layer
    layer.update()
    if camera.name not in layer.objects:
        raise ArgumentsError(f'The camera "{camera.name}" is not in this view layer. Switch its collection on.')
    samples = yield from _samples(camera, timeline, frame_start, rate)
    rotations, positions, focal_lengths = (np.array(part, dtype=float) for part in zip(*samples, strict=True))
    moving = any(np.ptp(part, axis=0).max() > _STILL for part in (rotations, positions, focal_lengths))
    count = len(samples) if moving else 1
    return CameraTrack(
        times=timeline.start + np.arange(count) / rate,
        rotations=rotations[:count],
        positions=positions[:count],
        focal_lengths=focal_lengths[:count],
    )


def _samples(camera: bpy.types.Object, timeline: Timeline, frame_start: int, rate: float) -> Work[list[_Sample]]:
    """The camera's rotation, position and focal length at each frame of the scene that shows the footage."""
    if not _may_move(camera):
        return [_sample(camera, timeline)]
    seconds = timeline.seconds
    frame_end = bpy.context.scene.frame_end if seconds is None else frame_start + math.ceil(seconds * rate)
    frames = range(frame_start, max(frame_start, frame_end) + 1)
    samples: list[_Sample] = []
    while len(samples) < len(frames):
        yield Progress("camera", len(samples), len(frames), "Following the camera")
        samples += _some_samples(camera, timeline, frames[len(samples) :])
    return samples


def _some_samples(camera: bpy.types.Object, timeline: Timeline, frames: Sequence[int]) -> list[_Sample]:
    """As many samples from the first of the frames on as a moment allows, one at least."""
    scene = bpy.context.scene
    frame, subframe = scene.frame_current, scene.frame_subframe
    until, samples = time.monotonic() + _SLICE, []
    try:
        for now in frames:
            scene.frame_set(now)
            samples.append(_sample(camera, timeline))
            if time.monotonic() > until:
                break
    finally:
        scene.frame_set(frame, subframe=subframe)
    return samples


def _may_move(thing: bpy.types.Object) -> bool:
    """Whether anything could move the object or change its lens, so that one look at it is not enough."""
    animated = any(part is not None and part.animation_data is not None for part in (thing, thing.data))
    held = bool(thing.constraints) or thing.rigid_body is not None
    parent = thing.parent
    return animated or held or (parent is not None and (thing.parent_type != "OBJECT" or _may_move(parent)))


def _sample(camera: bpy.types.Object, timeline: Timeline) -> _Sample:
    """Rotation `[3, 3]`, position `[3]` and focal length of the camera as the scene is now."""
    evaluated = camera.evaluated_get(bpy.context.evaluated_depsgraph_get())
    lens = evaluated.data
    _check_lens(camera.name, lens)
    matrix = np.array(evaluated.matrix_world, dtype=float)
    if np.linalg.det(matrix[:3, :3]) <= 0:
        raise ArgumentsError(f'The camera "{camera.name}" is mirrored by a negative scale. Apply its scale.')
    left, _, right = np.linalg.svd(matrix[:3, :3])  # the nearest rotation: scale is no part of where a camera looks
    return left @ right * _TO_CAMERA_AXES, matrix[:3, 3], _focal_length(lens, timeline.width, timeline.height)


def _check_lens(name: str, lens: bpy.types.Camera) -> None:
    if lens.type != "PERSP":
        raise ArgumentsError(
            f'The camera "{name}" is not a perspective camera. Set its lens to Perspective, or choose another camera.'
        )
    if abs(lens.shift_x) > _STILL or abs(lens.shift_y) > _STILL:
        raise ArgumentsError(
            f'The lens of the camera "{name}" is shifted, which footage cannot tell. Set its Shift to 0, or choose another '
            "camera."
        )


def _focal_length(lens: bpy.types.Camera, width: int, height: int) -> float:
    """Millimeters on a sensor 36 mm along the longer side of a picture of `width` × `height`."""
    if lens.sensor_fit == "AUTO":
        return lens.lens / lens.sensor_width * SENSOR_WIDTH
    sensor, side = (lens.sensor_width, width) if lens.sensor_fit == "HORIZONTAL" else (lens.sensor_height, height)
    return lens.lens / sensor * side / max(width, height) * SENSOR_WIDTH
