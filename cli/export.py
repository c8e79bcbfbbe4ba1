"""The command `export`: an armature that lies in a .blend file, in other formats."""

from __future__ import annotations

from typing import Any

from .events import Reporter
from .inside import inside_blender
from .interrupts import Interrupts
from .requests import ExportRequest
from .results import check_writable


def run(request: ExportRequest, _reporter: Reporter, interrupts: Interrupts) -> dict[str, Any]:
    """Do what the request asks and give what is told of it. Raises PenumbraError; no file is half-written then."""
    check_writable({"-o": request.paths[0]})
    blender = inside_blender()
    target = blender.open_armature(request)
    with interrupts.held():
        return {"command": "export", "notes": [], **blender.export_armature(target, request)}
