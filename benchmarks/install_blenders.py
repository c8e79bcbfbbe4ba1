"""The Blenders of the matrix, and how steps are played in each: with fresh user folders, and without a network where possible."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from ..tools import blender_root, environment

_INSIDE = Path(__file__).with_name("inside_blender")
_LONGEST = 570.0
"""Seconds that the steps of one process may take."""


@dataclass(frozen=True, slots=True)
class Blender:
    """A Blender: its name in the table, the interpreter that has it as a module or the root that it lies in, one of them."""

    name: str
    python: Path | None = None
    root: Path | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a step: its seconds, its problem ("" where it went well) and what else it told."""

    step: str
    seconds: float
    problem: str
    told: dict = field(default_factory=dict)


class Desk:
    """A user of one Blender: a folder that it sees, with the user's own folders in it, and the files that were put there."""

    def __init__(self, blender: Blender, folder: Path) -> None:
        self._blender = blender
        self.folder = folder
        self.output = ""
        shutil.copytree(_INSIDE, folder / "inside", ignore=shutil.ignore_patterns("__pycache__"))

    def put(self, path: Path) -> str:
        """Lay a file on the desk; gives its name there."""
        goal = self.folder / path.name
        if not goal.exists():
            os.link(path, goal) if path.stat().st_dev == self.folder.stat().st_dev else shutil.copy(path, goal)
        return self.inside(goal)

    def inside(self, path: Path) -> str:
        """The name of a path in the folder as Blender knows it."""
        root = self._blender.root
        return str(path) if root is None else f"/{path.relative_to(root)}"

    def play(self, steps: Sequence[str], orders: dict) -> list[Outcome]:
        """Play steps in a process of their own; a step that did not come to an end is a problem too."""
        seen = self.folder / "seen.jsonl"
        seen.unlink(missing_ok=True)
        paths = {
            "seen": self.inside(seen),
            "data": self.inside(self.folder / "data"),
            "blend": self.inside(self.folder / "kept.blend"),
        }
        told = {
            **orders,
            **paths,
            "steps": list(steps),
            "offline": without_network(),
            "module": self._blender.root is None,
        }
        (self.folder / "orders.json").write_text(json.dumps(told), "utf-8")
        ended = self._run()
        lines = seen.read_text("utf-8").splitlines() if seen.exists() else []
        outcomes = [Outcome(**json.loads(line)) for line in lines]
        if len(outcomes) < len(steps) and not any(outcome.problem for outcome in outcomes):
            outcomes.append(Outcome(steps[len(outcomes)], 0.0, f"Blender ended ({ended})"))
        return outcomes

    def _run(self) -> str:
        """Run Blender with the orders; how it ended. What it printed is in `output`."""
        try:
            done = subprocess.run(
                self._command(),
                env={**_as_a_user(), **self._variables()},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=_LONGEST,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return f"stopped after {_LONGEST:.0f} s"
        self.output = done.stdout
        return f"exit code {done.returncode}"

    def _command(self) -> list[str]:
        script, orders = (self.inside(self.folder / name) for name in ("inside/play.py", "orders.json"))
        alone = ["unshare", "--net"] if without_network() else []
        if self._blender.root is None:
            return [*alone, str(self._blender.python), "-P", script, "--", orders]
        variables = [f"{name}={value}" for name, value in self._variables().items()]
        command = ["env", *variables, "blender", "--background", "--offline-mode", "--python", script, "--", orders]
        return [*alone, *blender_root.entering(self._blender.root, command)]

    def _variables(self) -> dict[str, str]:
        places = {"HOME": "", "XDG_CACHE_HOME": "cache", "XDG_DATA_HOME": "data", "BLENDER_USER_RESOURCES": "user"}
        return {name: self.inside(self.folder / place) for name, place in places.items()}


@contextmanager
def desk(blender: Blender) -> Iterator[Desk]:
    """A desk of a new user, cleared away afterwards."""
    parent = None if blender.root is None else blender.root / "tmp"
    with tempfile.TemporaryDirectory(prefix="penumbra-", dir=parent, ignore_cleanup_errors=True) as folder:
        yield Desk(blender, Path(folder))


def without_network() -> bool:
    """Whether Blender can be started without a network: root on Linux can."""
    return sys.platform == "linux" and os.geteuid() == 0


def blenders() -> tuple[list[Blender], list[str]]:
    """The Blenders that are here, and a sentence for each that is not."""
    found, missing = [], []
    for version in environment.BLENDERS:
        folder = environment.ROOT / (".venv" if version == environment.DEFAULT_BLENDER else f".venv-bpy-{version}")
        python = folder / "bin" / "python"
        if python.exists():
            found.append(Blender(f"bpy {version}", python=python))
        else:
            missing.append(f"bpy {version} is not here; ./test --bpy {version} sets it up.")
    for suite in blender_root.SUITES:
        root = blender_root.default_folder(suite)
        if root.exists() and os.geteuid() == 0:
            found.append(Blender(f"Debian {_version(root)}", root=root.resolve()))
        else:
            missing.append(
                f"Debian's Blender of {suite} is not here; as root, python tools/blender_root.py {suite} makes it."
            )
    return found, missing


def _as_a_user() -> dict[str, str]:
    """The environment's variables without those that change how Python works, such as whether it keeps what it compiled."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}


def _version(root: Path) -> str:
    """Version of the Blender in a root, as its package states it."""
    table = (root / "var" / "lib" / "dpkg" / "status").read_text("utf-8")
    (entry,) = (part for part in table.split("\n\n") if part.startswith("Package: blender\n"))
    (version,) = (line for line in entry.splitlines() if line.startswith("Version: "))
    return version.removeprefix("Version: ").partition("+")[0].partition("-")[0]
