"""One capture while it runs: the thread that works and what the window shows of it."""

from __future__ import annotations

import time

import bpy

from ..errors import RigError
from ..inference.progress import Progress, Work
from ..inference.take import Take
from .worker import Worker

# Seconds that one look at the worker's progress may take of the main thread's time.
_BUDGET = 0.1
# Seconds for which a thread that was asked to stop is waited for.
_GRACE = 0.2


class CaptureRun:
    """A capture on its thread, its timer, and its place in the status bar.

    Objects of Blender are kept by name or identifier only: an undo while the capture runs replaces them.
    """

    def __init__(
        self,
        work: Work[Take],
        timer: bpy.types.Timer,
        workspace: bpy.types.WorkSpace,
        target: bpy.types.Object | None,
    ) -> None:
        self.worker = Worker(work)
        self._timer = timer
        self._workspace = workspace.name
        self._target = None if target is None else target.session_uid
        self._asked_to_stop: float | None = None

    def start(self, context: bpy.types.Context) -> None:
        """Start the thread and show that something runs."""
        status = context.window_manager.penumbra
        status.running = True
        status.result = ""
        context.window_manager.progress_begin(0.0, 1.0)
        self._say(context, "Starting", 0.0)
        self.worker.start()

    def show(self, context: bpy.types.Context) -> None:
        """Show the newest progress that has come in."""
        newest: Progress | None = None
        for progress in self.worker.progress(_BUDGET):
            newest = progress
        if newest is not None and not self.worker.cancelled:
            self._say(context, _words(newest), newest.fraction or 0.0)

    def cancel(self, context: bpy.types.Context) -> None:
        """Ask the thread to stop; `over` soon tells that it is, or need not be waited for."""
        self.worker.cancel()
        self._asked_to_stop = time.monotonic()
        self._say(context, "Cancelling", 0.0)

    @property
    def over(self) -> bool:
        """Whether the thread has ended, or was asked to long enough ago."""
        asked = self._asked_to_stop
        return not self.worker.running or (asked is not None and time.monotonic() - asked > _GRACE)

    def stop(self, context: bpy.types.Context) -> None:
        """End the thread, if it still runs, and take the progress off the window.

        A thread in the middle of a long step (reading a huge file through, say) is left to end by itself after that: it
        never touches Blender, and what it makes is dropped.
        """
        if self.worker.running:
            self.worker.cancel()
        self.worker.join(_GRACE)
        window_manager = context.window_manager
        window_manager.event_timer_remove(self._timer)
        window_manager.progress_end()
        window_manager.penumbra.running = False
        workspace = bpy.data.workspaces.get(self._workspace)
        if workspace is not None:
            workspace.status_text_set(None)
        _redraw_sidebars(window_manager)

    def target(self) -> bpy.types.Object | None:
        """The armature that was the target at the start; None where a new one was asked for. Raises RigError."""
        if self._target is None:
            return None
        for candidate in bpy.data.objects:
            if candidate.session_uid == self._target:
                return candidate
        raise RigError("The target armature was deleted during the capture: choose another and capture again.")

    def _say(self, context: bpy.types.Context, text: str, fraction: float) -> None:
        window_manager = context.window_manager
        status = window_manager.penumbra
        if (status.text, status.fraction) == (text, fraction):
            return
        status.text, status.fraction = text, fraction
        window_manager.progress_update(fraction)
        workspace = bpy.data.workspaces.get(self._workspace)
        if workspace is not None:
            workspace.status_text_set(f"Capture from Video: {text}. Press Esc to cancel")
        _redraw_sidebars(window_manager)


def _words(progress: Progress) -> str:
    text = progress.message or progress.stage.capitalize()
    return f"{text}, {progress.done} of {progress.total}" if progress.total else text


def _redraw_sidebars(window_manager: bpy.types.WindowManager) -> None:
    for window in window_manager.windows:
        for area in window.screen.areas:
            if area.type == "VIEW_3D":
                for region in area.regions:
                    if region.type == "UI":
                        region.tag_redraw()
