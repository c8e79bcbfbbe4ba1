"""The preferences, in a real Blender: `./test --window tests/window/test_preferences.py`.

With PENUMBRA_IMAGES=DIR pictures of them are written there.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from penumbra.tests.window.installed_blender import InstalledBlender

pytestmark = pytest.mark.window


@pytest.fixture
def images(tmp_path: Path) -> Path:
    return Path(os.environ.get("PENUMBRA_IMAGES") or tmp_path).resolve()


def test_the_preferences_tell_what_is_in_use(blender: InstalledBlender, images: Path) -> None:
    seen = blender.play("preferences", 0, images)
    assert seen["started"] == ["FINISHED"]
    assert seen["outcome"].startswith("CPU is used, ")
    assert not seen["failed"]
    assert seen["provider"] == "cpu"
    assert seen["drawn"] <= 0.03
    assert seen["held"] <= 0.03
    for name in ("preferences", "preferences-tested"):
        assert (images / f"{name}.png").stat().st_size > 10_000, f"{name} shows nothing"


def test_an_installation_goes_on_with_another_file_and_can_be_cancelled(
    blender: InstalledBlender, images: Path
) -> None:
    seen = blender.play("install", 0, images)
    assert "Allow Online Access in Preferences ‣ System first" in seen["offline"]
    assert seen["started"] == ["FINISHED"]
    assert seen["text"].startswith("Downloading torch, ")
    assert seen["held"] <= 0.03
    assert seen["gaps"][0][0] <= 0.1
    assert seen["seconds"] <= 1.0
    assert seen["outcome"] == "Cancelled. Everything is as it was before"
    assert seen["left"] == [".lock"]


def test_quitting_stops_an_installation(blender: InstalledBlender) -> None:
    assert blender.play("quit_while_installing", 0)["running"]
    left = [path.name for path in blender.folder.rglob("torch-cp*")]
    assert left == []
