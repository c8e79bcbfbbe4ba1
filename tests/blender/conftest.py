from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import bpy
import pytest

import penumbra
from penumbra.errors import SetupError
from penumbra.inference import pipeline
from penumbra.inference.pipeline import StageSettings
from penumbra.inference.progress import Progress, Work
from penumbra.inference.settings import CaptureSettings
from penumbra.inference.take import Take

_EXIT_CODE = pytest.StashKey[int]()
_RIGIFY = """
import os, sys, bpy
from penumbra.benchmarks.rigs.rigify import rigify_rig
bpy.ops.wm.read_factory_settings(use_empty=True)
rigify_rig()
bpy.ops.wm.save_as_mainfile(filepath=sys.argv[1])
os._exit(0)  # see `pytest_unconfigure`
"""


@pytest.fixture(autouse=True)
def _empty_file() -> None:
    """Every test starts in an empty file."""
    bpy.ops.wm.read_factory_settings(use_empty=True)


@pytest.fixture(scope="session")
def rigify_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with one generated Rigify rig, since generating takes seconds.

    Made in another process: in Blender 4.2 Rigify leaves a context behind that makes Blender's own importers write into freed
    memory once another file is open (see `scene.context`).
    """
    path = tmp_path_factory.mktemp("rigify") / "rigify.blend"
    subprocess.run([sys.executable, "-P", "-c", _RIGIFY, str(path)], check=True, capture_output=True)
    return path


@pytest.fixture(autouse=True)
def _own_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Takes that a test keeps do not go among the user's."""
    for name in ("XDG_DATA_HOME", "APPDATA"):
        monkeypatch.setenv(name, str(tmp_path / "data"))


@pytest.fixture
def scene() -> Iterator[bpy.types.Scene]:
    """The scene, while the add-on is registered."""
    penumbra.register()
    yield bpy.context.scene
    penumbra.unregister()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[CaptureSettings, StageSettings]]:
    """What captures are asked for, which end there."""
    seen: list[tuple[CaptureSettings, StageSettings]] = []

    def capture(settings: CaptureSettings, stages: StageSettings) -> Work[Take]:
        seen.append((settings, stages))
        yield Progress("open", 0, None)
        raise SetupError("Enough was seen.")

    monkeypatch.setattr(pipeline, "capture", capture)
    return seen


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    session.config.stash[_EXIT_CODE] = int(exitstatus)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave without Python's own ending: Blender 4.2 can crash and 4.5 hang there when something stays registered."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(config.stash.get(_EXIT_CODE, 1))
