"""pip, run by the running Python with the user's own settings for where wheels come from; it never installs anything itself."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import re
import signal
import subprocess
import sys
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

from ..errors import SetupError, WriteError
from .catalog import Wheel

_PATIENCE = 5.0


class NotOfferedError(SetupError):
    """Where pip looks there is no such wheel."""


class Pip:
    """Fetches wheels, one at a time, into a folder of its own. Raises SetupError where there is no pip."""

    def __init__(self, folder: Path) -> None:
        """folder: where everything that pip writes goes: what it has fetched, its temporary files and its log."""
        self._wheels, self._scratch, self._log = folder / "wheels", folder / "scratch", folder / "pip.log"
        self._requirement = folder / "wanted.txt"
        self._command = pip_command()
        for made in (self._wheels, self._scratch):
            made.mkdir()

    def fetch(self, wheel: Wheel) -> Generator[int, None, None]:
        """Fetch a wheel, and say again and again how many bytes of it have come in; the file is then at `path`.

        Closing the iterator ends pip. Raises NotOfferedError where there is no such wheel, SetupError where it cannot be fetched or is not the
        one that its hash asks for, WriteError where the disk is full.
        """
        self._requirement.write_text(f"{wheel.distribution}=={wheel.version} --hash=sha256:{wheel.sha256}\n", "utf-8")
        with self._log.open("wb") as log:
            process = subprocess.Popen(  # noqa: S603 - pip, with names from our own catalog
                [*self._command, *_OPTIONS, "--dest", str(self._wheels), "--requirement", str(self._requirement)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=os.environ | _VARIABLES | dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(self._scratch)),
                **apart(),
            )
            try:
                while True:
                    with contextlib.suppress(subprocess.TimeoutExpired):
                        process.wait(0.1)
                        break
                    yield self._received()
            finally:
                end(process)
        if process.returncode:
            self._fail(wheel)
        if not self.path(wheel).is_file():
            raise NotOfferedError(
                f"pip found {wheel.distribution} {wheel.version} under another name than {wheel.file}."
            )

    def path(self, wheel: Wheel) -> Path:
        """Where the wheel lies once it was fetched."""
        return self._wheels / wheel.file

    def _received(self) -> int:
        total = 0
        for folder in (self._scratch, self._wheels):
            for path in folder.rglob("*.whl"):
                with contextlib.suppress(OSError):  # pip moves it meanwhile
                    total = max(total, path.stat().st_size)
        return total

    def _fail(self, wheel: Wheel) -> None:
        said = self._log.read_text("utf-8", errors="replace")
        name = f"{wheel.distribution} {wheel.version}"
        if "DO NOT MATCH THE HASHES" in said:
            raise SetupError(
                f"What pip fetched as {name} is not the file that was published under this name, so it was thrown away. "
                "Check which index pip's settings name, or try again."
            )
        if "No space left" in said or "Errno 28" in said:
            raise WriteError(f"The disk is full, so {name} could not be fetched. Free some space, then install again.")
        if re.search(r"Retrying \(|ConnectionError|ConnectTimeout|Temporary failure|getaddrinfo", said):
            raise SetupError(f"{name} could not be fetched. Check the network and pip's settings, then install again.")
        if "No matching distribution" in said or "Could not find a version" in said:
            raise NotOfferedError(f"Where pip's settings let it look, there is no {name} for this machine.")
        last = next((line for line in reversed(said.splitlines()) if line.startswith("ERROR: ")), "it gave no reason")
        raise SetupError(
            f"pip could not fetch {name} ({last.removeprefix('ERROR: ')}). Install again, or check pip's settings."
        )


_OPTIONS = (
    *("download", "--no-deps", "--only-binary", ":all:", "--require-hashes", "--no-cache-dir", "--no-input"),
    *("--disable-pip-version-check", "--progress-bar", "off", "--no-color"),
)
# Python's path is its own again, and nothing is written beside Blender's Python, not even compiled files.
_VARIABLES = {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONSAFEPATH": "1", "PYTHONIOENCODING": "utf-8"}


def pip_command() -> list[str]:
    """How pip is run: as the running Python's own module, or else from the wheel that Python has for new environments.

    Raises SetupError where there is neither.
    """
    python = sys.executable
    if python and importlib.util.find_spec("pip") is not None:
        return [python, "-m", "pip"]
    for wheel in _bundled():
        return [python, f"{wheel}/pip"]
    raise SetupError(
        "This Python has no pip, which fetches the packages. Install Python's package ensurepip or pip, or use an official build of Blender."
    )


def end(process: subprocess.Popen[Any]) -> None:
    """End a process that was started apart, with all that it started, and wait for it."""
    if process.poll() is not None:
        return
    with contextlib.suppress(OSError):
        if sys.platform == "win32":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_PATIENCE)


def _bundled() -> Iterator[Path]:
    found = importlib.util.find_spec("ensurepip")
    if found is not None and found.origin is not None:
        yield from sorted((Path(found.origin).parent / "_bundled").glob("pip-*.whl"), reverse=True)
    yield from sorted(Path("/usr/share/python-wheels").glob("pip-*.whl"), reverse=True)


def apart() -> dict[str, Any]:
    """Arguments that keep a process's signals and window apart from Blender's."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}
