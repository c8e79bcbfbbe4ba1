"""A calculation on a thread of its own, so that whoever drives the work around it can draw meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from .progress import Progress, Work
from .worker import Worker

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
    worker = Worker(work)
    worker.start()
    newest = first
    try:
        worker.join(_LOOK)
        while worker.running:
            newest = worker.newest(_LOOK) or newest
            yield newest
            worker.join(_LOOK)
        return worker.result()
    finally:
        worker.cancel()
