"""The scenarios that bring the capture panel into each of its states, and take the documents' pictures of them."""

from __future__ import annotations

from pathlib import Path

import bpy
from desk import Desk
from showing import photograph
from waiting import Steps, rest, wait

# Part of the 3D view that is shown to the left of the sidebar, and of what stands to its right beside a tooltip, in pixels.
BESIDE, BEYOND = 400, 230
# Seconds after which a tooltip is there.
HOVER = 1.5
# Languages, the clip that is captured in each, and its last frame.
SPEAKING = (("german", "de_DE", "demo.mp4", 20), ("japanese", "ja_JP", "hidden.mp4", 23))


def states(desk: Desk, orders: dict, seen: dict) -> Steps:
    """Empty, ready, running, done, cancelled, failed, nobody, in doubt, and in other languages; `seen` tells each outcome."""
    _clear_scene()
    # so that footage beside the file has a short name
    bpy.ops.wm.save_as_mainfile(filepath=str(Path(orders["clip"]).with_name("shot.blend")))
    yield from desk.open_panel()
    yield from desk.hover_button(HOVER)
    _photograph(desk, orders, "panel-disabled-tooltip", BEYOND)
    yield from desk.leave_button()
    _photograph(desk, orders, "panel-empty")
    desk.choose_clip(orders)
    desk.choices.footage = "//demo.mp4"
    yield from _drawn(desk)
    _photograph(desk, orders, "panel-ready")
    yield from desk.press_button()
    yield from wait(desk.halfway, 60)
    yield from rest(0.2)
    _photograph(desk, orders, "panel-running")
    seen["second"] = _refusal(desk)
    yield from wait(lambda: desk.status.result, 60)
    desk.look_at_result()
    yield from _drawn(desk)
    _photograph(desk, orders, "panel-done")
    seen["result"] = desk.status.result
    yield from _cancelled(desk, seen)
    for name, clip in (("failed", "no-video.mp4"), ("no-subject", "nobody.mp4"), ("low-confidence", "hidden.mp4")):
        yield from _capture(desk, f"//{clip}", 23)
        _photograph(desk, orders, f"panel-{name}")
        seen[name] = [desk.status.outcome, desk.status.problem, desk.status.guessed]
    bpy.context.preferences.view.ui_scale = 2.0
    yield from _drawn(desk)
    _photograph(desk, orders, "panel-large-interface")
    bpy.context.preferences.view.ui_scale = 1.0
    yield from _drawn(desk)
    for name, language, clip, last in SPEAKING:
        bpy.context.preferences.view.language = language
        yield from _capture(desk, f"//{clip}", last)
        _photograph(desk, orders, f"panel-{name}")
        seen[name] = [desk.status.result.splitlines()[0], desk.sidebar.active_panel_category]
    bpy.context.preferences.view.language = "en_US"


def small_window(desk: Desk, orders: dict, seen: dict) -> Steps:
    """A capture that fails with a long sentence, in a small window."""
    bpy.ops.wm.save_as_mainfile(filepath=str(Path(orders["clip"]).with_name("shot.blend")))
    yield from desk.open_panel()
    yield from _capture(desk, "//a_file_with_a_very_long_name_that_has_no_spaces_and_is_not_there.mp4", 23)
    _photograph(desk, orders, "panel-small-window")
    seen["outcome"] = desk.status.outcome
    seen["size"] = [desk.window.width, desk.window.height]


def _cancelled(desk: Desk, seen: dict) -> Steps:
    yield from desk.press_button()
    yield from wait(desk.halfway, 60)
    desk.press_escape()
    yield from wait(lambda: not desk.status.running, 10)
    yield from rest(0.2)
    seen["cancelled"] = [desk.status.outcome, desk.status.problem, desk.status.result]


def _capture(desk: Desk, clip: str, last: int) -> Steps:
    """Capture the clip's frames until the last one by the button, and wait until it shows how that came out."""
    _clear_scene()
    desk.status.clear()
    desk.choices.footage, desk.choices.quality = clip, "FAST"
    desk.choices.range, desk.choices.last_frame = "FRAMES", last
    yield from _drawn(desk)
    yield from desk.press_button()
    yield from wait(lambda: desk.status.outcome != "NONE" and not desk.status.running, 60)
    if desk.status.outcome == "DONE":
        desk.look_at_result()
    yield from _drawn(desk)


def _refusal(desk: Desk) -> str:
    """What a second capture is told while one runs, from another scene."""
    other = bpy.data.scenes.new("Other")
    other.penumbra.footage = desk.choices.footage
    try:
        with bpy.context.temp_override(window=desk.window, scene=other):
            bpy.ops.penumbra.capture("INVOKE_DEFAULT")
    except RuntimeError as error:
        return str(error)
    finally:
        bpy.data.scenes.remove(other)
    return ""


def _clear_scene() -> None:
    for thing in list(bpy.data.objects):
        bpy.data.objects.remove(thing)


def _drawn(desk: Desk) -> Steps:
    """Draw everything anew, wait until panels have moved to where they then belong, and draw that."""
    for _ in range(2):
        for region in desk.area.regions:
            region.tag_redraw()
        yield from rest(0.5)


def _photograph(desk: Desk, orders: dict, name: str, beyond: int = 0) -> None:
    """A picture of the sidebar with a part of the 3D view beside it, and of what is beyond it on its right."""
    left, right = max(desk.area.x, desk.sidebar.x - BESIDE), desk.sidebar.x + desk.sidebar.width + beyond
    photograph(orders, name, (left, desk.sidebar.y, right - left, desk.sidebar.height))
