"""Ctrl-C and a polite kill while a command works."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from types import FrameType, TracebackType
from typing import Any, Self

from ..errors import CancelledError

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupts:
    """While it is entered, an interrupt raises CancelledError, or is only noted where it is `held`.

    Only the main thread may choose that; elsewhere all stays as it is.
    """

    def __init__(self) -> None:
        self.pressed = False
        self._held = False
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._note) for number in _SIGNALS}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for number, earlier in self._before.items():
            # None is a handler that Python did not set, such as Blender's own, and cannot set again
            signal.signal(number, signal.SIG_DFL if earlier is None else earlier)

    def held(self) -> AbstractContextManager[None]:
        """Meanwhile an interrupt is only noted: results are written to the end, so that there are never some of them."""
        return self._set(held=True)

    def heard(self) -> AbstractContextManager[None]:
        """Inside of `held`: an interrupt raises CancelledError again."""
        return self._set(held=False)

    @contextmanager
    def _set(self, *, held: bool) -> Iterator[None]:
        before, self._held = self._held, held
        try:
            yield
        finally:
            self._held = before

    def _note(self, _signal: int, _frame: FrameType | None) -> None:
        self.pressed = True
        if not self._held:
            raise CancelledError("Cancelled; nothing was written.")
