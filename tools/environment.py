"""Make or reuse one virtual environment with pinned versions: `python3 tools/environment.py capture`.

This runs on a bare Python before anything is installed: it uses the standard library only, and its syntax is one that
older Pythons read as well, so that they can say what is missing.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import importlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STAMP = "penumbra-setup.json"
GROUPS = {
    "capture": ("capture",),
    "blender": ("capture", "test"),
    "test": ("capture", "test", "training", "lint"),
}
"""What is installed for which purpose: names of files in `tools/requirements`, in order."""
DEFAULT_BLENDER = "4.5.15"
BLENDERS = {"4.2.23": "3.11", "4.5.15": "3.11", "5.0.1": "3.11", "5.2.3": "3.13"}
"""The versions of the bpy package that the project is tested with, and the one Python that each runs on."""
SYSTEM_PACKAGES = "libx11-6 libxrender1 libxfixes3 libxi6 libxkbcommon0 libsm6 libgl1 libxxf86vm1 libgomp1"
"""Debian's names for the system libraries that Blender's module loads."""


class EnvironmentSetupError(Exception):
    """The environment cannot be made; the message is a sentence that says what to do next."""


@dataclass(frozen=True)
class Recipe:
    """What an environment is made from: its folder, the version of Python, and the requirement lists by name."""

    root: Path
    folder: Path
    version: str
    lists: Mapping[str, str]

    @property
    def python(self) -> Path:
        """The environment's interpreter."""
        return self.folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")

    def mark(self, name: str) -> str:
        """Hash of one requirement list and the Python that it is for."""
        return hashlib.sha256(f"{self.version}\n{self.lists[name]}".encode()).hexdigest()


def say(sentence: str) -> None:
    """Tell the user what goes on; standard output belongs to results."""
    print(sentence, file=sys.stderr, flush=True)


def ensure(group: str, bpy: str = DEFAULT_BLENDER, root: Path = ROOT) -> Path:
    """Make or complete the environment for `group` with the given bpy package, and return its interpreter.

    Raises `EnvironmentSetupError` when it cannot be made.
    """
    recipe = _recipe(group, bpy, root)
    if _missing(recipe):
        with locked(recipe.folder.with_name(recipe.folder.name + ".lock")):
            missing = _missing(recipe)  # again: another set-up may have done it while this one waited
            if missing:
                _set_up(recipe, missing)
    return recipe.python


def variables() -> dict[str, str]:
    """Environment variables for the environment's own Python: nothing from outside gets on its search path."""
    kept = {name: value for name, value in os.environ.items() if name not in {"PYTHONHOME", "PYTHONPATH"}}
    return {**kept, "PYTHONSAFEPATH": "1", "PYTHONNOUSERSITE": "1"}


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock on `path`, so that two set-ups at once do not spoil each other; wait for the other one, and say so."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        try:
            fcntl = importlib.import_module("fcntl")
        except ImportError:  # Windows, where two set-ups at once are left to the user
            yield
            return
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Another set-up is at work here; waiting for it to end.")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def report(folder: Path = ROOT / ".venv") -> dict[str, dict[str, float]]:
    """Seconds and bytes that the set-up of each installed group took, from the environment's stamp."""
    stamp = _stamp(folder)
    done = stamp.get("lists", {})
    return {
        group: {
            "seconds": stamp["seconds"] + sum(done[name]["seconds"] for name in names),
            "bytes": stamp["bytes"] + sum(done[name]["bytes"] for name in names),
        }
        for group, names in GROUPS.items()
        if all(name in done for name in names)
    }


def size_of(folder: Path) -> int:
    """Bytes of all files under `folder`, links not followed."""
    return sum(
        os.lstat(os.path.join(parent, name)).st_size  # noqa: PTH118 - twice as quick, on 40,000 files
        for parent, _, names in os.walk(folder)
        for name in names
    )


def _recipe(group: str, bpy: str, root: Path) -> Recipe:
    if bpy not in BLENDERS:
        raise EnvironmentSetupError(f"bpy {bpy} is not one of the tested versions: {', '.join(BLENDERS)}.")
    folder = root / (".venv" if bpy == DEFAULT_BLENDER else f".venv-bpy-{bpy}")
    texts = {
        name: (root / "tools" / "requirements" / f"{name}.txt").read_text(encoding="utf-8") for name in GROUPS[group]
    }
    pinned = {name: re.sub(r"(?m)^bpy==.*$", f"bpy=={bpy}", text) for name, text in texts.items()}
    return Recipe(root, folder, BLENDERS[bpy], pinned)


def _stamp(folder: Path) -> dict:
    try:
        return json.loads((folder / STAMP).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def _write_stamp(recipe: Recipe, stamp: dict) -> None:
    goal = recipe.folder / STAMP
    draft = goal.with_suffix(".new")
    draft.write_text(json.dumps(stamp, indent=2) + "\n", encoding="utf-8")
    os.replace(draft, goal)


def _missing(recipe: Recipe) -> list[str]:
    """Names of the lists that are not installed as they stand."""
    stamp = _stamp(recipe.folder)
    if stamp.get("unfinished") or not recipe.python.exists():
        return list(recipe.lists)
    done = stamp.get("lists", {})
    return [name for name in recipe.lists if done.get(name, {}).get("mark") != recipe.mark(name)]


def _set_up(recipe: Recipe, missing: list[str]) -> None:
    began = time.monotonic()
    stamp = _stamp(recipe.folder)
    # An environment that was interrupted, or holds what a list no longer names, is made again rather than mended.
    if (
        not stamp
        or stamp["unfinished"]
        or not recipe.python.exists()
        or any(name in stamp["lists"] for name in missing)
    ):
        stamp = _create(recipe)
        missing = list(recipe.lists)
    for name in missing:
        stamp["lists"][name] = _install(recipe, name, stamp)
    stamp["unfinished"] = None
    _write_stamp(recipe, stamp)
    say(f"{recipe.folder.name} is ready after {time.monotonic() - began:.0f} s.")


def _create(recipe: Recipe) -> dict:
    began = time.monotonic()
    base = _interpreter(recipe.version)
    again = "again " if recipe.folder.exists() else ""
    say(f"Making {recipe.folder.name} {again}with {base}.")
    shutil.rmtree(recipe.folder, ignore_errors=True)
    _make_venv(base, recipe)
    _link_package(recipe)
    stamp = {
        "python": recipe.version,
        "seconds": round(time.monotonic() - began, 2),
        "bytes": size_of(recipe.folder),
        "unfinished": "venv",
        "lists": {},
    }
    _write_stamp(recipe, stamp)
    return stamp


def _make_venv(base: str, recipe: Recipe) -> None:
    made = subprocess.run(
        [base, "-m", "venv", str(recipe.folder)], env=variables(), capture_output=True, text=True, check=False
    )
    if made.returncode != 0:
        shutil.rmtree(recipe.folder, ignore_errors=True)
        raise EnvironmentSetupError(
            f"{base} cannot make virtual environments. On Debian and Ubuntu run `sudo apt install"
            f" python{recipe.version}-venv`, then try again. It said: {_last_line(made.stdout + made.stderr)}"
        )


def _install(recipe: Recipe, name: str, stamp: dict) -> dict:
    began = time.monotonic()
    before = size_of(recipe.folder)
    _write_stamp(recipe, {**stamp, "unfinished": name})
    text = recipe.lists[name]
    say(f"Installing the packages of tools/requirements/{name}.txt.")
    install_list(recipe.python, text)
    if re.search(r"(?m)^bpy==", text):
        _try_bpy(recipe.python)
    result = {
        "mark": recipe.mark(name),
        "seconds": round(time.monotonic() - began, 2),
        "bytes": size_of(recipe.folder) - before,
    }
    say(f"Installed in {result['seconds']:.0f} s, {result['bytes'] / 1e6:.0f} MB.")
    return result


def install_list(python: Path, text: str) -> None:
    """Install the packages of a requirement list, and nothing else, into the environment of `python`."""
    with tempfile.TemporaryDirectory() as folder:
        listed = Path(folder) / "requirements.txt"
        listed.write_text(text, encoding="utf-8")
        command = [str(python), "-m", "pip", "install", "--no-deps", "--only-binary", ":all:", "--no-input"]
        command += ["--disable-pip-version-check", "--no-warn-script-location", "--quiet", "-r", str(listed)]
        done = subprocess.run(command, env=variables(), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise EnvironmentSetupError(
            "pip could not install the packages. Check the network and the free disk space, then try again."
            f" It said: {_last_line(done.stderr)}"
        )


def _try_bpy(python: Path) -> None:
    # Blender's module may crash when Python ends, after it has shown that it loads.
    code = "import bpy, os; os._exit(0)"
    tried = subprocess.run(
        [str(python), "-P", "-c", code], env=variables(), capture_output=True, text=True, check=False
    )
    if tried.returncode != 0:
        raise EnvironmentSetupError(
            "Blender's module does not load; it lacks a system library. On Debian and Ubuntu run"
            f" `sudo apt install {SYSTEM_PACKAGES}`, then try again. It said: {_last_line(tried.stderr)}"
        )


def _link_package(recipe: Recipe) -> None:
    """Make the repository's root importable as `penumbra`."""
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    site = subprocess.run([str(recipe.python), "-c", code], env=variables(), capture_output=True, text=True, check=True)
    link = Path(site.stdout.strip()) / "penumbra"
    if sys.platform == "win32":
        import _winapi  # noqa: PLC0415 - Windows only; unlike a symbolic link, a junction needs no privilege

        _winapi.CreateJunction(str(recipe.root), str(link))
    else:
        link.symlink_to(os.path.relpath(recipe.root, link.parent.resolve()), target_is_directory=True)


def _interpreter(version: str) -> str:
    """A Python of exactly this version: the running one, else one on the PATH, else one of pyenv's."""
    if f"{sys.version_info[0]}.{sys.version_info[1]}" == version:
        return sys.executable
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    candidates = [["py", f"-{version}"]] if os.name == "nt" else [[f"python{version}"]]
    candidates += [[str(path)] for path in sorted(pyenv.glob(f"{version}.*/bin/python"), reverse=True)]
    code = "import sys; print('%d.%d' % sys.version_info[:2], sys.executable)"
    for candidate in candidates:
        if shutil.which(candidate[0]):
            tried = subprocess.run([*candidate, "-c", code], capture_output=True, text=True, check=False)
            found, _, path = tried.stdout.strip().partition(" ")
            if found == version:
                return path
    raise EnvironmentSetupError(
        f"Python {version} is needed, because Blender's module runs on no other, and this is Python"
        f" {sys.version_info[0]}.{sys.version_info[1]}. Install it (on Debian and Ubuntu: `sudo apt install"
        f" python{version} python{version}-venv`; elsewhere from python.org or with pyenv), then try again."
    )


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["nothing"])[-1]


def main() -> int:
    """Command line of this file."""
    parser = argparse.ArgumentParser(description="Make or reuse the project's virtual environment.")
    parser.add_argument("group", nargs="?", choices=sorted(GROUPS), default="capture")
    parser.add_argument("--bpy", choices=sorted(BLENDERS), default=DEFAULT_BLENDER, help="version of Blender's module")
    arguments = parser.parse_args()
    try:
        print(ensure(arguments.group, arguments.bpy))
    except EnvironmentSetupError as error:
        say(f"Error: {error}")
        return 8
    return 0


if __name__ == "__main__":
    sys.exit(main())
