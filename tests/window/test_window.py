"""The button, pressed in a real Blender: `./test --window`.

With PENUMBRA_IMAGES=DIR the user guide's pictures are written there.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from penumbra.tests.window.installed_blender import InstalledBlender

pytestmark = pytest.mark.window

# Frames of the footage that are read: enough that there is a middle to press Esc in.
LAST_FRAME = 40


def test_the_button_makes_keys_and_undo_removes_them_in_one_step(blender: InstalledBlender) -> None:
    seen = blender.play("press", LAST_FRAME)
    assert seen["result"].startswith(f"Captured {LAST_FRAME + 1} of {LAST_FRAME + 1} frames onto ")
    assert len(seen["after"]["actions"]) == 2, "the keys and the raw copy of them"
    assert "demo Camera" in seen["after"]["cameras"]
    assert seen["after"]["camera"] == seen["before"]["camera"], "the camera of the scene stays"
    curves = seen["keys"]["curves"]
    confidence = {name: count for name, count in curves.items() if '["confidence"]' in name}
    rotations = {name: count for name, count in curves.items() if "rotation_quaternion" in name}
    assert len(confidence) > 10
    assert len(rotations) == 4 * len(confidence)
    assert set(confidence.values()) == set(rotations.values()) == {LAST_FRAME + 1}
    least, most = seen["keys"]["confidence"]
    assert 0.0 <= least < most <= 1.0
    assert seen["undone"] == seen["before"]
    assert len(seen["texts"]) > 5, "the panel showed no progress"


def test_the_window_stays_alive(blender: InstalledBlender) -> None:
    seen = blender.play("press", LAST_FRAME)
    seconds, text = seen["longest_gap"]
    assert seconds <= 0.25, f'the window stood still for {seconds:.2f} s before "{text}"'


def test_escape_stops_within_half_a_second_and_leaves_nothing(blender: InstalledBlender) -> None:
    seen = blender.play("escape", 200)
    assert seen["seconds"] <= 0.5
    assert seen["after"] == seen["before"]
    assert not seen["result"]


def test_loading_another_file_stops_the_capture(blender: InstalledBlender) -> None:
    seen = blender.play("load_file", LAST_FRAME)
    assert not seen["running"]
    assert not seen["after"]["actions"]
    assert seen["result"].startswith("Captured ")


def test_quitting_stops_the_capture(blender: InstalledBlender) -> None:
    assert blender.play("leave", 200)["running"]


def test_a_capture_is_edited_in_the_window_and_each_edit_undone_in_one_step(
    blender: InstalledBlender, tmp_path: Path
) -> None:
    images = Path(os.environ.get("PENUMBRA_IMAGES") or tmp_path).resolve()
    seen = blender.play("edit", 120, images)
    for step in ("jumped", "marked", "solved", "reduced", "guessed"):
        assert seen[step] == ["FINISHED"], step
    changed, count = seen["changed"]
    assert 3 <= changed < count / 2
    assert seen["undone"]
    for name in ("panel-edit", "panel-keys", "panel-rig-map"):
        assert (images / f"{name}.png").stat().st_size > 20_000, f"{name} shows nothing"
