from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from penumbra.errors import SetupError
from penumbra.models.weights import network_hashes, network_path, weight_path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "network.onnx").write_bytes(b"weights")
    entry = {"sha256": hashlib.sha256(b"weights").hexdigest()}
    (tmp_path / "manifest.json").write_text(json.dumps({"files": {"network.onnx": entry}}))
    return tmp_path


def test_whole_weights_are_given(folder: Path):
    assert weight_path("network.onnx", folder) == folder / "network.onnx"


def test_changed_weights_are_refused(folder: Path):
    (folder / "network.onnx").write_bytes(b"Weights")
    with pytest.raises(SetupError, match="damaged"):
        weight_path("network.onnx", folder)


@pytest.mark.parametrize("gone", ["network.onnx", "manifest.json"])
def test_missing_weights_say_how_to_get_them(folder: Path, gone: str):
    (folder / gone).unlink()
    with pytest.raises(SetupError, match=r"missing.*Run \./capture"):
        weight_path("network.onnx", folder)


def test_weights_that_the_manifest_does_not_know_are_refused(folder: Path):
    (folder / "other.onnx").write_bytes(b"weights")
    with pytest.raises(SetupError, match="missing"):
        weight_path("other.onnx", folder)


@pytest.mark.parametrize("text", ["", "[]", '{"files": {"network.onnx": {}}}'])
def test_a_damaged_manifest_says_so(folder: Path, text: str):
    (folder / "manifest.json").write_text(text)
    with pytest.raises(SetupError, match="damaged"):
        weight_path("network.onnx", folder)


def test_our_own_networks_lie_in_folders_of_their_names(folder: Path):
    own = folder / "network"
    own.mkdir()
    for name in ("network.onnx", "manifest.json"):
        (folder / name).rename(own / name)
    assert network_path("network", folder) == own / "network.onnx"
    assert network_hashes(["network"], folder) == {"network.onnx": hashlib.sha256(b"weights").hexdigest()}
    for missing in (network_path, lambda name, folder: network_hashes([name], folder)):
        with pytest.raises(SetupError, match=r"missing.*Choose another lifter or refiner"):
            missing("dtf-27", folder)
    (own / "network.onnx").write_bytes(b"Weights")
    with pytest.raises(SetupError, match=r"damaged.*Choose another lifter or refiner"):
        network_path("network", folder)
