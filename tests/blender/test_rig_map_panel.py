"""The rig map that the user makes: its rows, operators, files, and what a bake does with it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bpy
import pytest

import penumbra
from penumbra.benchmarks.rigs.armature import build_armature
from penumbra.benchmarks.rigs.build import expected_bones, expected_fingers, family_rest, random_names
from penumbra.panels.rig_map import PENUMBRA_PT_rig_map, PENUMBRA_UL_rig_map
from penumbra.scene.editing.bone_selection import select_bones
from penumbra.scene.rig_map_choices import map_of, own_map_of


@pytest.fixture(autouse=True)
def _registered() -> Iterator[None]:
    penumbra.register()
    yield
    penumbra.unregister()


def armature(family: str = "unreal_ue4", **choices: Any) -> bpy.types.Object:
    """The family's armature, active."""
    target = build_armature(family_rest(family, **choices))
    bpy.context.view_layer.objects.active = target
    return target


def row_of(target: bpy.types.Object, name: str) -> Any:
    """The row called `name`, made the active one."""
    choices = target.penumbra_rig_map
    choices.index = next(number for number, row in enumerate(choices.rows) if row.name == name)
    return choices.active


def test_a_guess_fills_every_row_by_names():
    target = armature()
    assert own_map_of(target) is None
    assert bpy.ops.penumbra.guess_rig_map(method="NAMES") == {"FINISHED"}
    own = own_map_of(target)
    assert own is not None
    assert own.bones == expected_bones("unreal_ue4")
    assert own.fingers == expected_fingers("unreal_ue4")
    assert own.ends["hand.L"] == ("index_01_l", "pinky_01_l")
    assert own.label == "Unreal Mannequin"


def test_a_guess_by_structure_needs_no_names():
    target = armature("daz_genesis8", rename_seed=3, pose="A")
    called = random_names("daz_genesis8", 3)
    bpy.ops.penumbra.guess_rig_map(method="STRUCTURE")
    wanted = expected_bones("daz_genesis8")
    assert map_of(target).bones == {part: tuple(called[bone] for bone in chain) for part, chain in wanted.items()}


def test_a_control_rigs_switches_and_goals_stay_with_the_map():
    target = armature("rigify_generated")
    bpy.ops.penumbra.guess_rig_map()
    own = own_map_of(target)
    assert own is not None
    assert own.controls
    assert own.ik["leg.L"].goal == "foot_ik.L"
    assert ("torso", "neck_follow") in {(item.bone, item.name) for item in own.properties}


@pytest.mark.parametrize("mode", ["POSE", "OBJECT"])
def test_selected_bones_go_into_the_active_row_from_the_root_outward(mode: str):
    target = armature("unreal_ue5")
    bpy.ops.penumbra.clear_rig_map()
    assert own_map_of(target) is None
    bpy.ops.object.mode_set(mode="POSE")
    select_bones(target, ["spine_02", "spine_01"])
    bpy.ops.object.mode_set(mode=mode)
    row = row_of(target, "Spine")
    bpy.ops.penumbra.pick_mapped_bones()
    assert row.chain == ("spine_01", "spine_02")
    own = own_map_of(target)
    assert own is not None
    assert dict(own.bones) == {"spine": ("spine_01", "spine_02")}


def test_without_a_selection_it_is_said_what_to_do():
    target = armature()
    bpy.ops.penumbra.clear_rig_map()
    select_bones(target, [])
    with pytest.raises(RuntimeError, match=r"Select bones of .* in Pose Mode"):
        bpy.ops.penumbra.pick_mapped_bones()


def test_rows_are_changed_bone_by_bone():
    target = armature()
    bpy.ops.penumbra.clear_rig_map()
    row = row_of(target, "Left Shin")
    bpy.ops.penumbra.edit_mapped_bones(action="ADD")
    row.bones[0].bone = "thigh_l"
    bpy.ops.penumbra.edit_mapped_bones(action="ADD")
    row.bones[1].bone = "calf_l"
    bpy.ops.penumbra.edit_mapped_bones(action="REMOVE", position=0)
    assert row.chain == ("calf_l",)
    bpy.ops.penumbra.edit_mapped_bones(action="CLEAR")
    assert row.chain == ()


def test_the_check_says_what_is_wrong_until_it_is_mended():
    target = armature()
    bpy.ops.penumbra.guess_rig_map()
    assert bpy.ops.penumbra.check_rig_map() == {"FINISHED"}
    row = row_of(target, "Left Shin")
    row.choose(["thigh_l"])
    with pytest.raises(RuntimeError, match='"thigh_l" is used more than once: left thigh, left shin'):
        bpy.ops.penumbra.check_rig_map()
    assert "left shin" in target.penumbra_rig_map.problems
    row.bones[0].bone = "calf_l"
    assert target.penumbra_rig_map.problems == ""
    assert bpy.ops.penumbra.check_rig_map() == {"FINISHED"}


def test_a_map_goes_to_another_character_by_a_file(tmp_path: Path):
    first = armature("vrm_vroid", rename_seed=5)
    bpy.ops.penumbra.guess_rig_map()
    path = str(tmp_path / "mine.json")
    first.penumbra_rig_map.label = "Mine"
    bpy.ops.penumbra.save_rig_map(filepath=path)
    wanted = map_of(first)
    second = armature("vrm_vroid", rename_seed=5, scale=2.0)
    bpy.ops.penumbra.load_rig_map(filepath=path)
    assert map_of(second) == wanted
    assert wanted.label == "Mine"
    armature("mixamo")
    with pytest.raises(RuntimeError, match='"Mine" is for another rig'):
        bpy.ops.penumbra.load_rig_map(filepath=path)
    (tmp_path / "other.json").write_text("{}", encoding="utf-8")
    with pytest.raises(RuntimeError, match="is not a rig map"):
        bpy.ops.penumbra.load_rig_map(filepath=str(tmp_path / "other.json"))


def test_the_map_stays_with_the_file(tmp_path: Path):
    armature()
    bpy.ops.penumbra.guess_rig_map()
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "mapped.blend"))
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "mapped.blend"))
    own = own_map_of(bpy.data.objects["unreal_ue4"])
    assert own is not None
    assert own.bones == expected_bones("unreal_ue4")


def test_a_map_that_is_not_to_be_used_is_none():
    target = armature()
    bpy.ops.penumbra.guess_rig_map()
    target.penumbra_rig_map.use = False
    assert own_map_of(target) is None


def test_what_cannot_be_mapped_says_why():
    assert not bpy.ops.penumbra.guess_rig_map.poll()
    target = armature()
    assert bpy.ops.penumbra.guess_rig_map.poll()
    assert not bpy.ops.penumbra.check_rig_map.poll()
    bpy.ops.object.mode_set(mode="EDIT")
    assert not bpy.ops.penumbra.guess_rig_map.poll()
    bpy.ops.object.mode_set(mode="OBJECT")
    bpy.context.view_layer.objects.active = None
    assert not bpy.ops.penumbra.guess_rig_map.poll()
    bpy.context.scene.penumbra.target = target
    assert bpy.ops.penumbra.guess_rig_map.poll()


def test_the_panel_is_folded_below_the_capture_and_draws_all_there_is():
    panel = bpy.types.PENUMBRA_PT_rig_map
    assert (panel.bl_parent_id, panel.bl_options) == ("PENUMBRA_PT_capture", {"DEFAULT_CLOSED"})
    target = armature()
    paper = Paper()
    assert "use" not in drawn(paper)
    bpy.ops.penumbra.guess_rig_map()
    row_of(target, "Spine")
    assert drawn(paper) >= {"use", "label", "rows", "bone", "penumbra.check_rig_map", "penumbra.pick_mapped_bones"}


def test_the_list_marks_what_is_missing_and_finds_bones_by_either_name():
    target = armature()
    bpy.ops.penumbra.guess_rig_map()
    row_of(target, "Left Shin").choose([])
    row_of(target, "Neck").choose([])
    row_of(target, "Head").choose(["gone"])
    icons = {row.name: line_of(target, row) for row in target.penumbra_rig_map.rows}
    assert (icons["Left Shin"], icons["Neck"], icons["Head"]) == ("CANCEL", "RADIOBUT_OFF", "ERROR")
    assert icons["Hips"] == "CHECKMARK"
    for words, found in (("pelvis", {"Hips"}), ("left ball", {"Left Ball of Foot"})):
        view = Paper()
        view.filter_name, view.bitflag_filter_item = words, 4
        flags, _ = PENUMBRA_UL_rig_map.filter_items(view, bpy.context, target.penumbra_rig_map, "rows")
        rows = target.penumbra_rig_map.rows
        assert {row.name for row, flag in zip(rows, flags, strict=True) if flag} == found


def line_of(target: bpy.types.Object, row: Any) -> str:
    paper = Paper()
    PENUMBRA_UL_rig_map.draw_item(None, bpy.context, paper, target.penumbra_rig_map, row, 0, None, "")
    return paper.icons[0]


def drawn(paper: Paper) -> set[str]:
    holder = Paper()
    holder.layout = paper
    PENUMBRA_PT_rig_map.draw(holder, bpy.context)
    return set(paper.names)


class Paper:
    """A layout that keeps what is drawn on it; properties and operators have to be there."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.icons: list[str] = []

    def row(self, **_: object) -> Paper:
        return self

    column = split = row

    def prop(self, data: Any, name: str, **_: object) -> None:
        assert name in data.bl_rna.properties
        self.names.append(name)

    def prop_search(self, data: Any, name: str, where: Any, items: str, **_: object) -> None:
        assert items in where.bl_rna.properties
        self.prop(data, name)

    def template_list(self, kind: str, _id: str, data: Any, items: str, active: Any, index: str, **_: object) -> None:
        assert hasattr(bpy.types, kind)
        self.prop(data, items)
        self.prop(active, index)

    def operator(self, name: str, **_: object) -> Paper:
        getattr(bpy.ops.penumbra, name.partition(".")[2]).get_rna_type()
        self.names.append(name)
        return Paper()

    def operator_menu_enum(self, name: str, _property: str, **_: object) -> None:
        self.operator(name)

    def label(self, *, text: str, icon: str = "NONE", **_: object) -> None:
        self.icons.append(icon)
        self.names.append(text)
