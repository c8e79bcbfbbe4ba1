"""Which clips are trained on, validated on and tested on: by subject, so that no clip and no person is on two sides."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Literal

from ..errors import ArgumentsError
from .clips import Clip

Which = Literal["train", "validation", "test"]


def split(clips: Sequence[Clip], which: Which) -> list[Clip]:
    """The clips of one side of the frozen split (`splits.toml`); who is not named there is trained on."""
    return [clip for clip in clips if side_of(clip.subject) == which]


def side_of(subject: str) -> Which:
    """The side of the split that a subject is on."""
    held_out = _held_out()
    if subject in held_out["test"]:
        return "test"
    return "validation" if subject in held_out["validation"] else "train"


def only_source(clips: Sequence[Clip], source: str) -> list[Clip]:
    """The clips of one source. Raises ArgumentsError where there is none."""
    found = [clip for clip in clips if clip.source == source]
    if not found:
        known = ", ".join(sorted({clip.source for clip in clips}))
        raise ArgumentsError(f'No clip is of the source "{source}". Choose one of: {known}.')
    return found


def without_source(clips: Sequence[Clip], source: str) -> list[Clip]:
    """The clips of all sources but one. Raises ArgumentsError where that source has none."""
    only_source(clips, source)
    return [clip for clip in clips if clip.source != source]


def action_weights(clips: Sequence[Clip], power: float = 0.5) -> list[float]:
    """Chance of each clip to be drawn, summing to one, so that no action drowns the others.

    An action's share is its seconds to the power of `power`: 1 samples by frame, 0 gives every action the same. Within
    an action the chance goes with the clip's length.
    """
    frames: dict[str, int] = {}
    for clip in clips:
        frames[clip.action] = frames.get(clip.action, 0) + len(clip)
    weights = [len(clip) * frames[clip.action] ** (power - 1.0) for clip in clips]
    total = sum(weights)
    return [weight / total for weight in weights]


@cache
def _held_out() -> dict[str, frozenset[str]]:
    table = tomllib.loads(Path(__file__).with_name("splits.toml").read_text(encoding="utf-8"))
    return {which: frozenset(subjects) for which, subjects in table.items()}
