"""Which panels are shown, and pictures of the screen."""

from __future__ import annotations

import subprocess
from pathlib import Path

import bpy


def photograph(orders: dict, name: str, part: tuple[int, int, int, int] | None = None) -> None:
    """Write a picture of the whole screen, or of a part of it, where pictures were asked for.

    part: left, bottom, width and height in pixels, from the screen's lower left corner, as Blender counts.
    """
    if orders["images"]:
        path = Path(orders["images"]) / f"{name}.png"
        crop = "" if part is None else "-gravity SouthWest -crop {2}x{3}+{0}+{1} +repage".format(*part)
        subprocess.run(
            f"xwd -root -silent | convert xwd:- {crop} +dither -colors 255 'PNG8:{path}'", shell=True, check=True
        )


def panels(start: str) -> list[type]:
    """The add-on's registered panels whose names begin with `start`, in the order in which they were registered."""
    found = [panel for panel in bpy.types.Panel.__subclasses__() if panel.__name__.startswith(start)]
    return sorted((panel for panel in found if panel.is_registered), key=lambda panel: hasattr(panel, "bl_parent_id"))


def fold(shown: list[type]) -> None:
    """Take panels away."""
    for panel in reversed(shown):
        bpy.utils.unregister_class(panel)


def unfold(names: tuple[str, ...], among: list[type]) -> None:
    """Show the panels of these names among those that were taken away, open, the first one on its own."""
    for panel in sorted(
        (panel for panel in among if panel.__name__ in names), key=lambda one: names.index(one.__name__)
    ):
        kept = {name: panel.__dict__[name] for name in ("bl_options", "bl_parent_id") if name in panel.__dict__}
        panel.bl_options = set()
        if panel.__name__ == names[0]:
            panel.bl_parent_id = ""
        bpy.utils.register_class(panel)
        for name in ("bl_options", "bl_parent_id"):
            if name in kept:
                setattr(panel, name, kept[name])
            elif name in panel.__dict__:
                delattr(panel, name)
