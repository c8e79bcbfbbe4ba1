"""What each part of S4, S0 and S1 brings: tables over the networks of the ablation that were trained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..training.clips import Clip
from ..training.occlusion import Clean
from .occlusion_methods import Method
from .occlusion_sets import Size, a_set
from .occlusion_suite import run_suite
from .systems_methods import S3, Shelf, slow
from .systems_run import HARD, Effort
from .systems_tables import ablation_table


@dataclass(frozen=True, slots=True)
class Ablation:
    """One table. rows: what they are called, and the networks; refiners come after S3, which is the first row."""

    title: str
    note: str
    rows: tuple[Method, ...]


_SHORT = "Short runs with the same steps, one thing changed at a time; held-out clips, perfect 2D."
ABLATIONS = (
    Ablation(
        "What each part of S4 brings",
        _SHORT,
        (
            Method("two views, gaps filled along a line", "ablation-dtf", "own"),
            Method("one view", "ablation-dtf-one-view", "own"),
            Method("three views", "ablation-dtf-three-views", "own"),
            Method("gaps filled by the nearest sight", "ablation-dtf-copy", "own"),
        ),
    ),
    Ablation(
        "What each part of S0's refiner brings",
        f"{_SHORT} After S3.",
        (
            S3,
            Method("8 masks that last", "s3", "own", "ablation-graph"),
            Method("few masks", "s3", "own", "ablation-graph-few-masks"),
            Method("masks that share more", "s3", "own", "ablation-graph-more-overlap"),
            Method("masks that share less", "s3", "own", "ablation-graph-less-overlap"),
            Method("masks of every frame's own", "s3", "own", "ablation-graph-unstructured"),
        ),
    ),
    Ablation(
        "What each part of S1's pose prior brings",
        f"{_SHORT} After S3.",
        (
            S3,
            Method("joints about the pelvis", "s3", "own", "ablation-ppt"),
            Method("joints where they are in the room", "s3", "own", "ablation-ppt-absolute"),
        ),
    ),
)


def ablations(clips: Sequence[Clip], shelf: Shelf, effort: Effort) -> list[str]:
    """The tables of what there are networks of, more than the first row."""
    tables = []
    for ablation in ABLATIONS:
        rows = shelf.there(ablation.rows)
        if any(row is not S3 for row in rows):
            count = effort.few if any(slow(row) for row in rows) else effort.several
            outcome = run_suite(a_set(clips, Size(count, count)), (Clean(), *HARD), rows, shelf.open(rows))
            tables.append(ablation_table(ablation.title, outcome, rows, ablation.note))
    return tables
