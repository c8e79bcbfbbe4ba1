"""What the tests with a window do inside Blender, one function a scenario: `blender --python driver.py -- ORDERS.json`.

Every scenario is a generator that Blender's own timer moves on, so that the window stays as alive as it is for a user.
What it saw goes to a JSON file, which the test on the other side checks. The files beside this one are imported by their
bare names: inside Blender they are a folder of scripts, not a package.
"""

from __future__ import annotations

import json
import sys
import traceback
from pathlib import Path

import bpy

sys.path.insert(0, str(Path(__file__).parent))

import capturing
import editing
import preferences
import redraws
import safety
import states
from desk import Desk
from showing import photograph

TICK = 0.01


def run(orders: dict) -> None:
    """Start the scenario of the orders; its end, good or bad, writes what was seen and quits Blender."""
    seen: dict = {}
    steps = SCENARIOS[orders["scenario"]](Desk(), orders, seen)

    def tick() -> float | None:
        try:
            next(steps)
        except StopIteration:
            pass
        except Exception:  # noqa: BLE001 - the test on the other side shows it
            seen["error"] = traceback.format_exc()
            photograph(orders, "error")
        else:
            return TICK
        Path(orders["seen"]).write_text(json.dumps(seen), "utf-8")
        bpy.ops.wm.quit_blender()
        return None

    bpy.app.timers.register(tick, first_interval=1.0, persistent=True)


SCENARIOS = {
    scenario.__name__: scenario
    for scenario in (
        *(capturing.press, capturing.escape, capturing.load_file, capturing.leave),
        editing.edit,
        redraws.redraw,
        *(safety.undo, safety.render, safety.disable, safety.twice, safety.close_window, safety.delete_target),
        *(preferences.preferences, preferences.install, preferences.quit_while_installing),
        *(states.states, states.small_window),
    )
}
run(json.loads(Path(sys.argv[-1]).read_text("utf-8")))
