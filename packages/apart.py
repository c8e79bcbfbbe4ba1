"""Trying packages in a process of their own, so that a driver's fault cannot take Blender down; it can be ended at any time."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from ..errors import SetupError
from ..inference.progress import Progress, Work
from . import self_test
from .catalog import KINDS
from .pip import apart, end
from .place import installed, mark
from .self_test import SelfTest

_ROOT = Path(__file__).resolve().parent.parent
_TICK = 0.1
_IMPORT_SECONDS = 120.0
# The package's name is not the same in Blender, so it is given one.
_START = """
import importlib.util, json, sys
order = json.load(sys.stdin)
sys.path[:] = order["path"]
file = importlib.util.spec_from_file_location(
    "penumbra", order["root"] + "/__init__.py", submodule_search_locations=[order["root"]]
)
sys.modules["penumbra"] = importlib.util.module_from_spec(file)
file.loader.exec_module(sys.modules["penumbra"])
from penumbra.packages import self_test
self_test.main(order)
"""


def examine_apart(folder: Path, seconds: float = 180.0) -> Work[SelfTest]:
    """What really runs on this machine: libraries, providers that load with the time that a picture takes, and PyTorch.

    folder: that of the packages. seconds: after which a test is ended and what it found is given. A package that cannot be imported, or
    takes its process down with it, is noted and not used any more, and what is used without it is told; one that is found to work again is
    used again. Raises SetupError where no process can be started.
    """
    began = time.monotonic()
    order = {"what": "test", "folder": str(folder)}
    found = self_test.gather(*(yield from _run({**order, "again": "yes"}, seconds)))
    problems = []
    for kind in KINDS:
        package = installed(folder, kind)
        if package is not None and package.site(folder).is_dir():
            reason = found.broken(package.module)
            mark(folder, package, reason)
            problems += [f"{package.label} cannot be used ({reason}), so the add-on does without it."] if reason else []
    if problems:
        without = self_test.gather(*(yield from _run(order, seconds)))
        found = replace(without, problem=" ".join([*problems, *([without.problem] if without.problem else [])]))
    return replace(found, seconds=round(time.monotonic() - began, 2))


def import_apart(site: Path, module: str, label: str) -> Work[str]:
    """Whether `module` can be imported from the folder `site`: "", or a few words on why not."""
    order = {"what": "import", "site": str(site), "module": module, "label": label}
    events, reason = yield from _run(order, _IMPORT_SECONDS)
    return reason or next((str(event["error"]) for event in events if "error" in event), "")


def _run(order: dict[str, str], seconds: float) -> Work[tuple[list[dict], str]]:
    """What the process said, and why it ended early, "" where it did not."""
    until = time.monotonic() + seconds
    with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as noise:
        process = _start(order, said, noise)
        try:
            while process.poll() is None and time.monotonic() < until:
                yield Progress("test", 0, None, _step(_events(said)))
                time.sleep(_TICK)
            reason = f"it did not answer within {seconds:.0f} s" if process.poll() is None else ""
        finally:
            end(process)
        if not reason and process.returncode:
            reason = _why_ended(process.returncode, noise)
        return _events(said), reason


def _start(order: dict[str, str], said: IO[bytes], noise: IO[bytes]) -> subprocess.Popen[Any]:
    full = {**order, "root": str(_ROOT), "path": sys.path}
    try:
        process = subprocess.Popen(  # noqa: S603 - this Python, with this add-on's own code
            [sys.executable, "-s", "-P", "-B", "-c", _START],
            stdin=subprocess.PIPE,
            stdout=said,
            stderr=noise,
            **apart(),
        )
    except OSError as error:
        raise SetupError(f"Python cannot be started beside Blender for a test ({error}). Reinstall Blender.") from error
    if process.stdin is not None:
        process.stdin.write(json.dumps(full).encode())
        process.stdin.close()
    return process


def _events(said: IO[bytes]) -> list[dict]:
    """The lines of the process so far; the last one may not be whole yet."""
    said.seek(0)
    events = []
    for line in said.read().decode("utf-8", errors="replace").splitlines():
        try:
            events.append(json.loads(line))
        except ValueError:
            continue
    return events


def _step(events: list[dict]) -> str:
    return next((f"Testing {event['trying']}" for event in reversed(events) if "trying" in event), "Testing")


def _why_ended(code: int, noise: IO[bytes]) -> str:
    noise.seek(0)
    lines = [line for line in noise.read().decode("utf-8", errors="replace").splitlines() if line.strip()]
    if code < 0 or code > 255:
        return f"it crashed with signal {-code}" if code < 0 else f"it crashed with code {code:#x}"
    return lines[-1].strip() if lines else f"it ended with code {code}"
