"""Blender's own files."""

from __future__ import annotations

import os
from pathlib import Path

import bpy

from ..errors import ArgumentsError, WriteError


def save_blend(path: Path) -> None:
    """Write what is open as a compressed copy to `path`; the open file keeps its own name. Raises WriteError."""
    draft = path.with_name(f".{path.stem}-{os.getpid()}.blend")
    try:
        bpy.ops.wm.save_as_mainfile(filepath=str(draft), copy=True, compress=True, check_existing=False)
        os.replace(draft, path)
    except (OSError, RuntimeError) as error:
        draft.unlink(missing_ok=True)
        raise WriteError(f"{path} cannot be written: {reason(error)}. Choose another folder.") from error


def open_blend(path: Path) -> None:
    """Open the file at `path` in place of what is open. Raises ArgumentsError when Blender cannot read it."""
    if not path.is_file():
        raise ArgumentsError(f"There is no file {path}. Check its name.")
    try:
        bpy.ops.wm.open_mainfile(filepath=str(path), load_ui=False)
    except RuntimeError as error:
        raise ArgumentsError(f"{path} is not a file that this Blender can open: {reason(error)}.") from error


def reason(error: Exception) -> str:
    """What the system or an operator of Blender says went wrong, as a fragment of a sentence."""
    return str(error).strip().removeprefix("Error: ").rstrip(".")
