"""Speed, memory and set-up: what a whole conversion costs beside its networks, and beside MediaPipe's own tasks.

    .venv/bin/python -P -m penumbra.benchmarks.speed [--quick]

Every conversion and every rival runs in a process of its own, started fresh, one after the other in one run.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from ..tools import fetch, launch
from .bake import bake_figures
from .clips import repeat_clip
from .report import Figure, publish

# The man on the roof, whom the automatic choice picks too; named, so that both sizes of clip follow the same person.
_SUBJECT = "0.37,0.22"
_THREADS = 2
_MEGABYTE = 1e6


@dataclass(frozen=True, slots=True)
class Run:
    """One finished process: wall seconds from start to end, peak memory in MB, and the last line of its output."""

    seconds: float
    megabytes: float
    said: dict


def main(argv: list[str]) -> int:
    """Measure, print and, unless `--quick`, keep."""
    parser = argparse.ArgumentParser(description="Speed, memory and set-up.")
    parser.add_argument("--quick", action="store_true", help="a smaller sample, under a minute, nothing kept")
    quick = parser.parse_args(argv).quick
    frames, times, insert_frames = (150, 2, 60) if quick else (1000, 10, 1800)
    demo = fetch.fetch("demo") / "demo.mp4"
    with tempfile.TemporaryDirectory() as folder:
        clip = repeat_clip(demo, Path(folder) / "clip.mp4", frames=frames)
        figures = [
            *_conversion(clip, Path(folder)),
            *_memory(demo, times, Path(folder)),
            *bake_figures(insert_frames),
            *_set_up(),
        ]
    remarks = [
        f"Clip: the demo clip repeated to {frames} frames; subject {_SUBJECT}; heavy model; {_THREADS} threads.",
        "The conversion runs from the start of its process to the saved .blend file, imports and loading included.",
        "MediaPipe: its Tasks API in video mode on the same weights, decoding included, as many threads as it likes.",
        f"Memory: peak resident size for the clip repeated {times} times, less that for the clip once.",
    ]
    if quick:
        remarks.append("With so few frames the start of the process weighs more; the first bound is meant for 1000.")
    publish("speed", "Speed, memory and set-up", figures, remarks, keep=not quick)
    return 0


def _conversion(clip: Path, folder: Path) -> list[Figure]:
    ours = _convert(clip, folder)
    theirs = _run([sys.executable, "-P", "-m", "penumbra.benchmarks.mediapipe_alone", str(clip)])
    networks = ours.said["network_seconds"]
    return [
        Figure("conversion_over_networks", ours.seconds / networks, "", 1.25),
        Figure("conversion_over_mediapipe", ours.seconds / theirs.seconds, "", 1.0),
    ]


def _memory(demo: Path, times: int, folder: Path) -> list[Figure]:
    once = _convert(demo, folder)
    often = _convert(repeat_clip(demo, folder / "long.mp4", times=times), folder)
    return [
        Figure("memory_growth", often.megabytes - once.megabytes, "MB", 50.0),
        Figure("memory_once", once.megabytes, "MB"),
    ]


def _set_up() -> list[Figure]:
    """What the first calls of the two commands cost on this machine, as they noted it themselves."""
    told = launch.report()
    return [
        figure
        for name, cost in told.items()
        for figure in (
            Figure(f"set_up_{name}", cost["seconds"], "s"),
            Figure(f"set_up_{name}_size", cost["bytes"] / _MEGABYTE, "MB"),
        )
    ]


def _convert(clip: Path, folder: Path) -> Run:
    arguments = ["capture", str(clip), "-o", str(folder / "out.blend"), "--no-cache", "--json", "--subject", _SUBJECT]
    return _run([sys.executable, "-P", "-m", "penumbra", *arguments, "--threads", str(_THREADS)])


def _run(command: list[str]) -> Run:
    start = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        output = process.stdout.read() if process.stdout else ""
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - start
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with exit code {process.returncode}")
    return Run(seconds, usage.ru_maxrss / 1000, json.loads(output.strip().splitlines()[-1]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
