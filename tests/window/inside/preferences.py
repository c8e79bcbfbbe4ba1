"""The scenarios of the add-on's preferences."""

from __future__ import annotations

import importlib
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import bpy
from desk import Desk
from redraws import Redraws
from showing import photograph
from waiting import Steps, rest, wait

# In place of pip: takes its time, and writes to where pip would.
_SLOW = """
import os, time
with open(os.path.join(os.environ["TMPDIR"], "part.whl"), "wb") as file:
    for _ in range(1000):
        file.write(bytes(200_000))
        file.flush()
        time.sleep(0.05)
"""


def preferences(desk: Desk, orders: dict, seen: dict) -> Steps:
    """Show the add-on's preferences, find out what works, and look at both."""
    packages = _module("operators.packages_run").Packages
    with _timed(_module("panels.preferences").PENUMBRA_AP_preferences, "draw") as drawn:
        yield from _show(desk)
        photograph(orders, "preferences")
        with _timed(_module("operators.packages_run").PackagesRun, "_tick") as held:
            seen["started"] = sorted(bpy.ops.penumbra.test_packages())
            yield from wait(lambda: packages.run is None, 60)
        yield from rest(0.5)
        photograph(orders, "preferences-tested")
    seen["drawn"], seen["held"] = max(drawn), max(held)
    seen["outcome"], seen["failed"] = packages.outcome.text, packages.outcome.failed
    seen["provider"] = packages.test.used.name


def install(desk: Desk, orders: dict, seen: dict) -> Steps:
    """Install PyTorch from a slow place, load a file meanwhile, and cancel."""
    packages = _module("operators.packages_run").Packages
    _slow_down(orders)
    bpy.context.preferences.system.use_online_access = False
    try:
        bpy.ops.penumbra.install_pytorch()
    except RuntimeError as error:
        seen["offline"] = str(error)
    bpy.context.preferences.system.use_online_access = True
    with _timed(_module("operators.packages_run").PackagesRun, "_tick") as held, Redraws(desk) as during:
        seen["started"] = sorted(bpy.ops.penumbra.install_pytorch())
        until = time.monotonic() + 3.0
        yield from during.watch(lambda: time.monotonic() < until)
    seen["held"], seen["gaps"] = max(held), during.gaps()[:3]
    bpy.ops.wm.read_homefile(load_ui=False)
    fraction = packages.run.fraction
    yield from wait(lambda: packages.run.fraction > fraction)
    seen["text"] = packages.run.text
    yield from _show(desk)
    photograph(orders, "preferences-installing")
    asked = time.monotonic()
    bpy.ops.penumbra.cancel_packages()
    yield from wait(lambda: packages.run is None)
    seen["seconds"] = time.monotonic() - asked
    seen["outcome"] = packages.outcome.text
    folder = _module("scene.user_folder").packages_folder()
    seen["left"] = sorted(path.name for path in folder.iterdir())


def quit_while_installing(_desk: Desk, orders: dict, seen: dict) -> Steps:
    """Quit in the middle of an installation."""
    packages = _module("operators.packages_run").Packages
    _slow_down(orders)
    bpy.context.preferences.system.use_online_access = True
    bpy.ops.penumbra.install_pytorch()
    yield from wait(lambda: packages.run.text.startswith("Downloading"), 20)
    seen["running"] = packages.run is not None


def _show(desk: Desk) -> Steps:
    """The preferences of add-ons in all of the window, with ours unfolded."""
    desk.area.ui_type = "PREFERENCES"
    bpy.context.preferences.active_section = "ADDONS"
    with bpy.context.temp_override(window=desk.window, area=desk.area):
        bpy.ops.screen.screen_full_area()
    bpy.context.window_manager.addon_search = "Penumbra"
    yield from rest(0.3)
    bpy.ops.preferences.addon_expand(module=_addon())
    yield from rest(1.0)


def _slow_down(orders: dict) -> None:
    slow = Path(orders["folder"]) / "slow.py"
    slow.write_text(_SLOW, "utf-8")
    _module("packages.pip").pip_command = lambda: [sys.executable, str(slow)]


def _addon() -> str:
    return next(addon.module for addon in bpy.context.preferences.addons if addon.module.endswith(".penumbra"))


def _module(name: str) -> Any:
    return importlib.import_module(f"{_addon()}.{name}")


@contextmanager
def _timed(owner: type, name: str) -> Iterator[list[float]]:
    """The seconds that each call of a method takes."""
    plain: Callable[..., Any] = getattr(owner, name)
    seconds: list[float] = []

    def timed(*arguments: Any) -> Any:
        began = time.perf_counter()
        try:
            return plain(*arguments)
        finally:
            seconds.append(time.perf_counter() - began)

    setattr(owner, name, timed)
    try:
        yield seconds
    finally:
        setattr(owner, name, plain)
