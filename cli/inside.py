"""The command line's part inside Blender, where there is one."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from ..errors import SetupError


def inside_blender() -> ModuleType:
    """The module `blender`. Raises SetupError where Blender's own is missing."""
    try:
        return import_module(".blender", __package__)
    except ImportError as error:
        if error.name and not error.name.startswith(("bpy", "mathutils")):
            raise
        raise SetupError(
            f"Blender's module cannot be loaded ({error}). Run this with ./capture, or inside Blender with -c penumbra."
        ) from error
