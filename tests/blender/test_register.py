from __future__ import annotations

import subprocess
import sys
from typing import Any

import bpy
import pytest

import penumbra


def traces() -> dict[str, Any]:
    """Where an add-on can leave something behind, but for its commands."""
    handlers = {name: getattr(bpy.app.handlers, name) for name in dir(bpy.app.handlers) if not name.startswith("_")}
    return {
        "operators": set(dir(bpy.ops.penumbra)),
        "panels": {name for name in dir(bpy.types) if name.startswith("PENUMBRA")},
        "scene": {name for name in dir(bpy.types.Scene) if name.startswith("penumbra")},
        "window manager": {name for name in dir(bpy.types.WindowManager) if name.startswith("penumbra")},
        "handlers": {name: list(calls) for name, calls in handlers.items() if isinstance(calls, list)},
    }


def is_taken(command: str, capfd: pytest.CaptureFixture[str]) -> bool:
    """Whether Blender knows the command: it warns when a name is given away twice."""
    capfd.readouterr()
    handle = bpy.utils.register_cli_command(command, lambda _arguments: 0)
    bpy.utils.unregister_cli_command(handle)
    return "duplicate" in capfd.readouterr().err


def test_registering_twice_leaves_nothing_behind(capfd: pytest.CaptureFixture[str]) -> None:
    before = traces()
    for _ in range(2):
        penumbra.register()
        during = traces()
        assert {name for name in before if during[name] == before[name]} == set()
        assert is_taken("penumbra", capfd)
        penumbra.unregister()
        assert traces() == before
        assert not is_taken("penumbra", capfd)


def test_the_package_loads_alone() -> None:
    code = """
import sys
import penumbra
heavy = {"bpy", "numpy", "onnxruntime", "cv2", "av", "mediapipe"} & set(sys.modules)
assert not heavy, heavy
"""
    subprocess.run([sys.executable, "-P", "-c", code], check=True)


def test_starting_blender_loads_no_decoder_and_no_runtime() -> None:
    code = """
import os, sys
import bpy, penumbra
penumbra.register()
heavy = {"onnxruntime", "cv2", "av", "mediapipe"} & set(sys.modules)
print(heavy or "light", flush=True)
os._exit(0)
"""
    done = subprocess.run([sys.executable, "-P", "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip().endswith("light")
