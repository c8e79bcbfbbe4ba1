"""LICENSES.md of the extension's zip: what lies in it, whose it is and under which license, read from what lies in it."""

from __future__ import annotations

import email
import email.message
import hashlib
import re
import tomllib
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from .wheels import BuildError, Wheel

TABLE = Path(__file__).parent / "licenses" / "libraries.toml"
_LIBRARY = re.compile(r"(?:^|/)(?:lib)?([^/]+?)(?:\.so[.\d]*|\.dll|\.dylib)$")
# The package's own modules, and ONNX Runtime's own libraries.
_OWN = re.compile(r"\.(cpython-[^/]*|abi3)\.so$|onnxruntime[^/]*$")
_TEXT = re.compile(r"(^|/)(LICEN[CS]E|COPYING|NOTICE|ThirdPartyNotices|AUTHORS)[^/]*$")
_FFMPEG = re.compile(rb"lib[a-z]+ license: (L?GPL) version (\d)(\.\d)? or later")
# A card's row of its data: source, minutes, license, credit.
_CREDIT = re.compile(r"^\| (\w+) \| [\d.]+ \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
_HEAD = """# What this zip holds, and under which licenses

Penumbra is free software under the GNU General Public License, version 3 or later: see LICENSE. What comes with it has the
licenses below. Python packages lie in `wheels/` and bring the texts of their licenses; libraries under the LGPL or the GPL
"or later" are passed on under version 3 of the GPL, whose text is LICENSE. The projects named offer their sources.
"""


@dataclass(frozen=True, slots=True)
class Package:
    """What a wheel says about itself: name, version, license (SPDX), names of the texts in it, and libraries by license."""

    name: str
    version: str
    license: str
    texts: tuple[str, ...]
    libraries: dict[str, tuple[str, ...]]


def third_party(wheels: Iterable[Wheel], root: Path, networks: Path) -> str:
    """The text of LICENSES.md for the wheels and for the networks in the folder `networks` below `root`. Raises BuildError."""
    return "\n".join([_HEAD, *_networks(root, networks), "## Python packages", "", *_packages(wheels)])


def package_of(wheel: Path) -> Package:
    """What a wheel says about itself. Raises BuildError where it tells no license, or brings an unknown library."""
    with zipfile.ZipFile(wheel) as opened:
        names = sorted(name for name in opened.namelist() if not name.endswith("/"))
        (metadata,) = (name for name in names if re.fullmatch(r"[^/]+\.dist-info/METADATA", name))
        said = email.message_from_bytes(opened.read(metadata))
        libraries: dict[str, set[str]] = {}
        for name in names:
            found = _LIBRARY.search(name)
            if found and not _OWN.search(name):
                license_, library = license_of(found[1], wheel.name)
                license_ = _built(opened.read(name), name, wheel.name) if license_ == "FFmpeg" else license_
                libraries.setdefault(license_, set()).add(library)
    texts = tuple(name for name in names if _TEXT.search(name))
    ordered = {license_: tuple(sorted(libraries[license_])) for license_ in sorted(libraries)}
    return Package(said["Name"], said["Version"], _license(said, wheel.name), texts, ordered)


def license_of(library: str, wheel: str) -> tuple[str, str]:
    """License of a library and the name that the table has for it. Raises BuildError where the table has none."""
    best = ("", "")
    for license_, starts in _table()["libraries"].items():
        for start in starts:
            if library.startswith(start) and len(start) > len(best[1]):
                best = (license_, start)
    if not best[1]:
        raise BuildError(
            f"{wheel} brings the library {library}, whose license tools/licenses/libraries.toml lacks. Add it."
        )
    return best


def _built(library: bytes, name: str, wheel: str) -> str:
    """The license that one of FFmpeg's libraries says it was built under, as SPDX. Raises BuildError where it says none."""
    said = _FFMPEG.search(library)
    if said is None:
        raise BuildError(f"{name} in {wheel} does not say which license FFmpeg was built under. Find out, and tell it.")
    kind, major, minor = (part.decode() if part else ".0" for part in said.groups())
    return f"{kind}-{major}{minor}-or-later"


def _license(said: email.message.Message, wheel: str) -> str:
    words = said["License-Expression"] or _table()["expressions"].get(said["License"] or "")
    if not words:
        raise BuildError(
            f"{wheel} tells no license that tools/licenses/libraries.toml knows: {said['License']}. Add it."
        )
    return words


def _packages(wheels: Iterable[Wheel]) -> Iterable[str]:
    for wheel in wheels:
        package = package_of(wheel.contents)
        digest = hashlib.sha256(wheel.published.read_bytes()).hexdigest()
        yield f"### {package.name} {package.version}: {package.license}"
        yield ""
        yield f"`{wheel.name}`, published with SHA-256 `{digest}`."
        if wheel.left_out:
            yield f"Left out of it here: {_code(wheel.left_out)}."
        yield f"License texts in it: {_code(package.texts)}."
        yield from ("", "Libraries that it brings:", "") if package.libraries else ()
        yield from (f"- {license_}: {', '.join(names)}" for license_, names in package.libraries.items())
        yield ""


def _networks(root: Path, folder: Path) -> Iterable[str]:
    yield from ("## Networks", "", "### BlazePose: Apache-2.0", "")
    yield f"See LICENSE and NOTICE in `{folder.as_posix()}/blazepose`."
    yield ""
    for card in sorted((root / folder).glob("*/CARD.md")):
        credits_ = _CREDIT.findall(card.read_text("utf-8"))
        if not credits_:
            raise BuildError(f"{card} credits nobody for its data, or in no table that tools/third_party.py reads.")
        yield from (
            f"### {card.parent.name}: GPL-3.0-or-later",
            "",
            f"See `{card.relative_to(root).as_posix()}`. Data:",
            "",
        )
        yield from (f"- {source}, {license_}: {credit}" for source, license_, credit in credits_)
        yield ""


def _code(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _table() -> dict:
    with TABLE.open("rb") as file:
        return tomllib.load(file)
