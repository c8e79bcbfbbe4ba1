"""One file with facts and named arrays: a zip of `.npy` members and a list of contents in JSON. No pickle anywhere.

A file of kind "take" holds `take.json`, {"kind", "version", "facts", "arrays": {group: {name: {"dtype", "shape"}}}}, and
every array as `group/name.npy`. Members are stored as they are, and each carries the zip's checksum.
"""

from __future__ import annotations

import io
import json
import math
import os
import re
import secrets
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

_ZIP_START = b"PK\x03\x04"
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
# Booleans, integers, floats, complex numbers and text of a fixed width: what needs no pickle to be read.
_PLAIN_KINDS = frozenset("biufcU")
# What zipfile, json and numpy raise on bytes that are not what they should be; RuntimeError covers too deep nesting.
_DAMAGE = (
    zipfile.BadZipFile, EOFError, RuntimeError, ValueError, TypeError, LookupError, ArithmeticError, AttributeError,
    MemoryError, struct.error,
)  # fmt: skip

Groups = Mapping[str, Mapping[str, np.ndarray]]


class ContainerError(Exception):
    """The file is not what it should be. The message says what it is, to follow the file's name in a sentence."""


class NewerContainerError(ContainerError):
    """The file's version is newer than what this code knows."""


def write_container(path: Path, kind: str, version: int, facts: Mapping[str, Any], groups: Groups) -> None:
    """Write `facts` and `groups` (arrays by group and name) to `path`, whole or not at all.

    Raises OSError where the disk refuses, ValueError for names, arrays or facts that the file cannot hold, such as
    numbers in `facts` that are not finite.
    """
    members = {f"{kind}.json": _contents(kind, version, facts, groups)}
    members |= {
        _member(group, name): _to_npy(array) for group, arrays in groups.items() for name, array in arrays.items()
    }
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with temporary.open("xb") as file:
            with zipfile.ZipFile(file, "w") as archive:
                for name, data in members.items():
                    # ZipInfo's own date stands for every member, so that equal contents make equal files.
                    archive.writestr(zipfile.ZipInfo(name), data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def read_container(path: Path, kind: str, version: int) -> tuple[dict[str, Any], dict[str, dict[str, np.ndarray]]]:
    """The facts and the arrays, by group and name, of a file that `write_container` wrote. Nothing in it is executed.

    Raises OSError where the disk refuses, NewerContainerError for a version above `version`, and ContainerError for
    anything else that is not as it was written.
    """
    with path.open("rb") as file:
        start = file.read(len(_ZIP_START))
        if start != _ZIP_START[: len(start)]:
            raise ContainerError(f"is not a {kind}")
        data = start + file.read()
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if f"{kind}.json" not in archive.namelist():
                raise ContainerError(f"is not a {kind}")
            contents = json.loads(_read_member(archive, f"{kind}.json", len(data)), parse_constant=_refuse_constant)
            _check_kind(contents, kind, version)
            groups = {
                group: {
                    name: _from_npy(_read_member(archive, _member(group, name), len(data)), described)
                    for name, described in arrays.items()
                }
                for group, arrays in contents["arrays"].items()
            }
            return dict(contents["facts"]), groups
    except _DAMAGE as error:
        raise ContainerError("is damaged") from error


def _check_kind(contents: dict[str, Any], kind: str, version: int) -> None:
    if contents["kind"] != kind:
        raise ContainerError(f"is not a {kind}")
    if contents["version"] > version:
        raise NewerContainerError("is from a newer version")


def _contents(kind: str, version: int, facts: Mapping[str, Any], groups: Groups) -> bytes:
    _check_fact(facts)
    arrays = {
        group: {
            name: {"dtype": np.asarray(array).dtype.str, "shape": np.shape(array)} for name, array in arrays.items()
        }
        for group, arrays in groups.items()
    }
    contents = {"kind": kind, "version": version, "facts": facts, "arrays": arrays}
    return json.dumps(contents, allow_nan=False, indent=1).encode()


def _check_fact(value: object) -> None:
    """Raise ValueError for what JSON would refuse or silently change."""
    match value:
        case None | str() | bool() | int():
            return
        case float() if math.isfinite(value):
            return
        case list() | tuple():
            for item in value:
                _check_fact(item)
        case Mapping() if all(isinstance(key, str) for key in value):
            for item in value.values():
                _check_fact(item)
        case _:
            raise ValueError(
                f"{value!r} cannot be kept: only text, finite numbers, booleans, None, lists and dicts can"
            )


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no finite number")


def _member(group: str, name: str) -> str:
    if not (_NAME.fullmatch(group) and _NAME.fullmatch(name)):
        raise ValueError(f"{group}/{name} is no name for an array")
    return f"{group}/{name}.npy"


def _read_member(archive: zipfile.ZipFile, name: str, limit: int) -> bytes:
    """A member's bytes, which were not compressed: so nothing grows beyond the file's own size, `limit`."""
    info = archive.getinfo(name)
    if info.compress_type != zipfile.ZIP_STORED or info.file_size > limit:
        raise ContainerError("is damaged")
    return archive.read(info)


def _to_npy(array: np.ndarray) -> bytes:
    plain = np.ascontiguousarray(array).reshape(np.shape(array))
    if plain.dtype.kind not in _PLAIN_KINDS:
        raise ValueError(f"an array of {plain.dtype} cannot be kept without pickle")
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, plain, version=(1, 0), allow_pickle=False)
    return buffer.getvalue()


def _from_npy(data: bytes, described: Mapping[str, Any]) -> np.ndarray:
    """The array of a member, which must be what the list of contents says before any memory is taken for it."""
    stream = io.BytesIO(data)
    if np.lib.format.read_magic(stream) != (1, 0):
        raise ContainerError("is damaged")
    shape, by_columns, dtype = np.lib.format.read_array_header_1_0(stream)
    values = data[stream.tell() :]
    fits = dtype.kind in _PLAIN_KINDS and len(values) == math.prod(shape) * dtype.itemsize
    if by_columns or not fits or dtype.str != described["dtype"] or list(shape) != described["shape"]:
        raise ContainerError("is damaged")
    return np.frombuffer(values, dtype).reshape(shape).copy()
