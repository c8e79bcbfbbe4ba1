"""The takes that the panel lists; they belong to the running Blender, not to a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import bpy
from bpy.props import CollectionProperty, FloatProperty, IntProperty, PointerProperty, StringProperty

from ..errors import ArgumentsError
from .user_folder import default_takes_folder

if TYPE_CHECKING:
    from .takes import Listed


class PENUMBRA_PG_take(bpy.types.PropertyGroup):
    """One line of the list; `name` is the file's, without its ending."""

    path: StringProperty(options={"HIDDEN"})
    changed: StringProperty(options={"HIDDEN"})
    frames: IntProperty(options={"HIDDEN"})
    confidence: FloatProperty(options={"HIDDEN"})
    problem: StringProperty(options={"HIDDEN"})


class PENUMBRA_PG_takes(bpy.types.PropertyGroup):
    """The list, which of it is chosen, and the folder that it was read from."""

    items: CollectionProperty(type=PENUMBRA_PG_take)
    index: IntProperty(name="Take", description="Take that is applied")
    folder: StringProperty(options={"HIDDEN"})


def takes_folder(scene: bpy.types.Scene) -> Path:
    """The folder that the scene's choice stands for."""
    chosen = scene.penumbra_edit.takes_folder
    return Path(bpy.path.abspath(chosen)) if chosen else default_takes_folder()


def refresh_takes(context: bpy.types.Context) -> int:
    """Read the folder anew and give how many takes there are. Raises WriteError where there is no folder."""
    from .takes import list_takes  # noqa: PLC0415 - loads when it is used, not when Blender starts

    folder = takes_folder(context.scene)
    found = list_takes(folder) if folder.is_dir() or folder != default_takes_folder() else []
    show_takes(context, folder, found)
    return len(found)


def show_takes(context: bpy.types.Context, folder: Path, found: Sequence[Listed]) -> None:
    """Let the panel list what was found in the folder; the take that is chosen stays chosen."""
    takes = context.window_manager.penumbra_takes
    chosen = takes.items[takes.index].path if 0 <= takes.index < len(takes.items) else ""
    takes.items.clear()
    takes.folder = str(folder)
    for one in found:
        item = takes.items.add()
        item.name, item.path, item.problem = one.path.stem, str(one.path), one.problem
        item.changed = f"{one.changed:%Y-%m-%d %H:%M}"
        item.frames, item.confidence = one.frames, one.confidence
    paths = [item.path for item in takes.items]
    takes.index = paths.index(chosen) if chosen in paths else 0


def chosen_take(context: bpy.types.Context) -> PENUMBRA_PG_take:
    """The take that is chosen in the list. Raises ArgumentsError where the list is empty."""
    takes = context.window_manager.penumbra_takes
    if not 0 <= takes.index < len(takes.items):
        raise ArgumentsError("Choose a take in the list first, or open one from a file.")
    return takes.items[takes.index]


def register() -> None:
    """Give the window manager its list."""
    for group in _CLASSES:
        bpy.utils.register_class(group)
    bpy.types.WindowManager.penumbra_takes = PointerProperty(type=PENUMBRA_PG_takes)


def unregister() -> None:
    """Take it away again."""
    del bpy.types.WindowManager.penumbra_takes
    for group in reversed(_CLASSES):
        bpy.utils.unregister_class(group)


_CLASSES = (PENUMBRA_PG_take, PENUMBRA_PG_takes)
