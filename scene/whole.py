"""Whether a file that Blender wrote is all there: of a full disk Blender does not always tell."""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import BinaryIO

# How Zstandard's seekable format ends, as which Blender compresses its files (contrib/seekable_format of Zstandard).
_SEEKABLE_END = b"\xb1\xea\x92\x8f"
# A USD crate begins with its mark, eight bytes of version, and where its table of sections is, which is written last: their
# count, and for each a name of 16 bytes, its place and its size (pxr/usd/usd/crateFile.h).
_CRATE_MARK = b"PXR-USDC"
_TABLE_AT = struct.Struct("<16xq")
_COUNT = struct.Struct("<q")
_SECTION = 32
_BROKEN = "the disk did not take all of it, as when it is full"


def check_whole(path: Path) -> None:
    """Wait until the file is on the disk, and raise OSError where it is not or is not all there.

    What is told of the inside: compressed .blend files and USD. Other formats are written by Python, which tells itself.
    """
    with path.open("rb+") as file:
        os.fsync(file.fileno())
        size = file.seek(0, os.SEEK_END)
        whole = _CHECKS.get(path.suffix.lower())
        if whole is not None and not whole(file, size):
            raise OSError(_BROKEN)


def _blend_is_whole(file: BinaryIO, size: int) -> bool:
    file.seek(max(0, size - len(_SEEKABLE_END)))
    return file.read() == _SEEKABLE_END


def _usd_is_whole(file: BinaryIO, size: int) -> bool:
    file.seek(0)
    start = file.read(_TABLE_AT.size)
    if len(start) < _TABLE_AT.size or not start.startswith(_CRATE_MARK):
        return False
    (table,) = _TABLE_AT.unpack(start)
    if not 0 < table <= size - _COUNT.size:
        return False
    file.seek(table)
    (count,) = _COUNT.unpack(file.read(_COUNT.size))
    return 0 < count <= (size - table - _COUNT.size) // _SECTION


_CHECKS = {".blend": _blend_is_whole, ".usd": _usd_is_whole, ".usdc": _usd_is_whole}
