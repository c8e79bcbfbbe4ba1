from __future__ import annotations

import json
import shutil
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from penumbra.inference.progress import finish
from penumbra.models.weights import NETWORKS
from penumbra.packages import apart
from penumbra.packages.apart import examine_apart
from penumbra.packages.doctor import examine, lines
from penumbra.packages.place import Installed, installed, point_to
from penumbra.packages.self_test import gather
from penumbra.packages.weight_files import check_weights


@pytest.fixture(autouse=True)
def _no_torch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """PyTorch takes seconds to load; what stands in for it is told to be broken."""
    (tmp_path / "path" / "torch").mkdir(parents=True)
    (tmp_path / "path" / "torch" / "__init__.py").write_text("raise ImportError('it is damaged')\n")
    monkeypatch.syspath_prepend(tmp_path / "path")


def put_runtime(folder: Path, code: str) -> None:
    """Install a runtime by hand whose module is this code."""
    package = Installed("cuda", "gpu", "ONNX Runtime with CUDA", "9.9", "onnxruntime", "gpu-made", 1)
    (package.site(folder) / "onnxruntime").mkdir(parents=True)
    (package.site(folder) / "onnxruntime" / "__init__.py").write_text(code)
    point_to(folder, package)


@pytest.mark.usefixtures("weights")
def test_the_doctor_tells_what_runs_and_what_to_do(tmp_path: Path):
    (tmp_path / "file").write_text("in the way")
    folders = {"takes": tmp_path / "file" / "takes"}
    found = examine(tmp_path / "packages", folders, blender="5.2.3")
    assert found.can_capture
    assert found.exit_code == 0
    assert not (tmp_path / "packages").exists(), "the doctor only looks"
    used = found.test.used
    assert used is not None
    assert used.name == "cpu"
    assert used.milliseconds > 1.0
    assert found.test.network == "landmarks_heavy.onnx"
    said = "\n".join(lines(found))
    for words in (
        "Blender 5.2.3",
        "ONNX Runtime 1.",
        "OpenCV 4.",
        "PyAV 1",
        "numpy ",
        "CPU loads, ",
        "ok, 8642fdf9fcf4",
    ):
        assert words in said
    assert "CUDA does not load: this ONNX Runtime was built without CUDA" in said
    torch, takes = found.problems
    assert torch.startswith("PyTorch cannot be used (ImportError: it is damaged). Repair or remove it")
    assert takes.startswith(
        f"The folder for takes {tmp_path / 'file' / 'takes'} cannot be written to (Not a directory)"
    )
    assert said.endswith("Verdict: a capture can be made.")
    assert json.loads(json.dumps(found.as_json()))["provider"] == "cpu"


@pytest.mark.usefixtures("weights")
def test_a_runtime_that_crashes_is_left_out_and_the_add_ons_own_goes_on(tmp_path: Path):
    put_runtime(tmp_path, "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n")
    found = finish(examine_apart(tmp_path))
    assert found.problem == (
        "ONNX Runtime with CUDA cannot be used (it crashed with signal 11), so the add-on does without it."
    )
    runtime, used = found.library("onnxruntime"), found.used
    assert runtime is not None
    assert used is not None
    assert runtime.version != "9.9"
    assert used.name == "cpu"
    package = installed(tmp_path, "gpu")
    assert package is not None
    assert package.broken == "it crashed with signal 11"


def test_a_test_that_hangs_is_ended(tmp_path: Path):
    put_runtime(tmp_path, "import time\ntime.sleep(60)\n")
    began = time.monotonic()
    events, reason = finish(apart._run({"what": "test", "folder": str(tmp_path), "again": "yes"}, 2.0))
    assert time.monotonic() - began < 4.0
    found = gather(events, reason)
    assert found.problem == "The test ended early while it tried ONNX Runtime: it did not answer within 2 s."
    assert found.broken("onnxruntime") == "it did not answer within 2 s"
    assert found.used is None


def test_a_test_can_be_cancelled(tmp_path: Path):
    put_runtime(tmp_path, "import time\ntime.sleep(60)\n")
    work = examine_apart(tmp_path)
    assert next(work).stage == "test"
    began = time.monotonic()
    work.close()
    assert time.monotonic() - began < 1.0


@pytest.mark.usefixtures("weights")
def test_damaged_and_missing_weights_are_told_by_name(tmp_path: Path):
    for name in ("blazepose", "s3"):
        shutil.copytree(NETWORKS / name, tmp_path / name)
    for path in (tmp_path / "blazepose").glob("*.tflite"):
        path.unlink()
    (tmp_path / "blazepose" / "landmarks_full.onnx").write_bytes(b"nonsense")
    (tmp_path / "s3" / "s3.onnx").unlink()
    found = {one.name: one for one in finish(check_weights(tmp_path, tmp_path / "blazepose"))}
    assert {name: one.state for name, one in found.items()} == {
        "landmarks_full.onnx": "damaged",
        "landmarks_heavy.onnx": "ok",
        "person_detector.onnx": "ok",
        "s3.onnx": "missing",
    }
    assert [one.needed for one in found.values()].count(True) == 3
    (tmp_path / "s3" / "manifest.json").write_text("[]")
    (tmp_path / "blazepose" / "manifest.json").unlink()
    states = {one.name: (one.state, one.needed) for one in finish(check_weights(tmp_path, tmp_path / "blazepose"))}
    assert states == {"s3/manifest.json": ("damaged", False), "blazepose/manifest.json": ("missing", True)}


@pytest.mark.usefixtures("weights")
def test_what_is_needed_and_missing_means_no_capture(tmp_path: Path):
    (tmp_path / "path" / "av").mkdir()
    (tmp_path / "path" / "av" / "__init__.py").write_text("raise ImportError('wrong platform')\n")
    assert str(tmp_path / "path") == sys.path[0]
    found = examine(tmp_path / "packages")
    assert (found.can_capture, found.exit_code) == (False, 8)
    assert found.problems[0] == (
        "PyAV cannot be loaded (ImportError: wrong platform). Reinstall the extension from the zip for this platform."
    )
    assert lines(replace(found))[-1] == "Verdict: no capture can be made yet."
