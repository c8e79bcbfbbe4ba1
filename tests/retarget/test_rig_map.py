from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from penumbra.benchmarks.rigs.build import Pose, expected_bones, expected_fingers, family_names, family_rest
from penumbra.benchmarks.rigs.mpfb import MPFB_RIGS, mpfb_rest
from penumbra.errors import RigError
from penumbra.models.skeletons import BONES, mirrored
from penumbra.retarget.rig_map import choose_rig_map
from penumbra.retarget.rig_map_table import LIMBS, RigMap, load_rig_maps, parse_rig_map, rig_map_labels
from penumbra.retarget.target import TargetRest
from penumbra.tests.synthetic import rest_pose

NAMES = [
    "auto_rig_pro", "auto_rig_pro_controls", "blender_studio", "character_creator", "cmu", "daz_genesis8", "daz_genesis9",
    "makehuman", "mixamo", "penumbra", "rigify", "rigify_human", "rigify_mpfb", "smpl", "unreal", "vrm", "vrm_vroid",
]  # fmt: skip
SIDES = {"L": "Left", "R": "Right"}
MIXAMO = {
    "hips": "Hips", "spine": "Spine", "neck": "Neck", "head": "Head", "shoulder": "Shoulder", "upper_arm": "Arm",
    "forearm": "ForeArm", "hand": "Hand", "thigh": "UpLeg", "shin": "Leg", "foot": "Foot",
}  # fmt: skip


def named(table: Mapping[str, tuple[int, ...]], target: TargetRest) -> dict[str, tuple[str, ...]]:
    return {part: tuple(target.bones[bone] for bone in chain) for part, chain in table.items()}


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
    with pytest.raises(RigError, match=r'"mixamo" does not fit the armature "Figure": it has no LeftLeg\.'):
        choose_rig_map(target_with(names), "mixamo")


def test_an_armature_without_legs_is_told_what_is_missing():
    names = {bone: name for bone, name in mixamo_names().items() if not bone.startswith(("thigh", "shin", "foot"))}
    with pytest.raises(RigError, match=r"has no legs.*Rig Map panel.*\"cmu\" comes nearest.*no LeftUpLeg"):
        choose_rig_map(target_with(names))


def test_where_no_name_helps_structure_finds_the_map():
    names = mixamo_names()
    names["shin.L"] = "Calf"
    fit = choose_rig_map(target_with(names))
    assert fit.rig_map.name == "structure"
    assert fit.rig_map.bones["shin.L"] == ("Calf",)


def test_the_users_own_map_goes_first():
    own = RigMap("mine", "Mine", {bone: (name,) for bone, name in mixamo_names().items()}, {}, "")
    assert choose_rig_map(target_with(mixamo_names()), "cmu", own).rig_map is own
    with pytest.raises(RigError, match=r'"mine" does not fit the armature "Figure": it has no Hips'):
        choose_rig_map(target_with({bone: f"x{name}" for bone, name in mixamo_names().items()}), None, own)


def test_a_bone_between_that_belongs_to_another_is_named():
    with pytest.raises(RigError, match="LeftShoulder hangs on Neck, which is the neck"):
        choose_rig_map(target_with(mixamo_names(), {"shoulder.L": "neck"}), "mixamo")


@pytest.mark.parametrize("pose", ["T", "A", "odd"])
@pytest.mark.parametrize("family", family_names())
def test_every_family_is_recognised_by_its_names(family: str, pose: Pose):
    target = family_rest(family, pose, roll_seed=3)
    fit = choose_rig_map(target)
    assert named(fit.chains, target) == expected_bones(family)
    assert named(fit.fingers, target) == expected_fingers(family)
    assert set(fit.ends) == {"hand.L", "hand.R", "foot.L", "foot.R"}


@pytest.mark.parametrize("rig", MPFB_RIGS)
def test_mpfbs_own_rigs_are_recognised_by_their_names(rig: str):
    fit = choose_rig_map(mpfb_rest(rig))
    kind = rig.partition("rig.")[2]
    maps = {"default": "makehuman", "cmu": "cmu", "game": "unreal", "mixamo": "mixamo", "human": "rigify_mpfb"}
    assert fit.rig_map.name == maps[kind.partition("_")[0]]
    assert set(fit.chains) == {bone.name for bone in BONES}


def test_a_control_rig_has_its_switches_and_goals():
    target = family_rest("rigify_generated")
    fit = choose_rig_map(target)
    assert fit.rig_map.controls
    assert {target.bones[goal] for goal, _ in fit.ik.values()} == {"hand_ik.L", "hand_ik.R", "foot_ik.L", "foot_ik.R"}
    assert target.bones[fit.ik["leg.R"][1] or 0] == "thigh_ik_target.R"
    switch = next(item for item in fit.properties if (item.bone, item.name) == ("thigh_parent.L", "IK_FK"))
    assert (switch.fk, switch.ik) == (1.0, 0.0)


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
        ("label = 'A'\nsides = ['l']\n[bones]\nhips = ['Hips']", "sides must be two words"),
        ("label = 'A'\n[bones]\nhips = ['Hips']\n[fingers]\nnose = ['Nose']", "no finger nose"),
        ("label = 'A'\nprefix = '('\n[bones]\nhips = ['Hips']", "not well-formed"),
    ],
)
def test_a_map_that_is_not_well_formed_is_refused(text: str, reason: str):
    with pytest.raises(ValueError, match=reason):
        parse_rig_map("mine", text)


def test_labels_are_those_of_the_maps():
    assert list(rig_map_labels().items()) == [(rig_map.name, rig_map.label) for rig_map in load_rig_maps()]
