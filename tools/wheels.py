"""The wheels that the extension's zip holds: fetched, checked, and packed as small as they get."""

from __future__ import annotations

import base64
import csv
import fnmatch
import hashlib
import io
import lzma
import os
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TABLE = Path(__file__).with_name("wheels.toml")
_DOWNLOADS = ROOT / ".downloads"
# What the packed files depend on besides the wheel: a change of how they are made counts this up.
_MAKING = 1
# Packed at once, each on a core of its own; more would take gigabytes of memory.
_AT_ONCE = 2
# The oldest time a zip can hold: the same for every file, so that the bytes depend on the contents alone.
OLDEST = (1980, 1, 1, 0, 0, 0)
LZMA_FILTER = {"id": lzma.FILTER_LZMA1, "preset": 6}
"""How the zip's LZMA members are packed."""


class BuildError(Exception):
    """The zip cannot be built; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Packing:
    """How a platform's wheels are packed: the versions of Python by default, and whether LZMA is used."""

    pythons: tuple[str, ...]
    lzma: bool


@dataclass(frozen=True, slots=True)
class Wheel:
    """A wheel of the zip.

    name: its file name. published: the file as it was published. contents: the file that the zip holds. packed: the same
    packed as LZMA of a zip's member, None where it is stored. left_out: names of the files that `contents` lacks.
    """

    name: str
    published: Path
    contents: Path
    packed: Path | None
    left_out: tuple[str, ...]


def packing_of(target: str) -> Packing:
    """How the platform's zip is packed. Raises BuildError where there are no wheels for it."""
    table = _table()["packing"]
    if target not in table:
        raise BuildError(f"There are no wheels for {target} in tools/wheels.toml, only for {', '.join(table)}.")
    return Packing(tuple(table[target]["pythons"]), table[target]["lzma"])


def platforms() -> tuple[str, ...]:
    """Blender's names of the platforms that there are wheels for."""
    return tuple(_table()["packing"])


def pinned(target: str) -> dict[str, str]:
    """SHA-256 by file name of the platform's wheels, for every version of Python."""
    return _table().get(target, {})


def wheels(target: str, pythons: Sequence[str]) -> list[Wheel]:
    """The platform's wheels for the versions of Python, whole and packed. Raises BuildError."""
    with_lzma, patterns = packing_of(target).lzma, _table()["left_out"]
    published = list(published_wheels(target, pythons))
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(lambda path: _pack(path, patterns, with_lzma=with_lzma), published))


def published_wheels(target: str, pythons: Sequence[str]) -> Iterator[Path]:
    """Files of the platform's wheels for the versions of Python, as they were published. Raises BuildError."""
    files = pinned(target)
    tags = {f"cp{python.replace('.', '')}" for python in pythons}
    unknown = tags - {name.split("-")[3] for name in files}
    if unknown:
        raise BuildError(f"tools/wheels.toml has no wheels for {', '.join(sorted(unknown))} on {target}.")
    folder = _DOWNLOADS / "wheels"
    for name, expected in files.items():
        if name.lower().startswith("numpy-"):
            raise BuildError(f"{name} must not be in tools/wheels.toml: numpy is Blender's own, and two would clash.")
        if name.split("-")[3] in {"abi3", *tags}:
            path = folder / name
            if not path.is_file():
                _download(name, folder)
            if _sha256(path) != expected:
                raise BuildError(f"{path} is damaged: its SHA-256 is not the one in tools/wheels.toml. Delete it.")
            yield path


def lean(wheel: bytes, patterns: Iterable[str], *, stored: bool) -> tuple[bytes, tuple[str, ...]]:
    """A wheel without the files whose names match `patterns`, and the names of these; its own record tells of them no more.

    stored: whether the files lie in it as they are, so that what packs the wheel as a whole sees them.
    """
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(wheel)) as source, zipfile.ZipFile(packed, "w") as goal:
        names = [entry.filename for entry in source.infolist() if not entry.is_dir()]
        left_out = [name for name in names if any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)]
        for entry in source.infolist():
            if entry.filename in left_out or entry.is_dir():
                continue
            data = source.read(entry)
            if left_out and entry.filename.endswith(".dist-info/RECORD"):
                data = _record_without(data, left_out)
            copy = zipfile.ZipInfo(entry.filename, OLDEST)
            copy.create_system, copy.external_attr = entry.create_system, entry.external_attr
            copy.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
            goal.writestr(copy, data)
    return packed.getvalue(), tuple(left_out)


def record_of(wheel: zipfile.ZipFile) -> dict[str, str]:
    """Name and hash, as the wheel's record states them, of its files; the record itself has none."""
    (name,) = (name for name in wheel.namelist() if name.endswith(".dist-info/RECORD"))
    return {row[0]: row[1] for row in csv.reader(io.StringIO(wheel.read(name).decode()))}


def record_hash(data: bytes) -> str:
    """The hash of a file as a wheel's record states it."""
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


def _pack(path: Path, patterns: dict[str, list[str]], *, with_lzma: bool) -> Wheel:
    """The wheel as the zip holds it; what takes long is kept below `.downloads`, named by what it was made from."""
    own = patterns.get(path.name.split("-")[0], [])
    data = path.read_bytes()
    if not own and not with_lzma:
        return Wheel(path.name, path, path, None, ())
    making = f"{_MAKING} {own} {with_lzma} {LZMA_FILTER} {hashlib.sha256(data).hexdigest()}"
    key = hashlib.sha256(making.encode()).hexdigest()
    contents, packed = (_DOWNLOADS / "packed" / f"{key}{suffix}" for suffix in (".whl", ".lzma"))
    if not contents.is_file() or (with_lzma and not packed.is_file()):
        print(f"Packing {path.name}", file=sys.stderr, flush=True)
        small, _ = lean(data, own, stored=with_lzma)
        _keep(contents, small)
        if with_lzma:
            _keep(packed, lzma.compress(small, lzma.FORMAT_RAW, filters=[LZMA_FILTER]))
    with zipfile.ZipFile(path) as before, zipfile.ZipFile(contents) as after:
        gone = {name for name in before.namelist() if not name.endswith("/")} - set(after.namelist())
    return Wheel(path.name, path, contents, packed if with_lzma else None, tuple(sorted(gone)))


def _keep(goal: Path, data: bytes) -> None:
    goal.parent.mkdir(parents=True, exist_ok=True)
    partial = goal.with_name(f"{goal.name}.{os.getpid()}")
    partial.write_bytes(data)
    partial.replace(goal)


def _record_without(record: bytes, names: Sequence[str]) -> bytes:
    rows = [row for row in csv.reader(io.StringIO(record.decode())) if row[0] not in names]
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


def _download(name: str, folder: Path) -> None:
    """Fetch one wheel by its parts, as its file name states them, with pip's own settings for where from."""
    package, release, python, abi, tags = name.removesuffix(".whl").split("-")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    command += ["--no-deps", "--only-binary", ":all:", "--dest", str(folder)]
    command += ["--python-version", python.removeprefix("cp"), "--abi", abi]
    for tag in tags.split("."):
        command += ["--platform", tag]
    print(f"Fetching {name}", file=sys.stderr, flush=True)
    done = subprocess.run([*command, f"{package}=={release}"], check=False)
    if done.returncode or not (folder / name).is_file():
        raise BuildError(f"pip could not fetch {name}; see above. Check the network, then build again.")


def _table() -> dict:
    with TABLE.open("rb") as file:
        return tomllib.load(file)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
