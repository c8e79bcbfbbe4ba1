"""Where the networks' weights lie, and the check that they are whole."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from ..errors import SetupError

FOLDER = Path(__file__).parent / "weights" / "blazepose"
"""The weights lie inside the extension; they are fetched when it is built or first set up and never committed."""
LIFTERS = FOLDER.parent / "s3"
"""Our own lifters, with their card; these are committed."""
LIFTER = "s3.onnx"

_REMEDY = "Run ./capture once to fetch the weights, or reinstall the extension."


def weight_path(name: str, folder: Path = FOLDER) -> Path:
    """Path of the weights file `name` in `folder`, after its SHA-256 was found to be the one in `manifest.json`.

    Raises SetupError when the file or the manifest is missing or damaged.
    """
    path = folder / name
    expected = _manifest(folder).get(name)
    if expected is None or not path.is_file():
        raise SetupError(f"The network weights {name} are missing from {folder}. {_REMEDY}")
    try:
        with path.open("rb") as file:
            actual = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise SetupError(f"The network weights {path} cannot be read ({error.strerror}). {_REMEDY}") from error
    if actual != expected:
        raise SetupError(f"The network weights {path} are damaged. Delete that file, then: {_REMEDY}")
    return path


def has_weights(name: str, folder: Path = FOLDER) -> bool:
    """Whether the weights file `name` is there at all; a build for users leaves out what its own runtime cannot read."""
    return (folder / name).is_file()


def weight_hashes(model: str, folder: Path = FOLDER) -> dict[str, str]:
    """SHA-256 by file name of the weights that a capture with `model` uses, as the manifest states them.

    Raises SetupError when the manifest is missing or damaged.
    """
    known = _manifest(folder)
    return {name: known.get(name, "") for name in ("person_detector.onnx", f"landmarks_{model}.onnx")}


def lifter_hashes(lifter: str) -> dict[str, str]:
    """SHA-256 by file name of the weights that `lifter` uses; none for the detector's own landmarks."""
    return {LIFTER: _manifest(LIFTERS).get(LIFTER, "")} if lifter == "s3" else {}


def _manifest(folder: Path) -> dict[str, str]:
    """SHA-256 of every weights file, by its name."""
    path = folder / "manifest.json"
    if not path.is_file():
        raise SetupError(f"The network weights are missing from {folder}. {_REMEDY}")
    try:
        files = json.loads(path.read_text("utf-8"))["files"]
        return {name: entry["sha256"] for name, entry in files.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SetupError(f"The list of network weights {path} is damaged. Delete that file, then: {_REMEDY}") from error
