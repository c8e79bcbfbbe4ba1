"""Which ONNX Runtime and PyTorch are imported: what is installed beside the add-on goes before what comes with it."""

from __future__ import annotations

import sys
from pathlib import Path

from .catalog import KINDS
from .place import Installed, installed, why_unusable


def activate(folder: Path, *, again: bool = False) -> list[str]:
    """Put what is installed in `folder` on the import path, and give sentences on what cannot be used, and why.

    To be called before ONNX Runtime is first imported; it reads two small files and imports nothing. GPU support goes before what the
    add-on brings. PyTorch goes last, since it brings modules that other add-ons may have as well. A package that failed when it
    was tried in a process of its own is left out, so that the add-on's own runtime works on; `again` takes it nevertheless, to try it again.
    """
    found = [package for kind in KINDS if (package := installed(folder, kind)) is not None]
    reasons = {package.kind: "" if again else why_unusable(package, folder) for package in found}
    usable = {package.kind: str(package.site(folder)) for package in found if not reasons[package.kind]}
    first, last = ([usable[kind]] if kind in usable else [] for kind in ("gpu", "torch"))
    sys.path[:] = [*first, *(entry for entry in sys.path if not _is_inside(entry, folder)), *last]
    return [note for package in found if (note := _note(package, folder, reasons[package.kind]))]


def is_active(package: Installed, folder: Path) -> bool:
    """Whether the package's module was, or would be, imported from it in this process."""
    return not why_unusable(package, folder) and not _loaded_elsewhere(package, folder)


def _note(package: Installed, folder: Path, reason: str) -> str:
    if reason:
        return f"{package.label} is installed but not used: {reason}. Repair or remove it in the preferences."
    if _loaded_elsewhere(package, folder):
        return f"{package.label} is used after Blender is restarted: another one is already loaded."
    return ""


def _loaded_elsewhere(package: Installed, folder: Path) -> bool:
    file = getattr(sys.modules.get(package.module), "__file__", None)
    return file is not None and not _is_inside(file, package.site(folder))


def _is_inside(path: str, folder: Path) -> bool:
    return bool(path) and Path(path).is_relative_to(folder)
