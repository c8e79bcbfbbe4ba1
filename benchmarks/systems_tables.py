"""The systems' tables: every occlusion by every system, sources left out, what each part brings, and what each costs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from .occlusion_methods import Method
from .occlusion_suite import Outcome
from .occlusion_tables import text
from .systems_cost import Cost
from .systems_methods import BASELINES, S3
from .systems_run import HARD, RANDOM
from .tables import table

_FIELDS = {
    "everything": "all joints",
    "hidden": "hidden joints",
    "visible": "visible joints",
    "aligned": "all joints after the best similarity of each frame (PA)",
    "excess": "excess on hidden joints",
}


def suite_tables(outcome: Outcome, methods: Sequence[Method], title: str) -> list[str]:
    """A table for every kind of error: occlusions down, methods across, over the clips that all of these were tried on."""
    protocols = dict.fromkeys(protocol for protocol, _ in outcome.scores)
    return [
        table(
            f"{title}: {words}",
            ("occlusion", "clips", *(method.name for method in methods)),
            (
                _row(outcome, protocol, methods, field)
                for protocol in protocols
                if field != "excess" or protocol != "clean"
            ),
        )
        for field, words in _FIELDS.items()
    ]


def random_table(outcome: Outcome, methods: Sequence[Method]) -> str:
    """Joints missing at random in every frame, as DTF's authors test: error of all joints, and as a share of clean."""
    rows = []
    for method in methods:
        clean = outcome.mean("clean", method.name, "everything").mean
        found = [outcome.mean(item.name, method.name, "everything") for item in RANDOM]
        rows.append((method.name, clean, *(text(item) for item in found), f"{found[-1].mean / clean:.2f}"))
    return table(
        "Joints missing at random",
        ("system", "clean", *(f"{item.name} [95 %]" for item in RANDOM), "the last over clean"),
        rows,
        "MPJPE of all joints in millimetres; of 17 joints as many are missing in every frame, each frame by itself, which is "
        "sampling rather than occlusion: every joint is seen again within frames.",
    )


def best_table(outcomes: Mapping[str, Outcome], methods: Sequence[Method]) -> str:
    """Excess over the best baseline's of every system on every set, and clean errors."""
    rows = [
        (
            name,
            method.name,
            *(text(outcome.mean("clean", method.name, field)) for field in ("everything", "aligned")),
            text(outcome.against("clean", method.name, S3.name, "everything"), 2),
            *(text(outcome.against_best(hard.name, method.name, BASELINES, "excess"), 2) for hard in HARD),
            str(int(tried(outcome, "clean", [method]).sum())),
        )
        for name, outcome in outcomes.items()
        for method in methods
        if ("clean", method.name) in outcome.scores
    ]
    return table(
        "Held-out subjects, and sources that no network saw",
        (
            "set",
            "system",
            "clean MPJPE [95 %]",
            "clean PA [95 %]",
            "clean MPJPE over S3's [95 %]",
            *(f"excess at {hard.name} over the best baseline's [95 %]" for hard in HARD),
            "clips",
        ),
        rows,
        "Perfect 2D, the performers' own bodies. The networks that never saw a source are shorter runs. Ratios compare over the "
        "same clips; millimetres are over the clips that the row's system was tried on.",
    )


def ablation_table(title: str, outcome: Outcome, methods: Sequence[Method], note: str) -> str:
    """One row a method: clean, and at the hard occlusions, over the clips that all were tried on."""
    outcome = outcome.where(tried(outcome, "clean", methods))
    rows = [
        (
            method.name,
            text(outcome.mean("clean", method.name, "everything")),
            text(outcome.mean("clean", method.name, "aligned")),
            *(text(outcome.mean(hard.name, method.name, "hidden")) for hard in HARD),
            float(np.mean([outcome.mean(hard.name, method.name, "excess").mean for hard in HARD])),
        )
        for method in methods
    ]
    header = ("network", "clean MPJPE [95 %]", "clean PA [95 %]", *(f"{hard.name} hidden [95 %]" for hard in HARD))
    return table(title, (*header, "excess, mean"), rows, note)


def cost_table(costs: Sequence[Cost], outcome: Outcome) -> str:
    """Accuracy beside parameters, size and speed."""
    rows = [
        (
            cost.method.name,
            *errors(outcome, cost.method),
            f"{cost.parameters / 1e6:.2f}",
            f"{cost.size / 1e6:.1f}",
            f"{cost.rate:.0f}",
        )
        for cost in costs
    ]
    return table(
        "Accuracy, size and speed",
        ("system", "clean MPJPE", "hidden MPJPE", "million parameters", "MB", "frames a second"),
        rows,
        f"Over the {len(outcome.recordings)} clips that all were tried on. Hidden: mean over "
        f"{', '.join(hard.name for hard in HARD)}. Speed: one thread, a long clip, mirror and all "
        "masked answers included.",
    )


def errors(outcome: Outcome, method: Method) -> tuple[float, float]:
    """A system's clean error, and that on hidden joints over `HARD`, in millimetres."""
    hidden = [outcome.mean(hard.name, method.name, "hidden").mean for hard in HARD]
    return outcome.mean("clean", method.name, "everything").mean, float(np.mean(hidden))


def tried(outcome: Outcome, protocol: str, methods: Sequence[Method]) -> np.ndarray:
    """`[N]` bool, the trials that all methods were tried on."""
    return np.all([np.isfinite(outcome.values(protocol, method.name, "everything")) for method in methods], axis=0)


def _row(outcome: Outcome, protocol: str, methods: Sequence[Method], field: str) -> Iterator[str | float]:
    common = outcome.where(tried(outcome, protocol, methods))
    yield protocol
    yield str(len(common.recordings))
    for method in methods:
        values = common.values(protocol, method.name, field)
        known = values[np.isfinite(values)]
        yield float(known.mean()) if len(known) else float("nan")
