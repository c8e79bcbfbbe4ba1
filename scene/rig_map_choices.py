"""The rig map that the user makes for an armature, kept on the armature object and so in its file."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import bpy
from bpy.props import BoolProperty, CollectionProperty, IntProperty, PointerProperty, StringProperty

from ..models.skeletons import BONE_NAMES
from ..retarget.rig_map_table import FINGERS, REQUIRED, RigMap

# Ends that a hand and a foot are better mapped with, as they are called in the list.
_ENDS = {"hand": "knuckles", "foot": "ball of foot"}
_OVERRIDABLE = {"LIBRARY_OVERRIDABLE"}
_OVERRIDABLE_LIST = {"LIBRARY_OVERRIDABLE", "USE_INSERTION"}


def _leave_check(choices: Any, _context: bpy.types.Context) -> None:
    """What a check found is about the map as it was."""
    choices.id_data.penumbra_rig_map.problems = ""


class PENUMBRA_PG_mapped_bone(bpy.types.PropertyGroup):
    """One bone of the armature in a row."""

    bone: StringProperty(name="Bone", description="Bone of the armature", override=_OVERRIDABLE, update=_leave_check)


class PENUMBRA_PG_rig_map_row(bpy.types.PropertyGroup):
    """The bones for one bone of the captured body, from the root outward; its `name` is what the list shows.

    section: "bones", "ends" or "fingers" of a rig map; part: the key there.
    """

    section: StringProperty(options={"HIDDEN"}, override=_OVERRIDABLE)
    part: StringProperty(options={"HIDDEN"}, override=_OVERRIDABLE)
    bones: CollectionProperty(type=PENUMBRA_PG_mapped_bone, override=_OVERRIDABLE_LIST)

    @property
    def chain(self) -> tuple[str, ...]:
        """Names of the bones chosen."""
        return tuple(item.bone for item in self.bones if item.bone)

    @property
    def required(self) -> bool:
        """Whether no capture can do without it."""
        return self.section == "bones" and self.part in REQUIRED

    def choose(self, bones: Iterable[str]) -> None:
        """Take these bones in place of those chosen."""
        self.bones.clear()
        for bone in bones:
            self.bones.add().bone = bone


class PENUMBRA_PG_rig_map(bpy.types.PropertyGroup):
    """A rig map as rows, and what of it has no rows: a control rig's switches and inverse kinematics."""

    use: BoolProperty(
        name="Use This Rig Map",
        description="Put captures on this armature by the map below, in place of one found by names or structure",
        default=False,
        override=_OVERRIDABLE,
    )
    label: StringProperty(name="Name", description="What the map is called", default="Own", override=_OVERRIDABLE)
    rows: CollectionProperty(type=PENUMBRA_PG_rig_map_row, override=_OVERRIDABLE_LIST)
    index: IntProperty(name="Active Row", description="Row whose bones are shown", default=0, override=_OVERRIDABLE)
    rest: StringProperty(options={"HIDDEN"}, override=_OVERRIDABLE)
    problems: StringProperty(options={"HIDDEN", "SKIP_SAVE"})

    @property
    def active(self) -> PENUMBRA_PG_rig_map_row | None:
        """The row that is selected in the list."""
        return self.rows[self.index] if 0 <= self.index < len(self.rows) else None


def armature_of(context: bpy.types.Context) -> bpy.types.Object | None:
    """The armature whose map is shown: the active object, or else the capture's target."""
    active = context.view_layer.objects.active
    if active is not None and active.type == "ARMATURE":
        return active
    return context.scene.penumbra.target


def own_map_of(armature: bpy.types.Object) -> RigMap | None:
    """The map that the user made for the armature and wants used; None when there is none."""
    choices = getattr(armature, "penumbra_rig_map", None)
    if choices is None or not choices.use or not any(row.chain for row in choices.rows):
        return None
    return map_of(armature)


def map_of(armature: bpy.types.Object) -> RigMap:
    """The map that the rows make, whether or not it is complete or used."""
    from ..retarget.rig_map_files import parse_rig_map_text, rig_map_text  # noqa: PLC0415 - loads when it is used, not when Blender starts

    choices = armature.penumbra_rig_map
    table = json.loads(choices.rest) if choices.rest else json.loads(rig_map_text(RigMap("own", "Own", {}, {}, "")))
    for section in ("bones", "ends", "fingers"):
        chains = {row.part: list(row.chain) for row in choices.rows if row.section == section and row.chain}
        table[section] = table.get(section, {}) | chains if section == "ends" else chains
    # an end without a row goes with the bone that it ends
    table["ends"] = {part: chain for part, chain in table["ends"].items() if part in table["bones"]}
    return parse_rig_map_text(json.dumps({**table, "name": "own", "label": choices.label or "Own"}))


def fill_map(armature: bpy.types.Object, rig_map: RigMap) -> None:
    """Put a map into the rows, and use it."""
    from ..retarget.rig_map_files import rig_map_text  # noqa: PLC0415 - as above

    clear_map(armature)
    choices = armature.penumbra_rig_map
    for row in choices.rows:
        row.choose(getattr(rig_map, row.section).get(row.part, ()))
    shown = {row.part for row in choices.rows if row.section == "ends"}
    hidden = {part: chain for part, chain in rig_map.ends.items() if part not in shown}
    rest = RigMap("own", "Own", {}, hidden, "", properties=rig_map.properties, ik=rig_map.ik, controls=rig_map.controls)
    choices.rest = rig_map_text(rest)
    choices.label = rig_map.label
    choices.use = True


def clear_map(armature: bpy.types.Object) -> None:
    """A row for each bone of the captured body with nothing in it; the map is no longer used."""
    choices = armature.penumbra_rig_map
    choices.rows.clear()
    for section, part, name in _rows():
        row = choices.rows.add()
        row.section, row.part, row.name = section, part, name
    choices.index = min(max(choices.index, 0), len(choices.rows) - 1)
    choices.use, choices.rest, choices.label, choices.problems = False, "", "Own", ""


def register() -> None:
    """Add the map to armature objects."""
    for group in _CLASSES:
        bpy.utils.register_class(group)
    bpy.types.Object.penumbra_rig_map = PointerProperty(type=PENUMBRA_PG_rig_map, override=_OVERRIDABLE)


def unregister() -> None:
    """Take it away again."""
    del bpy.types.Object.penumbra_rig_map
    for group in reversed(_CLASSES):
        bpy.utils.unregister_class(group)


def row_names() -> list[str]:
    """What the rows of every map are called."""
    return [name for _, _, name in _rows()]


def _rows() -> Iterable[tuple[str, str, str]]:
    """Section, part and name of each row, a hand's and a foot's end after them."""
    from ..retarget.rig_check import spoken  # noqa: PLC0415 - as above

    for part in BONE_NAMES:
        yield "bones", part, _title(spoken(part))
        kind, _, side = part.partition(".")
        if kind in _ENDS:
            yield "ends", part, _title(f"{'left' if side == 'L' else 'right'} {_ENDS[kind]}")
    for part in FINGERS:
        yield "fingers", part, _title(spoken(part))


def _title(words: str) -> str:
    return " ".join(word if word == "of" else word.capitalize() for word in words.split())


_CLASSES = (PENUMBRA_PG_mapped_bone, PENUMBRA_PG_rig_map_row, PENUMBRA_PG_rig_map)
