"""The buttons for GPU support and PyTorch, with tiny wheels that pip fetches from a folder."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bpy
import pytest

import penumbra
from penumbra.inference.progress import Progress, Work
from penumbra.operators import packages_install, packages_run, packages_upkeep
from penumbra.operators.packages_run import Known, Outcome, Packages, PackagesRun
from penumbra.packages import apart
from penumbra.packages.choose import Machine, python_tag
from penumbra.packages.place import Installed, installed, point_to
from penumbra.packages.self_test import ProviderTest, SelfTest
from penumbra.scene.user_folder import packages_folder
from penumbra.tests.packages.wheelhouse import make_package, make_wheel, serve

CPU = ProviderTest("cpu", "CPU", built_in=True, loads=True, milliseconds=40.0)
CUDA = ProviderTest("cuda", "CUDA", built_in=True, loads=False, reason="libcuda.so.1 is missing")
TESTED = SelfTest(providers=(CUDA, CPU), network="landmarks_heavy.onnx")


@pytest.fixture(autouse=True)
def _registered() -> Iterator[None]:
    penumbra.register()
    yield
    penumbra.unregister()


@pytest.fixture
def quick_test(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a self-test finds, without the seconds that it takes."""

    def found(_folder: Path) -> Any:
        yield from ()
        return TESTED

    monkeypatch.setattr(apart, "examine_apart", found)


@pytest.fixture
def online(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (packages_install, packages_upkeep):
        monkeypatch.setattr(module, "offline", lambda _: False)


@pytest.fixture
def offered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One package for each kind, in a folder that pip looks in."""
    serve(tmp_path / "wheels", monkeypatch)
    gpu = make_package(make_wheel(tmp_path / "wheels", "penumbra-fake", {"penumbra_fake/__init__.py": b""}))
    offer(monkeypatch, gpu)


def offer(monkeypatch: pytest.MonkeyPatch, *packages: Any, why: str = "") -> None:
    machine = Machine("linux-x64", python_tag(), "")

    def known() -> Known:
        return Known(
            machine,
            {kind: installed(packages_folder(), kind) for kind in ("gpu", "torch")},
            {"gpu": list(packages), "torch": []},
            {"gpu": why, "torch": why},
        )

    monkeypatch.setattr(Packages, "known", staticmethod(known))


def reason(operator: Any) -> str:
    """Why a button is disabled."""
    assert not operator.poll()
    with pytest.raises(RuntimeError) as caught:
        operator()
    return str(caught.value)


@pytest.mark.usefixtures("quick_test", "online", "offered")
def test_gpu_support_is_installed_repaired_and_removed_by_buttons() -> None:
    ops = bpy.ops.penumbra
    assert "It is not installed" in reason(ops.remove_gpu_support)
    assert ops.install_gpu_support() == {"FINISHED"}
    package = installed(packages_folder(), "gpu")
    assert package is not None
    assert Packages.outcome == Outcome("Fake Runtime 1.0 is installed", TESTED)
    assert Packages.test is TESTED
    assert "It is already installed" in reason(ops.install_gpu_support)
    (package.site(packages_folder()) / "penumbra_fake" / "__init__.py").write_text("damaged")
    assert ops.repair_gpu_support() == {"FINISHED"}
    assert Packages.outcome.text == "1 damaged files were installed again"
    assert ops.remove_gpu_support() == {"FINISHED"}
    assert installed(packages_folder(), "gpu") is None
    assert Packages.outcome.text == "It was removed"


@pytest.mark.usefixtures("offered")
def test_without_leave_to_use_the_network_the_buttons_say_so() -> None:
    assert not bpy.app.online_access
    assert "Allow Online Access in Preferences ‣ System first" in reason(bpy.ops.penumbra.install_gpu_support)


@pytest.mark.usefixtures("online")
def test_where_there_is_nothing_to_install_the_button_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    offer(monkeypatch, why="Nothing to install: Core ML is part of the add-on")
    assert "Core ML is part of the add-on" in reason(bpy.ops.penumbra.install_gpu_support)


@pytest.mark.usefixtures("online", "offered")
def test_one_thing_runs_at_a_time() -> None:
    ops = bpy.ops.penumbra
    assert "Nothing is running" in reason(ops.cancel_packages)
    Packages.run = PackagesRun("Test", endless([]), Packages.end)
    Packages.run.start()
    for operator in (ops.install_gpu_support, ops.test_packages):
        assert "An installation or a test is already running" in reason(operator)
    assert ops.cancel_packages() == {"FINISHED"}
    assert Packages.run is not None
    assert Packages.run.text == "Cancelling"


@pytest.mark.usefixtures("online")
def test_what_fails_is_reported_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    serve(tmp_path / "wheels", monkeypatch)
    wheel = make_wheel(tmp_path / "wheels", "penumbra-fake", {"penumbra_fake/__init__.py": b""})
    offer(monkeypatch, make_package(wheel))
    (tmp_path / "wheels" / wheel.file).unlink()
    with pytest.raises(RuntimeError, match=r"there is no penumbra-fake 1\.0 for this machine"):
        bpy.ops.penumbra.install_gpu_support()
    assert Packages.outcome is not None
    assert Packages.outcome.failed


@pytest.mark.usefixtures("quick_test")
def test_the_test_says_what_is_used() -> None:
    assert bpy.ops.penumbra.test_packages() == {"FINISHED"}
    assert Packages.outcome == Outcome("CPU is used, 40 ms a picture", TESTED, shown=False)


def endless(closed: list[bool]) -> Work[Outcome]:
    """Work that goes on until it is closed, which it notes."""
    try:
        while True:
            yield Progress("install", 0, 1, "Downloading")
            time.sleep(0.01)
    finally:
        closed.append(True)


def ticked(run: PackagesRun) -> None:
    """Look at the run as Blender's timer would, until it is over."""
    until = time.monotonic() + 20
    while run._tick() is not None and time.monotonic() < until:
        time.sleep(0.005)


def test_a_run_goes_on_by_its_timer_and_ends_it() -> None:
    def work() -> Work[Outcome]:
        for step in range(3):
            yield Progress("install", step, 4, "Downloading")
            time.sleep(0.02)
        return Outcome("Done")

    ended: list[Outcome] = []
    run = PackagesRun("Install", work(), ended.append)
    run.start()
    assert bpy.app.timers.is_registered(run._timer)
    ticked(run)
    assert ended == [Outcome("Done")]
    assert (run.text, run.fraction) == ("Downloading", 0.5)
    run.stop()
    assert not bpy.app.timers.is_registered(run._timer)


def test_disabling_the_add_on_stops_what_runs() -> None:
    closed: list[bool] = []
    run = PackagesRun("Install", endless(closed), Packages.end)
    Packages.run = run
    run.start()
    time.sleep(0.05)
    packages_run.stop_packages()
    assert closed == [True]
    assert Packages.run is None
    assert not bpy.app.timers.is_registered(run._timer)


def test_an_unexpected_error_becomes_a_sentence() -> None:
    def work() -> Work[Outcome]:
        yield from ()
        raise ZeroDivisionError("by nothing")

    ended: list[Outcome] = []
    run = PackagesRun("Install", work(), ended.append)
    run.start()
    ticked(run)
    assert ended[0].failed
    assert "ZeroDivisionError: by nothing" in ended[0].text


def test_a_capture_uses_what_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    from penumbra.inference.progress import finish
    from penumbra.operators.capture_job import choosing_job

    monkeypatch.setattr(sys, "path", list(sys.path))
    folder = packages_folder()
    package = Installed("cuda", "gpu", "Fake", "1.0", "penumbra_fake", "gpu-made", 0)
    package.site(folder).mkdir(parents=True)
    point_to(folder, package)
    bpy.context.scene.penumbra.footage = "/nowhere.mp4"
    finish(choosing_job(bpy.context))
    assert sys.path[0] == str(package.site(folder))
