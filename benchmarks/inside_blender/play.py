"""Play steps inside a Blender that may have nothing of the project but the zip: `... play.py -- ORDERS`, a JSON file.

A line of JSON for every step goes to the file that the orders name as `seen`; the first step that fails ends it.
"""

from __future__ import annotations

import json
import os
import sys
import time
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from looking import StepError
from steps import STEPS


def main(orders: dict) -> None:
    """Play the steps that the orders name."""
    with Path(orders["seen"]).open("w", encoding="utf-8") as seen:
        for name in orders["steps"]:
            outcome = _play(name, orders)
            seen.write(json.dumps(outcome) + "\n")
            seen.flush()
            if outcome["problem"]:
                break


def _play(name: str, orders: dict) -> dict:
    """What came of a step: its seconds, its problem ("" for none) and what it told."""
    start = time.perf_counter()
    problem, told = "", {}
    try:
        told = STEPS[name](orders) or {}
    except StepError as error:
        problem = str(error)
    except Exception as error:  # noqa: BLE001 - whatever it is, the table shows it
        traceback.print_exc()
        problem = f"{type(error).__name__}: {error}"
    return {"step": name, "seconds": time.perf_counter() - start, "problem": problem, "told": told}


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[-1]).read_text("utf-8")))
    # Blender 4.5 can hang at Python's own ending, which Blender itself does not come to.
    sys.stdout.flush()
    os._exit(0)
