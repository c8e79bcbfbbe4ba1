"""Packs a folder of motion into one data file: `python -P -m penumbra.training.pack FOLDER -o data.npz`."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from ..inference.progress import Progress, finish
from .command import exit_code
from .files import replace_file
from .motion.folder import collect
from .motion.report import report
from .motion.store import read_clips, write_clips
from .splits import action_weights, only_source, side_of, split, without_source

__all__ = ["action_weights", "main", "only_source", "pack", "read_clips", "side_of", "split", "without_source"]

_SAY_EVERY = 2.0
"""Seconds between two lines of progress."""


def main(argv: list[str] | None = None) -> int:
    """Run the command line and give its exit code."""
    parser = argparse.ArgumentParser(prog="python -m penumbra.training.pack", description="Pack motion for training.")
    parser.add_argument("folder", type=Path, help="folder of BVH, ASF/AMC, FBX, .blend and exponential map files")
    parser.add_argument("-o", "--out", type=Path, required=True, help="the data file to write")
    parser.add_argument("--report", type=Path, help="where to write which clips were kept or left out, and why")
    options = parser.parse_args(argv)
    return exit_code(lambda: pack(options.folder, options.out, options.report))


def pack(folder: Path, out: Path, report_to: Path | None = None) -> None:
    """Read the folder's motion, write the data file and, where asked for, the report.

    Raises TrainingDataError where the folder holds nothing usable or a file cannot be written; nothing is written then.
    """
    said = -_SAY_EVERY

    def say(progress: Progress) -> None:
        nonlocal said
        now = time.monotonic()
        if now - said >= _SAY_EVERY or progress.done == progress.total:
            said = now
            print(f"{progress.done}/{progress.total} files: {progress.message}", flush=True)

    collected = finish(collect(folder), say)
    manifest = write_clips(out, collected)
    if report_to is not None:
        replace_file(report_to, report(collected, manifest).encode())
    minutes = sum(row["seconds"] for row in manifest["sources"].values()) / 60
    left_out = len(manifest["rejected"])
    size = out.stat().st_size / 2**20
    print(f"{out}: {len(collected.clips)} clips, {minutes:.1f} minutes, {size:.1f} MiB; {left_out} left out.")


if __name__ == "__main__":
    sys.exit(main())
