"""The button: footage becomes keyframes while Blender stays usable."""

from __future__ import annotations

import contextlib
import logging
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import bpy
from bpy.app.handlers import persistent

from ..errors import CancelledError, PenumbraError, WriteError
from ..inference.progress import Work, finish
from ..inference.settings import CameraSettings, CaptureSettings, FootageSettings, LiftSettings, MotionSettings
from ..inference.shot import shot_of
from ..inference.take import Take
from ..scene.bake import BakeSettings, bake, check_target, key_rate
from ..scene.camera import add_footage_camera, picture_notes
from ..scene.own_camera import camera_track
from ..scene.properties import bake_settings, capture_settings, chosen_camera, lift_settings, motion_settings
from ..scene.take_choices import refresh_takes
from ..scene.takes import keep_take, too_large
from .capture_run import CaptureRun

_LOG = logging.getLogger(__name__)
# Seconds between two looks at what the worker has handed over.
_TICK = 0.05


@dataclass(frozen=True, slots=True)
class Job:
    """What one press of the button asks for: the work, and what becomes of the take that it makes."""

    work: Work[Take]
    bake: BakeSettings
    add_camera: bool


class PENUMBRA_OT_capture(bpy.types.Operator):
    """One capture on a thread, or straight through where nobody watches."""

    bl_idname = "penumbra.capture"
    bl_label = "Capture from Video"
    bl_description = "Turn the person in the footage into keyframes, with a confidence for every bone"
    bl_options: ClassVar = {"REGISTER", "UNDO"}

    run: ClassVar[CaptureRun | None] = None
    """The one capture that runs, since Blender hands operators no place of their own to keep it."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Whether there is footage, and nothing runs yet."""
        if cls.run is not None:
            cls.poll_message_set("A capture is already running")
            return False
        if not context.scene.penumbra.footage:
            cls.poll_message_set("Choose the footage first")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Capture straight through, for scripts and for Blender without a window."""
        context.window_manager.penumbra.clear()
        try:
            job = _chosen_job(context)
            self._bake(context, finish(job.work), context.scene.penumbra.target, job)
        except Exception as error:  # noqa: BLE001 - every error becomes a report in words
            return self._fail(error)
        return {"FINISHED"}

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Start the capture on a thread and watch it."""
        if bpy.app.background:
            return self.execute(context)
        context.window_manager.penumbra.clear()
        try:
            job = _chosen_job(context)
        except PenumbraError as error:
            return self._fail(error)
        window_manager = context.window_manager
        timer = window_manager.event_timer_add(_TICK, window=context.window)
        run = CaptureRun(job.work, timer, context.workspace, context.scene.penumbra.target)
        PENUMBRA_OT_capture.run = run
        self._job = job
        run.start(context)
        window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Show the progress, cancel on Esc, and bake when the work is done."""
        run = PENUMBRA_OT_capture.run
        if run is None:  # stopped from elsewhere: another file was loaded
            return {"CANCELLED"}
        if event.type == "ESC" and event.value == "PRESS":
            run.cancel(context)
            return {"RUNNING_MODAL"}
        if event.type != "TIMER":
            return {"PASS_THROUGH"}
        run.show(context)
        if not run.over:
            return {"PASS_THROUGH"}
        stop_capture()
        try:
            self._bake(context, run.worker.result(), run.target(), self._job)
        except Exception as error:  # noqa: BLE001 - every error becomes a report in words
            return self._fail(error)
        return {"FINISHED"}

    def cancel(self, _context: bpy.types.Context) -> None:
        """Stop the thread where Blender itself ends the operator: it quits or closes the window."""
        stop_capture()

    def _bake(self, context: bpy.types.Context, take: Take, target: bpy.types.Object | None, job: Job) -> None:
        from ..inference.pipeline import motion_of  # noqa: PLC0415 - see `_work`

        kept, said = _keep(take, job.bake.name)
        motion = motion_of(take)
        result = bake(motion, target, job.bake, kept)
        shot = shot_of(take)
        notes = [*take.notes, *result.notes, *said]
        if job.add_camera:
            notes += add_footage_camera(shot, job.bake.name, result.from_capture, result.frame_start)[1]
        elif job.bake.in_world:
            notes += picture_notes(context.scene, shot.width, shot.height)
        present = take.stage("track")["present"]
        text = f"Captured {int(present.sum())} of {len(present)} frames onto {result.object.name}"
        with contextlib.suppress(PenumbraError):  # the list of takes is no reason to fail a capture
            refresh_takes(context)
        context.window_manager.penumbra.succeed(result.object.name, [text, take.versions["detector"], *notes], motion)
        self.report({"INFO"}, text)

    def _fail(self, error: Exception) -> set[str]:
        sentence = str(error)
        if not isinstance(error, PenumbraError):
            _LOG.error("The capture stopped at an error that was not expected", exc_info=error)
            sentence = (
                f"The capture stopped at an error that was not expected ({type(error).__name__}: {error}). "
                "The system console shows where; please report it with those lines"
            )
        self.report({"INFO" if isinstance(error, CancelledError) else "ERROR"}, sentence)
        bpy.context.window_manager.penumbra.fail(error, sentence)
        return {"CANCELLED"}


class PENUMBRA_OT_cancel_capture(bpy.types.Operator):
    """The way to stop a capture with the mouse."""

    bl_idname = "penumbra.cancel_capture"
    bl_label = "Cancel"
    bl_description = "Stop the capture that runs and leave the file as it was"

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """Whether a capture runs."""
        if PENUMBRA_OT_capture.run is None:
            cls.poll_message_set("No capture is running")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Ask the worker to stop; the capture's own operator ends it."""
        run = PENUMBRA_OT_capture.run
        if run is None:
            return {"CANCELLED"}
        run.cancel(context)
        return {"FINISHED"}


def _chosen_job(context: bpy.types.Context) -> Job:
    """The capture that the scene and the preferences ask for. Raises PenumbraError before it starts."""
    scene = context.scene
    settings, baking, own = capture_settings(scene, context.preferences), bake_settings(scene), chosen_camera(scene)
    if scene.penumbra.target is not None:
        check_target(scene.penumbra.target, baking)
    if own is not None:
        settings = replace(settings, camera=_camera(own, settings.footage, baking))
    return Job(
        work=_work(settings, lift_settings(scene, context.preferences), motion_settings(scene)),
        bake=baking,
        add_camera=scene.penumbra.add_camera and own is None,
    )


def _camera(own: bpy.types.Object, footage: FootageSettings, baking: BakeSettings) -> CameraSettings:
    """The user's camera while the footage runs. Raises FootageError or ArgumentsError."""
    from ..inference.timeline import read_timeline  # noqa: PLC0415 - see `_work`

    timeline = read_timeline(footage)
    return CameraSettings(track=camera_track(own, timeline, baking.frame_start, key_rate(baking, timeline.rate)))


def _work(settings: CaptureSettings, lift: LiftSettings, motion: MotionSettings) -> Work[Take]:
    """The capture. Decoder and runtime load with its first step, on its own thread, and not when Blender starts."""
    from ..inference.pipeline import StageSettings, capture  # noqa: PLC0415

    return (yield from capture(settings, StageSettings(lift=lift, motion=motion)))


def _keep(take: Take, name: str) -> tuple[Path | None, list[str]]:
    """Keep the take as a file: its path, and what the user should know. A disk that refuses does not undo the capture."""
    try:
        path = keep_take(take, name)
    except WriteError as error:
        return None, [f"Parts of the capture cannot be baked again later. {error}"]
    full = too_large(path.parent)
    return path, [] if full is None else [full]


def stop_capture() -> None:
    """Stop the capture that runs, if one does, and take its progress off the window."""
    run, PENUMBRA_OT_capture.run = PENUMBRA_OT_capture.run, None
    if run is not None:
        run.stop(bpy.context)


@persistent
def stop_before_load(*_: Any) -> None:
    """Stop the capture before another file takes the place of the one that it was started in."""
    stop_capture()
