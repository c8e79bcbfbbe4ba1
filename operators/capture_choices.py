"""The scene's choices for a capture as properties of the operator, so that a script can give them with the call.

They are made from the declarations of `scene.penumbra`, so that nothing is told twice. Objects are given by their names.
"""

from __future__ import annotations

import inspect
from typing import Any

import bpy
from bpy.props import PointerProperty, StringProperty

from ..scene.lookup import armature_named, camera_named
from ..scene.properties import PENUMBRA_PG_capture_choices

# What finds the object of each choice that is one.
_NAMED = {"target": armature_named, "camera": camera_named}
# Not kept for the next call, which is the button's, and not shown where a capture is adjusted after it: that would capture anew.
_OPTIONS = {"HIDDEN", "SKIP_SAVE"}
# What only the scene's own declarations can have, since an operator's are not those of a data-block.
_NOT_FOR_OPERATORS = ("poll", "update", "type")


def _declared(declaration: Any) -> Any:
    """The declaration of a choice as one of an operator's property."""
    keywords = {key: value for key, value in declaration.keywords.items() if key not in _NOT_FOR_OPERATORS}
    keywords["options"] = {*keywords.get("options", ()), *_OPTIONS}
    make = StringProperty if declaration.function is PointerProperty else declaration.function
    return make(**keywords)


_CHOICES = inspect.get_annotations(PENUMBRA_PG_capture_choices, eval_str=True)

CaptureChoices = type(
    "CaptureChoices", (), {"__annotations__": {name: _declared(each) for name, each in _CHOICES.items()}}
)
"""Base of an operator that can be called with every choice of `scene.penumbra`."""


def take_over(operator: bpy.types.Operator, scene: bpy.types.Scene) -> None:
    """Write what the operator was called with to the scene's choices, so that the panel shows what was asked for.

    Raises RigError or ArgumentsError where there is no object of a name.
    """
    given = {name: getattr(operator, name) for name in _CHOICES if operator.properties.is_property_set(name)}
    found = {name: _NAMED[name](value) if value else None for name, value in given.items() if name in _NAMED}
    for name, value in {**given, **found}.items():
        setattr(scene.penumbra, name, value)
