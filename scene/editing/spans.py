"""Where a capture is in doubt: stretches of frames in which a bone's confidence stays low."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ...inference.along_time import stretches


@dataclass(frozen=True, slots=True)
class SpanSettings:
    """What counts as doubtful.

    threshold: confidence below which doubt begins. margin: how far above it the confidence must come for doubt to end, so that it does
    not begin again at once. shortest: frames that a span has at least.
    """

    threshold: float = 0.3
    margin: float = 0.1
    shortest: int = 5


@dataclass(frozen=True, slots=True)
class Span:
    """Doubtful frames from `first` to `last`, and the names of the bones in doubt, the most doubtful first."""

    first: int
    last: int
    bones: tuple[str, ...]

    @property
    def label(self) -> str:
        """What the span is called for people."""
        others = len(self.bones) - 1
        return f"{self.bones[0]} +{others}" if others else self.bones[0]


def doubtful_spans(sure: np.ndarray, frames: np.ndarray, bones: Sequence[str], settings: SpanSettings) -> list[Span]:
    """The doubtful spans of `bones`, in time's order; those of several bones that begin together are one.

    sure: `[T, B]` confidence 0 to 1. frames: `[T]` whole frames, rising by one.
    """
    found = [(first, stop, bone) for bone, column in enumerate(sure.T) for first, stop in _doubts(column, settings)]
    groups: list[list[tuple[int, int, int]]] = []
    for one in sorted(found):
        if groups and one[0] < groups[-1][0][0] + settings.shortest:
            groups[-1].append(one)
        else:
            groups.append([one])
    spans = []
    for group in groups:
        # how long and how deep the doubt is, together
        depth = {bone: float(np.sum(1.0 - sure[first:stop, bone])) for first, stop, bone in group}
        order = sorted(depth, key=lambda bone: -depth[bone])
        last = max(stop for _, stop, _ in group) - 1
        spans.append(Span(int(frames[group[0][0]]), int(frames[last]), tuple(bones[bone] for bone in order)))
    return spans


def next_span(spans: Sequence[Span], frame: int) -> Span | None:
    """The first span that begins after `frame`."""
    return next((span for span in spans if span.first > frame), None)


def previous_span(spans: Sequence[Span], frame: int) -> Span | None:
    """The last span that begins before `frame`."""
    return next((span for span in reversed(spans) if span.first < frame), None)


def _doubts(sure: np.ndarray, settings: SpanSettings) -> Iterator[tuple[int, int]]:
    """Stretches of one bone's doubt: below the threshold, and on until the confidence is above it by the margin."""
    for first, stop in stretches(sure < settings.threshold + settings.margin):
        low = np.flatnonzero(sure[first:stop] < settings.threshold)
        if len(low) and stop - first - low[0] >= settings.shortest:
            yield first + int(low[0]), stop
