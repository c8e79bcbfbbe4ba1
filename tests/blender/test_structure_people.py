"""Rigs of clothed people, which lie beside the repository where it is developed, mapped by structure as by their names."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import bpy
import pytest

from penumbra.retarget.rig_map import choose_rig_map
from penumbra.scene.armature import read_rest

PEOPLE = Path(__file__).resolve().parents[3] / "shared" / "people"
FILES = {
    "human_default.blend": "makehuman",
    "human_mixamo.blend": "mixamo",
    "human_game_engine.blend": "unreal",
    "human_cmu_mb.blend": "cmu",
    "human-male.glb": "unreal",
    "human-female.glb": "unreal",
}


@pytest.mark.parametrize("name", FILES)
def test_a_person_is_mapped_by_structure_as_by_its_names(name: str):
    path = PEOPLE / name
    if not path.is_file():
        pytest.skip(f"{name} is not in {PEOPLE}")
    if path.suffix == ".blend":
        bpy.ops.wm.open_mainfile(filepath=str(path))
    else:
        bpy.ops.import_scene.gltf(filepath=str(path))
    rest = read_rest(next(item for item in bpy.data.objects if item.type == "ARMATURE"))
    by_name = choose_rig_map(rest)
    found = choose_rig_map(replace(rest, bones=tuple(f"b{number}" for number in range(len(rest.bones)))))
    assert (by_name.rig_map.name, found.rig_map.name) == (FILES[name], "structure")
    assert (found.chains, found.fingers) == (by_name.chains, by_name.fingers)
