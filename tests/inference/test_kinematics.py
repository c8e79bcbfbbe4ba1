"""How joints move when bones turn."""

from __future__ import annotations

import numpy as np
import pytest

from penumbra.inference import turns
from penumbra.inference.fitting.kinematics import FREE, State, lever_arms
from penumbra.inference.fitting.sizes import GROUPS
from penumbra.models.skeletons import JOINT_PARENTS
from tests.fitting import told

_COUNT = 3


@pytest.fixture
def state() -> State:
    truth = told(_COUNT).truth
    return State.of(truth.offsets, truth.root, np.ascontiguousarray(turns.to_matrix(truth.rotations)))


@pytest.mark.parametrize("seed", range(4))
def test_lever_arms_are_the_joints_derivatives(state: State, seed: int) -> None:
    random = np.random.default_rng(seed)
    way, grow = random.standard_normal((_COUNT, FREE)), random.standard_normal(len(GROUPS))
    step = 1e-6
    moved = (state.moved(step * way, step * grow).joints - state.moved(-step * way, -step * grow).joints) / (2 * step)
    both = np.concatenate([way[:, 3:], np.tile(grow, (_COUNT, 1))], axis=1)
    expected = np.einsum("tjan,tn->tja", lever_arms(state), both)
    np.testing.assert_allclose(moved, expected, atol=1e-7)


def test_segments_add_up_to_the_joints(state: State) -> None:
    parents = list(JOINT_PARENTS[1:])
    np.testing.assert_allclose(state.segments()[:, 1:], state.joints[:, 1:] - state.joints[:, parents], atol=1e-12)


def test_a_step_moves_the_pelvis_and_keeps_bones_lengths(state: State) -> None:
    step = np.random.default_rng(0).standard_normal((_COUNT, FREE))
    after = state.moved(step)
    np.testing.assert_allclose(after.root - state.root, step[:, :3])
    lengths, before = (np.linalg.norm(one.segments(), axis=-1) for one in (after, state))
    np.testing.assert_allclose(lengths, before, atol=1e-9)
