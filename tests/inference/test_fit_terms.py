"""Every term's derivatives are those of its energy."""

from __future__ import annotations

import numpy as np
import pytest

from penumbra.inference import turns
from penumbra.inference.fitting.equations import Equations
from penumbra.inference.fitting.errors_together import open_correlations, pulled_apart
from penumbra.inference.fitting.kinematics import FREE, State, lever_arms
from penumbra.inference.fitting.sizes import GROUPS
from penumbra.inference.fitting.terms import (
    FEET_JOINTS,
    HingeTerm,
    LifterTerm,
    PathTerm,
    PlaceTerm,
    PointTerm,
    ReachTerm,
    Term,
)
from penumbra.models.skeletons import BONE_NAMES, JOINTS, POINTS
from tests.fitting import Told, told

_COUNT = 4
_STEP = 1e-6


def _term(name: str, made: Told, random: np.random.Generator) -> Term:
    shape = (_COUNT, len(JOINTS), 3)
    square = random.standard_normal((_COUNT, 3, 3))
    covariance = square @ np.swapaxes(square, 1, 2) + np.eye(3)
    change = random.uniform(1, 5, _COUNT - 1)
    return {
        "lifter": LifterTerm(
            made.observed.joints + 0.02 * random.standard_normal(shape),
            made.view,
            random.uniform(0.02, 0.1, shape),
            pulled_apart(open_correlations(), 0.9),
            0.1,
            change,
            0.06,
        ),
        "path": PathTerm(made.truth.root + 0.1, 10 * covariance, change),
        "points": PointTerm(
            made.observed.slopes + 0.003 * random.standard_normal(made.observed.slopes.shape),
            random.uniform(0.2, 0.95, made.observed.belief.shape),
            made.view,
            np.full((_COUNT, len(POINTS)), 0.005),
            0.1,
            0.7,
        ),
        "hinges": HingeTerm(100.0, 1000.0),
        "reach": ReachTerm(10.0),
        "places": PlaceTerm(FEET_JOINTS, random.standard_normal((_COUNT, 4, 3)), random.uniform(0, 100, (_COUNT, 4))),
    }[name]


def _somewhere(made: Told, random: np.random.Generator, turn: float) -> State:
    state = State.of(made.truth.offsets, made.truth.root, np.ascontiguousarray(turns.to_matrix(made.truth.rotations)))
    step = turn * random.standard_normal((_COUNT, FREE))
    step[:, :3] *= 0.1
    return state.moved(step)


@pytest.mark.parametrize("name", ["lifter", "path", "points", "hinges", "reach", "places"])
@pytest.mark.parametrize("seed", range(3))
def test_derivatives_are_those_of_the_energy(name: str, seed: int) -> None:
    random = np.random.default_rng(seed)
    made = told(_COUNT)
    # wide enough that limits are crossed, near enough that points are not all clutter
    state = _somewhere(made, random, turn=1.0 if name in {"hinges", "reach"} else 0.03)
    term = _term(name, made, random)
    equations = Equations(_COUNT)
    term.add(state, lever_arms(state), equations)
    # steps that are held back by so much go down the gradient
    held = 1e12
    step, grown = equations.step(held, np.zeros(len(GROUPS)), held**-0.5)
    gradient = -held * np.concatenate([step.ravel(), grown])
    assert np.abs(gradient).max() > 0
    for _ in range(8):
        way = random.standard_normal((_COUNT, FREE))
        grow = random.standard_normal(len(GROUPS))
        ahead, back = (term.energy(state.moved(sign * way, sign * grow)).sum() for sign in (_STEP, -_STEP))
        rise = ahead - back
        way = np.concatenate([way.ravel(), grow])
        expected = np.sum(gradient * way)
        scale = float(np.linalg.norm(gradient) * np.linalg.norm(way))
        assert rise / (2 * _STEP) == pytest.approx(expected, abs=1e-5 * scale)


@pytest.mark.parametrize("name", ["lifter", "path", "points", "places"])
def test_a_step_by_one_term_lessens_it(name: str) -> None:
    random = np.random.default_rng(7)
    made = told(_COUNT)
    state = _somewhere(made, random, turn=0.03)
    term = _term(name, made, random)
    equations = Equations(_COUNT)
    term.add(state, lever_arms(state), equations)
    after = state.moved(*equations.step(1.0, np.zeros(len(GROUPS)), 0.1))
    assert term.energy(after).sum() < 0.95 * term.energy(state).sum()


def test_a_bend_within_reach_costs_nothing_and_one_beyond_it_does() -> None:
    made = told(_COUNT)
    state = State.of(made.truth.offsets, made.truth.root, np.ascontiguousarray(turns.to_matrix(made.truth.rotations)))
    assert ReachTerm(1.0).energy(state).max() == 0.0
    step = np.zeros((_COUNT, FREE))
    step[:, 3 + 3 * BONE_NAMES.index("head")] = 1.5
    np.testing.assert_allclose(ReachTerm(1.0).energy(state.moved(step)), 0.5 * 0.3**2, rtol=1e-6)


def test_points_are_explained_by_the_body_or_by_clutter() -> None:
    made = told(_COUNT)
    state = State.of(made.truth.offsets, made.truth.root, np.ascontiguousarray(turns.to_matrix(made.truth.rotations)))
    slopes = made.observed.slopes.copy()
    slopes[:, 5] += 0.1
    term = PointTerm(slopes, made.observed.belief, made.view, np.full((_COUNT, len(POINTS)), 0.005), 0.01, 1.0)
    explained = term.explained(state)
    assert explained[:, 5].max() < 1e-3
    assert np.delete(explained, 5, axis=1).min() > 0.99
