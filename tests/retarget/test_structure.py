from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from penumbra.benchmarks.rigs.build import (
    expected_bones,
    expected_fingers,
    family_names,
    family_rest,
    random_names,
)
from penumbra.benchmarks.rigs.mpfb import MPFB_RIGS, mpfb_rest
from penumbra.errors import RigError
from penumbra.inference import rotations as rot
from penumbra.retarget.by_structure.mapping import map_by_structure
from penumbra.retarget.rig_map import RigFit, choose_rig_map
from penumbra.retarget.target import TargetRest

# Control rigs hold a body several times over, one for each way to pose it, which structure cannot choose among.
FAMILIES = [name for name in family_names() if name not in {"rigify_generated", "auto_rig_pro_controls"}]
PROPORTIONS = {
    "T": {"pose": "T"},
    "A": {"pose": "A"},
    "odd": {"pose": "odd"},
    "giant": {"pose": "A", "scale": 40.0, "legs": 1.6},
    "child": {"pose": "T", "scale": 0.6, "legs": 0.7, "arms": 0.8, "head": 1.5},
    "toon": {"pose": "A", "legs": 0.5, "arms": 1.6, "head": 2.2},
}


def parts(fit: RigFit, target: TargetRest) -> dict[str, tuple[str, ...]]:
    tables = (fit.chains, fit.fingers)
    return {part: tuple(target.bones[bone] for bone in chain) for table in tables for part, chain in table.items()}


def turned(target: TargetRest, turn: np.ndarray) -> TargetRest:
    whole = np.eye(4)
    whole[:3, :3] = turn
    return replace(target, matrices=whole @ target.matrices)


@pytest.mark.parametrize("shape", PROPORTIONS)
@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_is_mapped_rightly_with_every_name_random(family: str, shape: str):
    seed = len(family) + len(shape)
    target = family_rest(family, roll_seed=seed, rename_seed=seed, **PROPORTIONS[shape])
    called = random_names(family, seed)
    wanted = {**expected_bones(family), **expected_fingers(family)}
    fit = choose_rig_map(target)
    assert fit.rig_map.name == "structure"
    assert parts(fit, target) == {part: tuple(called[bone] for bone in chain) for part, chain in wanted.items()}


@pytest.mark.parametrize("rig", MPFB_RIGS)
def test_mpfbs_own_rigs_are_mapped_as_by_their_names(rig: str):
    target = mpfb_rest(rig)
    unnamed = replace(target, bones=tuple(f"b{number}" for number in range(len(target.bones))))
    found = choose_rig_map(unnamed)
    by_name = choose_rig_map(target)
    assert (found.chains, found.fingers) == (by_name.chains, by_name.fingers)
    assert found.rig_map.name == "structure"


@pytest.mark.parametrize("axes", ["y up", "along x", "oblique"])
def test_no_axes_are_taken_for_granted(axes: str):
    angles = {
        "y up": ([1.0, 0.0, 0.0], -np.pi / 2),
        "along x": ([0.0, 0.0, 1.0], np.pi / 2),
        "oblique": ([1, 2, 3], 0.9),
    }
    axis, angle = angles[axes]
    turn = rot.to_matrix(
        np.concatenate([[np.cos(angle / 2)], np.sin(angle / 2) * rot.normalize(np.array(axis, float))])
    )
    target = turned(family_rest("unreal_ue5", "A", rename_seed=4), turn)
    called = random_names("unreal_ue5", 4)
    found = map_by_structure(target)
    assert dict(found.bones) == {
        part: tuple(called[bone] for bone in chain) for part, chain in expected_bones("unreal_ue5").items()
    }


def test_bones_may_point_anywhere():
    target = family_rest("unreal_ue5", "A", rename_seed=4)
    random = rot.to_matrix(rot.normalize(np.random.default_rng(1).normal(size=(len(target.bones), 4))))
    matrices = target.matrices.copy()
    matrices[:, :3, :3] = random
    assert map_by_structure(replace(target, matrices=matrices)) == map_by_structure(target)


@pytest.mark.parametrize("clue", ["feet", "face", "knees", "convention"])
def test_left_is_told_by_feet_then_face_then_knees_then_convention(clue: str):
    gone = {"feet": (), "face": ("foot", "Toe")}.get(clue, ("foot", "Toe", "Eye", "jaw"))
    target = without(family_rest("vrm_humanoid"), *gone)
    if clue == "convention":
        target.matrices[:, 1, 3] = 0.0
    about = np.diag([-1.0, -1.0, 1.0])  # it faces +y now
    found = map_by_structure(turned(target, about))
    upper = found.bones["upper_arm.L"]
    assert upper == (("rightUpperArm",) if clue == "convention" else ("leftUpperArm",))


@pytest.mark.parametrize(
    ("lost", "words"),
    [
        (("Leg", "Foot", "Toes"), "no legs"),
        (("Shoulder", "Arm", "Hand", "Thumb", "Index", "Middle", "Ring", "Little"), "no arms"),
    ],
)
def test_what_is_missing_is_said(lost: tuple[str, ...], words: str):
    with pytest.raises(RigError, match=f"{words}.*Rig Map panel"):
        map_by_structure(without(family_rest("vrm_humanoid"), *lost))


def test_what_has_no_sides_is_no_body():
    target = family_rest("mixamo")
    spine = [bone for bone in target.bones if "Spine" in bone or "Hips" in bone]
    with pytest.raises(RigError, match="neither a pair of legs nor a pair of arms"):
        map_by_structure(without(target, *(bone for bone in target.bones if bone not in spine)))


@pytest.mark.parametrize("family", ["makehuman", "daz_genesis8", "unreal_ue5"])
@pytest.mark.parametrize("lacking", ["neck", "shoulder", "foot"])
def test_parts_that_rigs_do_without_may_be_missing(family: str, lacking: str):
    target = family_rest(family, "A")
    parts_there = {**expected_bones(family), **expected_fingers(family)}
    gone = {bone for part, chain in parts_there.items() if part.startswith(lacking) for bone in chain}
    if lacking == "foot":
        index = target.bones.index
        gone |= {bone for bone in target.bones if gone & {target.bones[one] for one in target.ancestors(index(bone))}}
        gone |= {bone for bone in target.bones if bone.startswith("calf_twist")}
    kept = without(target, *gone)
    fit = choose_rig_map(kept, "structure")
    assert parts(fit, kept) == {part: chain for part, chain in parts_there.items() if not part.startswith(lacking)}


def test_a_body_that_is_not_quite_even_is_mapped_all_the_same():
    target = family_rest("character_creator", "A", rename_seed=6)
    target.matrices[:, :3, 3] += np.random.default_rng(2).normal(scale=0.003, size=(len(target.bones), 3))
    called = random_names("character_creator", 6)
    wanted = {
        part: tuple(called[bone] for bone in chain) for part, chain in expected_bones("character_creator").items()
    }
    assert dict(map_by_structure(target).bones) == wanted


def without(target: TargetRest, *words: str) -> TargetRest:
    """The armature without bones that have one of the words in their names; what hangs on them hangs on the next above."""
    lower = [word.lower() for word in words]
    kept = [number for number, bone in enumerate(target.bones) if not any(word in bone.lower() for word in lower)]
    above = [next((one for one in target.ancestors(number) if one in kept), None) for number in kept]
    return replace(
        target,
        bones=tuple(target.bones[number] for number in kept),
        parents=np.array([-1 if one is None else kept.index(one) for one in above]),
        matrices=target.matrices[kept],
        lengths=target.lengths[kept],
        inherit_rotation=target.inherit_rotation[kept],
        local_location=target.local_location[kept],
        connected=target.connected[kept],
        rotation_modes=tuple(target.rotation_modes[number] for number in kept),
    )
