"""What can be installed beside the add-on, as `catalog.toml` states it: wheels by name, with sizes and hashes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Kind = Literal["gpu", "torch"]
KINDS: tuple[Kind, ...] = ("gpu", "torch")
CATALOG = Path(__file__).with_name("catalog.toml")


@dataclass(frozen=True, slots=True)
class Wheel:
    """One file to download.

    file: its name. bytes: to download. unpacked: bytes on disk. sha256: of the file, as hexadecimal digits.
    """

    file: str
    bytes: int
    unpacked: int
    sha256: str

    @property
    def distribution(self) -> str:
        """Name of what the wheel holds, as indexes spell it."""
        return re.sub(r"[-_.]+", "-", self.file.split("-")[0]).lower()

    @property
    def version(self) -> str:
        """Version of what the wheel holds."""
        return self.file.split("-")[1]


@dataclass(frozen=True, slots=True)
class Package:
    """What one button installs, on one machine or on all.

    name: of its table. kind: what it is for. label: what people call it. main: the distribution that all is about.
    module: what is imported from it. vendor: whose graphics cards it needs, or "any". needs: what else the machine must have.
    """

    name: str
    kind: Kind
    label: str
    main: str
    module: str
    vendor: str
    needs: str
    wheels: tuple[Wheel, ...]

    @property
    def bytes(self) -> int:
        """Bytes to download."""
        return sum(wheel.bytes for wheel in self.wheels)

    @property
    def unpacked(self) -> int:
        """Bytes on disk."""
        return sum(wheel.unpacked for wheel in self.wheels)

    @property
    def version(self) -> str:
        """Version of the main distribution."""
        return next(wheel.version for wheel in self.wheels if wheel.distribution == self.main)


def load_catalog(path: Path = CATALOG) -> tuple[Package, ...]:
    """All packages, with the wheels for every platform and Python, in the order in which they are to be tried."""
    import tomllib  # noqa: PLC0415 - only who asks for the catalog pays for reading it

    with path.open("rb") as file:
        tables = tomllib.load(file)
    return tuple(
        Package(
            **{key: value for key, value in table.items() if key != "wheels"},
            name=name,
            wheels=tuple(Wheel(file, **facts) for file, facts in table["wheels"].items()),
        )
        for name, table in tables.items()
    )


def size(count: int) -> str:
    """A number of bytes for people, in the decimal units that disks and downloads are sold by."""
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{-(-count // 1_000_000)} MB"
