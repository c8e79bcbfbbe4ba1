"""Every text of the add-on that users see, found where it is written: what a catalog of `translations/` has to hold.

`python -P -m penumbra.tests.blender.messages fr` prints the catalog of a language with what it already has, and empty
translations for what it lacks: the way to start a language, or to bring one up to date.
"""

from __future__ import annotations

import ast
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import bpy

from penumbra.scene.rig_map_choices import row_names
from penumbra.translations.catalog import FOLDER, Message, read_catalog, written

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("operators", "panels", "scene")
# Rooms whose progress is shown.
WORKING = ("inference", "operators", "packages", "scene")
# Functions that give a text in the user's language, and the context in which they look it up.
SPOKEN = {"iface_", "tip_", "rpt_"}
# What lays out a text, and the context in which Blender looks that up.
DRAWN = {
    **dict.fromkeys(("label", "prop", "prop_search", "progress", "row", "column", "menu", "panel"), "*"),
    **dict.fromkeys(("operator", "operator_menu_enum"), "Operator"),
}
# Names of people's rigs: the same in every language.
PROPER = {("PENUMBRA_PG_capture_choices", "rig_map")}
_NOTES = "__annotations__"
_BASES = (bpy.types.Operator, bpy.types.Panel, bpy.types.PropertyGroup, bpy.types.AddonPreferences, bpy.types.UIList)


def classes() -> list[Any]:
    """The add-on's registered classes."""
    found = {one for base in _BASES for one in base.__subclasses__() if one.__name__.startswith("PENUMBRA_")}
    return sorted((one for one in found if one.is_registered), key=lambda one: one.__name__)


def properties(one: Any) -> list[bpy.types.Property]:
    """The properties that the add-on gives a class and that a user can come to see."""
    own = {
        name
        for base in one.__mro__
        if "penumbra" in base.__module__
        for name in base.__dict__.get(_NOTES, ())
        if not name.startswith("bl_")
    }
    if issubclass(one, bpy.types.Operator):
        room, name = one.bl_idname.split(".")
        rna = getattr(getattr(bpy.ops, room), name).get_rna_type()
    else:
        rna = one.bl_rna
    return [prop for prop in rna.properties if prop.identifier in own and not (prop.is_hidden or _is_inner(prop))]


def _is_inner(prop: bpy.types.Property) -> bool:
    """Whether it is not shown itself, but what is in it."""
    return prop.type == "COLLECTION" or (prop.type == "POINTER" and prop.fixed_type.identifier.startswith("PENUMBRA"))


def declared() -> Iterator[Message]:
    """What classes and their properties say."""
    for one in classes():
        if issubclass(one, bpy.types.Operator):
            yield "Operator", one.bl_label
            yield "*", one.bl_description
        elif issubclass(one, bpy.types.Panel):
            yield "*", one.bl_label
        for prop in properties(one):
            yield prop.translation_context, prop.name
            yield "*", prop.description
            for item in prop.enum_items if prop.type == "ENUM" else ():
                if (one.__name__, prop.identifier) not in PROPER or item.name in ("Automatic", "Structure"):
                    yield prop.translation_context, item.name
                yield "*", item.description


def written_in_source() -> Iterator[Message]:
    """What layouts draw, what is looked up by hand, and what progress says."""
    for room in (*ROOMS, *WORKING):
        for path in sorted((ROOT / room).rglob("*.py")):
            tree = ast.parse(path.read_text("utf-8"))
            named = {node.targets[0].id: node.value for node in tree.body if _names(node)}
            for node in ast.walk(tree):
                if isinstance(node, ast.Call):
                    yield from _of_call(node, named, drawn=room in ROOMS)


def messages() -> set[Message]:
    """All of them: context and text."""
    rows = (("*", name) for name in row_names())
    return {(context, text) for context, text in (*declared(), *written_in_source(), *rows) if text}


def _names(node: ast.stmt) -> bool:
    return isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)


def _of_call(node: ast.Call, named: Mapping[str, ast.expr], *, drawn: bool) -> Iterator[Message]:
    name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
    if name in SPOKEN:
        context = node.args[1] if len(node.args) > 1 else ast.Constant("*")
        yield from ((ast.literal_eval(context), text) for text in _texts(node.args[0]))
    elif name == "Progress" and len(node.args) > 3:
        said = node.args[3]
        yield from (("*", text) for text in _texts(named.get(said.id, said) if isinstance(said, ast.Name) else said))
    elif name in DRAWN and drawn and isinstance(node.func, ast.Attribute):
        for keyword in node.keywords:
            if keyword.arg in ("text", "heading"):
                yield from ((DRAWN[name], text) for text in _texts(keyword.value))


def _texts(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _texts(node.body)
        yield from _texts(node.orelse)


if __name__ == "__main__":
    import penumbra

    penumbra.register()
    path = FOLDER / f"{sys.argv[1]}.po"
    known = read_catalog(path) if path.exists() else {}
    print(written({message: known.get(message, "") for message in messages()}), end="", flush=True)
    penumbra.unregister()
    os._exit(0)  # see `pytest_unconfigure` of conftest.py
