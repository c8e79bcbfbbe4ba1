"""Put a trained lifter where the product looks for it: `python -P -m penumbra.training.ship build/training/s3.onnx`.

Beside the network go the manifest with its SHA-256, its curves, and its card, which is written from the run's report.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from pathlib import Path
from typing import Any

from ..errors import TrainingDataError
from ..models.weights import NETWORKS
from .command import exit_code
from .files import replace_file
from .motion.catalogue import licences

_FILE = "s3.onnx"


def main(argv: list[str] | None = None) -> int:
    """Run the command line and give its exit code."""
    parser = argparse.ArgumentParser(
        prog="penumbra.training.ship", description="Put a trained lifter where the product looks for it."
    )
    parser.add_argument("network", type=Path, help="NAME.onnx, with the folder NAME of its run beside it")
    parser.add_argument("--to", type=Path, default=NETWORKS / "s3", help="folder of the product's lifters")
    parser.add_argument("--remark", default="", help="what else the card should say of the run")
    options = parser.parse_args(argv)
    return exit_code(lambda: ship(options.network, options.to, options.remark))


def ship(network: Path, folder: Path, remark: str = "") -> None:
    """Copy `network` with its run's report and curves into `folder` and write the manifest and the card.

    Raises TrainingDataError where the run's report is missing or is of another network.
    """
    run = network.with_suffix("")
    try:
        report = json.loads((run / "report.json").read_text("utf-8"))
        content = network.read_bytes()
    except (OSError, ValueError) as error:
        raise TrainingDataError(f"{network} has no report of its training ({error}). Train it again.") from error
    digest = hashlib.sha256(content).hexdigest()
    if digest != report["sha256"]:
        raise TrainingDataError(f"{network} is not the network that {run / 'report.json'} tells of. Train it again.")
    replace_file(folder / _FILE, content)
    replace_file(folder / "curves.png", (run / "curves.png").read_bytes())
    replace_file(folder / "CARD.md", card(report, len(content), remark).encode())
    manifest = {"files": {_FILE: {"sha256": digest, "bytes": len(content)}}}
    replace_file(folder / "manifest.json", (json.dumps(manifest, indent=2) + "\n").encode())


def card(report: dict[str, Any], size: int, remark: str) -> str:
    """The model card, in Markdown, of a run's report; `size` is the network's bytes, `remark` a paragraph or nothing."""
    settings, last = report["settings"], report["checks"][-1]
    minutes = "\n".join(
        f"| {source} | {count} | {licence} | {licences()[licence]['credit']} |"
        for source, count in sorted(report["minutes"].items())
        for licence in [report["licences"][source]]
    )
    steps = settings["lifting"] + settings["completing"]
    frames = steps * settings["batch"] * settings["frames"]
    paragraph = f"\n{remark}\n" if remark else ""
    return f"""# {settings["name"]}: the lifter of S3

| | |
|---|---|
| File | `{_FILE}`, ONNX opset 17, {size / 1e6:.1f} MB |
| SHA-256 | `{report["sha256"]}` |
| License of the weights | GPL-3.0-or-later, as the program; commercial use is allowed |
| Reads | the 25 points of `POINTS` in every frame, as `inference/sight_features.py` prepares them |
| Gives | the 30 joints of `JOINTS` in meters about the pelvis, camera axes, of a body 1.70 m tall |
| Method | Cheng et al., Occlusion-Aware Networks for 3D Human Pose Estimation in Video, ICCV 2019 (`training/networks.py`) |
| Trained with | `python -P -m penumbra.training.train --data data.npz --recipe {settings["name"]}`, seed {settings["seed"]} |
| Data file | content SHA-256 `{report["data"]}`, made by `python -P -m penumbra.training.pack` |
| Length | {settings["lifting"]} steps to lift and {settings["completing"]} to complete, of {settings["batch"]} windows of {settings["frames"]} frames: {frames / 1e6:.1f} million frames |

## Data

Motion of people only; no pictures, no body model, nothing under a non-commercial license. The clips are not part of the
project. Minutes of motion before augmentation:

| source | minutes | license | credit |
|---|---|---|---|
{minutes}

The proportions of the mean body are measured half from one person of the Pose2Sim demonstration footage
(`training/landmarks.toml`), which is also the footage of the real check.

## How well

On windows of held-out subjects, varied and detected as in training: MPJPE {1000 * last["clean"]:.1f} mm with
everything in sight and made-up poses among them; of recorded motion {1000 * last["masked"]:.1f} mm with points hidden, {1000 * last["hidden"]:.1f} mm over the hidden
joints alone. `benchmarks/results/occlusion.md` and `benchmarks/results/real_check.md` have the tables that count.

![Curves](curves.png)
{paragraph}
## What it is not good for

It knows people who stand, walk, dance, fight and idle; sitting and lying are rare in its data. It takes every body to be
1.70 m tall. Fingers are not part of it. Where it is told that a point is reliable and it is not, it believes it.
"""


if __name__ == "__main__":
    sys.exit(main())
