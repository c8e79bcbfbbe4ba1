"""The occlusion benchmark's figures, tables and plot, out of its outcomes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np

from ..training.clips import RATE
from ..training.metrics.bootstrap import Interval
from ..training.occlusion import Part, Windows
from .occlusion_methods import METHODS, Method
from .occlusion_suite import GATED, KNOWN, UNGATED, Outcome
from .report import Figure
from .tables import table

GAPS = tuple(Windows(length, 3) for length in (5, 10, 15, 20, 30, 45, 60))
HARD = (Windows(30, 3), Part("both legs", 45))
OURS = METHODS[0]


def excess_figures(outcome: Outcome, name: str) -> list[Figure]:
    """S3 over the best baseline, of the set `name`: excess on hidden joints at the hard occlusions and the worst gap.

    For the worst gap the whole error on hidden joints is told too.
    """

    def ratio(protocol: str, field: str) -> float:
        return outcome.against_best(protocol, OURS.name, METHODS, field).mean

    return [
        *(Figure(f"excess_{plain(hard.name)}_{name}", ratio(hard.name, "excess"), "", 0.7) for hard in HARD),
        Figure(f"excess_worst_gap_{name}", float(np.max([ratio(gap.name, "excess") for gap in GAPS])), "", 1.0),
        Figure(f"hidden_worst_gap_{name}", float(np.max([ratio(gap.name, "hidden") for gap in GAPS])), ""),
    ]


def clean_figures(outcome: Outcome, name: str) -> list[Figure]:
    """Clean errors on a source that the network never saw."""
    return [
        Figure(f"clean_mpjpe_{name}", outcome.mean("clean", OURS.name, "everything").mean, "mm", 75.0),
        Figure(f"clean_pa_{name}", outcome.mean("clean", OURS.name, "aligned").mean, "mm", 52.0),
    ]


def gate_figures(during: Outcome) -> list[Figure]:
    """By how much the gate cuts the error of all joints while something is wrong: over all kinds of wrong, and by kind.

    Last what hiding exactly the wrong points would cut.
    """
    protocols = [protocol for protocol in _protocols(during) if protocol != "clean"]

    def cut(name: str, chosen: Sequence[str]) -> float:
        means = {
            method: np.mean([during.mean(protocol, method, "everything").mean for protocol in chosen])
            for method in (UNGATED, name)
        }
        return float(1.0 - means[name] / means[UNGATED])

    kinds = {
        kind: [protocol for protocol in protocols if f"({kind}," in protocol] for kind in ("swap", "edge", "drift")
    }
    return [
        Figure("gate_cut", cut(GATED, protocols), "", 0.3, at_least=True),
        *(Figure(f"gate_cut_{kind}", cut(GATED, chosen), "") for kind, chosen in kinds.items() if chosen),
        Figure("gate_cut_told_what_is_wrong", cut(KNOWN, protocols), ""),
    ]


def suite_table(outcome: Outcome, title: str, note: str) -> str:
    """Every occlusion and method."""
    header = (
        "occlusion",
        "method",
        "all",
        "visible",
        "hidden",
        "PA",
        "excess [95 %]",
        "its median",
        "its 95th percentile",
    )
    return table(title, header, _suite_rows(outcome), note)


def _suite_rows(outcome: Outcome) -> Iterator[tuple[str | float, ...]]:
    for protocol, method in outcome.scores:
        excess = outcome.values(protocol, method, "excess")
        known = excess[np.isfinite(excess)]
        yield (
            protocol,
            method,
            *(outcome.mean(protocol, method, field).mean for field in ("everything", "visible", "hidden", "aligned")),
            text(outcome.mean(protocol, method, "excess")),
            float(np.median(known)) if len(known) else float("nan"),
            float(np.quantile(known, 0.95)) if len(known) else float("nan"),
        )


def gap_table(outcomes: Mapping[str, Outcome]) -> str:
    """Excess over the length of the gap, for every set and method, and S3's ratio to the best baseline."""
    rows: list[tuple[str | float, ...]] = []
    for name, outcome in outcomes.items():
        rows += [
            (name, method.name, *(outcome.mean(gap.name, method.name, "excess").mean for gap in GAPS))
            for method in METHODS
        ]
        ratios = (text(outcome.against_best(gap.name, OURS.name, METHODS, "excess"), 2) for gap in GAPS)
        rows.append((name, "S3 / best baseline [95 %]", *ratios))
    return table(
        "Excess over the length of the gap",
        ("set", "method", *(f"{gap.length} frames" for gap in GAPS)),
        rows,
        "Three random joints with all that hangs on them hidden; millimetres on hidden joints beyond the same lifter's "
        "error where it sees them.",
    )


def generalization_table(outcomes: Mapping[tuple[str, str], Outcome]) -> str:
    """What happens on sources that the network never saw; by source and condition."""
    rows = []
    for (source, condition), outcome in outcomes.items():
        ratios = (text(outcome.against_best(hard.name, OURS.name, METHODS, "excess"), 2) for hard in HARD)
        clean = (text(outcome.mean("clean", OURS.name, field)) for field in ("everything", "aligned"))
        rows.append(
            (source, condition, *clean, *ratios, f"{len(outcome.recordings)} of {len(set(outcome.recordings))}")
        )
    return table(
        "Sources that the network never saw",
        (
            "source",
            "condition",
            "clean MPJPE [95 %]",
            "clean PA [95 %]",
            *(f"excess at {hard.name}, S3 / best baseline [95 %]" for hard in HARD),
            "clips of recordings",
        ),
        rows,
        "Bodies: the performers' own bone lengths, or all set to the mean body's. 2D: perfect, or as BlazePose errs. "
        "The networks are shorter runs than the one that ships.",
    )


def gate_table(during: Outcome, whole: Outcome, condition: str) -> str:
    """Points that are wrong with confidence: the lifter with all points believed, and gated; `condition` of the rest."""
    rows = []
    for protocol in _protocols(during):
        for name in (UNGATED, GATED, KNOWN):
            told = (text(during.mean(protocol, name, field)) for field in ("everything", "hidden", "visible"))
            rows.append((protocol, name, *told, text(whole.mean(protocol, name, "everything"))))
    return table(
        f"Wrong but confident, {condition}",
        ("wrong", "method", "all joints", "wrong joints", "right joints", "all joints, whole clip"),
        rows,
        "MPJPE [95 %] in millimetres over the frames in which a point is wrong, and over whole clips. The flow that the "
        "gate reads is simulated, with noise, from the body and a background behind it. Gated: swaps undone, the rest judged.",
    )


def ablation_table(outcome: Outcome, methods: Sequence[Method]) -> str:
    """What each part of the training brings; one row a network."""
    rows = [
        (
            method.name,
            text(outcome.mean("clean", method.name, "everything")),
            text(outcome.mean("clean", method.name, "aligned")),
            *(text(outcome.mean(hard.name, method.name, field)) for hard in HARD for field in ("hidden", "excess")),
        )
        for method in methods
    ]
    columns = (f"{hard.name} {field} [95 %]" for hard in HARD for field in ("hidden", "excess"))
    return table(
        "What each part brings",
        ("network", "clean MPJPE [95 %]", "clean PA [95 %]", *columns),
        rows,
        "Small networks with the same steps, one part left out at a time; held-out clips, perfect 2D.",
    )


def draw_gaps(outcomes: Mapping[str, Outcome], path: Path) -> None:
    """Write the PNG `path`: excess over the length of the gap, one panel a set, with S3's 95 % interval."""
    mpl.use("Agg")
    from matplotlib import pyplot as plt  # noqa: PLC0415 - after the choice of what draws

    figure, panels = plt.subplots(
        1, len(outcomes), figsize=(4.2 * len(outcomes), 4.2), sharey=True, squeeze=False, layout="constrained"
    )
    lengths = [gap.length for gap in GAPS]
    for panel, (name, outcome) in zip(panels[0], outcomes.items(), strict=True):
        for number, method in enumerate(METHODS):
            found = [outcome.mean(gap.name, method.name, "excess") for gap in GAPS]
            ours = method is OURS
            color = "black" if ours else f"C{number}"
            style = "-" if method.lifter == OURS.lifter else "--"
            panel.plot(
                lengths, [item.mean for item in found], style, color=color, lw=2.5 if ours else 1.3, label=method.name
            )
            if ours:
                panel.fill_between(
                    lengths, *zip(*((item.low, item.high) for item in found), strict=True), color=color, alpha=0.15
                )
        panel.set(
            title=f"{name} ({len(outcome.recordings)} clips)", xlabel=f"length of the gap (frames at {RATE:g} a second)"
        )
        panel.grid(alpha=0.3)
    panels[0][0].set_ylabel("excess on hidden joints (mm)")
    panels[0][0].legend(fontsize=8)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def text(found: Interval, digits: int = 1) -> str:
    """`mean [low, high]`, a dash where nothing is known."""
    if not np.isfinite(found.mean):
        return "–"
    return f"{found.mean:.{digits}f} [{found.low:.{digits}f}, {found.high:.{digits}f}]"


def _protocols(outcome: Outcome) -> tuple[str, ...]:
    return tuple(dict.fromkeys(protocol for protocol, _ in outcome.scores))


def plain(name: str) -> str:
    """A name without anything but letters, digits and underlines."""
    return "_".join("".join(letter if letter.isalnum() else " " for letter in name).split())
