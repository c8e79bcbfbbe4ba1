from __future__ import annotations

import numpy as np
import pytest

from penumbra.benchmarks.rigs.build import (
    FINGERS,
    Pose,
    expected_bones,
    expected_fingers,
    family_names,
    family_rest,
    random_names,
)
from penumbra.benchmarks.rigs.mpfb import MPFB_RIGS, mpfb_rest
from penumbra.models.skeletons import BONE_NAMES
from penumbra.retarget.target import TargetRest

POSES: tuple[Pose, ...] = ("T", "A", "odd")


def head(target: TargetRest, bone: str) -> np.ndarray:
    return target.heads[target.bones.index(bone)]


@pytest.mark.parametrize("family", family_names())
def test_a_family_is_a_whole_rig_with_mirrored_sides(family: str):
    target = family_rest(family, roll_seed=1)
    assert len(set(target.bones)) == len(target.bones)
    assert all(parent < bone for bone, parent in enumerate(target.parents))
    axes = target.matrices[:, :3, :3]
    np.testing.assert_allclose(axes.transpose(0, 2, 1) @ axes, np.broadcast_to(np.eye(3), axes.shape), atol=1e-9)
    np.testing.assert_allclose(np.linalg.det(axes), 1.0)
    parts = {**expected_bones(family), **expected_fingers(family)}
    assert set(BONE_NAMES) <= set(parts)
    for part, chain in parts.items():
        for bone, other in zip(chain, parts[part.replace(".L", ".R")], strict=True):
            mirror = [-1.0, 1.0, 1.0] if part.endswith(".L") else [1.0, 1.0, 1.0]
            np.testing.assert_allclose(head(target, other), head(target, bone) * mirror, atol=1e-9)
    assert len(expected_fingers(family)) in (0, 2 * len(FINGERS))


@pytest.mark.parametrize("pose", POSES)
def test_legs_and_arms_have_the_length_asked_for_and_the_soles_stand_on_the_floor(pose: Pose):
    plain, long = family_rest("smpl", pose), family_rest("smpl", pose, legs=1.6, arms=0.5)

    def length(target: TargetRest, one: str, other: str) -> float:
        return float(np.linalg.norm(head(target, other) - head(target, one)))

    for one, other, ratio in (
        ("left_hip", "left_knee", 1.6),
        ("left_knee", "left_ankle", 1.6),
        ("left_shoulder", "left_elbow", 0.5),
        ("left_elbow", "left_wrist", 0.5),
        ("left_wrist", "left_index1", 1.0),
    ):
        assert length(long, one, other) == pytest.approx(ratio * length(plain, one, other))
    for target in (plain, long):
        assert head(target, "left_foot")[2] == pytest.approx(0.02)
        assert head(target, "left_foot")[0] > 0
    assert family_rest("smpl", pose, scale=3.0).heads == pytest.approx(3.0 * plain.heads)


def test_arms_are_level_in_t_and_hang_in_a():
    level, hanging = family_rest("smpl", "T"), family_rest("smpl", "A")
    assert head(level, "left_wrist")[2] == pytest.approx(head(level, "left_shoulder")[2], abs=0.01)
    way = head(hanging, "left_wrist") - head(hanging, "left_shoulder")
    assert np.degrees(np.arctan2(-way[2], way[0])) == pytest.approx(45.0, abs=2.0)


def test_rolls_turn_bones_about_their_own_length_only():
    plain, rolled = family_rest("unreal_ue5"), family_rest("unreal_ue5", roll_seed=1)
    np.testing.assert_allclose(rolled.matrices[:, :3, 1], plain.matrices[:, :3, 1], atol=1e-12)
    assert np.abs(rolled.matrices[:, :3, 0] - plain.matrices[:, :3, 0]).max() > 0.5
    np.testing.assert_array_equal(rolled.matrices, family_rest("unreal_ue5", roll_seed=1).matrices)


def test_random_names_tell_nothing_and_are_known():
    plain, renamed = family_rest("mixamo"), family_rest("mixamo", rename_seed=1)
    called = random_names("mixamo", 1)
    assert not set(plain.bones) & set(renamed.bones)
    for bone, name in called.items():
        number = renamed.bones.index(name)
        np.testing.assert_allclose(renamed.heads[number], head(plain, bone))
        parent = plain.parents[plain.bones.index(bone)]
        if parent >= 0:
            assert renamed.bones[renamed.parents[number]] == called[plain.bones[parent]]


def test_an_unknown_family_lists_the_known_ones():
    with pytest.raises(KeyError, match="mixamo"):
        family_rest("nobody")


@pytest.mark.parametrize("rig", MPFB_RIGS)
def test_mpfbs_rigs_are_read_with_their_parents_first(rig: str):
    target = mpfb_rest(rig)
    assert len(target.bones) > 30
    assert all(parent < bone for bone, parent in enumerate(target.parents))
    assert (target.lengths > 0).all()
