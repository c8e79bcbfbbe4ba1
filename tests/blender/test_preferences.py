"""What the preferences draw, in each state."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

import penumbra
from penumbra.operators.packages_run import Known, Outcome, Packages, PackagesRun
from penumbra.packages.catalog import load_catalog
from penumbra.packages.choose import Machine, options, why_none
from penumbra.packages.place import Installed
from penumbra.packages.self_test import Library, ProviderTest, SelfTest
from penumbra.panels import preferences, preferences_packages
from penumbra.panels.preferences import PENUMBRA_AP_preferences

CUDA = ProviderTest("cuda", "CUDA", built_in=True, loads=False, reason="libcuda.so.1 is missing")
DIRECTML = ProviderTest("directml", "DirectML", built_in=False, loads=False, reason="built without")
CPU = ProviderTest("cpu", "CPU", built_in=True, loads=True, milliseconds=40.4)
TESTED = SelfTest(
    libraries=(Library("onnxruntime", "ONNX Runtime", "1.31.1", "/here"),), providers=(CUDA, DIRECTML, CPU)
)
GPU = Installed("cuda", "gpu", "ONNX Runtime with CUDA", "1.31.1", "onnxruntime", "gpu-made", 2_200_000_000)


class Paper:
    """A layout that keeps what is drawn on it, in order."""

    def __init__(self, drawn: list[str] | None = None) -> None:
        self.drawn = [] if drawn is None else drawn

    def _part(self, **_: Any) -> Paper:
        return Paper(self.drawn)

    row = column = box = _part

    def label(self, *, text: str, icon: str = "NONE", **_: Any) -> None:
        self.drawn.append(f"{icon} {text}")

    def prop(self, owner: Any, name: str, **_: Any) -> None:
        assert hasattr(owner, name)
        self.drawn.append(name)

    def operator(self, name: str, **_: Any) -> SimpleNamespace:
        self.drawn.append(name)
        return SimpleNamespace()

    def progress(self, *, text: str, factor: float, **_: Any) -> None:
        self.drawn.append(f"{text} {factor:.0%}")


@pytest.fixture(autouse=True)
def _registered(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    def sentence(layout: Paper, _context: Any, text: str, icon: str = "NONE") -> None:
        layout.label(text=text, icon=icon)

    for module in (preferences, preferences_packages):
        monkeypatch.setattr(module, "draw_sentence", sentence)
    penumbra.register()
    yield
    penumbra.unregister()


def draw(
    monkeypatch: pytest.MonkeyPatch, machine: Machine, package: Installed | None = None, provider: str = "AUTO"
) -> list[str]:
    known = Known(
        machine,
        {"gpu": package, "torch": None},
        {kind: options(kind, machine, load_catalog()) for kind in ("gpu", "torch")},
        {kind: why_none(kind, machine) for kind in ("gpu", "torch")},
    )
    monkeypatch.setattr(Packages, "known", staticmethod(lambda: known))
    paper = Paper()
    choices = SimpleNamespace(
        layout=paper, backend="ONNX", provider=provider, threads=0, keep_detections=True, gpu_package="AUTO"
    )
    PENUMBRA_AP_preferences.draw(choices, None)
    return paper.drawn


def test_the_size_is_told_before_the_button_is_pressed(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = draw(monkeypatch, Machine("linux-x64", "cp311", "nvidia"))
    at = drawn.index("penumbra.install_gpu_support")
    assert drawn[at - 1] == "NONE 1.5 GB to download, 2.2 GB on disk"
    at = drawn.index("penumbra.install_pytorch")
    assert drawn[at - 1].startswith("NONE 202 MB to download, 738 MB on disk; where only the build for graphics cards")
    assert "NONE Test to see what the networks run on here" in drawn
    assert "gpu_package" not in drawn


def test_where_there_is_a_choice_it_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "gpu_package" in draw(monkeypatch, Machine("windows-x64", "cp311", "nvidia"))


def test_where_there_is_nothing_to_install_it_is_said_why(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "NONE Nothing to install: Core ML is part of the add-on" in draw(
        monkeypatch, Machine("macos-arm64", "cp311", "")
    )


def test_what_is_installed_can_be_repaired_and_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine("linux-x64", "cp311", "nvidia")
    drawn = draw(monkeypatch, machine, GPU)
    assert "CHECKMARK ONNX Runtime with CUDA 1.31.1, 2.2 GB" in drawn
    assert {"penumbra.repair_gpu_support", "penumbra.remove_gpu_support"} <= set(drawn)
    assert "penumbra.install_gpu_support" not in drawn
    broken = Installed(**{name: getattr(GPU, name) for name in GPU.__slots__} | {"broken": "it crashed"})
    drawn = draw(monkeypatch, machine, broken)
    assert "ERROR ONNX Runtime with CUDA 1.31.1, 2.2 GB" in drawn
    assert "BLANK1 It is not used: it crashed" in drawn


def test_what_the_test_found_is_shown_and_a_device_that_does_not_load_is_marked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Packages, "test", TESTED)
    drawn = draw(monkeypatch, Machine("linux-x64", "cp311", ""), provider="CUDA")
    assert "CHECKMARK CPU: 40 ms a picture, in use" in drawn
    assert "X CUDA does not load: libcuda.so.1 is missing" in drawn
    assert not [text for text in drawn if "DirectML" in text], "what this runtime cannot have is no fault"
    assert "ERROR This device does not load, so captures will stop: libcuda.so.1 is missing" in drawn
    assert not [text for text in draw(monkeypatch, Machine("linux-x64", "cp311", "")) if text.startswith("ERROR")]


def test_progress_and_its_end_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine("linux-x64", "cp311", "nvidia")
    run = PackagesRun("Install", iter(()), Packages.end)
    run.text, run.fraction = "Downloading onnxruntime-gpu, 64 MB of 256 MB", 0.25
    monkeypatch.setattr(Packages, "run", run)
    drawn = draw(monkeypatch, machine)
    assert drawn[-2:] == ["Downloading onnxruntime-gpu, 64 MB of 256 MB 25%", "penumbra.cancel_packages"]
    monkeypatch.setattr(Packages, "run", None)
    for outcome, last in ((Outcome("It was removed"), "INFO It was removed"), (Outcome("No", failed=True), "ERROR No")):
        monkeypatch.setattr(Packages, "outcome", outcome)
        assert draw(monkeypatch, machine)[-1] == last
