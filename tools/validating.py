"""Blender's own check of an extension's zip, by every Blender that the project's set-up has."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

from .wheels import ROOT, BuildError

_TOOL = "scripts/addons_core/bl_pkg/cli/blender_ext.py"
# Where an environment keeps its packages, on Unix and on Windows.
_PACKAGES = (".venv*/lib/python*/site-packages", ".venv*/Lib/site-packages")


def tools(root: Path = ROOT) -> dict[str, list[str]]:
    """Commands that check a zip whose path is added, by version: of the environments below `root`, else the one on the PATH."""
    found = {
        _version(path): [sys.executable, "-P", str(path), "validate"]
        for packages in _PACKAGES
        for path in sorted(root.glob(f"{packages}/bpy/*/{_TOOL}"))
    }
    found = dict(sorted(found.items()))
    blender = shutil.which("blender")
    if not found and blender:
        found["on the PATH"] = [blender, "--command", "extension", "validate"]
    return found


def validate(archive: Path, name: str, command: list[str]) -> None:
    """Raise BuildError, with what the tool says, where Blender `name` does not find the zip valid."""
    done = subprocess.run([*command, str(archive)], check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise BuildError(f"Blender {name} does not take {archive}. It said: {(done.stdout + done.stderr).strip()}")


def _version(tool: Path) -> str:
    return re.findall(r"/bpy/(\d+\.\d+)/", tool.as_posix())[0]
