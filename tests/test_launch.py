"""The two commands in the root: what they set up, and what they go on as."""

from __future__ import annotations

import re
import sys
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType

import pytest

from penumbra.cli.arguments import parse
from penumbra.errors import ArgumentsError
from penumbra.tools import environment, fetch, launch

ROOT = Path(__file__).resolve().parent.parent
PYTHON = Path("environment") / "python"


def script(name: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A command of the root as a module, with its view of `tools` being the one that is tested here."""
    for part in (environment, fetch, launch):
        monkeypatch.setitem(sys.modules, f"tools.{part.__name__.rpartition('.')[2]}", part)
    monkeypatch.setitem(sys.modules, "tools", sys.modules["penumbra.tools"])
    monkeypatch.setattr(sys, "path", list(sys.path))
    loader = SourceFileLoader(f"{name}_command", str(ROOT / name))
    spec = spec_from_loader(loader.name, loader)
    assert spec
    module = module_from_spec(spec)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    loader.exec_module(module)
    return module


class Calls:
    """Stands in for the set-up and for the programs that are started, and keeps what was asked for."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, failing: str = "nothing") -> None:
        self.prepared: list[tuple] = []
        self.run: list[list[str]] = []
        self.failing = failing
        monkeypatch.setattr(launch, "prepare", self._prepare)
        monkeypatch.setattr(launch, "run", self._run)
        monkeypatch.setattr(launch, "become", self._run)
        monkeypatch.chdir(ROOT)

    def _prepare(self, group: str, bpy: str = environment.DEFAULT_BLENDER, parcels: tuple[str, ...] = ()) -> Path:
        self.prepared.append((group, bpy, *parcels))
        return PYTHON

    def _run(self, python: Path, arguments: list[str]) -> int:
        assert python == PYTHON
        self.run.append(list(arguments))
        return int(self.failing in arguments)


def test_capture_goes_on_as_the_package_with_the_clip_in_place_of_demo(monkeypatch: pytest.MonkeyPatch):
    calls = Calls(monkeypatch)
    script("capture", monkeypatch).main(["--demo", "-o", "out.blend"])
    assert calls.prepared == [("capture", environment.DEFAULT_BLENDER, "demo")]
    clip = str(ROOT / ".downloads" / "footage" / "sports2d" / "demo.mp4")
    assert calls.run == [["-m", "penumbra", "capture", clip, "-o", "out.blend"]]


def test_capture_without_demo_fetches_no_footage(monkeypatch: pytest.MonkeyPatch):
    calls = Calls(monkeypatch)
    script("capture", monkeypatch).main(["walk.mp4"])
    assert calls.prepared == [("capture", environment.DEFAULT_BLENDER)]
    assert calls.run == [["-m", "penumbra", "capture", "walk.mp4"]]


@pytest.mark.parametrize(
    "words", [["bake", "walk.take"], ["export", "a.blend", "bvh"], ["doctor"], ["capture", "bake"]]
)
def test_capture_passes_the_other_commands_on(monkeypatch: pytest.MonkeyPatch, words: list[str]):
    calls = Calls(monkeypatch)
    script("capture", monkeypatch).main(words)
    assert calls.run == [["-m", "penumbra", *words]]


def test_capture_knows_every_command_of_the_package(monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(ArgumentsError) as refused:
        parse(["no such command"])
    commands = script("capture", monkeypatch).COMMANDS
    assert re.findall(r"\w+", str(refused.value).partition("choose from")[2].partition(")")[0]) == list(commands)


def test_test_checks_the_source_and_runs_every_test_but_those_with_a_window(monkeypatch: pytest.MonkeyPatch):
    calls = Calls(monkeypatch)
    assert script("test", monkeypatch).main([]) == 0
    assert [command[1] for command in calls.run] == ["ruff", "ruff", "pyright", "pytest"]
    assert "--ignore=tests/window" in calls.run[-1]


@pytest.mark.parametrize("failing", ["check", "format", "pyright", "pytest"])
def test_test_fails_when_any_part_of_it_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], failing: str
):
    calls = Calls(monkeypatch, failing)
    assert script("test", monkeypatch).main([]) == 1
    assert len(calls.run) == 4
    assert ("FAILED" in capsys.readouterr().out) == (failing != "pytest")


@pytest.mark.parametrize(
    ("arguments", "prepared", "run"),
    [
        (["tests/a.py", "-k", "x"], ("test", environment.DEFAULT_BLENDER), ["tests/a.py", "-k", "x"]),
        (["--bpy", "4.2.23"], ("blender", "4.2.23"), ["--durations=5", "tests/blender"]),
        (["--bpy", "5.0.1", "tests/blender/a.py"], ("blender", "5.0.1"), ["--durations=5", "tests/blender/a.py"]),
        (["--window"], ("test", environment.DEFAULT_BLENDER), ["--durations=5", "tests/window"]),
    ],
)
def test_test_with_arguments_runs_only_pytest(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str], prepared: tuple[str, ...], run: list[str]
):
    calls = Calls(monkeypatch)
    assert script("test", monkeypatch).main(arguments) == 0
    assert calls.prepared == [prepared]
    assert calls.run == [["-m", "pytest", *run]]


def test_a_set_up_that_fails_ends_with_a_sentence_and_exit_code_8(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    def fail(*_: object) -> Path:
        raise environment.EnvironmentSetupError("Python 3.11 is needed.")

    monkeypatch.setattr(environment, "ensure", fail)
    with pytest.raises(SystemExit) as ended:
        launch.prepare("capture")
    assert ended.value.code == 8
    assert capsys.readouterr().err == "Error: Python 3.11 is needed.\n"


def test_only_what_is_missing_is_fetched_and_a_failure_ends_the_program(monkeypatch: pytest.MonkeyPatch):
    asked: list[list[str]] = []

    def run(_python: Path, arguments: list[str], **_: object) -> int:
        asked.append(arguments)
        return 1

    monkeypatch.setattr(environment, "ensure", lambda *_: PYTHON)
    monkeypatch.setattr(fetch, "ready", lambda name: name == "weights")
    monkeypatch.setattr(launch, "run", run)
    assert launch.prepare("capture") == PYTHON
    assert asked == []
    with pytest.raises(SystemExit) as ended:
        launch.prepare("capture", parcels=["demo"])
    assert ended.value.code == 8
    assert asked == [["-m", "penumbra.tools.fetch", "demo"]]


def test_nothing_from_outside_gets_on_the_search_path(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    monkeypatch.setenv("PYTHONHOME", "/elsewhere")
    variables = environment.variables()
    assert not {"PYTHONPATH", "PYTHONHOME"} & set(variables)
    assert variables["PYTHONSAFEPATH"] == "1"
