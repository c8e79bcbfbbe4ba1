from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from penumbra.benchmarks.rigs.build import family_names, family_rest
from penumbra.errors import RigError, WriteError
from penumbra.retarget.by_structure.mapping import map_by_structure
from penumbra.retarget.rig_check import check_rig_map
from penumbra.retarget.rig_map import choose_rig_map, written_out
from penumbra.retarget.rig_map_files import check_rig, load_rig_map, parse_rig_map_text, rig_map_text, save_rig_map
from penumbra.retarget.rig_map_table import RigMap, load_rig_maps


@pytest.mark.parametrize("rig_map", load_rig_maps(), ids=lambda rig_map: rig_map.name)
def test_a_saved_map_comes_back_as_it_was(rig_map: RigMap, tmp_path: Path):
    whole = replace(rig_map, prefix="")
    save_rig_map(whole, tmp_path / "map.json")
    assert load_rig_map(tmp_path / "map.json") == whole
    assert [path.name for path in tmp_path.iterdir()] == ["map.json"]


def test_a_map_found_by_structure_can_be_kept_and_used_again():
    target = family_rest("daz_genesis8", "A", rename_seed=2)
    found = map_by_structure(target)
    again = parse_rig_map_text(rig_map_text(found))
    assert choose_rig_map(target, own=again).chains == choose_rig_map(target).chains


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("not json", "not JSON"),
        ("[1, 2]", "is not a rig map"),
        ('{"format": "something else"}', "is not a rig map"),
        ('{"format": "penumbra rig map", "version": 9}', "version 9.*Update"),
        ('{"format": "penumbra rig map", "version": 1, "name": "a"}', "damaged rig map.*label"),
        (
            '{"format": "penumbra rig map", "version": 1, "name": "a", "label": "A", "bones": {"tail": ["T"]}}',
            "no tail",
        ),
        (
            '{"format": "penumbra rig map", "version": 1, "name": "a", "label": "A", "bones": {"hips": "H"}}',
            "lists of names",
        ),
    ],
)
def test_what_is_no_map_is_refused_in_words(text: str, words: str, tmp_path: Path):
    path = tmp_path / "map.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(RigError, match=words):
        load_rig_map(path)


def test_a_file_that_is_not_there_or_not_text_is_said(tmp_path: Path):
    with pytest.raises(RigError, match="cannot be read"):
        load_rig_map(tmp_path / "none.json")
    (tmp_path / "binary.json").write_bytes(b"\xff\xfe\x00\x81")
    with pytest.raises(RigError, match="not text"):
        load_rig_map(tmp_path / "binary.json")


def test_a_folder_that_is_not_there_is_said(tmp_path: Path):
    with pytest.raises(WriteError, match="Choose another folder"):
        save_rig_map(load_rig_maps()[0], tmp_path / "none" / "map.json")


def test_a_map_for_another_rig_names_the_bones():
    unreal = map_by_structure(family_rest("unreal_ue4"))
    with pytest.raises(RigError, match=r'for another rig: "mixamo" has no .* more'):
        check_rig(unreal, family_rest("mixamo"))
    check_rig(unreal, family_rest("unreal_ue4"))


@pytest.mark.parametrize("family", family_names())
def test_every_familys_own_map_passes_the_check(family: str):
    target = family_rest(family, "A", roll_seed=1)
    assert check_rig_map(written_out(choose_rig_map(target), target), target) == ()


def test_the_check_says_what_is_wrong():
    target = family_rest("unreal_ue4")
    good = map_by_structure(target)

    def checked(section: str = "bones", **chains: tuple[str, ...]) -> str:
        table = {**getattr(good, section), **{part.replace("_L", ".L"): chain for part, chain in chains.items()}}
        changed = replace(good, **{section: {part: chain for part, chain in table.items() if chain}})
        return " ".join(check_rig_map(changed, target))

    assert checked() == ""
    assert checked(hips=(), shin_L=()) == "No bone is chosen for the hips. No bone is chosen for the left shin."
    assert '"unreal_ue4" has no bone "tail", which is chosen for the spine.' in checked(spine=("tail",))
    assert '"calf_l" is used more than once: left thigh, left shin.' in checked(thigh_L=("calf_l",))
    assert "Calf_l does not hang below ball_l." in checked(thigh_L=("ball_l",))
    swapped = checked("fingers", index_L=("index_01_r",), **{"index.R": ("index_01_l",)})
    assert "index_01_r, of the left index finger, does not hang below hand_l." in swapped


def test_the_check_notices_swapped_sides():
    target = family_rest("unreal_ue4")
    good = map_by_structure(target)
    other = {"L": "R", "R": "L"}

    def swap(table: dict) -> dict:
        return {part: table.get(f"{part[:-1]}{other[part[-1]]}" if part[-2] == "." else part) for part in table}

    changed = replace(good, bones=swap(dict(good.bones)), ends=swap(dict(good.ends)), fingers=swap(dict(good.fingers)))
    assert "Left and right look swapped" in " ".join(check_rig_map(changed, target))
