from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from penumbra.benchmarks.rigs.build import family_rest
from penumbra.inference import rotations as rot
from penumbra.inference.motion import Motion
from penumbra.models.skeletons import BONE_NAMES
from penumbra.retarget.figure import Figure, figure_of
from penumbra.retarget.forward import posed
from penumbra.retarget.inverse import TargetPose, product_pose, read_pose
from penumbra.retarget.retarget import retarget
from penumbra.retarget.rig_map import choose_rig_map
from penumbra.tests.synthetic import random_motion

COUNT, ROW = 5, 2


def pose_of(motion: Motion, figure: Figure) -> tuple[TargetPose, np.ndarray]:
    moved = retarget(motion, figure.target, figure.fit)
    found = posed(figure.target, moved)
    turns = {bone: found.turns[ROW, bone] for bone in range(len(figure.target.bones))}
    return read_pose(figure, turns, found.heads[ROW, figure.bone("hips")]), moved.from_capture


@pytest.mark.parametrize("family", ["mixamo", "unreal_ue5", "cmu_bvh"])
@pytest.mark.parametrize("bone", ["hips", "spine", "upper_arm.L", "hand.R", "shin.L", "head"])
def test_a_pose_by_hand_comes_back_as_the_product_s(family: str, bone: str):
    target = family_rest(family, "A", roll_seed=4, legs=0.8)
    figure = figure_of(target, choose_rig_map(target))
    motion = random_motion(COUNT)
    turn = np.array([np.cos(0.3), 0.0, np.sin(0.3), 0.0])
    rotations = motion.rotations.copy()
    rotations[ROW, BONE_NAMES.index(bone)] = rot.multiply(turn, rotations[ROW, BONE_NAMES.index(bone)])
    wanted = replace(motion, rotations=rotations, root=motion.root + np.array([0.1, -0.2, 0.05]))
    (before, from_capture), (after, _) = pose_of(motion, figure), pose_of(wanted, figure)
    root, found = product_pose(motion, ROW, figure, from_capture, before, after)
    same = np.abs(np.sum(found * wanted.rotations[ROW], axis=-1))
    assert same.min() > 1 - 1e-7
    np.testing.assert_allclose(root, wanted.root[ROW], atol=2e-4)


def test_a_pose_that_is_not_touched_is_the_motion_s_own_to_the_last_bit():
    target = family_rest("mixamo", "T")
    figure = figure_of(target, choose_rig_map(target))
    motion = random_motion(COUNT)
    pose, from_capture = pose_of(motion, figure)
    noise = {bone: rot.normalize(turn + 1e-5) for bone, turn in pose.turns.items()}
    root, found = product_pose(motion, ROW, figure, from_capture, pose, replace(pose, turns=noise))
    assert np.array_equal(found, motion.rotations[ROW])
    np.testing.assert_allclose(root, motion.root[ROW], atol=1e-12)
