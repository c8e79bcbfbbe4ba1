"""The command line inside Blender: `blender -b -c penumbra capture FOOTAGE`."""

from __future__ import annotations

from typing import Any

import bpy

NAME = "penumbra"
# What Blender gives for a registered command, and wants back to take it away again.
_handles: list[Any] = []


def register() -> None:
    """Add the command to Blender."""
    _handles.append(bpy.utils.register_cli_command(NAME, _run))


def unregister() -> None:
    """Take the command away again."""
    bpy.utils.unregister_cli_command(_handles.pop())


def _run(arguments: list[str]) -> int:
    from ..cli.main import main  # noqa: PLC0415 - the command line's parts are not needed for Blender to start

    return main(arguments)
