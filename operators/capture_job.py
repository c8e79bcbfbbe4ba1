"""What one press of the button asks for, read from the scene before the work starts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import bpy

from ..errors import PenumbraError, WriteError
from ..inference.aside import aside
from ..inference.motion import Motion
from ..inference.progress import Progress, Work
from ..inference.settings import CameraSettings, CaptureSettings, FootageSettings, LiftSettings, MotionSettings
from ..inference.shot import Shot, shot_of
from ..inference.take import Take
from ..packages.activate import activate
from ..scene.bake import BakeSettings, check_target, key_rate
from ..scene.own_camera import tracking
from ..scene.properties import bake_settings, capture_settings, chosen_camera, lift_settings, motion_settings
from ..scene.take_choices import takes_folder
from ..scene.takes import Listed, keep_take, list_takes, too_large
from ..scene.user_folder import packages_folder


@dataclass(frozen=True, slots=True)
class Captured:
    """What the thread hands over: everything that can be made without Blender.

    kept: the take's file, None where the disk refused. listed: the takes of the folder that the panel shows, None where it
    cannot be read. notes: sentences on the keeping.
    """

    take: Take
    motion: Motion
    shot: Shot
    kept: Path | None
    listed: list[Listed] | None
    notes: list[str]


@dataclass(frozen=True, slots=True)
class Job:
    """The work that is done on a thread, and what becomes of what it makes. takes: the folder that the panel shows."""

    work: Work[Captured]
    bake: BakeSettings
    add_camera: bool
    takes: Path


def choosing_job(context: bpy.types.Context) -> Work[Job]:
    """The capture that the scene and the preferences ask for, in short steps. Raises PenumbraError before it starts."""
    scene = context.scene
    settings, baking, own = capture_settings(scene, context.preferences), bake_settings(scene), chosen_camera(scene)
    if scene.penumbra.target is not None:
        check_target(scene.penumbra.target, baking)
    if own is not None:
        settings = replace(settings, camera=(yield from _camera(own, settings.footage, baking)))
    folder = takes_folder(scene)
    activate(packages_folder())
    return Job(
        work=_work(settings, lift_settings(scene, context.preferences), motion_settings(scene), baking.name, folder),
        bake=baking,
        add_camera=scene.penumbra.add_camera and own is None,
        takes=folder,
    )


def _camera(own: bpy.types.Object, footage: FootageSettings, baking: BakeSettings) -> Work[CameraSettings]:
    """The user's camera while the footage runs. Raises FootageError or ArgumentsError."""
    from ..inference.timeline import read_timeline  # noqa: PLC0415 - see `_work`

    timeline = yield from aside(
        lambda: read_timeline(footage), Progress("camera", 0, None, "Reading the footage's clock")
    )
    rate = key_rate(baking, timeline.rate)
    return CameraSettings(track=(yield from tracking(own, timeline, baking.frame_start, rate)))


def _work(
    settings: CaptureSettings, lift: LiftSettings, motion: MotionSettings, name: str, takes: Path
) -> Work[Captured]:
    """The capture. Decoder and runtime load with its first step, on its own thread, and not when Blender starts."""
    yield Progress("open", 0, None, "Loading the libraries")
    from ..inference.pipeline import StageSettings, capture, motion_of  # noqa: PLC0415

    take = yield from capture(settings, StageSettings(lift=lift, motion=motion))
    yield Progress("keep", 0, None, "Keeping the take")
    kept, notes = _keep(take, name)
    return Captured(take, motion_of(take), shot_of(take), kept, _listed(takes), notes)


def _keep(take: Take, name: str) -> tuple[Path | None, list[str]]:
    """Keep the take as a file: its path, and what the user should know. A disk that refuses does not undo the capture."""
    try:
        path = keep_take(take, name)
    except WriteError as error:
        return None, [f"Parts of the capture cannot be baked again later. {error}"]
    full = too_large(path.parent)
    return path, [] if full is None else [full]


def _listed(folder: Path) -> list[Listed] | None:
    """The takes of a folder; a list that cannot be read is no reason to fail a capture."""
    try:
        return list_takes(folder)
    except PenumbraError:
        return None
