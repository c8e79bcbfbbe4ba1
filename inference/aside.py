"""A calculation on a thread of its own, so that whoever drives the work around it can draw meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import closing
from typing import TypeVar

from .progress import Progress, Work

Result = TypeVar("Result")

# Seconds that one look at the thread waits for it: short beside what a user notices, long beside a look.
_LOOK = 0.005


def aside(calculate: Callable[[], Result], progress: Progress) -> Work[Result]:
    """What `calculate` returns or raises; `progress` is told for as long as it takes.

    Closing the generator leaves the thread to end by itself, so `calculate` must change nothing.
    """

    def at_once() -> Work[Result]:
        yield progress
        return calculate()

    return (yield from work_aside(at_once(), progress))


def work_aside(work: Work[Result], first: Progress) -> Work[Result]:
    """What `work` returns or raises; its newest progress is told, the same again where there is none newer, and `first` before.

    Closing the generator lets `work` end with its next step, so it must change nothing.
    """
    newest = [first]
    results: list[Result] = []
    errors: list[BaseException] = []
    closed = threading.Event()

    def run() -> None:
        try:
            with closing(work):
                while not closed.is_set():
                    newest[0] = next(work)
        except StopIteration as stop:
            results.append(stop.value)
        except BaseException as error:  # noqa: BLE001 - raised again below, on the thread that can report it
            errors.append(error)

    thread = threading.Thread(target=run, name="penumbra-aside", daemon=True)
    thread.start()
    try:
        thread.join(_LOOK)
        while thread.is_alive():
            yield newest[0]
            thread.join(_LOOK)
    finally:
        closed.set()
    if errors:
        raise errors[0]
    return results[0]
