"""The scenarios of the add-on's preferences."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import bpy
from desk import Desk
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


def preferences(_desk: Desk, orders: dict, seen: dict) -> Steps:
    """Open the add-on's preferences, find out what works, and look at both."""
    packages = yield from _open(orders)
    photograph(orders, "preferences")
    seen["started"] = sorted(bpy.ops.penumbra.test_packages())
    seen["longest_gap"] = yield from _watch(lambda: packages.run is None)
    yield from rest(0.5)
    photograph(orders, "preferences-tested")
    seen["outcome"], seen["failed"] = packages.outcome.text, packages.outcome.failed
    seen["provider"] = packages.test.used.name


def install(_desk: Desk, orders: dict, seen: dict) -> Steps:
    """Install GPU support as if for a graphics card by NVIDIA, load a file meanwhile, and cancel."""
    packages = yield from _open(orders)
    inner = sys.modules[packages.__module__.rpartition(".operators")[0] + ".packages.pip"]
    slow = Path(orders["folder"]) / "slow.py"
    slow.write_text(_SLOW, "utf-8")
    inner.pip_command = lambda: [sys.executable, str(slow)]
    bpy.context.preferences.system.use_online_access = False
    try:
        bpy.ops.penumbra.install_pytorch()
    except RuntimeError as error:
        seen["offline"] = str(error)
    bpy.context.preferences.system.use_online_access = True
    seen["started"] = sorted(bpy.ops.penumbra.install_pytorch())
    yield from wait(lambda: packages.run.fraction > 0.001, 20)
    bpy.ops.wm.read_homefile(load_ui=False)
    fraction = packages.run.fraction
    seen["longest_gap"] = yield from _watch(lambda: packages.run.fraction > 2 * fraction)
    photograph(orders, "preferences-installing")
    seen["text"] = packages.run.text
    asked = time.monotonic()
    bpy.ops.penumbra.cancel_packages()
    yield from wait(lambda: packages.run is None)
    seen["seconds"] = time.monotonic() - asked
    seen["outcome"] = packages.outcome.text
    folder = sys.modules[packages.__module__].packages_folder()
    seen["left"] = sorted(path.name for path in folder.iterdir())


def quit_while_installing(desk: Desk, orders: dict, seen: dict) -> Steps:
    """Quit in the middle of an installation."""
    yield from ()
    packages = yield from _open(orders)
    inner = sys.modules[packages.__module__.rpartition(".operators")[0] + ".packages.pip"]
    slow = Path(orders["folder"]) / "slow.py"
    slow.write_text(_SLOW, "utf-8")
    inner.pip_command = lambda: [sys.executable, str(slow)]
    bpy.context.preferences.system.use_online_access = True
    bpy.ops.penumbra.install_pytorch()
    yield from wait(lambda: packages.run.fraction > 0.001, 20)
    seen["running"] = packages.run is not None


def _open(orders: dict) -> Any:
    """Show the preferences of add-ons with ours unfolded, and give what is known of the packages."""
    addon = next(addon for addon in bpy.context.preferences.addons if addon.module.endswith(".penumbra"))
    bpy.ops.screen.userpref_show(section="ADDONS")
    yield from rest(0.5)
    bpy.context.window_manager.addon_search = "Penumbra"
    bpy.ops.preferences.addon_expand(module=addon.module)
    __import__(f"{addon.module}.packages.pip")
    yield from rest(1.0)
    return sys.modules[f"{addon.module}.operators.packages_run"].Packages


def _watch(over: Any) -> Any:
    """The longest time between two looks at the window until `over`."""
    longest, last = 0.0, time.monotonic()
    while not over():
        yield
        now = time.monotonic()
        longest, last = max(longest, now - last), now
    return longest
