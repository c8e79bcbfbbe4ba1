"""Build the extension's zip: `python tools/build.py [--output DIR] [--platform NAME] [--python 3.11 3.13]`.

The zip holds what the add-on runs with (the rooms below, the networks' weights and their licence, and the wheels of
`tools/wheels.toml`), for one platform. The same sources give the same bytes. It prints the zip's path.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import platform
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("cli", "inference", "models", "operators", "panels", "retarget", "scene")
FILES = ("LICENSE", "__init__.py", "__main__.py", "errors.py", "version.py")
WEIGHTS = Path("models/weights/blazepose")
# The networks as TensorFlow Lite are for the MediaPipe backend, which comes with its own set-up.
NEVER = ("__pycache__", ".tflite", ".blend1")
PYTHONS = ("3.11", "3.13")
"""Blender 4.2 to 5.0 runs on the first, 5.1 and later on the second. Debian's own Blender may run on another."""
# The machine's names, as Python gives them, and Blender's.
_SYSTEMS = {"Linux": "linux", "Darwin": "macos", "Windows": "windows"}
_MACHINES = {"x86_64": "x64", "AMD64": "x64", "arm64": "arm64", "aarch64": "arm64"}
# The oldest time a zip can hold: the same for every file, so that the bytes depend on the contents alone.
_TIME = (1980, 1, 1, 0, 0, 0)


class BuildError(Exception):
    """The zip cannot be built; the message says what to do."""


def build(output: Path, target: str, pythons: Sequence[str]) -> Path:
    """Write the zip for the platform `target` and the versions of Python into the folder `output`; give its path.

    Raises BuildError.
    """
    sources = {path.relative_to(ROOT).as_posix(): path for path in _sources()}
    wheels = {f"wheels/{path.name}": path for path in _wheels(target, pythons)}
    manifest = filled_manifest((ROOT / "blender_manifest.toml").read_text("utf-8"), target, sorted(wheels))
    goal = output / f"penumbra-{tomllib.loads(manifest)['version']}-{target}.zip"
    output.mkdir(parents=True, exist_ok=True)
    partial = goal.with_suffix(".zip.partial")
    with zipfile.ZipFile(partial, "w") as archive:
        _write(archive, "blender_manifest.toml", manifest.encode())
        for name, path in sorted((sources | wheels).items()):
            _write(archive, name, path.read_bytes())
    partial.replace(goal)
    return goal


def filled_manifest(text: str, target: str, wheels: Sequence[str]) -> str:
    """The manifest `text` with the platform and the wheels (paths inside the zip) written before its first table."""
    lines = [f"platforms = {json.dumps([target])}", "wheels = ["]
    lines += [f"  {json.dumps(f'./{wheel}')}," for wheel in wheels]
    start = re.search(r"^\[", text, re.MULTILINE)
    if start is None:
        raise BuildError("blender_manifest.toml has no table, so there is no place for the wheels before one.")
    return text[: start.start()] + "\n".join([*lines, "]"]) + "\n\n" + text[start.start() :]


def this_platform() -> str:
    """Blender's name for the machine that this runs on. Raises BuildError where Blender has none."""
    try:
        return f"{_SYSTEMS[platform.system()]}-{_MACHINES[platform.machine()]}"
    except KeyError as error:
        raise BuildError(f"Blender has no build for {error}; name another platform with --platform.") from None


def _sources() -> Iterator[Path]:
    if not (ROOT / WEIGHTS / "manifest.json").is_file():
        raise BuildError(f"The networks' weights are missing from {WEIGHTS}. Run ./capture --help once to fetch them.")
    yield from (ROOT / name for name in FILES)
    for room in ROOMS:
        for path in (ROOT / room).rglob("*"):
            if path.is_file() and not any(part.endswith(NEVER) for part in path.relative_to(ROOT).parts):
                yield path


def _wheels(target: str, pythons: Sequence[str]) -> Iterator[Path]:
    with (ROOT / "tools" / "wheels.toml").open("rb") as file:
        table = tomllib.load(file)
    if target not in table:
        raise BuildError(f"There are no wheels for {target} in tools/wheels.toml, only for {', '.join(table)}.")
    tags = {f"cp{python.replace('.', '')}" for python in pythons}
    unknown = tags - {name.split("-")[3] for name in table[target]}
    if unknown:
        raise BuildError(f"tools/wheels.toml has no wheels for {', '.join(sorted(unknown))} on {target}.")
    folder = ROOT / ".downloads" / "wheels"
    for name, expected in table[target].items():
        if name.split("-")[3] in {"abi3", *tags}:
            path = folder / name
            if not path.is_file():
                _download(name, folder)
            if hashlib.sha256(path.read_bytes()).hexdigest() != expected:
                raise BuildError(f"{path} is damaged: its SHA-256 is not the one in tools/wheels.toml. Delete it.")
            yield path


def _download(name: str, folder: Path) -> None:
    """Fetch one wheel by its parts, as its file name states them, with pip's own settings for where from."""
    package, release, python, abi, platforms = name.removesuffix(".whl").split("-")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    command += ["--no-deps", "--only-binary", ":all:", "--dest", str(folder)]
    command += ["--python-version", python.removeprefix("cp"), "--abi", abi]
    for tag in platforms.split("."):
        command += ["--platform", tag]
    print(f"Fetching {name}", file=sys.stderr)
    done = subprocess.run([*command, f"{package}=={release}"], check=False)
    if done.returncode or not (folder / name).is_file():
        raise BuildError(f"pip could not fetch {name}; see above. Check the network, then build again.")


def _write(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    entry = zipfile.ZipInfo(name, _TIME)
    entry.create_system = 3  # Unix, wherever this runs
    entry.external_attr = 0o644 << 16
    entry.compress_type = zipfile.ZIP_STORED if name.endswith(".whl") else zipfile.ZIP_DEFLATED
    archive.writestr(entry, data)


def main(argv: Sequence[str]) -> int:
    """Run the tool and return its exit code."""
    parser = argparse.ArgumentParser(description="Build the extension's zip.")
    parser.add_argument("--output", metavar="DIR", type=Path, default=ROOT / "build", help="default: build")
    parser.add_argument("--platform", metavar="NAME", help="as Blender names it, e.g. windows-x64; default: this one")
    parser.add_argument("--python", metavar="X.Y", nargs="+", default=PYTHONS, help=f"default: {' '.join(PYTHONS)}")
    arguments = parser.parse_args(argv)
    try:
        print(build(arguments.output, arguments.platform or this_platform(), arguments.python))
    except BuildError as error:
        print(f"build: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
