"""Put a trained network where the product looks for it: `python -P -m penumbra.training.ship build/training/s3.onnx`.

Beside the network go the manifest with its SHA-256, its curves, and its card, which is written from the run's report.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from pathlib import Path

from ..errors import TrainingDataError
from ..models.weights import NETWORKS
from .card import card
from .command import exit_code
from .files import replace_file


def main(argv: list[str] | None = None) -> int:
    """Run the command line and give its exit code."""
    parser = argparse.ArgumentParser(
        prog="penumbra.training.ship", description="Put a trained network where the product looks for it."
    )
    parser.add_argument("network", type=Path, help="NAME.onnx, with the folder NAME of its run beside it")
    parser.add_argument("--to", type=Path, help="folder to put it in, instead of the product's own")
    parser.add_argument("--remark", default="", help="what else the card should say of the run")
    options = parser.parse_args(argv)
    folder = options.to or NETWORKS / options.network.stem
    return exit_code(lambda: ship(options.network, folder, options.remark))


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
    replace_file(folder / network.name, content)
    replace_file(folder / "curves.png", (run / "curves.png").read_bytes())
    replace_file(folder / "CARD.md", card(report, network.name, len(content), remark).encode())
    manifest = {"files": {network.name: {"sha256": digest, "bytes": len(content)}}}
    replace_file(folder / "manifest.json", (json.dumps(manifest, indent=2) + "\n").encode())


if __name__ == "__main__":
    sys.exit(main())
