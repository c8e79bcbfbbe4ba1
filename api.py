"""Capture for pipelines: `penumbra.capture`, `penumbra.bake`, `penumbra.export`, `penumbra.load_take`, `penumbra.save_take`.

    import penumbra                                  # from bl_ext.user_default import penumbra, inside Blender

    take = penumbra.capture("walk.mp4", height=1.83)
    penumbra.save_take(take, "walk.take")
    done = penumbra.bake("walk.take", "Rig", save="walk.blend")
    penumbra.export(done.object, "walk.fbx")

Only `bake` and `export` need Blender. Everything that can go wrong through what was given is a `penumbra.errors.PenumbraError`
with a sentence that says what to do next; nothing is half-written then.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from .errors import ArgumentsError, RigError, SetupError
from .inference import take as takes
from .inference.cache import default_cache_folder
from .inference.choices import QUALITIES, Quality, check_one_of, check_within, moment_of, subject_of
from .inference.progress import Progress, finish
from .inference.settings import (
    Backend,
    CameraSettings,
    CaptureSettings,
    DetectorSettings,
    FitQuality,
    FootageSettings,
    FootLock,
    LifterName,
    LiftSettings,
    MotionSettings,
    Provider,
    RefinerName,
)
from .inference.take import Take
from .packages.activate import activate
from .retarget.root import Root
from .retarget.settings import Limbs
from .scene.bake_settings import BakeSettings
from .scene.user_folder import packages_folder

if TYPE_CHECKING:
    from .inference.camera import CameraTrack
    from .scene.delivery import Delivery
    from .scene.lookup import BlenderObject

__all__ = ["bake", "capture", "export", "load_take", "save_take"]

StrPath = str | os.PathLike[str]
FrameRate = Literal["footage", "scene"]
_USUAL = MotionSettings()


def capture(
    footage: StrPath,
    *,
    start: int | str | None = None,
    end: int | str | None = None,
    step: int = 1,
    image_rate: float = 30.0,
    subject: Sequence[float] | None = None,
    quality: Quality = "best",
    backend: Backend = "onnx",
    lifter: LifterName = "auto",
    refine: RefinerName = "auto",
    camera: BlenderObject | str | None = None,
    frame_start: int = 1,
    focal_length: float | None = None,
    camera_tilt: float | None = None,
    camera_height: float | None = None,
    height: float = _USUAL.height,
    fit: FitQuality = "draft",
    foot_lock: FootLock = "auto",
    smoothing: float = 0.5,
    cache: bool | StrPath = True,
    provider: Provider = "auto",
    threads: int | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> Take:
    """Turn the person in the footage into motion; nothing is written but kept detections.

        take = penumbra.capture("walk.mp4", start="2.5s", end=200, subject=(0.4, 0.5), quality="fast")

    footage: a video file, or a folder of numbered pictures, of which there are `image_rate` a second. start, end: the first and
    the last frame that is read, by its number from 0, or in seconds as in "2.5s"; every `step`-th is read. subject: a point
    (x, y) on the person, or a box (left, top, right, bottom) around them, in the first frame that is read, in pixels or, where
    no number is above 1, as shares of the picture; without one the largest and most central person is taken. quality: how
    closely each frame is looked at. backend: what runs the detector. lifter, refine: the networks that bring joints to three
    dimensions, of which "auto" did best in our measurements.

    camera: a camera object of the open .blend file, or its name, that took the footage, still, keyed or solved; the scene's
    frame `frame_start` shows the first frame that is read. Without one the camera is estimated; what is known of it helps:
    focal_length in mm on a sensor 36 mm wide, camera_tilt in degrees by which a still camera looks down, camera_height in
    meters above the floor.

    height: the person's in meters, which sets the size of everything. fit: how closely the body is fitted to the picture;
    "fine" needs PyTorch. foot_lock: which feet are held where they stand. smoothing: from 0 to 1. cache: whether detections
    are kept and used again, or the folder for them. provider: what runs the networks, "auto" being the first that loads;
    threads: of the processor, for them. on_progress: called on this thread with each step; what it raises cancels the
    capture and comes out of here.

    Raises ArgumentsError, FootageError, NobodyFoundError or SetupError.
    """
    activate(packages_folder())
    check_one_of(quality=(quality, Quality), backend=(backend, Backend), provider=(provider, Provider))
    check_one_of(lifter=(lifter, LifterName), refine=(refine, RefinerName))
    check_one_of(fit=(fit, FitQuality), foot_lock=(foot_lock, FootLock))
    check_within(height=(height, 0.5, 2.5), smoothing=(smoothing, 0.0, 1.0), step=(step, 1, math.inf))
    reading = FootageSettings(
        path=Path(footage),
        start=None if start is None else moment_of(start),
        end=None if end is None else moment_of(end),
        step=step,
        image_rate=image_rate,
    )
    seen_by = CameraSettings(focal_length, camera_tilt, camera_height)
    if camera is not None:
        if seen_by != CameraSettings():
            raise ArgumentsError(
                "A camera object tells all of the camera: leave out its focal length, tilt and height."
            )
        seen_by = CameraSettings(track=_track(camera, reading, frame_start))
    settings = CaptureSettings(
        footage=reading,
        subject=subject_of(subject),
        detector=DetectorSettings(backend, QUALITIES[quality], provider, threads),
        camera=seen_by,
        cache=_cache(cache=cache),
    )
    from .inference import pipeline  # noqa: PLC0415 - the decoder loads with it, which baking does not need

    stages = pipeline.StageSettings(
        lift=LiftSettings(lifter, refine, threads), motion=MotionSettings(height, fit, foot_lock, smoothing)
    )
    return finish(pipeline.capture(settings, stages), on_progress)


def bake(
    take: Take | StrPath,
    target: BlenderObject | str | None = None,
    *,
    name: str | None = None,
    rig_map: StrPath | None = None,
    root: Root = "hips",
    limbs: Limbs = "fk",
    foot_contacts: bool = True,
    hand_contacts: bool = False,
    fingers: bool = True,
    frame_rate: FrameRate = "footage",
    frame_start: int = 1,
    add_camera: bool = False,
    save: StrPath | None = None,
) -> Delivery:
    """Key a take on an armature of the open file, in a new action; what it played before is kept.

        done = penumbra.bake("walk.take", "Rig", root="root", save="shot.blend")
        print(done.action.name, done.frame_start, done.frame_end, *done.notes)

    take: a take, or its file, which the action then remembers, so that parts of it can be baked again in the panel. target:
    an armature object or its name; None builds an armature with the person's proportions. name: for the action and a new
    armature; None takes the file's. rig_map: name of a rig map, or the file of one of your own; None finds out which bone is which.
    root: what the path over the floor is keyed on, "hips", "root" (the topmost bone above them) or "in-place" for nothing.
    limbs: "fk" keys arms and legs bone by bone, "ik" on a control rig's goals and poles. foot_contacts, hand_contacts: whether
    feet and hands that stand on the person stand on the target too. fingers: whether they are keyed. frame_rate: "footage" sets
    the scene's to it, "scene" keeps the scene's. frame_start: the scene's frame for the first key. add_camera: whether a camera
    is added that stands as the real one did, with the footage as its background. save: .blend file to write a copy of the open file to.

    The result has `object`, `action`, `frame_start`, `frame_end`, `rig_map` (its name), `camera` and `notes` (sentences). Motion
    that was captured through a camera of the file stays where that camera saw it. Raises ArgumentsError, TakeError, RigError,
    WriteError, or SetupError where there is no Blender.
    """
    check_one_of(root=(root, Root), limbs=(limbs, Limbs), frame_rate=(frame_rate, FrameRate))
    with _blender():
        from .scene.delivery import delivering, with_rig_map  # noqa: PLC0415
        from .scene.files import save_blend  # noqa: PLC0415
    file = None if isinstance(take, Take) else Path(take).resolve()
    found = take if isinstance(take, Take) else load_take(take)
    from .inference.pipeline import motion_of  # noqa: PLC0415 - see `capture`
    from .inference.shot import is_in_world, shot_of  # noqa: PLC0415

    motion, shot = motion_of(found), shot_of(found)
    armature = _armature(target)
    settings = BakeSettings(
        name=name or (shot.path if file is None else file).stem,
        frame_start=frame_start,
        frame_rate=frame_rate,
        root=root,
        limbs=limbs,
        lock_feet=foot_contacts,
        lock_hands=hand_contacts,
        fingers=fingers,
        in_world=is_in_world(found),
    )
    settings = with_rig_map(settings, None if rig_map is None else os.fspath(rig_map), armature)
    done = finish(delivering(motion, shot, armature, settings, file, add_camera=add_camera))
    if save is not None:
        save_blend(_absolute(save))
    return replace(done, notes=(*found.notes, *done.notes))


def export(
    target: BlenderObject | str,
    path: StrPath,
    *,
    frame_start: int | None = None,
    frame_end: int | None = None,
) -> Path:
    """Write an armature of the open file with the motion that it plays, and give the file's path.

        penumbra.export("Rig", "shots/walk.glb", frame_start=1, frame_end=120)

    target: an armature object or its name. path: its suffix names the format: .bvh, .fbx, .glb, .gltf, .usd or .usdc. The range
    is that of the action where it is not given. Raises ArgumentsError, RigError, WriteError, or SetupError where there is no Blender.
    """
    with _blender():
        from .scene.export import export as write  # noqa: PLC0415
        from .scene.export import played_range  # noqa: PLC0415
    armature = _armature(target)
    if armature is None:
        raise ArgumentsError("Say which armature to export, by the object or its name.")
    first, last = played_range(armature)
    first = first if frame_start is None else frame_start
    last = last if frame_end is None else frame_end
    if last < first:
        raise ArgumentsError(
            f"The range from {first} to {last} ends before it starts: give another frame_start or frame_end."
        )
    goal = _absolute(path)
    write(armature, goal, first, last)
    return goal


def load_take(path: StrPath) -> Take:
    """Read a take's file. Nothing in it is executed. Raises TakeError where it is missing, damaged or from a newer version."""
    return takes.load_take(Path(path))


def save_take(take: Take, path: StrPath) -> Path:
    """Write a take to a file, whole or not at all, and give its path. Raises WriteError where the disk refuses."""
    goal = _absolute(path)
    takes.save_take(take, goal)
    return goal


@contextmanager
def _blender() -> Iterator[None]:
    """What is imported inside needs Blender. Raises SetupError where there is none."""
    try:
        yield
    except ImportError as error:
        if error.name and not error.name.startswith(("bpy", "mathutils")):
            raise
        raise SetupError(
            f"Blender's module cannot be loaded ({error}). Run this inside Blender, or install the package bpy."
        ) from error


def _armature(target: BlenderObject | str | None) -> BlenderObject | None:
    if isinstance(target, str):
        with _blender():
            from .scene.lookup import armature_named  # noqa: PLC0415
        return armature_named(target)
    if target is not None and target.type != "ARMATURE":
        raise RigError(f'"{target.name}" is no armature. Give an armature object or its name.')
    return target


def _track(camera: BlenderObject | str, footage: FootageSettings, frame_start: int) -> CameraTrack:
    """Where a camera of the open file is while the footage runs, when the scene has the footage's frame rate."""
    from .inference.timeline import read_timeline  # noqa: PLC0415 - see `capture`

    with _blender():
        from .scene.keyed import key_rate  # noqa: PLC0415
        from .scene.lookup import camera_named  # noqa: PLC0415
        from .scene.own_camera import camera_track  # noqa: PLC0415
    found = camera_named(camera) if isinstance(camera, str) else camera
    if found.type != "CAMERA":
        raise ArgumentsError(f'"{found.name}" is no camera. Give a camera object or its name.')
    timeline = read_timeline(footage)
    rate = key_rate(BakeSettings(frame_start=frame_start), timeline.rate)
    return camera_track(found, timeline, frame_start, rate)


def _cache(*, cache: StrPath | bool) -> Path | None:
    if isinstance(cache, bool):
        return default_cache_folder() if cache else None
    return Path(cache)


def _absolute(path: StrPath) -> Path:
    """Blender has a working folder of its own, so that what it is given has to be whole."""
    return Path(path).resolve()
