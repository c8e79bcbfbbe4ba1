"""The scenario that measures how long the window stands still while a capture runs."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Any, Self

import bpy
from desk import Desk
from waiting import Steps

# Seconds for which the window is watched while nothing runs, before the button is pressed and after the keys are there.
IDLE, BEFORE, AFTER = 3.0, 0.3, 1.0


class Redraws:
    """Times at which a small, empty editor was drawn, with what the capture was at then.

    The editor takes the place of the 3D view, so that the time is Blender's and ours, and not that of the software which
    stands in for a graphics card here.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._times: list[tuple[float, str]] = []
        self._handle: Any = None

    def __enter__(self) -> Self:
        self._desk.area.type = "CONSOLE"
        self._handle = bpy.types.SpaceConsole.draw_handler_add(self._note, (), "WINDOW", "POST_PIXEL")
        return self

    def __exit__(self, *_: object) -> None:
        bpy.types.SpaceConsole.draw_handler_remove(self._handle, "WINDOW")

    def watch(self, going: Callable[[], bool]) -> Steps:
        """Ask for one drawing after the other while `going` says so."""
        while going():
            for region in self._desk.area.regions:
                region.tag_redraw()
            yield

    def gaps(self) -> list[tuple[float, str]]:
        """Seconds between a drawing and the one before, and what the capture was at by then; the longest first."""
        pairs = zip(self._times, self._times[1:], strict=False)
        return sorted(((after - before, text) for (before, _), (after, text) in pairs), reverse=True)

    def _note(self) -> None:
        self._times.append((time.monotonic(), self._desk.status.text))


def redraw(desk: Desk, orders: dict, seen: dict) -> Steps:
    """How long the window stands still at most: while nothing runs, and while a capture does, its keys included."""
    desk.choose_clip(orders)
    with Redraws(desk) as idle:
        yield from idle.watch(_for(IDLE))
    seen["idle"] = idle.gaps()[:5]
    held: list[tuple[float, str]] = []
    began = time.monotonic()
    with Redraws(desk) as during, _watched(held, desk):
        yield from during.watch(_for(BEFORE))
        bpy.ops.penumbra.capture("INVOKE_DEFAULT")
        held.append((time.monotonic() - began - BEFORE, "the button"))
        yield from during.watch(lambda: desk.status.running)
        seen["seconds"] = time.monotonic() - began
        yield from during.watch(_for(AFTER))
    seen["gaps"] = during.gaps()[:20]
    seen["drawn"] = len(during.gaps())
    seen["held"] = sorted(held, reverse=True)[:5]
    seen["result"] = desk.status.result


def _for(seconds: float) -> Callable[[], bool]:
    end = time.monotonic() + seconds
    return lambda: time.monotonic() < end


@contextlib.contextmanager
def _watched(held: list[tuple[float, str]], desk: Desk) -> Iterator[None]:
    """Note how long each call of the capture's operator holds Blender."""
    operator = next(kind for kind in bpy.types.Operator.__subclasses__() if kind.__name__ == "PENUMBRA_OT_capture")
    plain = operator.modal

    def modal(self: Any, context: bpy.types.Context, event: bpy.types.Event) -> Any:
        began = time.monotonic()
        try:
            return plain(self, context, event)
        finally:
            held.append((time.monotonic() - began, desk.status.text))

    operator.modal = modal
    try:
        yield
    finally:
        operator.modal = plain
