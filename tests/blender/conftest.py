from __future__ import annotations

import os
import sys

import bpy
import pytest

_EXIT_CODE = pytest.StashKey[int]()


@pytest.fixture(autouse=True)
def _empty_file() -> None:
    """Every test starts in an empty file."""
    bpy.ops.wm.read_factory_settings(use_empty=True)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    session.config.stash[_EXIT_CODE] = int(exitstatus)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave without Python's own ending: Blender 4.2 can crash and 4.5 hang there when something stays registered."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(config.stash.get(_EXIT_CODE, 1))
