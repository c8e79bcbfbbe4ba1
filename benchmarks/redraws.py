"""How long a real Blender's window stands still while a capture runs, from the button to the keys.

    python -P -m penumbra.benchmarks.redraws [--quick]

Needs root and a Debian root with Blender (`tools/blender_root.py`); every one that is here is measured. The scenario is that
of the tests with a window: a small, empty editor is drawn again and again, since the software that stands in for a graphics card
here takes longer for a 3D view than the bound allows.
"""

from __future__ import annotations

import argparse
import sys

from ..tests.window.installed_blender import opened
from ..tools import blender_root, fetch
from .install_blenders import Blender, blenders
from .report import Figure, publish
from .tables import table

BOUND = 0.1
"""Seconds that the window may stand still."""
_FRAMES, _QUICK_FRAMES = 230, 41
_SIZE = (640, 400)


def main(argv: list[str]) -> int:
    """Measure, print and, unless `--quick`, keep."""
    parser = argparse.ArgumentParser(description="How long Blender's window stands still while a capture runs.")
    parser.add_argument("--quick", action="store_true", help="one Blender and few frames, under a minute, nothing kept")
    arguments = parser.parse_args(argv)
    found = [blender for blender in blenders()[0] if blender.root is not None]
    if not found:
        print(f"No Blender with a window is here: as root, python tools/blender_root.py {blender_root.SUITES[0]}")
        return 1
    figures, cells = [], []
    for blender in found[:1] if arguments.quick else found:
        seen = _played(blender, _QUICK_FRAMES if arguments.quick else _FRAMES)
        name = blender.name.lower().replace(" ", "_")
        figures += [
            Figure(f"redraw_gap_{name}", seen["gaps"][0][0], "s", BOUND),
            Figure(f"held_{name}", seen["held"][0][0], "s", BOUND),
        ]
        cells += _cells(blender.name, seen)
    remarks = [
        (
            "redraw_gap: longest time between two drawings of the window, from the button until a second after the keys are there. "
            "held: longest call of the capture's operator, the making of keys among them."
        ),
        "The demo clip, smaller network on the processor, onto a new armature, with no cache.",
    ]
    header = ["Blender", "while nothing runs, s", "capture, s", "drawn", "longest gaps, s", "held, s"]
    sections = [table("What was seen", header, cells)]
    publish(
        "redraws",
        "Blender's window while a capture runs",
        figures,
        remarks,
        keep=not arguments.quick,
        sections=sections,
    )
    return 0


def _played(blender: Blender, frames: int) -> dict:
    assert blender.root is not None
    with opened(blender.root, fetch.fetch("demo") / "demo.mp4") as installed:
        return installed.play("redraw", frames - 1, size=_SIZE)


def _cells(name: str, seen: dict) -> list[list[str]]:
    gaps = ", ".join(f'{seconds:.3f} ("{text}")' for seconds, text in seen["gaps"][:3])
    held = ", ".join(f"{seconds:.3f}" for seconds, _ in seen["held"][:3])
    return [[name, f"{seen['idle'][0][0]:.3f}", f"{seen['seconds']:.1f}", str(seen["drawn"]), gaps, held]]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
