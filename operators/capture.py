"""The button: footage becomes keyframes while Blender stays usable."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar

import bpy
from bpy.app.handlers import persistent
from bpy.app.translations import pgettext_iface as iface_
from bpy.app.translations import pgettext_tip as tip_

from ..errors import CancelledError, PenumbraError
from ..inference.aside import aside
from ..inference.progress import Progress, Work, finish
from ..scene.take_choices import show_takes
from .capture_choices import CaptureChoices, take_over
from .capture_run import CaptureRun

if TYPE_CHECKING:
    from .capture_job import Captured, Job

FOR_CHOICES = "penumbra_choices"
"""Name under which a layout's context points to the choices that are shown above the button."""

# Seconds between two looks at what the worker has handed over.
_TICK = 0.05


class PENUMBRA_OT_capture(CaptureChoices, bpy.types.Operator):
    """One capture on a thread, or straight through where nobody watches."""

    bl_idname = "penumbra.capture"
    bl_label = "Capture from Video"
    bl_description = "Turn the person in the footage into keyframes, with a confidence for every bone"
    bl_options: ClassVar = {"REGISTER", "UNDO"}

    run: ClassVar[CaptureRun | None] = None
    """The one capture that runs, since Blender hands operators no place of their own to keep it."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Whether nothing runs yet and, where the panel's button asks, there is footage; a script gives it with the call."""
        if cls.run is not None:
            cls.poll_message_set(tip_("A capture is already running"))
            return False
        shown = getattr(context, FOR_CHOICES, None)
        if shown is not None and not shown.footage:
            cls.poll_message_set(tip_("Choose the footage first"))
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Capture straight through, for scripts and for Blender without a window."""
        try:
            take_over(self, context.scene)
            job = finish(_preparing())
            finish(self._bake(job, finish(job.work), context.scene.penumbra.target))
        except Exception as error:  # noqa: BLE001 - every error becomes a report in words
            return self._fail(error)
        return {"FINISHED"}

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Start the capture on a thread and watch it."""
        if bpy.app.background:
            return self.execute(context)
        try:
            take_over(self, context.scene)
        except PenumbraError as error:
            return self._fail(error, "WARNING")
        window_manager = context.window_manager
        timer = window_manager.event_timer_add(_TICK, window=context.window)
        run = CaptureRun(_preparing, self._bake, timer, context, context.scene.penumbra.target)
        PENUMBRA_OT_capture.run = run
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
        # nothing else may change what is being read and written at the beginning and at the end, which is a moment
        others = {"PASS_THROUGH"} if run.working else {"RUNNING_MODAL"}
        if event.type != "TIMER":
            return others
        try:
            if not run.step(context):
                return others
        except Exception as error:  # noqa: BLE001 - every error becomes a report in words
            stop_capture()
            return self._fail(error, "WARNING")
        stop_capture()
        return {"FINISHED"}

    def cancel(self, _context: bpy.types.Context) -> None:
        """Stop the thread where Blender itself ends the operator: it quits or closes the window."""
        stop_capture()

    def _bake(self, job: Job, done: Captured, target: bpy.types.Object | None) -> Work[None]:
        """Keys, the camera, and what to say."""
        from ..scene.delivery import delivering  # noqa: PLC0415 - as above

        result = yield from delivering(done.motion, done.shot, target, job.bake, done.kept, add_camera=job.add_camera)
        context, take = bpy.context, done.take
        notes = [*take.notes, *result.notes, *done.notes]
        present = done.motion.present
        text = iface_("Captured {seen} of {all} frames onto {armature}").format(
            seen=int(present.sum()), all=len(present), armature=result.object.name
        )
        if done.listed is not None:
            show_takes(context, job.takes, done.listed)
        lines = [text, take.versions["detector"], *notes]
        context.window_manager.penumbra.succeed(result.object.name, lines, done.motion)
        self.report({"INFO"}, text)

    def _fail(self, error: Exception, level: str = "ERROR") -> set[str]:
        """Say what went wrong. As an error it interrupts scripts; beside the panel, which says it too, a popup would be too much."""
        sentence = str(error)
        if not isinstance(error, PenumbraError):
            import logging  # noqa: PLC0415 - as above

            logging.getLogger(__name__).error("The capture stopped at an error that was not expected", exc_info=error)
            sentence = (
                f"The capture stopped at an error that was not expected ({type(error).__name__}: {error}). "
                "The system console shows where; please report it with those lines"
            )
        self.report({"INFO" if isinstance(error, CancelledError) else level}, sentence)
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
            cls.poll_message_set(tip_("No capture is running"))
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Ask the worker to stop; the capture's own operator ends it."""
        run = PENUMBRA_OT_capture.run
        if run is None:
            return {"CANCELLED"}
        run.cancel(context)
        return {"FINISHED"}


def _preparing() -> Work[Job]:
    """What the scene asks for. What that takes to read loads aside, when it is used, and not when Blender starts."""
    yield from aside(
        lambda: import_module(".capture_job", __package__), Progress("open", 0, None, "Loading the libraries")
    )
    from .capture_job import choosing_job  # noqa: PLC0415 - it is there by now

    return (yield from choosing_job(bpy.context))


def stop_capture() -> None:
    """Stop the capture that runs, if one does, and take its progress off the window."""
    run, PENUMBRA_OT_capture.run = PENUMBRA_OT_capture.run, None
    if run is not None:
        run.stop(bpy.context)


@persistent
def stop_before_load(*_: Any) -> None:
    """Stop the capture before another file takes the place of the one that it was started in."""
    stop_capture()


@persistent
def begin_anew(*_: Any) -> None:
    """Take back what is half read and the keys that are half made: an undo is about to change what they come from."""
    if PENUMBRA_OT_capture.run is not None:
        PENUMBRA_OT_capture.run.begin_anew()
