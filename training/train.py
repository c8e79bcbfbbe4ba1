"""The one command that trains: `python -P -m penumbra.training.train --data data.npz --recipe s3`.

A run that was stopped goes on where its last checkpoint is. What comes out in the folder: NAME.onnx, the
same without its second half as NAME-unmasked.onnx, which never met a gap in training, and in NAME/ the checkpoint, the curves as a picture and `report.json`, which says what was trained on what, and how well it did.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

import torch

from .clips import Clip
from .command import exit_code
from .curves import draw
from .files import replace_file
from .loop import Check
from .motion.store import read_clips, read_manifest
from .runs import prepare
from .settings import Settings, recipe
from .splits import split, without_source


def main(argv: list[str] | None = None) -> int:
    """Run the command line and give its exit code."""
    options = _parser().parse_args(argv)
    torch.set_num_threads(options.threads)
    return exit_code(lambda: _train_all(options))


def _train_all(options: argparse.Namespace) -> None:
    """Every recipe that was asked for, on the same clips."""
    clips, data = read_clips(options.data), read_manifest(options.data)["sha256"]
    for name in options.recipe:
        train(_settings(name, options), clips, options.out, options.check_every, data)


def train(settings: Settings, clips: list[Clip], out: Path, check_every: int, data: str) -> Path:
    """Train one network to its last step and export it; gives the ONNX file's path.

    data: SHA-256 of the data file's content, for the report.
    """
    for source in settings.without:
        clips = without_source(clips, source)
    learned, held_out = split(clips, "train"), split(clips, "validation")
    run, folder = prepare(settings, learned, held_out, out), out / settings.name
    print(f"{settings.name}: {len(learned)} clips, {sum(map(len, learned)) / 1800:.1f} minutes of motion", flush=True)

    def say(check: Check) -> None:
        print(
            f"{settings.name} step {check.step}/{settings.steps}: loss {check.loss:.4f}, held-out MPJPE clean"
            f" {1000 * check.clean:.1f} mm, masked {1000 * check.masked:.1f} mm, hidden joints"
            f" {1000 * check.hidden:.1f} mm, {check.speed:,.0f} frames/s",
            flush=True,
        )
        draw(run.trainer.checks, settings.name, folder / "curves.png")

    run.trainer.run(check_every, say)
    goal = out / f"{settings.name}.onnx"
    digest = run.write(run.trainer.average.module, goal)
    _write_report(folder / "report.json", settings, learned, run.trainer.checks, digest, data)
    print(f"{settings.name}: {goal} is written, SHA-256 {digest}", flush=True)
    return goal


def _write_report(
    path: Path, settings: Settings, clips: list[Clip], checks: list[Check], digest: str, data: str
) -> None:
    facts: dict[str, Any] = {
        "settings": asdict(settings),
        "minutes": {source: round(count / 1800, 1) for source, count in _frames(clips).items()},
        "licences": {clip.source: clip.licence for clip in clips},
        "sha256": digest,
        "data": data,
        "checks": [asdict(check) for check in checks],
    }
    replace_file(path, (json.dumps(facts, indent=2) + "\n").encode())


def _frames(clips: list[Clip]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for clip in clips:
        counts[clip.source] += len(clip)
    return counts


def _settings(name: str, options: argparse.Namespace) -> Settings:
    settings = recipe(name)
    changes = {
        key: getattr(options, key)
        for key in ("lifting", "completing", "spreading", "steps", "batch", "seed")
        if getattr(options, key) is not None and key in {item.name for item in fields(settings)}
    }
    return replace(settings, **changes)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="penumbra.training.train", description="Train networks by the recipes in training/recipes.toml."
    )
    parser.add_argument("--data", type=Path, required=True, help="packed motion, from penumbra.training.pack")
    parser.add_argument("--recipe", nargs="+", default=["s3"], help="names in training/recipes.toml, one after another")
    parser.add_argument("--out", type=Path, default=Path("build/training"), help="folder for networks and checkpoints")
    parser.add_argument("--steps", type=int, help="steps, instead of the recipe's; for S3 those of its parts:")
    for part in ("lifting", "completing", "spreading"):
        parser.add_argument(f"--{part}", type=int, help="steps of this part, instead of the recipe's")
    parser.add_argument("--batch", type=int, help="windows a step, instead of the recipe's")
    parser.add_argument("--seed", type=int, help="seed, instead of the recipe's")
    parser.add_argument("--threads", type=int, default=1, help="processor threads")
    parser.add_argument("--check-every", type=int, default=250, help="steps between checks and checkpoints")
    return parser


if __name__ == "__main__":
    sys.exit(main())
