"""The zip, installed as a user would install it, in a Blender of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import bpy
import pytest

from penumbra.tools import build

INSTALL = """
import json, os, sys
import bpy
archive, clip = sys.argv[1:]
bpy.ops.extensions.package_install_files(repo="user_default", filepath=archive, enable_on_install=True)
bpy.context.scene.penumbra.footage = clip
bpy.context.scene.penumbra.quality = "FAST"
bpy.context.scene.penumbra.range = "FRAMES"
bpy.context.scene.penumbra.last_frame = 4
addon = bpy.context.preferences.addons["bl_ext.user_default.penumbra"]
addon.preferences.threads = 1
addon.preferences.keep_detections = False
bpy.ops.penumbra.capture()
import onnxruntime
print(json.dumps({"runtime": onnxruntime.__file__, "result": bpy.context.window_manager.penumbra.result}), flush=True)
os._exit(0)
"""


@pytest.fixture(scope="session")
def archive(weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    assert weights == build.ROOT / build.WEIGHTS
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    return build.build(tmp_path_factory.mktemp("zip"), build.this_platform(), [python])


def test_it_holds_what_runs_and_nothing_else(archive: Path) -> None:
    with zipfile.ZipFile(archive) as opened:
        names = opened.namelist()
    tops = {name.split("/")[0] for name in names}
    assert tops == {*build.FILES, *build.ROOMS, "blender_manifest.toml", "wheels"}
    assert "models/weights/blazepose/LICENSE" in names
    assert not [name for name in names if "numpy" in name or "__pycache__" in name or name.endswith(".tflite")]


def test_the_same_sources_give_the_same_bytes(archive: Path, tmp_path: Path) -> None:
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    again = build.build(tmp_path, build.this_platform(), [python])
    assert again.read_bytes() == archive.read_bytes()


def test_blender_finds_it_valid(archive: Path) -> None:
    tool = Path(bpy.utils.system_resource("SCRIPTS")) / "addons_core" / "bl_pkg" / "cli" / "blender_ext.py"
    command = [sys.executable, "-P", str(tool), "validate", str(archive)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_it_installs_and_captures(archive: Path, demo_clip: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "BLENDER_USER_RESOURCES": str(tmp_path)}
    command = [sys.executable, "-P", "-c", INSTALL, str(archive), str(demo_clip)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    seen = json.loads(done.stdout.splitlines()[-1])
    assert seen["result"].startswith("Captured 5 of 5 frames onto ")


def test_a_platform_without_wheels_is_told(tmp_path: Path) -> None:
    with pytest.raises(build.BuildError, match="no wheels for plan9-x64"):
        build.build(tmp_path, "plan9-x64", ["3.11"])
    with pytest.raises(build.BuildError, match="no wheels for cp27"):
        build.build(tmp_path, "linux-x64", ["2.7"])


def test_the_manifest_keeps_to_the_limits() -> None:

    with (build.ROOT / "blender_manifest.toml").open("rb") as file:
        manifest = tomllib.load(file)
    assert len(manifest["tagline"]) <= 64
    assert manifest["tagline"][-1].isalnum()
    for reason in manifest["permissions"].values():
        assert len(reason) <= 64
        assert reason[-1].isalnum()
    assert "network" not in manifest["permissions"]
