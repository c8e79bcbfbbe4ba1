"""What is done with the optional packages while Blender goes on, and what is known of them."""

from __future__ import annotations

import atexit
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import bpy
from bpy.app.translations import pgettext_rpt as rpt_

from ..errors import PenumbraError
from ..inference.progress import Work, finish
from ..inference.worker import Worker

if TYPE_CHECKING:
    from ..packages.catalog import Kind, Package
    from ..packages.choose import Machine
    from ..packages.place import Installed
    from ..packages.self_test import SelfTest

# Seconds between two looks at the thread, for one look, and that a thread which was asked to stop is waited for.
_TICK, _LOOK, _GRACE = 0.1, 0.02, 0.5
# Seconds after Blender's start.
_CLEAN_UP_AFTER = 10.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What work on the packages came to.

    text: a sentence. test: what a self-test found; None leaves what was known. shown: whether the preferences have to say it,
    since what the self-test found does not.
    """

    text: str
    test: SelfTest | None = None
    failed: bool = False
    shown: bool = True


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of this machine without looking further. choices: what can be installed; why_none: why nothing can."""

    machine: Machine
    installed: dict[Kind, Installed | None]
    choices: dict[Kind, list[Package]]
    why_none: dict[Kind, str]


class Packages:
    """The one work that runs, and what is known. It belongs to Blender, not to a file: it goes on when another file is loaded."""

    run: ClassVar[PackagesRun | None] = None
    outcome: ClassVar[Outcome | None] = None
    test: ClassVar[SelfTest | None] = None
    _known: ClassVar[Known | None] = None

    @classmethod
    def known(cls) -> Known:
        """What is known, read from a few small files the first time and whenever something has changed."""
        from ..packages.catalog import KINDS, load_catalog  # noqa: PLC0415 - loads when it is used, not when Blender starts
        from ..packages.choose import options, this_machine, why_none  # noqa: PLC0415 - as above
        from ..packages.place import examined  # noqa: PLC0415 - as above
        from ..scene.user_folder import packages_folder  # noqa: PLC0415 - as above

        if cls._known is None:
            folder, machine, catalog = packages_folder(), this_machine(), load_catalog()
            cls._known = Known(
                machine,
                {kind: examined(folder, kind) for kind in KINDS},
                {kind: options(kind, machine, catalog) for kind in KINDS},
                {kind: why_none(kind, machine) for kind in KINDS},
            )
        return cls._known

    @classmethod
    def start(cls, operator: bpy.types.Operator, words: str, work: Work[Outcome]) -> set[str]:
        """Start `work` on a thread; without a window, wait for it. words: what it is called while it runs."""
        cls.outcome = None
        if not bpy.app.background:
            cls.run = PackagesRun(words, work, cls.end)
            cls.run.start()
            return {"FINISHED"}
        outcome = _outcome_of(lambda: finish(work))
        cls.end(outcome)
        operator.report({"ERROR" if outcome.failed else "INFO"}, outcome.text)
        return {"CANCELLED"} if outcome.failed else {"FINISHED"}

    @classmethod
    def end(cls, outcome: Outcome) -> None:
        """Keep what work came to, and look anew at what is installed when next asked."""
        cls.run, cls._known, cls.outcome = None, None, outcome
        cls.test = outcome.test or cls.test

    @classmethod
    def forget(cls) -> None:
        """Stop what runs and know nothing any more, as before the add-on was enabled."""
        if cls.run is not None:
            cls.run.stop()
        cls.run = cls._known = cls.outcome = cls.test = None


class PackagesRun:
    """Work on its thread. Blender's own timer looks at it, which goes on when another file is loaded."""

    def __init__(self, words: str, work: Work[Outcome], end: Callable[[Outcome], None]) -> None:
        """words: what runs, as a user reads it. end: told what it came to."""
        self.words = words
        self.text, self.fraction = words, 0.0
        self._worker = Worker(work)
        self._end = end
        # Blender knows a timer by the object that it was given, and each look at a method makes another one.
        self._timer = self._tick

    def start(self) -> None:
        """Start the thread and the timer."""
        atexit.register(self.stop)
        bpy.app.timers.register(self._timer, first_interval=_TICK, persistent=True)
        self._worker.start()

    @property
    def cancelled(self) -> bool:
        """Whether it was asked to stop."""
        return self._worker.cancelled

    def cancel(self) -> None:
        """Ask the thread to stop; the timer sees when it has."""
        self._worker.cancel()
        self.text = rpt_("Cancelling")
        redraw_preferences()

    def stop(self) -> None:
        """Stop the thread and forget about it: Blender quits, or the add-on is disabled."""
        self._worker.cancel()
        self._worker.join(_GRACE)
        if bpy.app.timers.is_registered(self._timer):
            bpy.app.timers.unregister(self._timer)
        atexit.unregister(self.stop)

    def _tick(self) -> float | None:
        newest = self._worker.newest(_LOOK)
        if newest is not None and not self.cancelled:
            self.text, self.fraction = newest.message or self.words, newest.fraction or 0.0
        redraw_preferences()
        if self._worker.running:
            return _TICK
        atexit.unregister(self.stop)
        if self.cancelled:
            self._end(Outcome(rpt_("Cancelled. Everything is as it was before")))
        else:
            self._end(_outcome_of(self._worker.result))
        return None


def busy(operator: type[bpy.types.Operator]) -> bool:
    """Whether something runs already; then the operator's button says so."""
    if Packages.run is not None:
        operator.poll_message_set(rpt_("An installation or a test is already running"))
    return Packages.run is not None


def offline(operator: type[bpy.types.Operator]) -> bool:
    """Whether the user keeps Blender off the network; then the operator's button says so."""
    if not bpy.app.online_access:
        operator.poll_message_set(rpt_("Allow Online Access in Preferences ‣ System first"))
    return not bpy.app.online_access


def clean_up_later() -> None:
    """Delete what is left over from before, once Blender has started, on a thread of its own."""
    bpy.app.timers.register(_clean_up, first_interval=_CLEAN_UP_AFTER, persistent=True)


def stop_packages() -> None:
    """Stop what runs, and forget what is known."""
    if bpy.app.timers.is_registered(_clean_up):
        bpy.app.timers.unregister(_clean_up)
    Packages.forget()


def redraw_preferences() -> None:
    """Draw the preferences anew, where they are open."""
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == "PREFERENCES":
                area.tag_redraw()


def folder_of_packages() -> Path:
    """The folder that all of it is about; asked for on the main thread, since Blender knows it."""
    from ..scene.user_folder import packages_folder  # noqa: PLC0415 - as above

    return packages_folder()


def _clean_up() -> None:
    from ..packages.place import has_leftovers  # noqa: PLC0415 - as above
    from ..scene.user_folder import packages_folder  # noqa: PLC0415 - as above

    folder = packages_folder()
    if has_leftovers(folder):
        from ..packages.install import clean_up  # noqa: PLC0415 - what Blender needs not to start is loaded when it is used

        threading.Thread(target=clean_up, args=(folder,), name="penumbra-clean-up", daemon=True).start()


def _outcome_of(result: Callable[[], Any]) -> Outcome:
    """What the work came to, errors among it."""
    try:
        return result()
    except PenumbraError as error:
        return Outcome(str(error), failed=True)
    except Exception as error:
        import logging  # noqa: PLC0415 - as above

        logging.getLogger(__name__).exception("Work on the packages stopped at an error that was not expected")
        words = rpt_("It stopped at an error that was not expected ({error}). The system console shows where")
        return Outcome(words.format(error=f"{type(error).__name__}: {error}"), failed=True)
