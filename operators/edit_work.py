"""Long work of an edit: straight through for scripts, in short steps under a progress bar where somebody watches."""

from __future__ import annotations

from typing import Any

import bpy
from bpy.app.translations import pgettext_iface as iface_

from ..errors import PenumbraError
from ..inference.progress import Progress, Work, advance, finish

# Seconds of work between two looks at the user's keys, and between two steps.
_SLICE, _TICK = 0.04, 0.01


class Watched:
    """An operator whose work is a generator of progress that returns what to report.

    Nothing else can be done in Blender meanwhile, so what the work reads does not change under it; Esc ends it.
    """

    def work(self, context: bpy.types.Context) -> Work[str]:
        """The work, which changes nothing before its end."""
        raise NotImplementedError

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Work straight through."""
        try:
            self.report({"INFO"}, finish(self.work(context)))
        except PenumbraError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return {"FINISHED"}

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Begin, and go on in steps."""
        if bpy.app.background:
            return self.execute(context)
        self._work = self.work(context)
        self._timer = context.window_manager.event_timer_add(_TICK, window=context.window)
        context.window_manager.progress_begin(0.0, 1.0)
        context.window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """One step of the work; Esc closes it, which leaves all as it was."""
        if event.type == "ESC" and event.value == "PRESS":
            self._end(context)
            self.report({"INFO"}, f"{self.bl_label} was cancelled")
            return {"CANCELLED"}
        if event.type != "TIMER":
            return {"RUNNING_MODAL"}
        try:
            self._show(context, advance(self._work, _SLICE))
        except StopIteration as stop:
            self._end(context)
            self.report({"INFO"}, stop.value)
            return {"FINISHED"}
        except PenumbraError as error:
            self._end(context)
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        except BaseException:
            self._end(context)
            raise
        return {"RUNNING_MODAL"}

    def cancel(self, context: bpy.types.Context) -> None:
        """Stop where Blender itself ends the operator."""
        self._end(context)

    def _show(self, context: bpy.types.Context, progress: Progress) -> None:
        fraction = progress.fraction or 0.0
        context.window_manager.progress_update(fraction)
        context.workspace.status_text_set(
            iface_("{text}: {share}. Press Esc to cancel").format(
                text=iface_(progress.message), share=f"{fraction:.0%}"
            )
        )

    def _end(self, context: bpy.types.Context) -> None:
        self._work.close()
        context.window_manager.event_timer_remove(self._timer)
        context.window_manager.progress_end()
        workspace: Any = context.workspace
        if workspace is not None:
            workspace.status_text_set(None)
