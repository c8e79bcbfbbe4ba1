"""A wheel is a zip: its files, checked, and what they hash to."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from ..errors import SetupError, WriteError

_CHUNK = 4 << 20
# Parts of a wheel that lie beside its packages and belong into the same folder; the rest of `.data` is not imported from.
_LIBRARIES = {"purelib", "platlib"}


def check_hash(path: Path, sha256: str) -> Iterator[int]:
    """Hash a file, and say again and again how many bytes were read. Raises SetupError where it is not the one that `sha256` names."""
    digest = hashlib.sha256()
    done = 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            done += len(chunk)
            yield done
    if digest.hexdigest() != sha256:
        raise SetupError(
            f"{path.name} is not the file that was published under this name, so it was thrown away. Check which index pip's settings "
            "name, or try again."
        )


def unpack(wheel: Path, goal: Path, hashes: dict[str, str]) -> Iterator[int]:
    """Unpack a wheel into the folder `goal`, note every file's SHA-256 by its path in `hashes`, and say how many bytes were written.

    Raises SetupError where the wheel is damaged, leaves the folder, or holds numpy, WriteError where the disk refuses.
    """
    done = 0
    try:
        with zipfile.ZipFile(wheel) as archive:
            for entry in archive.infolist():
                place = _place(entry, wheel.name)
                if place is None:
                    continue
                path = goal / place
                path.parent.mkdir(parents=True, exist_ok=True)
                digest = hashlib.sha256()
                with archive.open(entry) as source, path.open("wb") as file:
                    while chunk := source.read(_CHUNK):
                        file.write(chunk)
                        digest.update(chunk)
                        done += len(chunk)
                        yield done
                hashes[place] = digest.hexdigest()
    except (zipfile.BadZipFile, EOFError) as error:
        raise SetupError(f"{wheel.name} is damaged ({error}). Install again.") from error
    except OSError as error:
        raise refused(error, goal) from error


def link(hashes: dict[str, str], old: Path, goal: Path) -> None:
    """Take over files from the folder `old` into `goal`, without copying where the disk can do without."""
    for place in hashes:
        path = goal / place
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(old / place, path)
        except OSError:
            path.write_bytes((old / place).read_bytes())


def refused(error: OSError, folder: Path) -> WriteError:
    """What to tell where a disk refuses to be written to."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT if hasattr(errno, "EDQUOT") else errno.ENOSPC}:
        return WriteError(f"The disk with {folder} is full. Free some space, then install again.")
    return WriteError(
        f"{folder} cannot be written to ({error.strerror or error}): check your permissions and the space on the disk."
    )


def _place(entry: zipfile.ZipInfo, name: str) -> str | None:
    """Where an entry goes, below the folder of packages; None where it is not needed. Raises SetupError."""
    parts = PurePosixPath(entry.filename).parts
    strange = "\\" in entry.filename or ":" in entry.filename or stat.S_ISLNK(entry.external_attr >> 16)
    if strange or not parts or ".." in parts or PurePosixPath(entry.filename).is_absolute():
        raise SetupError(
            f"{name} holds a file that would lie outside of its folder ({entry.filename!r}), so it was thrown away."
        )
    if parts[0].endswith(".data"):
        if len(parts) < 3 or parts[1] not in _LIBRARIES:
            return None
        parts = parts[2:]
    if parts[0] == "numpy":
        raise SetupError(f"{name} holds numpy, which is Blender's own and must not be replaced, so it was thrown away.")
    return None if entry.is_dir() else "/".join(parts)
