"""One capture while it runs: the thread that works, the keys that are made after it, and what the window shows of both."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import bpy
from bpy.app.translations import pgettext_iface as iface_

from ..errors import CancelledError, RigError
from ..inference.progress import Progress, Work, advance
from .worker import Worker

if TYPE_CHECKING:
    from .capture_job import Captured

# Seconds of the main thread's time that one look at the worker, and one step of making keys, may take.
_LOOK, _SLICE = 0.02, 0.03
# Seconds that a thread that was asked to stop is given to do so; and those of them that Blender waits where it cannot go on.
_GRACE, _WAIT = 0.2, 0.05

MakeKeys = Callable[["Captured", "bpy.types.Object | None"], Work[None]]


class CaptureRun:
    """A capture on its thread, its timer, and its place in the status bar.

    Objects of Blender are kept by name or identifier only: an undo while the capture runs replaces them.
    """

    def __init__(
        self,
        work: Work[Captured],
        make_keys: MakeKeys,
        timer: bpy.types.Timer,
        context: bpy.types.Context,
        target: bpy.types.Object | None,
    ) -> None:
        self._worker = Worker(work)
        self._make_keys = make_keys
        self._keys: Work[None] | None = None
        self._timer = timer
        self._workspace = context.workspace.name
        self._target = None if target is None else target.session_uid
        self._asked_to_stop: float | None = None

    def start(self, context: bpy.types.Context) -> None:
        """Start the thread and show that something runs."""
        status = context.window_manager.penumbra
        status.running = True
        status.clear()
        context.window_manager.progress_begin(0.0, 1.0)
        self._say(context, iface_("Starting"), 0.0)
        self._worker.start()

    @property
    def baking(self) -> bool:
        """Whether keys are being made."""
        return self._keys is not None

    def step(self, context: bpy.types.Context) -> bool:
        """Show the newest progress, go on with the keys once the thread is done, and tell whether all is done.

        Raises CancelledError once the capture has stopped that was asked to, and what the work and the keys raise.
        """
        if self._asked_to_stop is not None:
            if self._worker.running and time.monotonic() - self._asked_to_stop < _GRACE:
                return False
            raise CancelledError("The capture was cancelled.")
        self._show(context)
        if self._worker.running:
            return False
        if self._keys is None:
            busy = _busy(context)
            if busy is not None:
                self._say(context, busy, 1.0)
                return False
            self._keys = self._make_keys(self._worker.result(), self._chosen_target())
        try:
            self._tell(context, advance(self._keys, _SLICE))
        except StopIteration:
            self._keys = None
            return True
        return False

    def start_keys_anew(self) -> None:
        """Take back the keys that are half made; the next step begins them again."""
        if self._keys is not None:
            self._keys.close()
            self._keys = None

    def cancel(self, context: bpy.types.Context) -> None:
        """Ask the thread to stop and take back keys that are half made; `step` soon raises CancelledError."""
        self._worker.cancel()
        self.start_keys_anew()
        self._asked_to_stop = time.monotonic()
        self._say(context, iface_("Cancelling"), 0.0)

    def stop(self, context: bpy.types.Context) -> None:
        """End the thread, if it still runs, and take the progress off the window.

        A thread in the middle of a long step (reading a huge file through, say) is left to end by itself after that: it
        never touches Blender, and what it makes is dropped.
        """
        if self._worker.running:
            self._worker.cancel()
        self.start_keys_anew()
        self._worker.join(_WAIT)
        window_manager = context.window_manager
        window_manager.event_timer_remove(self._timer)
        window_manager.progress_end()
        window_manager.penumbra.running = False
        workspace = bpy.data.workspaces.get(self._workspace)
        if workspace is not None:
            workspace.status_text_set(None)
        _redraw_sidebars(window_manager)

    def _show(self, context: bpy.types.Context) -> None:
        newest: Progress | None = None
        for progress in self._worker.progress(_LOOK):
            newest = progress
        if newest is not None:
            self._tell(context, newest)

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
