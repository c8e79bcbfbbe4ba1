"""Which files a call reads, and what their results are called."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from ..errors import ArgumentsError
from ..inference.take import SUFFIX


def listed(path: Path) -> list[Path]:
    """The paths that a file names, one a line; empty lines and those that begin with # are left out. Raises ArgumentsError."""
    try:
        text = sys.stdin.read() if str(path) == "-" else path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        said = getattr(error, "strerror", None) or "it is not text"
        raise ArgumentsError(f"The list {path} cannot be read ({said}): check what --list names.") from error
    lines = (line.strip() for line in text.splitlines())
    found = [Path(line) for line in lines if line and not line.startswith("#")]
    if not found:
        raise ArgumentsError(f"The list {path} names no file: write one path a line.")
    return found


def takes_of(paths: Sequence[Path]) -> list[Path]:
    """The paths, with all takes of a folder in its place. Raises ArgumentsError for a folder without takes."""
    found: list[Path] = []
    for path in paths:
        if not path.is_dir():
            found.append(path)
            continue
        inside = sorted(path.glob(f"*{SUFFIX}"))
        if not inside:
            raise ArgumentsError(f"The folder {path} holds no takes, whose names end in {SUFFIX}.")
        found += inside
    return found


def result_names(sources: Sequence[Path], taken: Sequence[str] = ()) -> list[str]:
    """A name for each source's results, all different and none of `taken`, whatever the case.

    It is the source's own without its suffix; where several have the same, their folders' names go before it, and a number
    behind it where that does not tell them apart.
    """
    names = [path.resolve().stem for path in sources]
    counts = Counter(name.casefold() for name in names)
    names = [
        f"{path.resolve().parent.name}_{name}" if counts[name.casefold()] > 1 else name
        for path, name in zip(sources, names, strict=True)
    ]
    given = {name.casefold() for name in taken}
    unique = []
    for name in names:
        number, candidate = 1, name
        while candidate.casefold() in given:
            number += 1
            candidate = f"{name}_{number}"
        given.add(candidate.casefold())
        unique.append(candidate)
    return unique
