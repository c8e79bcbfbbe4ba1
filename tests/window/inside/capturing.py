"""Scenarios of the Capture button."""

from __future__ import annotations

import time

import bpy
from census import census, keys
from desk import Desk
from waiting import Steps, rest, wait


def press(desk: Desk, orders: dict, seen: dict) -> Steps:
    """Press the button, wait for the keys, look at them, undo."""
    desk.choose_clip(orders)
    yield from desk.open_panel()
    bpy.ops.ed.undo_push(message="Before the capture")
    seen["before"] = census()
    yield from desk.press_button()
    yield from wait(lambda: desk.status.running, 5)
    # Blender draws what is to be drawn, the panel for one, between two calls of a timer: while these come, it is alive.
    last = time.monotonic()
    gaps, texts = [], set()
    while desk.status.running:
        texts.add(desk.status.text)
        yield
        now = time.monotonic()
        gaps.append((now - last, desk.status.text))
        last = now
    seen["longest_gap"] = max(gaps)
    seen["texts"] = sorted(texts)
    yield from wait(lambda: desk.status.result, 5)
    yield from rest(0.5)
    seen["result"] = desk.status.result
    seen["after"] = census()
    seen["keys"] = keys()
    desk.undo()
    yield from rest(0.5)
    seen["undone"] = census()


def escape(desk: Desk, orders: dict, seen: dict) -> Steps:
    """Press the button, press Esc in the middle of the work, and see what is left."""
    desk.choose_clip(orders)
    yield from desk.open_panel()
    seen["before"] = census()
    yield from desk.press_button()
    yield from wait(desk.halfway, 60)
    seen["text"] = desk.status.text
    pressed = time.monotonic()
    desk.press_escape()
    yield from wait(lambda: not desk.status.running, 10)
    seen["seconds"] = time.monotonic() - pressed
    yield from rest(0.5)
    seen["after"] = census()
    seen["result"] = desk.status.result


def load_file(desk: Desk, orders: dict, seen: dict) -> Steps:
    """Load another file while a capture runs, and capture again in the new one."""
    desk.choose_clip(orders)
    yield from desk.open_panel()
    yield from desk.press_button()
    yield from wait(desk.halfway, 60)
    bpy.ops.wm.read_homefile(load_ui=False)
    yield from rest(0.5)
    seen["after"] = census()
    seen["running"] = bpy.context.window_manager.penumbra.running
    desk = Desk()
    desk.choose_clip(orders)
    yield from desk.open_panel()
    yield from desk.press_button()
    yield from wait(lambda: desk.status.running, 5)
    yield from wait(lambda: desk.status.result, 60)
    seen["result"] = desk.status.result


def leave(desk: Desk, orders: dict, seen: dict) -> Steps:
    """Quit while a capture runs."""
    desk.choose_clip(orders)
    yield from desk.open_panel()
    yield from desk.press_button()
    yield from wait(desk.halfway, 60)
    seen["running"] = desk.status.running
