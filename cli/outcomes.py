"""What became of each of several files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Outcome:
    """One file's; fit for JSON.

    file: as it was named. state: whether it was worked on, and how that ended. blend: the .blend file that is its result, None
    where there is none. error, exit_code: the sentence of what is wrong and the code that it would have ended with alone.
    """

    file: str
    state: Literal["done", "skipped", "failed", "not begun"]
    blend: str | None = None
    error: str | None = None
    exit_code: int = 0


def table(outcomes: Sequence[Outcome]) -> list[str]:
    """Lines with a file and what became of it."""
    width = max(len(outcome.file) for outcome in outcomes)
    return [f"{outcome.file:<{width}}  {_words(outcome)}" for outcome in outcomes]


def sentence(outcomes: Sequence[Outcome]) -> str:
    """What became of all of them."""
    counts = {state: sum(outcome.state == state for outcome in outcomes) for state in ("done", "skipped", "failed")}
    parts = [f"{counts['done']} of {len(outcomes)} files done"]
    parts += [f"{counts[state]} {words}" for state, words in _ALSO.items() if counts[state]]
    return f"{', '.join(parts)}."


_ALSO = {"skipped": "done before", "failed": "failed"}


def _words(outcome: Outcome) -> str:
    if outcome.state == "failed":
        return f"{outcome.error} (exit code {outcome.exit_code})"
    if outcome.state == "skipped":
        return f"{outcome.blend} (done before)"
    return outcome.blend or outcome.state
