"""Detections kept by what they were made from, so that the same footage with the same settings is not detected twice."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import numpy as np

from .container import ContainerError, read_container, write_container

_KIND = "detections"
_VERSION = 1
_GROUP = "detections"
_LIMIT_BYTES = 1 << 30


class DetectionCache:
    """A folder of detections. Nothing that goes wrong with it stops a capture: it is told in `notes` instead."""

    def __init__(self, folder: Path, limit_bytes: int = _LIMIT_BYTES) -> None:
        """Use `folder`, which need not exist, and keep it at `limit_bytes` at most."""
        self.notes: list[str] = []
        self._folder = folder
        self._limit = limit_bytes

    def get(self, key: str) -> dict[str, np.ndarray] | None:
        """The arrays kept under `key`, or None. A damaged entry is removed."""
        path = self._path(key)
        try:
            _, groups = read_container(path, _KIND, _VERSION)
            arrays = groups[_GROUP]
        except FileNotFoundError:
            return None
        except (ContainerError, KeyError):
            with suppress(OSError):  # put() replaces it
                path.unlink()
            return None
        except OSError as error:
            self._note("read", error)
            return None
        with suppress(OSError):  # a folder that cannot be written only loses the order of use
            os.utime(path)
        return arrays

    def put(self, key: str, arrays: Mapping[str, np.ndarray]) -> None:
        """Keep `arrays` under `key`, and remove what was not used for longest beyond the limit."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            write_container(self._path(key), _KIND, _VERSION, {}, {_GROUP: arrays})
            self._remove_oldest()
        except OSError as error:
            self._note("written", error)

    def _path(self, key: str) -> Path:
        return self._folder / f"{key}.{_KIND}"

    def _remove_oldest(self) -> None:
        entries = sorted(
            ((path.stat(), path) for path in self._folder.glob(f"*.{_KIND}")), key=lambda entry: -entry[0].st_mtime_ns
        )
        kept = 0
        for status, path in entries:
            kept += status.st_size
            if kept > self._limit:
                path.unlink(missing_ok=True)

    def _note(self, done: str, error: OSError) -> None:
        self.notes.append(
            f"The detection cache {self._folder} cannot be {done} ({error.strerror or error}); the next capture of this "
            "footage will detect again."
        )


def cache_key(**parts: object) -> str:
    """A key for detections, 64 hexadecimal digits: equal exactly where all `parts` are. They hold only what JSON can."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, allow_nan=False).encode()).hexdigest()


def default_cache_folder() -> Path:
    """The folder in which this platform keeps what programs can make again."""
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "penumbra" / "detections"
