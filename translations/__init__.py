"""The interface in other languages than English: catalogs, and their place in Blender."""

from __future__ import annotations

import bpy

from .catalog import catalogs


def register() -> None:
    """Give Blender the catalogs; it looks its own up first."""
    bpy.app.translations.register(__package__, catalogs())


def unregister() -> None:
    """Take them away again."""
    bpy.app.translations.unregister(__package__)
