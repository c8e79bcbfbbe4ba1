from __future__ import annotations

import os
import sys
from pathlib import Path

import bpy
import pytest

from penumbra.benchmarks.rigs.rigify import rigify_rig

_EXIT_CODE = pytest.StashKey[int]()


@pytest.fixture(autouse=True)
def _empty_file() -> None:
    """Every test starts in an empty file."""
    bpy.ops.wm.read_factory_settings(use_empty=True)


@pytest.fixture(scope="session")
def rigify_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with one generated Rigify rig, since generating takes seconds."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    rigify_rig()
    path = tmp_path_factory.mktemp("rigify") / "rigify.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    return path


@pytest.fixture(autouse=True)
def _own_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Takes that a test keeps do not go among the user's."""
    for name in ("XDG_DATA_HOME", "APPDATA"):
        monkeypatch.setenv(name, str(tmp_path / "data"))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    session.config.stash[_EXIT_CODE] = int(exitstatus)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave without Python's own ending: Blender 4.2 can crash and 4.5 hang there when something stays registered."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(config.stash.get(_EXIT_CODE, 1))
