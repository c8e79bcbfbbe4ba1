from __future__ import annotations

import sys
import warnings
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from onnx import TensorProto, helper

from penumbra.errors import ArgumentsError, SetupError
from penumbra.models.sessions import PROVIDERS, Probed, import_runtime, open_session, probe


@pytest.fixture
def network(weights: Path) -> Path:
    return weights / "person_detector.onnx"


@pytest.fixture
def absent() -> str:
    """A provider that this machine's runtime does not have; no build has both DirectML and CoreML."""
    available = onnxruntime.get_available_providers()
    return next(name for name in ("directml", "coreml") if PROVIDERS[name].runtime_name not in available)


def test_a_session_counts_the_time_it_runs(network: Path):
    session = open_session(network, "cpu", 1)
    assert session.seconds == 0
    outputs = session.run(np.zeros((2, 224, 224, 3), np.float32))
    assert {name: values.shape for name, values in outputs.items()} == {"boxes": (2, 2254, 12), "scores": (2, 2254, 1)}
    assert session.seconds > 0


def test_a_session_says_what_its_network_reads_and_gives(tmp_path: Path):
    batch, answer = (
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", 27, 3]) for name in ("values", "joints")
    )
    graph = helper.make_graph([helper.make_node("Neg", ["values"], ["joints"])], "turned", [batch], [answer])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    helper.set_model_props(model, {"fill": "line"})
    (tmp_path / "turned.onnx").write_bytes(model.SerializeToString())
    session = open_session(tmp_path / "turned.onnx", "cpu", 1)
    assert session.file == "turned.onnx"
    assert session.shapes == {"values": (None, 27, 3), "joints": (None, 27, 3)}
    assert session.metadata == {"fill": "line"}


def test_automatic_choice_says_what_runs(network: Path):
    assert open_session(network, "auto", 1).provider in PROVIDERS.values()


def test_an_unknown_provider_lists_the_known_ones(network: Path):
    with pytest.raises(ArgumentsError, match="auto, cuda, directml, coreml, cpu"):
        open_session(network, "quantum", 1)


def test_a_provider_that_is_not_there_is_an_error(network: Path, absent: str):
    with pytest.raises(SetupError, match="cannot be used on this machine"):
        open_session(network, absent, 1)


@pytest.mark.filterwarnings("ignore:Specified provider")
def test_a_provider_that_is_listed_but_falls_back_in_silence_is_an_error(
    network: Path, absent: str, monkeypatch: pytest.MonkeyPatch
):
    name = PROVIDERS[absent].runtime_name
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: [name, "CPUExecutionProvider"])
    with pytest.raises(SetupError, match="cannot be used on this machine"):
        open_session(network, absent, 1)
    assert open_session(network, "auto", 1).provider is PROVIDERS["cpu"]


def test_a_file_that_is_no_network_is_an_error(tmp_path: Path):
    (tmp_path / "broken.onnx").write_bytes(b"nothing of the kind")
    with pytest.raises(SetupError, match="cannot load"):
        open_session(tmp_path / "broken.onnx", "auto", 1)


def test_a_network_that_breaks_down_is_an_error(network: Path):
    with pytest.raises(SetupError, match="CPU stopped at work"):
        open_session(network, "cpu", 1).run(np.zeros((1, 224, 224, 4), np.float32))


def test_no_threads_are_too_few(network: Path):
    with pytest.raises(ArgumentsError, match="1 or more"):
        open_session(network, "cpu", 0)


def test_a_missing_runtime_is_an_error(network: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(SetupError, match="ONNX Runtime cannot be loaded"):
        open_session(network, "auto", 1)


def test_a_provider_that_does_not_load_says_why(network: Path, absent: str, monkeypatch: pytest.MonkeyPatch):
    label = PROVIDERS[absent].label
    assert probe(network, absent, 1) == Probed(None, f"this ONNX Runtime was built without {label}", built_in=False)
    name = PROVIDERS[absent].runtime_name
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: [name, "CPUExecutionProvider"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = probe(network, absent, 1)
    assert found.session is None
    assert "a driver that is missing or too old" in found.reason
    works = probe(network, "cpu", 1)
    assert works.session is not None
    assert works.reason == ""


def test_a_damaged_runtime_gives_way_to_the_next_one_on_the_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    (tmp_path / "onnxruntime").mkdir()
    (tmp_path / "onnxruntime" / "__init__.py").write_text("from .capi import nothing\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    kept = {name: module for name, module in sys.modules.items() if name.partition(".")[0] == "onnxruntime"}
    for name in kept:
        monkeypatch.delitem(sys.modules, name)
    # the true one cannot be loaded twice by one process, so what is found behind the damaged one stands in for it
    (tmp_path / "behind" / "onnxruntime").mkdir(parents=True)
    (tmp_path / "behind" / "onnxruntime" / "__init__.py").write_text(
        "__version__ = '0'\ndef set_default_logger_severity(level): pass\n"
    )
    sys.path.insert(1, str(tmp_path / "behind"))
    assert import_runtime().__version__ == "0"
    assert f"The ONNX Runtime in {tmp_path} cannot be loaded" in caplog.text
    assert str(tmp_path) not in sys.path
    del sys.modules["onnxruntime"]
