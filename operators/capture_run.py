"""One capture while it runs: the thread that works, the keys that are made after it, and what the window shows of both."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import bpy
from bpy.app.translations import pgettext_iface as iface_

from ..errors import CancelledError, RigError
from ..inference.progress import Progress, Work, advance
from ..inference.worker import Worker

if TYPE_CHECKING:
    from .capture_job import Captured, Job

Result = TypeVar("Result")

# Seconds of the main thread's time that one look at the worker, and one step on it, may take.
_LOOK, _SLICE = 0.02, 0.03
# Seconds that a thread that was asked to stop is given to do so; and those of them that Blender waits where it cannot go on.
_GRACE, _WAIT = 0.2, 0.05

# Seconds after which Python's interpreter goes over from a thread that calculates to one that wants to draw. Blender asks for it
# with every panel that it draws, so that the usual 0.005 would add up to a window that stands still.
_PATIENCE = 0.0005

MakeKeys = Callable[["Job", "Captured", "bpy.types.Object | None"], Work[None]]


class CaptureRun:
    """A capture's three parts, its timer, and its place in the status bar.

    First the scene is read, in short steps on Blender's own thread; then the capture is made on a thread of its own; then the
    keys, in short steps again. Objects of Blender are kept by name or identifier only: an undo meanwhile replaces them.
    """

    def __init__(
        self,
        prepare: Callable[[], Work[Job]],
        make_keys: MakeKeys,
        timer: bpy.types.Timer,
        context: bpy.types.Context,
        target: bpy.types.Object | None,
    ) -> None:
        self._prepare = prepare
        self._make_keys = make_keys
        self._steps: Work[Any] | None = None
        self._job: Job | None = None
        self._worker: Worker[Captured] | None = None
        self._timer = timer
        self._workspace = context.workspace.name
        self._target = None if target is None else target.session_uid
        self._asked_to_stop: float | None = None
        self._patience = sys.getswitchinterval()

    def start(self, context: bpy.types.Context) -> None:
        """Show that something runs; the work begins with the first step."""
        status = context.window_manager.penumbra
        status.running = True
        status.clear()
        context.window_manager.progress_begin(0.0, 1.0)
        self._say(context, iface_("Starting"), 0.0)
        sys.setswitchinterval(_PATIENCE)

    @property
    def working(self) -> bool:
        """Whether it is the thread's turn, so that Blender's data may change meanwhile."""
        return self._worker is not None and self._steps is None

    def step(self, context: bpy.types.Context) -> bool:
        """Show the newest progress, go on with what is done on this thread, and tell whether all is done.

        Raises CancelledError once the capture has stopped that was asked to, and what its parts raise.
        """
        if self._asked_to_stop is not None:
            if self._busy_thread() and time.monotonic() - self._asked_to_stop < _GRACE:
                return False
            raise CancelledError("The capture was cancelled.")
        if self._job is None or self._worker is None:
            self._job = self._advance(context, self._prepare)
            if self._job is not None:
                self._worker = Worker(self._job.work)
                self._worker.start()
            return False
        newest = self._worker.newest(_LOOK)
        if newest is not None:
            self._tell(context, newest)
        if self._worker.running:
            return False
        busy = _busy(context) if self._steps is None else None
        if busy is not None:
            self._say(context, busy, 1.0)
            return False
        job, done = self._job, self._worker.result()
        return self._advance(context, lambda: _told(self._make_keys(job, done, self._chosen_target()))) is not None

    def begin_anew(self) -> None:
        """Take back what is half read or half made on this thread; the next step begins it again."""
        if self._steps is not None:
            self._steps.close()
            self._steps = None

    def cancel(self, context: bpy.types.Context) -> None:
        """Ask the thread to stop and take back what is half made; `step` soon raises CancelledError."""
        if self._worker is not None:
            self._worker.cancel()
        self.begin_anew()
        self._asked_to_stop = time.monotonic()
        self._say(context, iface_("Cancelling"), 0.0)

    def stop(self, context: bpy.types.Context) -> None:
        """End the thread, if it still runs, and take the progress off the window.

        A thread in the middle of a long step (reading a huge file through, say) is left to end by itself after that: it
        never touches Blender, and what it makes is dropped.
        """
        self.begin_anew()
        if self._worker is not None:
            self._worker.cancel()
            self._worker.join(_WAIT)
        sys.setswitchinterval(self._patience)
        window_manager = context.window_manager
        window_manager.event_timer_remove(self._timer)
        window_manager.progress_end()
        window_manager.penumbra.running = False
        workspace = bpy.data.workspaces.get(self._workspace)
        if workspace is not None:
            workspace.status_text_set(None)
        _redraw_sidebars(window_manager)

    def _advance(self, context: bpy.types.Context, begin: Callable[[], Work[Result]]) -> Result | None:
        """Go on with the part that `begin` makes, for a moment: its result, None where it is not at its end."""
        if self._steps is None:
            self._steps = begin()
        try:
            self._tell(context, advance(self._steps, _SLICE))
        except StopIteration as stop:
            self._steps = None
            return stop.value
        return None

    def _busy_thread(self) -> bool:
        return self._worker is not None and self._worker.running

    def _chosen_target(self) -> bpy.types.Object | None:
        """The armature that was the target at the start; None where a new one was asked for. Raises RigError."""
        if self._target is None:
            return None
        for candidate in bpy.data.objects:
            if candidate.session_uid == self._target:
                return candidate
        raise RigError("The target armature was deleted during the capture: choose another and capture again.")

    def _tell(self, context: bpy.types.Context, progress: Progress) -> None:
        self._say(context, _words(progress), progress.fraction or 0.0)

    def _say(self, context: bpy.types.Context, text: str, fraction: float) -> None:
        window_manager = context.window_manager
        status = window_manager.penumbra
        if (status.text, status.fraction) == (text, fraction):
            return
        status.text, status.fraction = text, fraction
        window_manager.progress_update(fraction)
        workspace = bpy.data.workspaces.get(self._workspace)
        if workspace is not None:
            workspace.status_text_set(iface_("Capture from Video: {text}. Press Esc to cancel").format(text=text))
        _redraw_sidebars(window_manager)


def _told(work: Work[None]) -> Work[bool]:
    """The same work, which says at its end that it is done."""
    yield from work
    return True


def _busy(context: bpy.types.Context) -> str | None:
    """What the keys have to wait for, in words: they must not change data that something else is using."""
    if bpy.app.is_job_running("RENDER"):
        return iface_("Waiting for the render to end")
    using = (operator.bl_idname for window in context.window_manager.windows for operator in window.modal_operators)
    if any(name.startswith("TRANSFORM_OT_") for name in using):
        return iface_("Waiting for the transform to end")
    return None


def _words(progress: Progress) -> str:
    text = iface_(progress.message or progress.stage.capitalize())
    if not progress.total:
        return text
    return iface_("{text}, {done} of {total}").format(text=text, done=progress.done, total=progress.total)


def _redraw_sidebars(window_manager: bpy.types.WindowManager) -> None:
    for window in window_manager.windows:
        for area in window.screen.areas:
            if area.type == "VIEW_3D":
                for region in area.regions:
                    if region.type == "UI":
                        region.tag_redraw()
