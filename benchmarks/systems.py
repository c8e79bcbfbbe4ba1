"""The systems beside each other: errors under every occlusion, on sources never seen, honesty, size and speed.

    .venv/bin/python -P -m penumbra.benchmarks.systems --data FILE [--networks FOLDER] [--calibration FILE]
        [--default LIFTER+REFINER] [--quick]

Networks are looked for in the folder, then among those that ship, then among those that were trained. There are rows
only of systems whose networks are there.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from ..inference.confidence import CALIBRATIONS
from ..inference.systems import NONE
from ..training.pack import read_clips, split
from .lifter_speed import system_share
from .occlusion_methods import Method
from .occlusion_sets import HELD_OUT, remarks
from .occlusion_suite import Outcome
from .report import RESULTS, publish
from .systems_ablation import ablations
from .systems_calibration import draw_reliability, honesty_figures, honesty_table, measure
from .systems_cost import cost, draw_costs
from .systems_figures import (
    best_at_sparsest,
    excess_figures,
    graph_figures,
    graph_pair,
    left_out_figures,
    ranked,
    sparse_figures,
)
from .systems_methods import (
    BASELINES,
    BOTH,
    LIFTING,
    PPT,
    RAYS,
    RECOMMENDED_PAIR,
    S3,
    SYSTEMS,
    VARIANTS,
    Shelf,
    method_of,
)
from .systems_run import FULL, HARD, QUICK, SPARSEST, Effort, try_held_out, try_judged, try_left_out
from .systems_tables import ablation_table, best_table, cost_table, errors, random_table, suite_tables, tried

QUICKEST = tuple(method for method in SYSTEMS if method.lifter == S3.lifter)
"""The systems of `--quick`."""


def main(argv: list[str]) -> int:
    """Measure, print and, unless `--quick`, keep."""
    parser = argparse.ArgumentParser(description="The systems beside each other.")
    parser.add_argument("--data", type=Path, required=True, help="packed motion, as training/pack.py writes it")
    parser.add_argument("--networks", type=Path, help="folder of networks to use before those that ship")
    parser.add_argument("--calibration", type=Path, default=CALIBRATIONS, help="what the networks' spread is worth")
    parser.add_argument(
        "--default", default=RECOMMENDED_PAIR, metavar="LIFTER+REFINER", help="what is judged as the default"
    )
    parser.add_argument("--quick", action="store_true", help="few clips and occlusions, under a minute, nothing kept")
    options = parser.parse_args(argv)
    effort, shelf = QUICK if options.quick else FULL, Shelf(options.networks)
    clips = read_clips(options.data)
    held_out = split(clips, "test")
    default = method_of(options.default)
    systems = shelf.there(dict.fromkeys((*(QUICKEST if options.quick else SYSTEMS), default)))
    variants = shelf.there(VARIANTS)
    methods = (*systems, *variants, *BASELINES)
    networks = shelf.open(methods)

    outcome = try_held_out(held_out, methods, networks, effort)
    # S0's own lifting network takes part, but is none of the product's
    ranking = ranked(outcome, [method for method in systems if method not in RAYS])
    graph = graph_pair(outcome, systems)
    judged = [ranking[0], default, *(graph[1:] if graph else ())]
    outcome = try_judged(held_out, judged, networks, effort, outcome)
    sources = {} if options.quick else try_left_out(clips, ranking, shelf, effort)
    telling = [default] if options.quick else _telling(systems, default)
    honest = measure(held_out, telling, networks, options.calibration, effort.samples)
    costs = [cost(method, networks, shelf.files(method), effort.frames) for method in systems]
    common = outcome.where(tried(outcome, "clean", systems))
    lifters = [method for method in (*LIFTING, BOTH) if method in systems]
    figures = [
        *sparse_figures(outcome, lifters),
        *excess_figures(outcome, ranking[0]),
        *left_out_figures(sources, ranking),
        *(graph_figures(outcome, *graph) if graph else []),
        *honesty_figures(honest, default),
        system_share(lambda: shelf.system(default), quick=options.quick),
    ]
    alone = [method for method in systems if method.refiner == NONE]
    parts = [
        best_table({HELD_OUT: outcome, **sources}, [*ranking, *(method for method in RAYS if method in systems)]),
        *([] if options.quick else [random_table(outcome, [*alone, *BASELINES])]),
        cost_table(costs, common),
        honesty_table(honest),
        *([_prior_table(outcome, variants)] if variants else []),
        *([] if options.quick else ablations(held_out, shelf, effort)),
        *suite_tables(outcome, [*alone, *BASELINES], "Lifters alone and baselines"),
        *suite_tables(outcome, systems, "All systems"),
    ]
    if not options.quick:
        draw_costs(costs, [errors(common, item.method) for item in costs], RESULTS / "systems.png")
        draw_reliability(honest, default, RESULTS / "reliability.png")
        parts.insert(0, "![Accuracy over size and speed](systems.png)\n\n![Reliability](reliability.png)")
    chosen = _chosen(ranking[0], best_at_sparsest(outcome, lifters), graph)
    publish(
        "systems",
        "The systems",
        figures,
        [*_remarks(effort), *chosen, f"Default: {options.default}."],
        keep=not options.quick,
        sections=parts,
    )
    return 0


def _prior_table(outcome: Outcome, variants: Sequence[Method]) -> str:
    note = "Ends: wrists, ankles and the head's top with all beyond. Masked: joints out of sight are hidden from the prior."
    return ablation_table("S1's pose prior after S3", outcome, [S3, PPT, *variants], note)


def _telling(systems: Sequence[Method], default: Method) -> list[Method]:
    """The systems whose uncertainty is measured: the lifters alone, and the default."""
    return [method for method in systems if method in (*LIFTING, BOTH, default)]


def _remarks(effort: Effort) -> list[str]:
    return [
        *remarks(effort.usual),
        (
            f"Refined systems take longer and are tried on {effort.few} of these clips, and under occlusions that no bound is about "
            f"on {effort.fewest}, all others there on {effort.several}; those that bounds are about on all clips. Every row of a "
            "table of the suite compares over the same clips, and so does every ratio."
        ),
        "A refined system's excess is measured against its own answer where everything is in sight.",
    ]


def _chosen(best: Method, sparse: Method, pair: tuple[Method, Method] | None) -> list[str]:
    """What the figures are about."""
    hard = ", ".join(item.name for item in HARD)
    judged = (
        f" S0's refiner is judged after {pair[0].name}, the lifter before it with less error on hidden joints."
        if pair
        else ""
    )
    return [
        (
            f"Best system: {best.name}, which errs least on hidden joints of held-out clips, the mean over {hard}. For a source "
            "left out, the best whose networks were trained without it. S0's own lifting network is no choice of the product "
            "and takes no part."
        ),
        f"Best lifter where {SPARSEST.count} of 17 joints are missing: {sparse.name}; against S3 the best other one.{judged}",
    ]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
