"""Reads FBX and .blend files through Blender's module, in a process of its own, because that module keeps global state."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import SetupError
from .source import SourceMotion

SUFFIXES = (".fbx", ".blend")
_WORKER = f"{__name__}_worker"


def read_with_blender(paths: list[Path]) -> dict[Path, list[tuple[str, SourceMotion]] | str]:
    """The motions of FBX and .blend files: per file its actions by name, or a sentence why it cannot be read.

    Only armatures are read. Raises SetupError where this Python has no Blender module or its process ends badly.
    """
    if not paths:
        return {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        request = folder / "request.json"
        request.write_text(json.dumps([str(path.resolve()) for path in paths]), encoding="utf-8")
        command = [sys.executable, "-P", "-m", _WORKER, str(request)]
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)  # noqa: S603
        answer = folder / "answer.json"
        if not answer.exists():
            last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
            raise SetupError(
                f"FBX and .blend files need Blender's module bpy in this Python; its process ended: {last}"
            )
        rows = json.loads(answer.read_text(encoding="utf-8"))
        return {
            path: row if isinstance(row, str) else _motions(folder, row) for path, row in zip(paths, rows, strict=True)
        }


def _motions(folder: Path, rows: list[dict[str, Any]]) -> list[tuple[str, SourceMotion]]:
    found = []
    for row in rows:
        with np.load(folder / row["file"]) as arrays:
            motion = SourceMotion(
                tuple(row["names"]),
                tuple(row["parents"]),
                arrays["rest"],
                arrays["positions"],
                arrays["turns"],
                row["rate"],
                "z",
            )
        found.append((row["action"], motion))
    return found
