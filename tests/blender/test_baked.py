from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import bpy
import pytest

from penumbra.retarget.rig_map_table import load_rig_maps
from penumbra.scene.bake import BakeSettings, bake
from penumbra.scene.baked import Baked, baked_of, remember
from penumbra.tests.blender.rigs import mixamo_rig
from penumbra.tests.synthetic import random_motion

SETTINGS = BakeSettings(
    "Walk", 11, "scene", "mixamo", "root", in_world=True, limbs="ik", lock_hands=True, fingers=False
)


def test_an_action_remembers_what_made_it_also_in_a_file_and_in_a_copy(tmp_path: Path):
    take = tmp_path / "walk.take"
    result = bake(random_motion(5), None, BakeSettings("Walk", 11, root="root", lock_feet=False), take)
    name = result.action.name
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "walk.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "walk.blend"))
    action = bpy.data.actions[name]
    assert baked_of(action) == Baked(action, take, BakeSettings("Walk", 11, root="root", lock_feet=False))
    copy = action.copy()
    assert baked_of(copy) == Baked(copy, take, BakeSettings("Walk", 11, root="root", lock_feet=False))


def test_every_setting_comes_back():
    action = bpy.data.actions.new("Walk")
    remember(action, None, SETTINGS)
    assert baked_of(action) == Baked(action, None, SETTINGS)


def test_the_users_own_rig_map_comes_back_too():
    target = mixamo_rig()
    own = replace(next(rig_map for rig_map in load_rig_maps() if rig_map.name == "mixamo"), name="mine", label="Mine")
    own = replace(own, prefix="", bones=_with_prefix(own.bones), ends=_with_prefix(own.ends), fingers={})
    result = bake(random_motion(4), target, BakeSettings("Walk", own_map=own))
    assert result.rig_map == "mine"
    again = baked_of(result.action)
    assert again is not None
    assert again.settings == BakeSettings("Walk", own_map=own)


def _with_prefix(chains: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    return {bone: tuple(f"mixamorig:{name}" for name in names) for bone, names in chains.items()}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "7",
        '{"frame_start": "one"}',
        '{"root": "moon"}',
        '{"fingers": 1}',
        '{"own_map": "{}"}',
        '{"own_map": 3}',
    ],
)
def test_damaged_settings_are_no_bake(text: str):
    action = bpy.data.actions.new("Walk")
    action["penumbra_settings"] = text
    assert baked_of(action) is None


def test_missing_memory_is_no_bake_and_unknown_settings_are_left_out():
    assert baked_of(None) is None
    action = bpy.data.actions.new("Walk")
    assert baked_of(action) is None
    action["penumbra_settings"] = 7
    assert baked_of(action) is None
    action["penumbra_settings"], action["penumbra_take"] = '{"name": "Run", "gravity": 9.81, "rig_map": null}', 3
    assert baked_of(action) == Baked(action, None, BakeSettings("Run"))
