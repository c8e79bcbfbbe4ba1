"""Progress of long work. A stage yields `Progress`; closing the generator cancels it cleanly."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass
from typing import TypeVar

Result = TypeVar("Result")


SOLVING = 6
"""Steps of the stage "solve": lifting, refining, placing, solving, fitting, setting the feet down."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one stage has come.

    `stage` is a short lower-case word ("scout", "detect", "lift", ...), `done` and `total` count the stage's own units
    (`total` is None while it is unknown), `message` is a sentence fragment for people.
    """

    stage: str
    done: int
    total: int | None
    message: str = ""

    @property
    def fraction(self) -> float | None:
        """Share of the stage that is done, 0 to 1, or None while the total is unknown."""
        if not self.total:
            return None
        return min(1.0, self.done / self.total)


# Long work yields Progress and returns its result.
Work = Generator[Progress, None, Result]


def finish(work: Work[Result], report: Callable[[Progress], None] | None = None) -> Result:
    """Run `work` to its end, hand its progress to `report` and return its result.

    However it ends, the generator is closed, and so lets go of files and threads.
    """
    with closing(work):
        while True:
            try:
                progress = next(work)
            except StopIteration as stop:
                return stop.value
            if report is not None:
                report(progress)


def advance(work: Work[Result], seconds: float) -> Progress:
    """Take steps of `work` until `seconds` have passed or it waits for something, and give the newest progress.

    It waits where it yields the same `Progress` again. Raises StopIteration with the result when the work ends, as `next`
    does, and whatever the work raises.
    """
    until = time.monotonic() + seconds
    progress = next(work)
    while time.monotonic() < until:
        before, progress = progress, next(work)
        if progress is before:
            break
    return progress
