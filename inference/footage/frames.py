"""What footage is to the rest of the product, whatever it is stored as: numbered, timed, upright RGB pictures."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

import numpy as np

from ...errors import ArgumentsError, FootageError
from ..settings import FootageSettings, Moment

# Time stamps are rounded to their time base (a millisecond in Matroska), so "1.0 s" must also catch the frame at 0.9999.
_TIME_TOLERANCE = 1e-3
# Frames that are few enough to be decoded through just to look at some of them.
_EARLY = 300


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture.

    index: counts the source's frames in the order they are shown; 0 is the first, whatever the start of the range.
    time: seconds after the source's first frame. image: `[H, W, 3]` uint8 RGB, upright and C-contiguous.
    """

    index: int
    time: float
    image: np.ndarray


@dataclass(frozen=True, slots=True)
class FootageInfo:
    """What a source says of itself.

    width, height: pixels of the upright picture. rotation: degrees clockwise (0, 90, 180, 270) by which the stored
    picture is turned to be upright. frame_rate: frames a second, the mean where the rate varies. duration: seconds of the
    whole source. frame_count: how many frames will be read with the chosen range and step, as far as the source's header
    tells; the true count can differ. focal_length: millimetres on a sensor 36 mm along the picture's longer side, from
    metadata. None stands for "not known".
    """

    path: Path
    kind: Literal["video", "images"]
    width: int
    height: int
    rotation: int
    frame_rate: float
    duration: float | None
    frame_count: int | None
    codec: str
    pixel_format: str
    focal_length: float | None


@dataclass(frozen=True, slots=True)
class Shot:
    """A frame whose picture is not converted yet: `image()` makes it, or raises `BrokenOffError`."""

    index: int
    time: float
    image: Callable[[], np.ndarray]


class BrokenOffError(Exception):
    """The source is damaged from here on. The message tells how, as the end of a sentence; may be empty."""


@dataclass(frozen=True, slots=True)
class Span:
    """The range and step of `FootageSettings`, asked frame by frame."""

    start: Moment | None
    end: Moment | None
    step: int

    @classmethod
    def of(cls, settings: FootageSettings) -> Span:
        """The span that `settings` ask for.

        Raises ArgumentsError for a step below 1 or a negative place, FootageError for an end before the start.
        """
        if settings.step < 1:
            raise ArgumentsError(f"A step of {settings.step} frames is not possible: give 1 or more.")
        for name, moment in (("start", settings.start), ("end", settings.end)):
            if moment is not None and not (math.isfinite(moment.value) and moment.value >= 0):
                raise ArgumentsError(f"The {name} of the footage is {moment.value:g}: give 0 or more.")
        start, end = settings.start, settings.end
        if start is not None and end is not None and start.unit == end.unit and end.value < start.value:
            raise FootageError(
                f"The range is empty: it ends at {describe(end)}, before it starts at {describe(start)}. "
                "Choose an end after the start."
            )
        return cls(start, end, settings.step)

    def before(self, index: int, time: float) -> bool:
        """Whether a frame lies before the start."""
        if self.start is None:
            return False
        if self.start.unit == "frames":
            return index < self.start.value
        return time < self.start.value - _TIME_TOLERANCE

    def after(self, index: int, time: float) -> bool:
        """Whether a frame lies after the end."""
        if self.end is None:
            return False
        if self.end.unit == "frames":
            return index > self.end.value
        return time > self.end.value + _TIME_TOLERANCE

    def count(self, total: int, rate: float) -> int:
        """How many of `total` frames at a constant `rate` are read."""
        first = 0 if self.start is None else math.ceil(_in_frames(self.start, rate) - rate * _TIME_TOLERANCE)
        last = total - 1 if self.end is None else math.floor(_in_frames(self.end, rate) + rate * _TIME_TOLERANCE)
        return max(0, -(-(min(last, total - 1) - max(first, 0) + 1) // self.step))


def _in_frames(moment: Moment, rate: float) -> float:
    return moment.value if moment.unit == "frames" else moment.value * rate


def describe(moment: Moment) -> str:
    """A place in the footage for people: "frame 12" or "1.5 s"."""
    return f"frame {moment.value:g}" if moment.unit == "frames" else f"{moment.value:g} s"


def spread(total: int, count: int) -> list[int]:
    """At most `count` of the places 0 to `total` - 1, evenly spread, with the first and the last."""
    return sorted({round(place) for place in np.linspace(0, total - 1, min(count, total))})


class Footage(ABC):
    """Footage that is open for reading. Memory does not grow with its length.

    Each iterator reads on its own, so the same footage can be gone through several times. `notes` gathers plain
    sentences about what was found while reading, such as where a damaged file breaks off.
    """

    info: FootageInfo

    def __init__(self, span: Span) -> None:
        self.notes: list[str] = []
        self._span = span
        self._readers: list[Generator[Frame, None, None]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the iterators that are still open, and free their files. No other thread may be inside one."""
        for reader in self._readers:
            reader.close()
        self._readers.clear()

    def frames(self) -> Iterator[Frame]:
        """The frames of the chosen range, in the order they are shown.

        A damaged source is read up to where it breaks, which is noted. Raises FootageError where the range holds no
        frame, or where a picture does not fit the others.
        """
        reader = self._read()
        self._readers.append(reader)
        return reader

    @abstractmethod
    def samples(self, count: int) -> Iterator[Frame]:
        """At most `count` frames spread over the chosen range, in order, cheaply; at least one if `frames` has one."""

    @abstractmethod
    def _shots(self) -> Generator[Shot, None, None]:
        """Every frame from the start of the range or earlier. Raises BrokenOffError where the source is damaged."""

    def _early_frames(self, count: int) -> Iterator[Frame]:
        """At most `count` frames spread over the first seconds of the range."""
        total = min(max(self.info.frame_count or _EARLY, count), _EARLY)
        places = set(spread(total, count))
        return (frame for place, frame in enumerate(islice(self.frames(), total)) if place in places)

    def _note(self, sentence: str) -> None:
        if sentence not in self.notes:
            self.notes.append(sentence)

    def _read(self) -> Generator[Frame, None, None]:
        shots = self._shots()
        first: int | None = None
        last: Shot | None = None
        cut = False
        try:
            for shot in shots:
                cut = self._span.after(shot.index, shot.time)
                if cut:
                    break
                if not self._span.before(shot.index, shot.time):
                    first = shot.index if first is None else first
                    if (shot.index - first) % self._span.step == 0:
                        yield Frame(shot.index, shot.time, shot.image())
                last = shot
        except BrokenOffError as damage:
            self._note_damage(last, str(damage))
        finally:
            shots.close()
        if first is None:
            raise self._empty_range(last, cut=cut)

    def _note_damage(self, last: Shot | None, how: str) -> None:
        if last is None:
            return
        because = f": {how}" if how else ""
        self._note(
            f"{self.info.path.name} breaks off after {last.time + 1 / self.info.frame_rate:.1f} s "
            f"({last.index + 1} frames){because}. It was used up to there."
        )

    def _empty_range(self, last: Shot | None, *, cut: bool) -> FootageError:
        name = self.info.path.name
        start, end = self._span.start, self._span.end
        if start is not None and end is not None and cut:
            return FootageError(
                f"The range from {describe(start)} to {describe(end)} of {name} is empty: choose a later end."
            )
        if last is None and start is not None:
            return FootageError(
                f"{name} cannot be read at its start, {describe(start)}: it is damaged there. Choose another start."
            )
        if last is None or start is None:
            return FootageError(f"{name} holds no frames that can be read: choose other footage.")
        return FootageError(
            f"The start, {describe(start)}, is after the end of {name}, which has {last.index + 1} frames "
            f"({last.time + 1 / self.info.frame_rate:.1f} s): choose an earlier start."
        )
