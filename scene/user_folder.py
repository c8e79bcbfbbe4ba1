"""Where files go that belong to the user rather than to a .blend file."""

from __future__ import annotations

import os
import sys
from pathlib import Path

# The add-on's name: `penumbra`, or `bl_ext.<repository>.penumbra` once it is installed as an extension.
_ADDON = __package__.rpartition(".")[0]
_FOLDER = "packages"


def default_takes_folder() -> Path:
    """The folder of takes, where this platform keeps a program's own data for its user."""
    if sys.platform == "win32":
        base = os.environ.get("APPDATA") or Path.home() / "AppData" / "Roaming"
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Application Support"
    else:
        base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base) / "penumbra" / "takes"


def packages_folder() -> Path:
    """The folder of packages that were installed by choice, which need not exist.

    For an extension it is Blender's own place for its files: outside of the extension, so that an update leaves it, and deleted by Blender
    when the extension is uninstalled. Outside of an extension it lies beside the takes.
    """
    if not _ADDON.startswith("bl_ext."):
        return default_takes_folder().parent / _FOLDER
    import bpy  # noqa: PLC0415 - outside of Blender the command line asks as well

    return Path(bpy.utils.extension_path_user(_ADDON, path=_FOLDER))


def other_folders() -> dict[str, Path]:
    """The other folders that the add-on writes to by itself, by what they are for."""
    from ..inference.cache import default_cache_folder  # noqa: PLC0415 - loads when it is used, not when Blender starts

    return {"takes": default_takes_folder(), "detections": default_cache_folder()}
