"""Quaternion functions against scipy's, on random rotations."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from penumbra.inference import rotations as rot


@pytest.fixture
def turns() -> Rotation:
    return Rotation.random(200, rng=np.random.default_rng(3))


def _wxyz(turns: Rotation) -> np.ndarray:
    return np.roll(turns.as_quat(), 1, axis=-1)


def _same(a: np.ndarray, b: np.ndarray) -> None:
    np.testing.assert_allclose(np.abs(np.sum(a * b, axis=-1)), 1.0, atol=1e-9)


def test_matrices_go_there_and_back(turns: Rotation) -> None:
    np.testing.assert_allclose(rot.to_matrix(_wxyz(turns)), turns.as_matrix(), atol=1e-12)
    _same(rot.from_matrix(turns.as_matrix()), _wxyz(turns))


def test_half_turns_have_stable_quaternions() -> None:
    halves = np.array([np.diag([1, -1, -1]), np.diag([-1, 1, -1]), np.diag([-1, -1, 1])], float)
    _same(rot.from_matrix(halves), np.eye(4)[1:])


def test_products_and_turned_vectors_are_scipys(turns: Rotation) -> None:
    other = Rotation.random(200, rng=np.random.default_rng(4))
    vectors = np.random.default_rng(5).normal(size=(200, 3))
    _same(rot.multiply(_wxyz(turns), _wxyz(other)), _wxyz(turns * other))
    np.testing.assert_allclose(rot.rotate(_wxyz(turns), vectors), turns.apply(vectors), atol=1e-12)
    np.testing.assert_allclose(rot.rotate(rot.conjugate(_wxyz(turns)), vectors), turns.inv().apply(vectors), atol=1e-12)


def test_shortest_turn_reaches_its_goal_even_backwards() -> None:
    rng = np.random.default_rng(6)
    a = rng.normal(size=(100, 3))
    b = np.concatenate([rng.normal(size=(50, 3)), -2.0 * a[50:]])
    reached = rot.rotate(rot.between(a, b), rot.normalize(a))
    np.testing.assert_allclose(reached, rot.normalize(b), atol=1e-6)


def test_slerp_moves_at_even_speed_along_the_shorter_arc() -> None:
    start = np.array([1.0, 0.0, 0.0, 0.0])
    goal = -_wxyz(Rotation.from_rotvec([0.0, 0.0, 1.2]))
    angles = [2 * np.arccos(abs(rot.slerp(start, goal, t)[0])) for t in (0.0, 0.25, 0.5, 1.0)]
    np.testing.assert_allclose(angles, [0.0, 0.3, 0.6, 1.2], atol=1e-6)


def test_continuous_never_jumps_to_the_other_half() -> None:
    angles = np.linspace(0, 4 * np.pi, 200)
    smooth = rot.continuous(
        _wxyz(Rotation.from_rotvec(np.outer(angles, [0, 1, 0]))) * np.where(angles % 0.3 < 0.1, 1, -1)[:, None]
    )
    assert np.sum(smooth[1:] * smooth[:-1], axis=-1).min() > 0.99
