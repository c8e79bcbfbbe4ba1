"""Penumbra turns footage of a person into editable keyframes on an armature, with a confidence for every bone.

The package imports nothing by itself, so that it loads without Blender; Blender calls `register` and `unregister`. For scripts it
has the functions of `api`, which is imported when one of them is first asked for.
"""

from __future__ import annotations

TYPE_CHECKING = False
"""As checkers of types know it, whose own module is not loaded for it."""

if TYPE_CHECKING:
    from .api import bake, capture, export, load_take, save_take

__all__ = ["bake", "capture", "export", "load_take", "register", "save_take", "unregister"]


def __getattr__(name: str) -> object:
    """The functions for scripts (PEP 562)."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from . import api

    return getattr(api, name)


def __dir__() -> list[str]:
    """Every name that can be asked for."""
    return sorted({*globals(), *__all__})


def register() -> None:
    """Add the add-on's properties, operators, panels and command to Blender."""
    from . import operators, panels, translations
    from .scene import properties, rig_map_choices, take_choices
    from .scene.editing import edit_choices

    translations.register()
    properties.register()
    rig_map_choices.register()
    edit_choices.register()
    take_choices.register()
    operators.register()
    panels.register()


def unregister() -> None:
    """Take everything out again that `register` added, and stop a capture that runs."""
    from . import operators, panels, translations
    from .scene import properties, rig_map_choices, take_choices
    from .scene.editing import edit_choices

    panels.unregister()
    operators.unregister()
    take_choices.unregister()
    edit_choices.unregister()
    rig_map_choices.unregister()
    properties.unregister()
    translations.unregister()
