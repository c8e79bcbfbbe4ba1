"""What `./capture` and `./test` share: everything in its place, then the environment's own Python."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO, NoReturn

from . import environment, fetch

PARCELS = {"capture": ("weights",), "blender": ("weights", "demo", "pose2sim"), "test": ("weights", "demo", "pose2sim")}
"""What is fetched for which group of the environment."""
SETUP_EXIT_CODE = 8
"""The exit code of errors.SetupError, which cannot be imported before there is an environment."""


def prepare(group: str, bpy: str = environment.DEFAULT_BLENDER, parcels: Sequence[str] = ()) -> Path:
    """Make or reuse the environment of `group`, fetch what it needs and `parcels`, and return the interpreter.

    Leaves the program with a sentence and exit code 8 when that cannot be done.
    """
    try:
        python = environment.ensure(group, bpy)
    except environment.EnvironmentSetupError as error:
        environment.say(f"Error: {error}")
        sys.exit(SETUP_EXIT_CODE)
    missing = [name for name in (*PARCELS[group], *parcels) if not fetch.ready(name)]
    if missing and run(python, ["-m", "penumbra.tools.fetch", *missing], stdout=sys.stderr) != 0:
        sys.exit(SETUP_EXIT_CODE)
    return python


def run(python: Path, arguments: Sequence[str], stdout: IO[str] | None = None) -> int:
    """Run the environment's Python to its end in the current folder and return its exit code."""
    return subprocess.run(
        [str(python), "-P", *arguments], env=environment.variables(), stdout=stdout, check=False
    ).returncode


def become(python: Path, arguments: Sequence[str]) -> NoReturn:
    """Go on as the environment's Python; where the system cannot replace a program, run it and exit as it does."""
    sys.stdout.flush()
    if os.name == "nt":
        sys.exit(run(python, arguments))
    os.execve(python, [str(python), "-P", *arguments], environment.variables())


def report() -> dict[str, dict[str, float]]:
    """Seconds and bytes that the first set-up took, for each group that is there, what was fetched included."""
    fetched = fetch.report()
    return {
        group: {kind: figures[kind] + sum(fetched[name][kind] for name in PARCELS[group]) for kind in figures}
        for group, figures in environment.report().items()
        if all(name in fetched for name in PARCELS[group])
    }
