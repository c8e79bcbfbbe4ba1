"""The command `doctor`: what works here, and what does not."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TextIO

from ..errors import SetupError
from ..packages.doctor import Diagnosis, examine, lines
from ..scene.user_folder import other_folders, packages_folder
from .events import Reporter
from .inside import inside_blender


def run(reporter: Reporter, stdout: TextIO, *, as_json: bool) -> int:
    """Examine everything, print it on `stdout`, and give the exit code."""
    diagnosis = _diagnosis(reporter)
    if as_json:
        event = {"event": "result", "ok": diagnosis.can_capture, "exit_code": diagnosis.exit_code}
        stdout.write(json.dumps(event | {"command": "doctor"} | diagnosis.as_json()) + "\n")
    else:
        stdout.write("".join(f"{line}\n" for line in lines(diagnosis)))
    return diagnosis.exit_code


def _diagnosis(reporter: Reporter) -> Diagnosis:
    """What was found; without Blender's module the command line can write no result."""
    blender, problem = "", ""
    try:
        blender = inside_blender().version()
    except SetupError as error:
        problem = str(error)
    found = examine(packages_folder(), other_folders(), blender=blender, report=reporter.progress)
    if not problem:
        return found
    return replace(found, problems=(*found.problems, problem), can_capture=False)
