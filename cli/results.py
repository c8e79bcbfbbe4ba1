"""What a command tells of its result, and whether it can be written at all."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ..errors import ArgumentsError, WriteError
from ..inference.motion import Motion
from ..inference.take import Take


def figures(command: str, take: Take, motion: Motion) -> dict[str, Any]:
    """What `command` tells of a take that is on an armature, fit for JSON."""
    present = motion.present
    return {
        "command": command,
        "frames": len(motion),
        "frames_with_subject": int(present.sum()),
        "mean_confidence": round(float(motion.confidence[present].mean()), 4),
        "detector": take.versions.get("detector"),
    }


def check_writable(written: Mapping[str, Path | None]) -> None:
    """Refuse before the long work what could not be written after it; `written` is by option. Raises WriteError."""
    for option, path in written.items():
        if path is None:
            continue
        folder = path.resolve().parent
        if path.is_dir():
            raise WriteError(f"{path} is a folder: name a file in it with {option}.")
        if not folder.is_dir():
            raise WriteError(
                f"There is no folder {folder} to write {path.name} to: make it, or choose another with {option}."
            )
        if not os.access(folder, os.W_OK):
            raise WriteError(f"The folder {folder} cannot be written to: choose another with {option}.")


def check_blend(path: Path | None) -> None:
    """Refuse a file to start from that is not there. Raises ArgumentsError."""
    if path is not None and not path.is_file():
        raise ArgumentsError(f"There is no file {path}: check what --blend names.")


def make_folders(folders: Iterable[Path]) -> None:
    """Make the folders that several files' results go to. Raises WriteError."""
    for folder in dict.fromkeys(folders):
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise WriteError(
                f"The folder {folder} cannot be made ({error.strerror or error}): choose another."
            ) from error
