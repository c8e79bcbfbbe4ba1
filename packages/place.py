"""Where installed packages lie in their folder, and how one is told from what a broken installation left behind.

For each kind and version of Python there is one small file, `gpu-cp311.json`, that says what is installed and in which folder
beside it. A folder that none of these files names is a leftover. So a package appears, changes and goes with the replacing of one
file, also on Windows, where the libraries that a program has loaded cannot be moved or deleted while it runs.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from ..errors import SetupError, WriteError
from .catalog import Kind
from .choose import python_tag

_LOCK = ".lock"
_LIBRARY = re.compile(r"\.(so|dll|pyd|dylib)(\.\d+)*$")
SITE, FILES = "site", "files.json"


@dataclass(frozen=True, slots=True)
class Installed:
    """A package that is installed.

    name, kind, label, version, module: as in the catalog. folder: name of its folder. bytes: on disk. broken: why it must not be used,
    "" where it may. libraries: bytes of each file that the system loads as code, by its path: one that is cut short takes a program down
    where an import would only fail.
    """

    name: str
    kind: Kind
    label: str
    version: str
    module: str
    folder: str
    bytes: int
    broken: str = ""
    libraries: dict[str, int] = field(default_factory=dict)

    def site(self, folder: Path) -> Path:
        """The folder to import from."""
        return folder / self.folder / SITE


def installed(folder: Path, kind: Kind) -> Installed | None:
    """What is installed of a kind for the running Python, or None. Reads one small file."""
    try:
        facts = json.loads(_pointer(folder, kind).read_text("utf-8"))
        found = Installed(**facts)
    except (OSError, ValueError, TypeError):
        return None
    if not found.site(folder).is_dir():
        return replace(found, broken="its folder is missing")
    return found


def libraries_in(site: Path) -> dict[str, int]:
    """Bytes of each library below a folder, by its path."""
    return {
        path.relative_to(site).as_posix(): path.stat().st_size for path in site.rglob("*") if _LIBRARY.search(path.name)
    }


def examined(folder: Path, kind: Kind) -> Installed | None:
    """As `installed`, with `broken` telling what a look at the libraries tells as well."""
    package = installed(folder, kind)
    return None if package is None else replace(package, broken=why_unusable(package, folder))


def why_unusable(package: Installed, folder: Path) -> str:
    """Why an installed package must not be used, "" where it may; looks at the size of its libraries, which is quick."""
    for name, expected in package.libraries.items():
        try:
            size = (package.site(folder) / name).stat().st_size
        except OSError:
            size = -1
        if size != expected:
            return package.broken or f"{name.rpartition('/')[2]} is damaged or missing"
    return package.broken


def point_to(folder: Path, package: Installed) -> None:
    """Make `package` the one that is installed of its kind."""
    goal = _pointer(folder, package.kind)
    partial = goal.with_suffix(".partial")
    partial.write_text(json.dumps(asdict(package), indent=1), "utf-8")
    os.replace(partial, goal)


def forget(folder: Path, kind: Kind) -> None:
    """Make nothing installed of a kind; the folder is a leftover from here on."""
    _pointer(folder, kind).unlink(missing_ok=True)


def mark(folder: Path, package: Installed, broken: str) -> None:
    """Note why an installed package must not be used, or that it may."""
    if package.broken != broken:
        with contextlib.suppress(OSError):  # a folder that cannot be written to loses a note, no more
            point_to(folder, replace(package, broken=broken))


def new_folder(folder: Path, kind: Kind) -> Path:
    """A new folder to unpack into. Raises WriteError."""
    import tempfile  # noqa: PLC0415 - Blender loads this module when it starts

    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=f"{kind}-{python_tag()}-", dir=folder))
        (made / SITE).mkdir()
        return made


def remove_leftovers(folder: Path) -> None:
    """Delete every folder that nothing names; what cannot be deleted, since it is in use, stays for the next time."""
    named = set()
    for pointer in folder.glob("*-cp*.json"):
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            named.add(json.loads(pointer.read_text("utf-8"))["folder"])
    for leftover in folder.glob("*-cp*-*"):
        if leftover.is_dir() and leftover.name not in named:
            shutil.rmtree(leftover, ignore_errors=True)


def has_leftovers(folder: Path) -> bool:
    """Whether there may be something to delete. Cheap."""
    return sum(1 for entry in folder.glob("*-cp*-*")) > sum(1 for entry in folder.glob("*-cp*.json"))


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Keep other programs from installing into the folder; the system frees it when this one ends, however it does.

    Raises SetupError where another one is at work, WriteError where the folder cannot be written to.
    """
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / _LOCK).open("a+b")
    try:
        try:
            _lock(file.fileno())
        except OSError as error:
            raise SetupError(
                f"Another Blender is changing the packages in {folder}. Wait until it is done, then try again."
            ) from error
        yield
    finally:
        file.close()


@contextlib.contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Turn what a disk refuses into a WriteError."""
    try:
        yield
    except OSError as error:
        raise WriteError(
            f"The folder for packages {folder} cannot be written to ({error.strerror or error}): check your permissions and the "
            "space on the disk."
        ) from error


def _pointer(folder: Path, kind: Kind) -> Path:
    return folder / f"{kind}-{python_tag()}.json"


def _lock(descriptor: int) -> None:
    """Take the file for this process alone. Raises OSError where another one has it."""
    if sys.platform == "win32":
        windows = importlib.import_module("msvcrt")
        windows.locking(descriptor, windows.LK_NBLCK, 1)
    else:
        posix = importlib.import_module("fcntl")
        posix.flock(descriptor, posix.LOCK_EX | posix.LOCK_NB)
