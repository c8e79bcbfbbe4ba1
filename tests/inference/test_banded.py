"""Block-tridiagonal systems against the same systems written out in full."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penumbra.inference.banded import inverse_blocks, solve_block_tridiagonal


def _system(count: int, size: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A random positive definite system: the sum of squares of residuals that each meet two moments in a row."""
    rng = np.random.default_rng(seed)
    diagonal = np.tile(0.1 * np.eye(size), (count, 1, 1))
    off = np.zeros((max(count - 1, 0), size, size))
    for moment in range(count):
        rows = rng.standard_normal((size, 2 * size))
        diagonal[moment] += rows[:, :size].T @ rows[:, :size]
        if moment < count - 1:
            diagonal[moment + 1] += rows[:, size:].T @ rows[:, size:]
            off[moment] = rows[:, :size].T @ rows[:, size:]
    return diagonal, off, rng.standard_normal((count, size))


def _full(diagonal: np.ndarray, off: np.ndarray) -> np.ndarray:
    count, size = diagonal.shape[:2]
    full = np.zeros((count, size, count, size))
    for moment in range(count):
        full[moment, :, moment] = diagonal[moment]
        if moment < count - 1:
            full[moment, :, moment + 1] = off[moment]
            full[moment + 1, :, moment] = off[moment].T
    return full.reshape(count * size, count * size)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 12), st.integers(1, 7), st.integers(0, 10_000))
def test_the_solution_is_that_of_the_full_system(count: int, size: int, seed: int):
    diagonal, off, right = _system(count, size, seed)
    full = _full(diagonal, off)
    np.testing.assert_allclose(
        solve_block_tridiagonal(diagonal, off, right).ravel(),
        np.linalg.solve(full, right.ravel()),
        rtol=1e-6,
        atol=1e-8,
    )
    inverse = np.linalg.inv(full).reshape(count, size, count, size)
    blocks = np.stack([inverse[moment, :, moment] for moment in range(count)])
    np.testing.assert_allclose(inverse_blocks(diagonal, off), blocks, rtol=1e-6, atol=1e-8)


def test_a_long_system_of_a_whole_body_stays_exact():
    diagonal, off, _ = _system(600, 60, 1)
    truth = np.random.default_rng(2).standard_normal((600, 60))
    right = np.einsum("tij,tj->ti", diagonal, truth)
    right[:-1] += np.einsum("tij,tj->ti", off, truth[1:])
    right[1:] += np.einsum("tij,ti->tj", off, truth[:-1])
    np.testing.assert_allclose(solve_block_tridiagonal(diagonal, off, right), truth, atol=1e-6)


def test_the_inputs_stay_as_they_are():
    arrays = _system(5, 3, 0)
    before = [array.copy() for array in arrays]
    solve_block_tridiagonal(*arrays)
    inverse_blocks(*arrays[:2])
    for array, kept in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(array, kept)


def test_no_moments_have_no_solution_to_give():
    empty = np.zeros((0, 3, 3))
    assert solve_block_tridiagonal(empty, empty, np.zeros((0, 3))).shape == (0, 3)
    assert inverse_blocks(empty, empty).shape == (0, 3, 3)


@pytest.mark.parametrize(
    ("diagonal", "off", "right"),
    [
        ((4, 3, 2), (3, 3, 2), (4, 3)),
        ((4, 3, 3), (4, 3, 3), (4, 3)),
        ((4, 3, 3), (3, 3, 3), (4, 2)),
        ((4, 3), (3, 3), (4,)),
    ],
)
def test_shapes_that_do_not_fit_are_named(diagonal: tuple[int, ...], off: tuple[int, ...], right: tuple[int, ...]):
    with pytest.raises(ValueError, match="belongs"):
        solve_block_tridiagonal(np.ones(diagonal), np.ones(off), np.ones(right))


def test_a_system_without_a_solution_says_so():
    with pytest.raises(np.linalg.LinAlgError):
        solve_block_tridiagonal(np.zeros((3, 2, 2)), np.zeros((2, 2, 2)), np.ones((3, 2)))
