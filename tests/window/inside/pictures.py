"""The scenario that takes the user guide's pictures of the capture panel."""

from __future__ import annotations

import bpy
from desk import Desk
from showing import photograph
from waiting import Steps, rest, wait


def pose_for_pictures(desk: Desk, orders: dict, seen: dict) -> Steps:
    """The panel before, during and after a capture, as pictures for the user guide."""
    desk.choose_clip(orders)
    for thing in list(bpy.data.objects):
        bpy.data.objects.remove(thing)
    yield from desk.open_panel()
    photograph(orders, "panel-ready")
    yield from desk.press_button()
    yield from wait(desk.halfway, 60)
    yield from rest(0.2)
    photograph(orders, "panel-running")
    yield from wait(lambda: desk.status.result, 60)
    desk.look_at_result()
    yield from rest(1.0)
    photograph(orders, "panel-done")
    seen["result"] = desk.status.result
