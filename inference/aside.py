"""A calculation on a thread of its own, so that whoever drives the work around it can draw meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from .progress import Progress, Work

Result = TypeVar("Result")

# Seconds that one look at the thread waits for it: short beside what a user notices, long beside a look.
_LOOK = 0.005


def aside(calculate: Callable[[], Result], progress: Progress) -> Work[Result]:
    """What `calculate` returns or raises; `progress` is told for as long as it takes.

    Closing the generator leaves the thread to end by itself, so `calculate` must change nothing.
    """
    results: list[Result] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(calculate())
        except BaseException as error:  # noqa: BLE001 - raised again below, on the thread that can report it
            errors.append(error)

    thread = threading.Thread(target=run, name="penumbra-aside", daemon=True)
    thread.start()
    while thread.is_alive():
        yield progress
        thread.join(_LOOK)
    if errors:
        raise errors[0]
    return results[0]
