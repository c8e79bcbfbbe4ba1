"""What a user may do to Blender while a capture runs, done in a real one: nothing is lost, nothing crashes, nothing hangs."""

from __future__ import annotations

import pytest

from penumbra.tests.window.installed_blender import InstalledBlender

pytestmark = pytest.mark.window

# Frames of the footage that are read: enough that there is a middle in which things happen.
LAST_FRAME = 40
CAPTURED = f"Captured {LAST_FRAME + 1} of {LAST_FRAME + 1} frames onto "


def test_the_window_is_drawn_all_the_time(blender: InstalledBlender) -> None:
    seen = blender.play("redraw", 229, size=(640, 400))
    assert seen["result"].startswith("Captured ")
    assert seen["drawn"] > 10 * seen["seconds"]
    # one, because a machine that others use may pause for itself; what stands still by our doing does so every time
    long = [f'{seconds:.3f} s before "{text}"' for seconds, text in seen["gaps"] if seconds > 0.1]
    assert len(long) <= 1, f"the window stood still: {', '.join(long)}"
    held = seen["held"][0]
    assert held[0] <= 0.1, f'the operator held Blender for {held[0]:.3f} s and then said "{held[1]}"'


def test_undo_and_redo_during_a_capture_do_no_harm(blender: InstalledBlender) -> None:
    seen = blender.play("undo", LAST_FRAME)
    assert (seen["undone"], seen["redone"]) == (0.0, 5.0)
    assert seen["baking"], "the keys were made before an undo could come between"
    assert seen["kept_running"]
    assert seen["result"].startswith(CAPTURED)
    assert len(seen["after"]["armatures"]) == len(seen["before"]["armatures"]) + 1
    assert len(seen["after"]["actions"]) == 2
    assert set(seen["keys"]["curves"].values()) == {LAST_FRAME + 1}


def test_keys_wait_for_a_render_that_runs(blender: InstalledBlender) -> None:
    seen = blender.play("render", LAST_FRAME)
    assert seen["running"], "the keys did not wait"
    assert seen["rendering"]
    assert seen["text"] == "Waiting for the render to end"
    assert not seen["during"]["actions"]
    assert seen["result"].startswith(CAPTURED)


def test_disabling_the_addon_stops_the_capture_and_enabling_it_brings_all_back(blender: InstalledBlender) -> None:
    seen = blender.play("disable", LAST_FRAME)
    assert seen["gone"]
    assert seen["after"] == seen["before"]
    assert seen["again"] == ["RUNNING_MODAL"]
    assert seen["result"].startswith(CAPTURED)


def test_a_second_capture_is_refused_and_saving_does_no_harm(blender: InstalledBlender) -> None:
    seen = blender.play("twice", LAST_FRAME)
    assert "A capture is already running" in seen["refused"]
    assert "A capture is already running" in seen["refused_elsewhere"]
    assert seen["result"].startswith(CAPTURED)
    assert (blender.folder / "during.blend").stat().st_size > 10_000


def test_closing_the_window_of_a_capture_stops_it(blender: InstalledBlender) -> None:
    seen = blender.play("close_window", LAST_FRAME)
    assert not seen["changed"]
    assert not seen["left"]
    assert seen["result"].startswith(CAPTURED)


def test_a_target_that_is_deleted_meanwhile_is_told(blender: InstalledBlender) -> None:
    seen = blender.play("delete_target", LAST_FRAME)
    assert seen["problem"].startswith("The target armature was deleted during the capture")
    assert seen["after"] == seen["before"]
