"""The bounds on the systems' errors: what is best, and whether it is good enough."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from .occlusion_methods import Method
from .occlusion_sets import HELD_OUT
from .occlusion_suite import Outcome
from .occlusion_tables import plain
from .report import Figure
from .systems_methods import BASELINES, BOTH, GRAPHS, LIFTING, S3
from .systems_run import HARD, SPARSEST

_EXCESS = 0.5


def ranked(outcome: Outcome, methods: Sequence[Method]) -> list[Method]:
    """The systems, the best first: by their error on hidden joints over S3's on the same clips, the mean over `HARD`.

    Not by excess, which is also small where a system errs as much on what it sees.
    """

    def hidden(method: Method) -> float:
        return float(np.mean([outcome.against(hard.name, method.name, S3.name, "hidden").mean for hard in HARD]))

    return sorted(methods, key=hidden)


def best_at_sparsest(outcome: Outcome, methods: Sequence[Method]) -> Method:
    """The one of `methods` that errs least where one joint in seventeen is left."""
    return min(methods, key=lambda method: _error(outcome, SPARSEST.name, method))


def sparse_figures(outcome: Outcome, lifters: Sequence[Method]) -> list[Figure]:
    """Where one joint in seventeen is left: the best lifter's error over its own clean one, and the best other's over S3's."""
    best = best_at_sparsest(outcome, lifters)
    name = plain(SPARSEST.name)
    ratio = _error(outcome, SPARSEST.name, best) / _error(outcome, "clean", best)
    found = [Figure(f"{name}_over_clean", ratio, "", 1.5)]
    others = [method for method in lifters if method is not S3]
    if others:
        other = best_at_sparsest(outcome, others)
        ratio = outcome.against(SPARSEST.name, other.name, S3.name, "everything").mean
        found.append(Figure(f"{name}_over_S3", ratio, "", 1.0))
    return found


def excess_figures(outcome: Outcome, best: Method, name: str = HELD_OUT) -> list[Figure]:
    """The best system's excess on hidden joints over the best baseline's, on the set `name`."""
    return [
        Figure(f"excess_{plain(hard.name)}_{name}", _over_baseline(outcome, hard.name, best), "", _EXCESS)
        for hard in HARD
    ]


def left_out_figures(outcomes: Mapping[str, Outcome], ranking: Sequence[Method]) -> list[Figure]:
    """The best system on every source that its networks never saw: excess over the best baseline's, and clean errors.

    ranking: the systems, the best first; the first of them that was trained without a source counts.
    """
    found: list[Figure] = []
    clean: dict[str, list[float]] = {"everything": [], "aligned": []}
    for source, outcome in outcomes.items():
        best = next(method for method in ranking if ("clean", method.name) in outcome.scores)
        found += excess_figures(outcome, best, source)
        for field, name in (("everything", "mpjpe"), ("aligned", "pa")):
            value = outcome.mean("clean", best.name, field).mean
            clean[field].append(value)
            found.append(Figure(f"clean_{name}_{source}", value, "mm"))
    for field, name, bound in (("everything", "mpjpe", 65.0), ("aligned", "pa", 45.0)):
        found += [Figure(f"clean_{name}_mean", float(np.mean(clean[field])), "mm", bound)] if clean[field] else []
    return found


def graph_pair(outcome: Outcome, methods: Sequence[Method]) -> tuple[Method, Method] | None:
    """The lifter that errs least on hidden joints of those that S0's refiner comes after, and that with the refiner."""
    pairs = [
        (alone, refined)
        for refined in GRAPHS
        for alone in (*LIFTING, BOTH)
        if refined in methods and alone in methods and alone.lifter == refined.lifter
    ]
    return min(pairs, key=lambda pair: _hidden(outcome, pair[0])) if pairs else None


def graph_figures(outcome: Outcome, alone: Method, refined: Method) -> list[Figure]:
    """S0's refiner after a lifter over that lifter alone: error on hidden joints, and clean error."""
    ratios = [outcome.against(hard.name, refined.name, alone.name, "hidden").mean for hard in HARD]
    clean = outcome.against("clean", refined.name, alone.name, "everything").mean
    return [
        Figure("graph_hidden_over_lifter", float(np.mean(ratios)), "", 0.95),
        Figure("graph_clean_over_lifter", clean, "", 1.02),
    ]


def _hidden(outcome: Outcome, method: Method) -> float:
    return float(np.mean([outcome.mean(hard.name, method.name, "hidden").mean for hard in HARD]))


def _over_baseline(outcome: Outcome, protocol: str, method: Method) -> float:
    return outcome.against_best(protocol, method.name, BASELINES, "excess").mean


def _error(outcome: Outcome, protocol: str, method: Method) -> float:
    return outcome.mean(protocol, method.name, "everything").mean
