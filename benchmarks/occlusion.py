"""What occlusion costs: the suite on held-out clips and on sources never seen, against the usual fills.

    .venv/bin/python -P -m penumbra.benchmarks.occlusion --data FILE [--networks FOLDER] [--quick]

The shipped network is tried on held-out clips; the networks that were trained without a source, and those of the
ablation, are read from the trainer's folder.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from ..inference.lifted import Lifter
from ..inference.systems import open_lifter_at
from ..models.weights import network_path
from ..training.clips import Clip
from ..training.detector import DetectorModel, typical
from ..training.occlusion import SUITE, Clean, Wrong
from ..training.pack import only_source, read_clips, split
from ..training.trials import Body
from .lifter_speed import speed_figures
from .occlusion_methods import METHODS, Method, Networks
from .occlusion_sets import HELD_OUT, TRAINED, UNMASKED, WITHOUT, Size, a_set, remarks
from .occlusion_suite import Outcome, run_gate, run_suite
from .occlusion_tables import (
    GAPS,
    HARD,
    OURS,
    ablation_table,
    clean_figures,
    draw_gaps,
    excess_figures,
    gap_table,
    gate_figures,
    gate_table,
    generalization_table,
    suite_table,
)
from .report import RESULTS, Figure, publish

_CONDITIONS: tuple[tuple[Body, bool], ...] = (("own", False), ("matched", False), ("own", True))
"""Whose bodies, and whether the detector errs, for sources that were left out."""

_ABLATION = {
    "whole": "ablation",
    "no 2D network": "ablation-no-smoothing",
    "no second half (never met a mask; gaps bridged in 2D)": "ablation-unmasked",
    "no Cylinder Man": "ablation-no-cylinders",
    "no symmetry loss": "ablation-no-symmetry",
    "with the adversary": "ablation-adversary",
    "3D for one clip in ten": "ablation-few-labels",
    "the same and the 2D of the others": "ablation-unlabelled",
    "the same without the Cylinder Man's regulariser": "ablation-unlabelled-no-hiding",
}
"""What the rows of the ablation are called, and the recipes that trained them."""


FULL, QUICK = Size(30, 36), Size(6, 6)


def main(argv: list[str]) -> int:
    """Measure, print and, unless `--quick`, keep."""
    parser = argparse.ArgumentParser(description="What occlusion costs.")
    parser.add_argument("--data", type=Path, required=True, help="packed motion, as training/pack.py writes it")
    parser.add_argument("--networks", type=Path, default=TRAINED, help="folder that the trainer wrote")
    parser.add_argument("--network", type=Path, help="the trained lifter's weights, instead of the shipped ones")
    parser.add_argument("--quick", action="store_true", help="few clips and occlusions, under a minute, nothing kept")
    options = parser.parse_args(argv)
    size, protocols = (QUICK, (Clean(),)) if options.quick else (FULL, SUITE)
    clips = read_clips(options.data)
    network = options.network or network_path("s3")
    ours = _open(network)
    held_out = split(clips, "test")
    networks = Networks({"s3": ours, "unmasked": _open(options.networks / f"{UNMASKED.format('s3')}.onnx")})

    outcome = run_suite(a_set(held_out, size), (*protocols, *GAPS, *HARD), METHODS, networks)
    figures = [*excess_figures(outcome, HELD_OUT), _no_worse(outcome)]
    curves = {HELD_OUT: outcome}
    parts = [suite_table(outcome, "Held-out clips", "Perfect 2D, the performers' own bodies; millimetres.")]

    sources = {} if options.quick else left_out(clips, options.networks, size)
    for source in dict.fromkeys(source for source, _ in sources):
        found = sources[source, _condition("own", noisy=False)]
        figures += [*excess_figures(found, source), *clean_figures(found, source)]
        curves[source] = found
    figures += _mean_clean(figures)
    parts += [generalization_table(sources)] if sources else []

    during, whole = gated(held_out, ours, size, DetectorModel())
    figures += [*gate_figures(during), *speed_figures(network, quick=options.quick)]
    parts += [gap_table(curves), gate_table(during, whole, "otherwise perfect 2D")]
    if not options.quick:
        parts.append(gate_table(*gated(held_out, ours, size, typical()), "otherwise 2D as BlazePose errs"))
        parts += ablation(held_out, options.networks, size)
        draw_gaps(curves, RESULTS / "occlusion-gaps.png")
        parts.append("![Excess over the length of the gap](occlusion-gaps.png)")
    publish("occlusion", "What occlusion costs", figures, _remarks(size), keep=not options.quick, sections=parts)
    return 0


def left_out(clips: Sequence[Clip], networks: Path, size: Size) -> dict[tuple[str, str], Outcome]:
    """Every source by the network that was trained without it: by source and condition."""
    found: dict[tuple[str, str], Outcome] = {}
    for source, ending in WITHOUT.items():
        recipe = f"s3-without-{ending}"
        files = {"s3": recipe, "unmasked": UNMASKED.format(recipe)}
        asked = Networks({name: _open(networks / f"{file}.onnx") for name, file in files.items()})
        for body, noisy in _CONDITIONS:
            plain = body == "own" and not noisy
            alone = a_set(only_source(clips, source), size, body, typical() if noisy else None)
            protocols = (Clean(), *HARD, *(GAPS if plain else ()))
            found[source, _condition(body, noisy=noisy)] = run_suite(alone, protocols, METHODS, asked)
    return found


def gated(clips: Sequence[Clip], lifter: Lifter, size: Size, model: DetectorModel) -> tuple[Outcome, Outcome]:
    """The lifter ungated and gated, on points that are right and on points that are wrong with confidence."""
    protocols = (Clean(), *(protocol for protocol in SUITE if isinstance(protocol, Wrong)))
    return run_gate(a_set(clips, size, "own", model), protocols, lifter)


def ablation(clips: Sequence[Clip], networks: Path, size: Size) -> list[str]:
    """The ablation's table, of the networks that the folder holds; nothing where it holds none."""
    files = {label: networks / f"{recipe}.onnx" for label, recipe in _ABLATION.items()}
    methods = tuple(Method(label, label, "own") for label, path in files.items() if path.is_file())
    if not methods:
        return []
    asked = Networks({method.lifter: _open(files[method.lifter]) for method in methods})
    return [ablation_table(run_suite(a_set(clips, size), (Clean(), *HARD), methods, asked), methods)]


def _open(path: Path) -> Lifter:
    return open_lifter_at(path, threads=1)


def _condition(body: str, *, noisy: bool) -> str:
    return f"{body} bodies, {'2D as BlazePose errs' if noisy else 'perfect 2D'}"


def _no_worse(outcome: Outcome) -> Figure:
    clean = {
        method.lifter: outcome.mean("clean", method.name, "everything").mean
        for method in METHODS
        if method is OURS or method.lifter != OURS.lifter
    }
    return Figure("clean_over_unmasked", clean["s3"] / clean["unmasked"], "", 1.02)


def _mean_clean(figures: Sequence[Figure]) -> list[Figure]:
    """The mean over the left-out sources of the clean errors."""
    found = []
    for name, bound in (("clean_mpjpe", 75.0), ("clean_pa", 52.0)):
        values = [figure.value for figure in figures if figure.name.startswith(name)]
        found += [Figure(f"{name}_mean", sum(values) / len(values), "mm", bound)] if values else []
    return found


def _remarks(size: Size) -> list[str]:
    return [
        *remarks(size),
        "Sources left out: neither S3's network nor its first half ever saw the source.",
        "Wrong but confident: half a second and one and a half seconds of swapped, displaced and drifting limbs.",
    ]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
