"""Blender's own files."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path

import bpy

from ..errors import ArgumentsError, WriteError
from .whole import check_whole

# The last line of a traceback, without the error's class, its number, and the file that it is about.
_RAISED = re.compile(
    r"^(?:\w+\.)*\w*(?:Error|Exception): (?:\[(?:Errno|WinError) \d+\] )?(.+?)(?:: '[^']*')?$", re.MULTILINE
)


def save_blend(path: Path) -> None:
    """Write what is open as a compressed copy to `path`; the open file keeps its own name.

    What was at `path` before stays as it was unless the new file is wholly on the disk. Raises WriteError.
    """
    draft = path.with_name(f".{path.stem}-{os.getpid()}.blend")
    try:
        bpy.ops.wm.save_as_mainfile(filepath=str(draft), copy=True, compress=True, check_existing=False)
        check_whole(draft)
        os.replace(draft, path)
    except (OSError, RuntimeError) as error:
        raise unwritable(path, error) from error
    finally:
        # Blender itself writes to a name with @ behind it
        for left in (draft, draft.with_name(f"{draft.name}@")):
            with suppress(OSError):
                left.unlink(missing_ok=True)


def open_blend(path: Path) -> None:
    """Open the file at `path` in place of what is open. Raises ArgumentsError when Blender cannot read it."""
    if not path.is_file():
        raise ArgumentsError(f"There is no file {path}. Check its name.")
    try:
        bpy.ops.wm.open_mainfile(filepath=str(path), load_ui=False)
    except RuntimeError as error:
        raise ArgumentsError(f"{path} is not a file that this Blender can open: {reason(error)}.") from error


def open_nothing() -> None:
    """Begin a new file without objects, actions or anything else of what was open; add-ons stay as they are."""
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)


def unwritable(path: Path, error: Exception) -> WriteError:
    """What to raise where `path` could not be written."""
    return WriteError(f"{path} cannot be written: {reason(error)}. Choose another folder, or free some space.")


def reason(error: Exception) -> str:
    """What the system, an operator of Blender or an exporter's traceback says went wrong, as a fragment of a sentence."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    text = str(error).strip()
    raised = _RAISED.findall(text) if "Traceback" in text else []
    return (raised[-1] if raised else text.removeprefix("Error: ")).rstrip(".")
