"""Tiny wheels in a folder, which pip serves itself from: the real way of an installation, without a network."""

from __future__ import annotations

import hashlib
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from penumbra.packages.catalog import Kind, Package, Wheel

MEGABYTE = 1 << 20


def make_wheel(folder: Path, name: str, files: Mapping[str, bytes], version: str = "1.0") -> Wheel:
    """Write a wheel into the folder and give what a catalog says of it."""
    folder.mkdir(exist_ok=True)
    stem = f"{name.replace('-', '_')}-{version}"
    path = folder / f"{stem}-py3-none-any.whl"
    facts = {
        f"{stem}.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode(),
        f"{stem}.dist-info/WHEEL": b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{stem}.dist-info/RECORD": b"",
    }
    everything = {**files, **facts}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file, data in everything.items():
            archive.writestr(file, data)
    data = path.read_bytes()
    return Wheel(path.name, len(data), sum(map(len, everything.values())), hashlib.sha256(data).hexdigest())


def make_package(*wheels: Wheel, kind: Kind = "gpu", name: str = "fake", module: str = "penumbra_fake") -> Package:
    """A package of these wheels, of which the first is what it is about."""
    return Package(name, kind, "Fake Runtime", wheels[0].distribution, module, "any", "", wheels)


def runtime(folder: Path) -> Package:
    """A package of two wheels: a module with a library of some megabytes, and data beside it."""
    library = make_wheel(
        folder,
        "penumbra-fake",
        {"penumbra_fake/__init__.py": b"VALUE = 1\n", "penumbra_fake/library.so": os.urandom(2 * MEGABYTE)},
    )
    data = make_wheel(
        folder, "penumbra-fake-data", {"vendor/lib/data.so": b"d" * 1000, "vendor/lib/more.so": b"m" * 500}
    )
    return make_package(library, data)


def serve(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let pip find wheels in the folder and nowhere else, as a user's own settings would."""
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    for name in ("PIP_EXTRA_INDEX_URL", "PIP_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
