"""Build the extension's zips: `python tools/build.py [--output DIR] [--platform NAME] [--python 3.11 3.13]`.

A zip holds what the add-on runs with: the rooms below, the networks' weights with their licenses, the wheels of
`tools/wheels.toml` for one platform, and a list of whose all that is. The same sources give the same bytes. It prints the
path, size and SHA-256 of each zip, after Blender's own tool has found it valid.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import platform
import re
import sys
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

if not __package__:  # run as a file, whose folder is on the path instead of the one that holds the package `tools`
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    __package__ = "tools"

from . import third_party, validating, zip_file
from .wheels import LZMA_FILTER, BuildError, Wheel, packing_of, platforms, wheels

__all__ = ["BuildError", "build", "filled_manifest", "main", "this_platform"]

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("cli", "inference", "models", "operators", "packages", "panels", "retarget", "scene", "translations")
FILES = ("LICENSE", "__init__.py", "__main__.py", "api.py", "errors.py", "version.py")
NETWORKS = Path("models/weights")
WEIGHTS = NETWORKS / "blazepose"
LICENSES = "LICENSES.md"
"""The list of what the zip holds and whose it is; it is made when the zip is built."""
# The networks as TensorFlow Lite are for the MediaPipe backend, which comes with its own set-up; pictures are for the cards
# where they are read beside the sources.
NEVER = ("__pycache__", ".tflite", ".blend1", ".png")
LIMIT = 150.0
"""The most that a zip may have, in MB of a million bytes: users download it whole, and with it every new version."""
# The machine's names, as Python gives them, and Blender's.
_SYSTEMS = {"Linux": "linux", "Darwin": "macos", "Windows": "windows"}
_MACHINES = {"x86_64": "x64", "AMD64": "x64", "arm64": "arm64", "aarch64": "arm64"}


def build(output: Path, target: str, pythons: Sequence[str] = ()) -> Path:
    """Write the zip for the platform `target` and the versions of Python into the folder `output`; give its path.

    pythons: such as 3.11; without any, those that Blender runs on there. Raises BuildError.
    """
    held = wheels(target, pythons or packing_of(target).pythons)
    names = [f"wheels/{wheel.name}" for wheel in held]
    manifest = filled_manifest((ROOT / "blender_manifest.toml").read_text("utf-8"), target, sorted(names))
    _check_licenses(tomllib.loads(manifest)["license"], held)
    made = {"blender_manifest.toml": manifest, LICENSES: third_party.third_party(held, ROOT, NETWORKS)}
    members = [zip_file.deflated(name, text.encode()) for name, text in made.items()]
    members += [zip_file.deflated(path.relative_to(ROOT).as_posix(), path.read_bytes()) for path in sorted(_sources())]
    members += [_member(name, wheel) for name, wheel in sorted(zip(names, held, strict=True), key=lambda pair: pair[0])]
    goal = output / f"penumbra-{tomllib.loads(manifest)['version']}-{target}.zip"
    output.mkdir(parents=True, exist_ok=True)
    partial = goal.with_suffix(".zip.partial")
    zip_file.write_zip(partial, members)
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


def check_size(path: Path, limit: float = LIMIT) -> float:
    """Size of a zip in MB. Raises BuildError where it is over the limit."""
    size = path.stat().st_size / 1e6
    if size > limit:
        raise BuildError(
            f"{path} has {size:.1f} MB, more than the {limit:g} MB that users may have to download. Make it smaller."
        )
    return size


def _sources() -> Iterator[Path]:
    if not (ROOT / WEIGHTS / "manifest.json").is_file():
        raise BuildError(f"The networks' weights are missing from {WEIGHTS}. Run ./capture --help once to fetch them.")
    yield from (ROOT / name for name in FILES)
    for room in ROOMS:
        for path in (ROOT / room).rglob("*"):
            if path.is_file() and not any(part.endswith(NEVER) for part in path.relative_to(ROOT).parts):
                yield path


def _member(name: str, wheel: Wheel) -> zip_file.Member:
    data = wheel.contents.read_bytes()
    if wheel.packed is None:
        return zip_file.stored(name, data)
    return zip_file.lzma_packed(name, data, wheel.packed.read_bytes(), LZMA_FILTER)


def _check_licenses(told: Sequence[str], held: Sequence[Wheel]) -> None:
    """Raise BuildError where the manifest does not tell the license of a wheel."""
    for wheel in held:
        license_ = third_party.package_of(wheel.contents).license
        if f"SPDX:{license_}" not in told:
            raise BuildError(
                f"{wheel.name} is under {license_}, which blender_manifest.toml lacks under license. Add it."
            )


def _make(output: Path, target: str, pythons: Sequence[str]) -> None:
    """Build, check and tell of one platform's zip. Raises BuildError."""
    path = build(output, target, pythons)
    size = check_size(path)
    print(f"{path} {size:.1f} MB SHA-256 {hashlib.sha256(path.read_bytes()).hexdigest()}", flush=True)
    tools = validating.tools()
    for name, command in tools.items():
        validating.validate(path, name, command)
    found = (
        f"The check of Blender {', '.join(tools)} finds it valid."
        if tools
        else "No Blender was found here that could check it."
    )
    print(found, file=sys.stderr, flush=True)


def main(argv: Sequence[str]) -> int:
    """Run the tool and return its exit code."""
    parser = argparse.ArgumentParser(description="Build the extension's zips, for every platform unless one is named.")
    parser.add_argument("--output", metavar="DIR", type=Path, default=ROOT / "build", help="default: build")
    parser.add_argument("--platform", metavar="NAME", help=f"one of {', '.join(platforms())}; default: all of them")
    parser.add_argument("--python", metavar="X.Y", nargs="+", default=(), help="default: those that Blender runs on")
    arguments = parser.parse_args(argv)
    try:
        for target in [arguments.platform] if arguments.platform else platforms():
            _make(arguments.output, target, arguments.python)
    except BuildError as error:
        print(f"build: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
