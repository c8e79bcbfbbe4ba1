"""The zip as users install it: every Blender goes the whole way with it, what it weighs, and what it costs at the start.

    .venv/bin/python -P -m penumbra.benchmarks.install [--quick] [--only NAME]

Blenders that are not here are named. Steps are played without a network where this runs as root on Linux.
"""

from __future__ import annotations

import argparse
import math
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from ..inference.settings import FootageSettings
from ..inference.timeline import read_timeline
from ..tools import build, fetch
from ..tools.wheels import platforms
from .install_blenders import Blender, blenders, without_network
from .install_matrix import COLUMNS, WAY, Row, Zips, from_blank, go
from .report import Figure, publish
from .tables import table

_MACHINE_START = 50.0
"""Milliseconds that the add-on may add to Blender's start."""
_QUICK_BLENDER = "bpy 4.5.15"
_FRAMES, _QUICK_FRAMES = 40, 8


def main(argv: list[str]) -> int:
    """Build, go, print and, unless `--quick`, keep."""
    parser = argparse.ArgumentParser(description="The zip as users install it.")
    parser.add_argument("--quick", action="store_true", help="one Blender and few frames, under a minute, nothing kept")
    parser.add_argument("--only", metavar="NAME", help="one Blender, by its name in the table; nothing is kept")
    arguments = parser.parse_args(argv)
    found, missing = blenders()
    only = arguments.only or (_QUICK_BLENDER if arguments.quick else None)
    chosen = [blender for blender in found if only in {None, blender.name}]
    if not chosen:
        parser.error(f"{only} is none of {', '.join(blender.name for blender in found)}")
    clip = fetch.fetch("demo") / "demo.mp4"
    frames = _QUICK_FRAMES if arguments.quick else _FRAMES
    with tempfile.TemporaryDirectory() as folder:
        here = build.this_platform()
        others = [target for target in platforms() if target != here]
        zips = {
            target: build.build(Path(folder), target) for target in [here, *others[: 1 if arguments.quick else None]]
        }
        pair = Zips(zips[here], zips[others[0]])
        rows = [_gone(blender, pair, clip, frames) for blender in chosen]
        blank = _blank(chosen[-1], zips[here], clip, frames if arguments.quick else None)
        sizes = {target: path.stat().st_size / 1e6 for target, path in zips.items()}
    figures = [*matrix_figures(rows), *size_figures(sizes), *blank]
    publish(
        *("install", "The zip as users install it", figures, [*_remarks(rows, frames), *([] if only else missing)]),
        keep=not only,
        sections=[_table(rows), _sayings(rows)],
    )
    return 0


def _gone(blender: Blender, zips: Zips, clip: Path, frames: int) -> Row:
    row = go(blender, zips, clip, frames)
    print(
        f"{row.blender}: {row.passed} of {len(COLUMNS)} steps, register {1000 * row.register:.0f} ms",
        file=sys.stderr,
        flush=True,
    )
    return row


def matrix_figures(rows: Sequence[Row]) -> list[Figure]:
    """How many steps passed, and what the add-on's start costs in the slowest Blender."""
    steps = len(rows) * len(COLUMNS)
    slowest = max((row.register for row in rows), key=lambda seconds: math.inf if math.isnan(seconds) else seconds)
    return [
        Figure("matrix_steps_passed", sum(row.passed for row in rows), f"of {steps}", steps, at_least=True),
        Figure("register_ms", 1000 * slowest, "ms", _MACHINE_START),
    ]


def size_figures(sizes: Mapping[str, float]) -> list[Figure]:
    """What each platform's zip weighs, in MB."""
    return [Figure(f"zip_mb_{target}", size, "MB", build.LIMIT) for target, size in sizes.items()]


def _blank(blender: Blender, archive: Path, clip: Path, frames: int | None) -> list[Figure]:
    """From a blank start to keys, beside the clip's own length."""
    timeline = read_timeline(FootageSettings(path=clip))
    seconds, keys = from_blank(blender, archive, clip, frames)
    length = keys / timeline.rate
    return [
        Figure("blank_to_keys", seconds, f"s in {blender.name}"),
        Figure("clip_length", length, f"s, {keys} frames"),
        Figure("blank_to_keys_over_clip", seconds / length, "times"),
    ]


def _remarks(rows: Sequence[Row], frames: int) -> list[str]:
    loaded = sorted({name for row in rows for name in row.modules}) or ["nothing"]
    network = "no network" if without_network() else "a network that it may not use"
    folders = (
        f"Each Blender has user folders of its own, {network}, and nothing of the project but the zip. The steps are played in "
        f"{len(WAY)} processes; capture: the first {frames} frames of the demo clip, smaller network, no cache."
    )
    steps = (
        "`bake`: the kept take on Rigify's metarig; `script`: the same again by `penumbra.bake`. `damaged`: one byte of the weights "
        "changed; the capture has to say which file that is and what to do. `nothing left`: no file of ours or of our packages among "
        "the extensions, no class, property or handler; the user's take is kept. `other platform`: that zip is not taken and nothing "
        "of it stays."
    )
    start = (
        "register_ms: import and registering in a fresh process, the median of seven, of the slowest Blender. Of Python's it loads "
        f"{', '.join(loaded)}."
    )
    blank = (
        "blank_to_keys: from starting Blender with the zip at hand, over installing, enabling, capturing the whole clip without a "
        "cache as the product is set at first, to keys on Rigify's metarig."
    )
    return [folders, steps, start, blank]


def _table(rows: Sequence[Row]) -> str:
    note = "Seconds of each step, or what went wrong."
    header = ["Blender", *(step.replace("_", " ") for step in COLUMNS), "register, ms"]
    return table(
        "Every Blender, every step", header, [[*row.cells(), f"{1000 * row.register:.0f}"] for row in rows], note
    )


def _sayings(rows: Sequence[Row]) -> str:
    """What users read, and in which Blenders; most say the same."""
    sayings: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        for about, words in (("weights damaged", row.said), ("zip for another platform", row.refused)):
            sayings.setdefault((about, words or "–"), []).append(row.blender)
    cells = [[about, words, ", ".join(names)] for (about, words), names in sorted(sayings.items())]
    return table("What users read", ["of", "words", "Blenders"], cells)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
