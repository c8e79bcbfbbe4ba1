"""What a run says while it runs: lines for people on stderr, or JSON lines on stdout."""

from __future__ import annotations

import ctypes
import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol, TextIO

from ..inference.progress import Progress
from .outcomes import Outcome, table

_DONE = {"capture": "Captured", "bake": "Baked"}


class Reporter(Protocol):
    """Takes progress, notes and the results of a run."""

    def begin(self, file: str, number: int, total: int) -> None:
        """The first, second ... of several files begins; what is said from now on is about it."""
        ...

    def progress(self, progress: Progress) -> None:
        """One step of long work."""
        ...

    def note(self, message: str) -> None:
        """Something the user should know."""
        ...

    def result(self, result: dict[str, Any]) -> None:
        """The work is done; `result` is fit for JSON."""
        ...

    def error(self, message: str, exit_code: int) -> None:
        """The work failed; `message` is a sentence."""
        ...

    def summary(self, outcomes: Sequence[Outcome], exit_code: int, message: str) -> None:
        """What became of each of several files; `message` is a sentence about all of them."""
        ...


class PlainReporter:
    """Lines for people. On a terminal the progress line is redrawn in place; elsewhere a stage says only that it began."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._redraws = stream.isatty()
        self._said = ""
        self._drawn = 0.0

    def begin(self, file: str, number: int, total: int) -> None:
        """One of several files begins."""
        self._said = ""
        self._line(f"[{number}/{total}] {file}")

    def progress(self, progress: Progress) -> None:
        """One step of long work."""
        if progress.message != self._said:
            self._said = progress.message
            self._line(progress.message)
        if (
            self._redraws
            and progress.total
            and (time.monotonic() - self._drawn > 0.1 or progress.done >= progress.total)
        ):
            self._drawn = time.monotonic()
            self._stream.write(f"\r  {progress.done}/{progress.total} frames  ")
            self._stream.flush()

    def note(self, message: str) -> None:
        """Something the user should know."""
        self._line(f"Note: {message}")

    def result(self, result: dict[str, Any]) -> None:
        """The work is done."""
        if "frames" in result:
            done = _DONE[result["command"]]
            present, frames = result["frames_with_subject"], result["frames"]
            self._line(f"{done} {present} of {frames} frames, mean confidence {result['mean_confidence']:.2f}.")
        written = [result.get("blend"), *result["exports"]]
        if result["command"] == "capture":
            written.append(result["take"])
        for path in written:
            if path:
                self._line(f"Wrote {path}")

    def error(self, message: str, exit_code: int) -> None:
        """The work failed."""
        self._line(f"penumbra: {message} (exit code {exit_code})")

    def summary(self, outcomes: Sequence[Outcome], exit_code: int, message: str) -> None:
        """A table with a line for each file."""
        self._line("")
        for line in table(outcomes):
            self._line(line)
        self._line(message if not exit_code else f"penumbra: {message} (exit code {exit_code})")

    def _line(self, text: str) -> None:
        start = "\r\033[K" if self._redraws else ""
        self._stream.write(f"{start}{text}\n")
        self._stream.flush()


class JsonReporter:
    """One JSON object a line; where there are several files, each line about one of them names it."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._about: dict[str, Any] = {}

    def begin(self, file: str, number: int, total: int) -> None:
        """One of several files begins."""
        self._about = {"file": file}
        self._write(event="begin", number=number, total=total)

    def progress(self, progress: Progress) -> None:
        """One step of long work."""
        self._write(
            event="progress", stage=progress.stage, done=progress.done, total=progress.total, message=progress.message
        )

    def note(self, message: str) -> None:
        """Something the user should know."""
        self._write(event="note", message=message)

    def result(self, result: dict[str, Any]) -> None:
        """The work is done."""
        self._write(event="result", ok=True, **result)

    def error(self, message: str, exit_code: int) -> None:
        """The work failed."""
        self._write(event="result", ok=False, exit_code=exit_code, error=message)

    def summary(self, outcomes: Sequence[Outcome], exit_code: int, message: str) -> None:
        """The last line: all files."""
        self._about = {}
        files = [asdict(outcome) for outcome in outcomes]
        self._write(event="summary", ok=not exit_code, exit_code=exit_code, message=message, files=files)

    def _write(self, **event: Any) -> None:
        self._stream.write(json.dumps(event | self._about, allow_nan=False) + "\n")
        self._stream.flush()


@contextmanager
def own_stdout(*, keep_chatter: bool) -> Iterator[TextIO]:
    """The process's stdout for us alone. What Blender and its exporters print goes to stderr, or nowhere."""
    _flush()
    kept = os.dup(1)
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        chatter = sys.stderr if keep_chatter else nowhere
        os.dup2(2 if keep_chatter else nowhere.fileno(), 1)
        try:
            with os.fdopen(os.dup(kept), "w", encoding="utf-8") as stream, redirect_stdout(chatter):
                yield stream
        finally:
            _flush()
            os.dup2(kept, 1)
            os.close(kept)


def _flush() -> None:
    """Empty Python's buffer and the C library's, which Blender prints through."""
    sys.stdout.flush()
    library = ctypes.cdll.msvcrt if sys.platform == "win32" else ctypes.CDLL(None)
    library.fflush(None)
