from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from penumbra.errors import RigError
from penumbra.models.skeletons import BONES, mirrored
from penumbra.retarget.rig_map import choose_rig_map
from penumbra.retarget.rig_map_table import LIMBS, load_rig_maps, parse_rig_map
from penumbra.retarget.target import TargetRest
from penumbra.tests.synthetic import rest_pose

NAMES = [
    "auto_rig_pro", "auto_rig_pro_controls", "blender_studio", "character_creator", "cmu", "daz_genesis8", "daz_genesis9",
    "makehuman", "mixamo", "penumbra", "rigify", "rigify_human", "smpl", "unreal", "vrm", "vrm_vroid",
]  # fmt: skip
SIDES = {"L": "Left", "R": "Right"}
MIXAMO = {
    "hips": "Hips", "spine": "Spine", "neck": "Neck", "head": "Head", "shoulder": "Shoulder", "upper_arm": "Arm",
    "forearm": "ForeArm", "hand": "Hand", "thigh": "UpLeg", "shin": "Leg", "foot": "Foot",
}  # fmt: skip


def target_with(names: Mapping[str, str], parents: Mapping[str, str] | None = None) -> TargetRest:
    """The product's own rest pose with its bones renamed; `parents` (by product bone) hangs some elsewhere."""
    rest = rest_pose()
    kept = [bone for bone in BONES if bone.name in names]
    order = [bone.name for bone in kept]
    above = {bone.name: bone.parent for bone in kept} | dict(parents or {})
    indices = [next(n for n, bone in enumerate(BONES) if bone.name == name) for name in order]
    matrices = np.tile(np.eye(4), (len(kept), 1, 1))
    matrices[:, :3, 3] = rest.heads[indices]
    along = rest.tails[indices] - rest.heads[indices]
    matrices[:, :3, 1] = along / np.linalg.norm(along, axis=1, keepdims=True)
    count = len(kept)
    return TargetRest(
        name="Figure",
        bones=tuple(names[name] for name in order),
        parents=np.array([order.index(parent) if (parent := above[name]) in order else -1 for name in order]),
        matrices=matrices,
        lengths=np.linalg.norm(along, axis=1),
        inherit_rotation=np.ones(count, dtype=bool),
        local_location=np.ones(count, dtype=bool),
        connected=np.zeros(count, dtype=bool),
        rotation_modes=("QUATERNION",) * count,
    )


def mixamo_names(prefix: str = "") -> dict[str, str]:
    names = {}
    for bone in BONES:
        kind, _, side = bone.name.partition(".")
        names[bone.name] = prefix + SIDES.get(side, "") + MIXAMO[kind]
    return names


def test_every_map_is_well_formed_and_mirrors_its_sides():
    rig_maps = load_rig_maps()
    assert [rig_map.name for rig_map in rig_maps] == NAMES
    for rig_map in rig_maps:
        assert len(rig_map.bones) == len(BONES)
        for table in (rig_map.bones, rig_map.ends, rig_map.fingers):
            for bone, names in table.items():
                other = table[mirrored(bone)]
                assert len(other) == len(names)
                assert (other == names) == (mirrored(bone) == bone)
        assert set(rig_map.ik) in (set(), set(LIMBS))
        assert rig_map.controls or not rig_map.properties


@pytest.mark.parametrize("prefix", ["", "mixamorig:", "mixamorig12:", "mixamorig_"])
def test_a_mixamo_rig_is_recognised_with_any_prefix(prefix: str):
    fit = choose_rig_map(target_with(mixamo_names(prefix)))
    assert fit.rig_map.name == "mixamo"
    assert set(fit.chains) == {bone.name for bone in BONES}


def test_the_products_own_armature_is_recognised():
    assert choose_rig_map(target_with({bone.name: bone.name for bone in BONES})).rig_map.name == "penumbra"


def test_the_map_that_covers_more_bones_wins():
    names = mixamo_names() | {"spine": "LowerBack", "neck": "Neck1"}
    assert choose_rig_map(target_with(names)).rig_map.name == "cmu"


def test_a_rig_without_neck_shoulders_hands_and_feet_will_do():
    optional = ("neck", "shoulder", "hand", "foot")
    names = {bone: name for bone, name in mixamo_names().items() if not bone.startswith(optional)}
    parents = {"head": "spine", "upper_arm.L": "spine", "upper_arm.R": "spine"}
    fit = choose_rig_map(target_with(names, parents))
    assert "neck" not in fit.chains
    assert fit.parent_of("head") == "spine"
    assert fit.parent_of("upper_arm.L") == "spine"
    assert fit.parent_of("hips") is None


def test_what_is_missing_is_named():
    names = mixamo_names()
    names["shin.L"] = "Calf"
    with pytest.raises(RigError, match=r'No rig map fits the armature "Figure".*it has no LeftLeg\.'):
        choose_rig_map(target_with(names))


def test_a_bone_that_hangs_in_the_wrong_place_is_named():
    with pytest.raises(RigError, match="LeftLeg does not hang below LeftUpLeg"):
        choose_rig_map(target_with(mixamo_names(), {"shin.L": "hips"}), "mixamo")


def test_swapped_sides_are_noticed():
    names = mixamo_names()
    swapped = {
        bone: name.replace("Left", "?").replace("Right", "Left").replace("?", "Right") for bone, name in names.items()
    }
    with pytest.raises(RigError, match="Left and right look swapped"):
        choose_rig_map(target_with(swapped))


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(RigError, match=r'no rig map "robot".*cmu, .*mixamo, penumbra, .*structure'):
        choose_rig_map(target_with(mixamo_names()), "robot")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("label = ", "not well-formed"),
        ("[bones]\nhips = ['Hips']", "label"),
        ("label = 'A'\n[bones]\ntail = ['Tail']", "no product bone tail"),
        ("label = 'A'\n[bones]\nhips = 'Hips'", "must be a list of names"),
        ("label = 'A'\n[bones]\nhips = ['Hips']", "lacks the bones"),
        ("label = 'A'\nprefix = '('\n[bones]\nhips = ['Hips']", "not well-formed"),
    ],
)
def test_a_map_that_is_not_well_formed_is_refused(text: str, reason: str):
    with pytest.raises(ValueError, match=reason):
        parse_rig_map("mine", text)
