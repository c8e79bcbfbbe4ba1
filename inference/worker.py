"""Long work on a thread of its own, which hands its progress over through a queue and never touches Blender."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

from ..errors import CancelledError
from .progress import Progress, Work

Result = TypeVar("Result")


class Worker(Generic[Result]):
    """Runs `work` to its end, to its error or to its cancellation, whichever comes first.

    All methods are for the thread that made the worker. The work's generator is run and closed on the worker's thread.
    """

    def __init__(self, work: Work[Result]) -> None:
        self._work = work
        self._progress: SimpleQueue[Progress] = SimpleQueue()
        self._cancelled = threading.Event()
        self._result: list[Result] = []
        self._error: BaseException | None = None
        # A daemon, so that nothing but `join` ever waits for it: quitting Blender must not hang on it.
        self._thread = threading.Thread(target=self._run, name="penumbra-capture", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def cancel(self) -> None:
        """Ask the work to stop at its next step of progress. Asking again does no harm."""
        self._cancelled.set()

    @property
    def cancelled(self) -> bool:
        """Whether the work was asked to stop."""
        return self._cancelled.is_set()

    @property
    def running(self) -> bool:
        """Whether the thread still runs."""
        return self._thread.is_alive()

    def progress(self, budget: float) -> Iterator[Progress]:
        """The progress that has come in since last asked, for at most `budget` seconds."""
        end = time.monotonic() + budget
        while time.monotonic() < end:
            try:
                yield self._progress.get_nowait()
            except Empty:
                return

    def newest(self, budget: float) -> Progress | None:
        """The last of the progress that has come in since last asked, for which at most `budget` seconds are spent."""
        newest = None
        for newest in self.progress(budget):  # noqa: B007 - the last one is asked for
            pass
        return newest

    def join(self, patience: float | None = None) -> None:
        """Wait for the thread to end, for at most `patience` seconds where that is given."""
        self._thread.join(patience)

    def result(self) -> Result:
        """Wait for the end and give the work's result.

        Raises CancelledError at once where the work was asked to stop, be it done or not, and else whatever error it
        raised.
        """
        if self.cancelled:
            raise CancelledError("The capture was cancelled.")
        self.join()
        if self._error is not None:
            raise self._error
        return self._result[0]

    def _run(self) -> None:
        try:
            while not self._cancelled.is_set():
                self._progress.put(next(self._work))
        except StopIteration as stop:
            self._result.append(stop.value)
        except BaseException as error:  # noqa: BLE001 - `result` raises it again on the thread that can report it
            self._error = error
        finally:
            self._work.close()
