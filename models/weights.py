"""Where the networks' weights lie, and the check that they are whole."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from ..errors import SetupError

FOLDER = Path(__file__).parent / "weights" / "blazepose"
"""The weights lie inside the extension; they are fetched when it is built or first set up and never committed."""
NETWORKS = FOLDER.parent
"""Our own networks, each in a folder of its name with its card; these are committed."""

# Inside Blender an installed extension has a name below `bl_ext`; elsewhere this is a checkout, which fetches weights itself.
_REMEDY = (
    "Install the extension's zip again."
    if __name__.startswith("bl_ext.")
    else "Run ./capture once to fetch the weights, or install the extension again."
)
_OWN_REMEDY = "Choose another lifter or refiner, or install the extension again."


def weight_path(name: str, folder: Path = FOLDER, remedy: str = _REMEDY) -> Path:
    """Path of the weights file `name` in `folder`, after its SHA-256 was found to be the one in `manifest.json`.

    Raises SetupError, which ends with the sentence `remedy`, when the file or the manifest is missing or damaged.
    """
    path = folder / name
    expected = expected_hashes(folder, remedy).get(name)
    if expected is None or not path.is_file():
        raise SetupError(f"The network weights {name} are missing from {folder}. {remedy}")
    try:
        with path.open("rb") as file:
            actual = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise SetupError(f"The network weights {path} cannot be read ({error.strerror}). {remedy}") from error
    if actual != expected:
        raise SetupError(f"The network weights {path} are damaged. {remedy}")
    return path


def network_path(name: str, folder: Path = NETWORKS) -> Path:
    """Path of our own network `name`, checked as by `weight_path`. Raises SetupError where it is missing or damaged."""
    return weight_path(f"{name}.onnx", folder / name, _OWN_REMEDY)


def network_hashes(names: Iterable[str], folder: Path = NETWORKS) -> dict[str, str]:
    """SHA-256 by file name of our own networks `names`, as their manifests state them.

    Raises SetupError when a manifest is missing or damaged.
    """
    files = {name: f"{name}.onnx" for name in names}
    return {file: expected_hashes(folder / name, _OWN_REMEDY).get(file, "") for name, file in files.items()}


def has_weights(name: str, folder: Path = FOLDER) -> bool:
    """Whether the weights file `name` is there at all; a build for users leaves out what its own runtime cannot read."""
    return (folder / name).is_file()


def weight_hashes(model: str, folder: Path = FOLDER) -> dict[str, str]:
    """SHA-256 by file name of the weights that a capture with `model` uses, as the manifest states them.

    Raises SetupError when the manifest is missing or damaged.
    """
    known = expected_hashes(folder)
    return {name: known.get(name, "") for name in ("person_detector.onnx", f"landmarks_{model}.onnx")}


def expected_hashes(folder: Path, remedy: str = _REMEDY) -> dict[str, str]:
    """SHA-256 of every weights file of a folder by its name, as its manifest states it.

    Raises SetupError, which ends with the sentence `remedy`, when the manifest is missing or damaged.
    """
    path = folder / "manifest.json"
    if not path.is_file():
        raise SetupError(f"The network weights are missing from {folder}. {remedy}")
    try:
        files = json.loads(path.read_text("utf-8"))["files"]
        return {name: entry["sha256"] for name, entry in files.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SetupError(f"The list of network weights {path} is damaged. {remedy}") from error
