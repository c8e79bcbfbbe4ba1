"""Motion that an animator can use: held-out clips through every stage after the lift, scored before and after each.

    .venv/bin/python -P -m penumbra.benchmarks.motion --data FILE [--side validation] [--quick]

Set OMP_NUM_THREADS=1 for speeds on one core.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ..inference.animate import animate
from ..inference.observed import Observed
from ..inference.progress import finish
from ..inference.settings import CameraSettings, MotionSettings
from ..training.pack import read_clips, split
from .motion_run import Animated, run
from .motion_scenes import open_lifting, scenes
from .motion_tables import PROTOCOLS, bone_table, draw_foot, figures, most_steps, ratio_table, remarks, stage_tables
from .report import RESULTS, publish

FULL, QUICK = 24, 4
"""Clips that are tried."""


def main(argv: list[str]) -> int:
    """Measure, print and, unless `--quick` or of another split, keep."""
    parser = argparse.ArgumentParser(description="Motion before and after each stage.")
    parser.add_argument("--data", type=Path, required=True, help="packed motion, as training/pack.py writes it")
    parser.add_argument(
        "--side", choices=("test", "validation"), default="test", help="whose clips; only those of the test are kept"
    )
    parser.add_argument("--quick", action="store_true", help="few clips, under a minute, nothing kept")
    options = parser.parse_args(argv)
    clips = split(read_clips(options.data), options.side)
    outcome = run(scenes(clips, QUICK if options.quick else FULL), PROTOCOLS, open_lifting(), through_all_stages)
    keep = options.side == "test" and not options.quick
    picture = []
    if keep:
        draw_foot(most_steps(outcome.shown), RESULTS / "motion.png")
        picture = ["![A foot, as lifted, as it ends, and in truth](motion.png)"]
    publish(
        "motion",
        "Motion before and after each stage",
        figures(outcome),
        remarks(outcome, options.side),
        keep=keep,
        sections=[*picture, ratio_table(outcome), bone_table(outcome), *stage_tables(outcome)],
    )
    return 0


def through_all_stages(observed: Observed) -> Animated:
    """The product's own stages with their defaults, of a still camera that is not known and a subject that is."""
    return finish(animate(observed, CameraSettings(), MotionSettings()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
