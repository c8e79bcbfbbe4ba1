"""Zips whose bytes depend on their contents alone, with members that may have been packed before.

Python's own `zipfile` reads them; it cannot write a member that is packed already. Format: PKWARE's APPNOTE 6.3.10.
"""

from __future__ import annotations

import lzma
import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

STORED, DEFLATED, LZMA = 0, 8, 14
"""Methods of packing (4.4.5)."""
_NEEDED = {STORED: 20, DEFLATED: 20, LZMA: 63}  # version of the format that reads the method (4.4.3)
_LZMA_WITH_END = 0x02  # flag: the packed data ends with a mark (4.4.4)
_UNIX = 3 << 8
_DATE = 0x21  # 1 January 1980, the oldest that there is (4.4.6)
_READABLE = 0o100644 << 16


@dataclass(frozen=True, slots=True)
class Member:
    """One file in a zip: its name, its contents packed by `method`, and the checksum and length of what is unpacked."""

    name: str
    packed: bytes
    method: int
    checksum: int
    length: int


def stored(name: str, data: bytes) -> Member:
    """A file as it is."""
    return Member(name, data, STORED, zlib.crc32(data), len(data))


def deflated(name: str, data: bytes) -> Member:
    """A file packed as every zip program reads it."""
    packer = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
    return Member(name, packer.compress(data) + packer.flush(), DEFLATED, zlib.crc32(data), len(data))


def lzma_packed(name: str, data: bytes, packed: bytes, settings: dict) -> Member:
    """A file that was packed as raw LZMA with the filter `settings`, before which a zip tells of them (5.8.8)."""
    properties = _properties(settings)
    head = struct.pack("<BBH", 9, 4, len(properties)) + properties
    return Member(name, head + packed, LZMA, zlib.crc32(data), len(data))


def _properties(settings: dict) -> bytes:
    """The five bytes that tell of LZMA's settings, as a file of the older format `.lzma` begins with them."""
    return lzma.compress(b"", lzma.FORMAT_ALONE, filters=[settings])[:5]


def write_zip(goal: Path, members: Iterable[Member]) -> None:
    """Write the members, in their order, as a zip of at most 4 GB."""
    central = []
    with goal.open("wb") as file:
        for member in members:
            name = member.name.encode("ascii")
            flags = _LZMA_WITH_END if member.method == LZMA else 0
            common = struct.pack(
                *("<HHHHHLLLHH", _NEEDED[member.method], flags, member.method, 0, _DATE),
                *(member.checksum, len(member.packed), member.length, len(name), 0),
            )
            rest = struct.pack("<HHHLL", 0, 0, 0, _READABLE, file.tell())
            made_by = struct.pack("<H", _UNIX | _NEEDED[member.method])
            central.append(b"PK\x01\x02" + made_by + common + rest + name)
            file.write(b"PK\x03\x04" + common + name + member.packed)
        start = file.tell()
        file.writelines(central)
        size = file.tell() - start
        file.write(b"PK\x05\x06" + struct.pack("<HHHHLLH", 0, 0, len(central), len(central), size, start, 0))
