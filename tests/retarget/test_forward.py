"""What is keyed brings the bones back to where they were meant to be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penumbra.inference import rotations as rot
from penumbra.inference.motion import bone_heads_and_tails
from penumbra.models.skeletons import BONES
from penumbra.retarget.forward import posed
from penumbra.retarget.retarget import retarget
from penumbra.retarget.root import Root
from penumbra.retarget.settings import RetargetSettings
from penumbra.tests.retarget.figures import fit_of, places, target_of
from penumbra.tests.synthetic import random_motion


def test_the_products_own_bones_are_where_the_motion_has_them():
    motion = random_motion(20)
    rest = motion.rest
    joints = {bone.name: (bone.parent, rest.heads[number]) for number, bone in enumerate(BONES)}
    joints |= {f"end of {bone.name}": (bone.name, rest.tails[number]) for number, bone in enumerate(BONES)}
    target = target_of(joints, 9)
    fit = fit_of(target)
    chains = {bone.name: (number,) for number, bone in enumerate(BONES)}
    ends = {bone.name: (target.bones.index(f"end of {bone.name}"),) for bone in BONES}
    where = posed(target, retarget(motion, target, replace(fit, chains=chains, ends=ends)))
    heads, tails = bone_heads_and_tails(motion)
    # this armature's origin is in its hips, and so it stands below it
    floor = heads[0, 0] - where.heads[0, 0]
    assert np.abs(where.heads[:, : len(BONES)] + floor - heads).max() < 1e-9
    assert np.abs(where.heads[:, len(BONES) :] + floor - tails).max() < 1e-9


@given(seed=st.integers(0, 10_000), root=st.sampled_from(["hips", "root", "in-place"]))
@settings(max_examples=20, deadline=None)
def test_the_pose_is_the_same_whatever_bones_inherit(seed: int, root: Root):
    motion = random_motion(6, seed=seed)
    plain = target_of(places(), seed)
    random = np.random.default_rng(seed)
    count = len(plain.bones)
    keyed = np.array([bone in {b for chain in fit_of(plain).chains.values() for b in chain} for bone in range(count)])
    odd = replace(
        plain,
        inherit_rotation=~keyed | (random.random(count) < 0.5),
        local_location=random.random(count) < 0.5,
    )
    first, second = (
        posed(target, retarget(motion, target, fit_of(target), RetargetSettings(root=root))) for target in (plain, odd)
    )
    assert np.abs(first.heads - second.heads).max() < 1e-9
    assert np.abs(np.abs(np.sum(first.turns * second.turns, axis=-1)) - 1.0).max() < 1e-9


def test_bones_that_constraints_carry_are_keyed_against_what_carries_them():
    motion = random_motion(6)
    plain = target_of(places(), 3)
    follows = plain.parents.copy()
    # a control rig's forearm whose parent is no more than a place in a list, and a head that keeps to the root
    follows[plain.bones.index("forearm1.L")] = plain.bones.index("hips")
    follows[plain.bones.index("hand.R")] = -1
    odd = replace(plain, follows=follows, inherit_rotation=follows == plain.parents)
    where = [posed(target, retarget(motion, target, fit_of(target))) for target in (plain, odd)]
    assert np.abs(np.abs(np.sum(where[0].turns * where[1].turns, axis=-1)) - 1.0).max() < 1e-9


def test_bones_that_follow_each_other_in_a_ring_are_refused():
    plain = target_of(places(), 3)
    follows = plain.parents.copy()
    follows[plain.bones.index("hips")] = plain.bones.index("spine2")
    with pytest.raises(ValueError, match="follows itself"):
        replace(plain, follows=follows).downward()


def test_matrices_are_those_of_the_turned_bones():
    motion = random_motion(3)
    target = target_of(places(), 3)
    where = posed(target, retarget(motion, target, fit_of(target)))
    matrices = where.matrices(target)
    bone = target.bones.index("forearm1.L")
    tail = matrices[:, bone] @ [0.0, target.lengths[bone], 0.0, 1.0]
    assert tail[:, :3] == pytest.approx(where.tails[:, bone])
    side = rot.rotate(where.turns[:, bone], target.matrices[bone, :3, 0])
    assert matrices[:, bone, :3, 0] == pytest.approx(side)
