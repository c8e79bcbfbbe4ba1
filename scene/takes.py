"""Where takes are kept, so that they can be baked again and put on other rigs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np

from ..errors import PenumbraError, WriteError
from ..inference.take import SUFFIX, Take, load_take, save_take
from .user_folder import default_takes_folder

_LIMIT_BYTES = 2 << 30
# What no file's name may hold on some system.
_FORBIDDEN = re.compile(r'[\x00-\x1f<>:"/\\|?*]+')
_LONGEST = 100


@dataclass(frozen=True, slots=True)
class Listed:
    """One take of a folder.

    changed: when the file was written. frames: how many the footage had; present: in how many the subject is. confidence: the mean over
    these, 0 to 1. problem: the sentence of what is wrong with the file, "" for nothing; then the other numbers are 0.
    """

    path: Path
    changed: datetime
    frames: int = 0
    present: int = 0
    confidence: float = 0.0
    problem: str = ""


def keep_take(take: Take, name: str, folder: Path | None = None) -> Path:
    """Write `take` into `folder`, the usual one where that is None, and give its path; a take of that name gets a number behind it.

    Raises WriteError where the disk refuses.
    """
    folder = default_takes_folder() if folder is None else folder
    stem = _FORBIDDEN.sub("_", name).strip(" .")[:_LONGEST] or "Take"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path = _claimed(folder, stem)
    except OSError as error:
        raise WriteError(
            f"The take cannot be kept in {folder} ({error.strerror or error}): check the folder, your permissions and the space "
            "on the disk."
        ) from error
    try:
        save_take(take, path)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return path


def too_large(folder: Path | None = None, limit_bytes: int = _LIMIT_BYTES) -> str | None:
    """A sentence where the takes in `folder` need more than `limit_bytes` together; takes are never deleted for the user."""
    folder = default_takes_folder() if folder is None else folder
    try:
        total = sum(path.stat().st_size for path in folder.glob(f"*{SUFFIX}"))
    except OSError:
        return None
    if total <= limit_bytes:
        return None
    return f"The takes in {folder} need {total / (1 << 30):.1f} GB of the disk. Delete those that you no longer need."


def list_takes(folder: Path) -> list[Listed]:
    """The takes in `folder`, the newest first; a broken one is listed with what is wrong with it. Raises WriteError where there is no folder."""
    try:
        paths = [path for path in folder.glob(f"*{SUFFIX}") if path.is_file() and not path.name.startswith(".")]
        if not folder.is_dir():
            raise NotADirectoryError(20, "there is no such folder")
    except OSError as error:
        raise WriteError(f"{folder} cannot be read ({error.strerror or error}): choose another folder.") from error
    return sorted((_listed(path) for path in paths), key=lambda one: (one.changed, one.path.name), reverse=True)


def _listed(path: Path) -> Listed:
    changed = datetime.fromtimestamp(0)  # noqa: DTZ006 - shown in the user's own time
    try:
        changed = datetime.fromtimestamp(path.stat().st_mtime)  # noqa: DTZ006 - as above
        take = load_take(path)
        present, sure = take.stage("track")["present"], take.stage("solve")["confidence"]
        there = sure[present]
        mean = float(there.mean()) if there.size else 0.0
        return Listed(path, changed, len(present), int(np.sum(present)), mean)
    except PenumbraError as error:
        return Listed(path, changed, problem=str(error))
    except (OSError, KeyError, IndexError, TypeError, ValueError):
        return Listed(
            path, changed, problem=f"{path.name} is damaged: capture the footage again, or use a copy of the file."
        )


def _claimed(folder: Path, stem: str) -> Path:
    """A new, empty file in the folder that no other program can claim too."""
    number = 0
    while True:
        path = folder / (f"{stem}{SUFFIX}" if not number else f"{stem}.{number:03d}{SUFFIX}")
        try:
            path.open("xb").close()
        except FileExistsError:
            number += 1
        else:
            return path
