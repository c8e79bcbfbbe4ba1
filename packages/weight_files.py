"""Whether the networks' weights are the ones that their manifests name."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ..errors import SetupError
from ..inference.progress import Progress, Work
from ..models.weights import FOLDER, NETWORKS, expected_hashes

# Weights that only the second backend reads, and that its own set-up brings.
_BY_CHOICE = ".tflite"


@dataclass(frozen=True, slots=True)
class WeightFile:
    """A file of weights. sha256: of what is there, "" for nothing. needed: whether every capture needs it."""

    name: str
    state: Literal["ok", "damaged", "missing"]
    sha256: str
    needed: bool


def check_weights(folder: Path = NETWORKS, needed: Path = FOLDER) -> Work[tuple[WeightFile, ...]]:
    """Hash every file that a manifest in the folders below `folder` names; those of the folder `needed` are needed by every capture."""
    found = []
    manifests = sorted({*folder.glob("*/manifest.json"), needed / "manifest.json"})
    for number, manifest in enumerate(manifests):
        yield Progress("weights", number, len(manifests), "Checking the networks' weights")
        try:
            files = expected_hashes(manifest.parent)
        except SetupError:
            state = "damaged" if manifest.is_file() else "missing"
            found.append(WeightFile(f"{manifest.parent.name}/{manifest.name}", state, "", manifest.parent == needed))
            continue
        for name, expected in files.items():
            path = manifest.parent / name
            if path.is_file() or not name.endswith(_BY_CHOICE):
                found.append(_checked(path, expected, needed=manifest.parent == needed))
    return tuple(found)


def _checked(path: Path, expected: str, *, needed: bool) -> WeightFile:
    needed = needed and not path.name.endswith(_BY_CHOICE)
    try:
        with path.open("rb") as file:
            actual = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return WeightFile(path.name, "missing", "", needed)
    return WeightFile(path.name, "ok" if actual == expected else "damaged", actual, needed)
