"""The parts of the zip's building: wheels made leaner, zips with members that are packed already, and the licenses' list."""

from __future__ import annotations

import lzma
import random
import zipfile
from pathlib import Path

import pytest

from penumbra.tools import third_party, wheels, zip_file
from penumbra.tools.wheels import LZMA_FILTER, BuildError

METADATA = "Name: thing\nVersion: 1.2\nLicense: {}\n\n"


def make_wheel(path: Path, files: dict[str, bytes]) -> Path:
    """A wheel with these files and their record."""
    rows = [f"{name},{wheels.record_hash(data)},{len(data)}" for name, data in files.items()]
    record = "\n".join([*rows, "thing-1.2.dist-info/RECORD,,", ""]).encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as wheel:
        for name, data in {**files, "thing-1.2.dist-info/RECORD": record}.items():
            wheel.writestr(name, data)
    return path


def test_members_of_every_packing_are_read_back(tmp_path: Path) -> None:
    noise = random.Random(1).randbytes(100_000)
    data = {"stored": noise, "deflated": b"a" * 9999, "lzma": noise + b"b" * 50_000, "empty": b""}
    packed = lzma.compress(data["lzma"], lzma.FORMAT_RAW, filters=[LZMA_FILTER])
    members = [
        zip_file.stored("stored", data["stored"]),
        zip_file.deflated("deflated", data["deflated"]),
        zip_file.lzma_packed("lzma", data["lzma"], packed, LZMA_FILTER),
        zip_file.stored("empty", b""),
    ]
    zip_file.write_zip(tmp_path / "a.zip", members)
    zip_file.write_zip(tmp_path / "b.zip", members)
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.zip") as opened:
        assert {name: opened.read(name) for name in opened.namelist()} == data
        assert {info.date_time for info in opened.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        opened.extractall(tmp_path)
    assert (tmp_path / "stored").stat().st_mode & 0o777 in {0o644, 0o600, 0o664}


@pytest.mark.parametrize("stored", [False, True])
def test_a_lean_wheel_is_whole_but_for_what_is_left_out(tmp_path: Path, *, stored: bool) -> None:
    files = {
        "thing/__init__.py": b"x = 1\n",
        "thing/libthing.so.1": b"C" * 999,
        "thing-1.2.dist-info/METADATA": b"Name: thing\n",
    }
    wheel = make_wheel(tmp_path / "thing-1.2-py3-none-any.whl", files)
    small, left_out = wheels.lean(wheel.read_bytes(), ["thing/libthing.so.*"], stored=stored)
    assert left_out == ("thing/libthing.so.1",)
    (tmp_path / "small.whl").write_bytes(small)
    with zipfile.ZipFile(tmp_path / "small.whl") as opened:
        record = wheels.record_of(opened)
        assert set(record) == set(opened.namelist())
        assert all(wheels.record_hash(opened.read(name)) == told for name, told in record.items() if told)
        assert {info.compress_type for info in opened.infolist()} == {
            zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
        }
    assert wheels.lean(wheel.read_bytes(), ["thing/libthing.so.*"], stored=stored)[0] == small


def test_numpy_is_never_packed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = tmp_path / "wheels.toml"
    table.write_text('[here]\n"numpy-1.26.4-cp311-cp311-any.whl" = "00"\n[packing]\n[left_out]\n')
    monkeypatch.setattr(wheels, "TABLE", table)
    with pytest.raises(BuildError, match="numpy is Blender's own"):
        list(wheels.published_wheels("here", ["3.11"]))


def test_every_platform_has_wheels_for_its_pythons_and_none_of_numpy() -> None:
    for target in wheels.platforms():
        names = [name.lower() for name in wheels.pinned(target)]
        assert not [name for name in names if name.startswith("numpy-")]
        for python in wheels.packing_of(target).pythons:
            tag = f"cp{python.replace('.', '')}"
            served = {name.split("-")[0] for name in names if name.split("-")[3] in {"abi3", tag}}
            assert served == {"av", "onnxruntime", "opencv_python_headless"}


def test_a_wheel_tells_its_license_and_those_of_its_libraries(tmp_path: Path) -> None:
    files = {
        "thing/LICENSE": b"Do as you like.",
        "thing.libs/libavcodec-1a2b.so.62": b"..libavcodec license: LGPL version 2.1 or later\0..",
        "thing.libs/libx264-1a2b.so.165": b"..",
        "thing/own.abi3.so": b"..",
        "thing-1.2.dist-info/METADATA": METADATA.format("MIT License").encode(),
    }
    package = third_party.package_of(make_wheel(tmp_path / "thing-1.2-py3-none-any.whl", files))
    assert (package.name, package.version, package.license) == ("thing", "1.2", "MIT")
    assert package.libraries == {"GPL-2.0-or-later": ("x264",), "LGPL-2.1-or-later": ("avcodec",)}
    assert package.texts == ("thing/LICENSE",)


@pytest.mark.parametrize(
    ("metadata", "library", "problem"),
    [
        ("Beware", b"", "tells no license"),
        ("MIT License", b"no word of it", "does not say which license FFmpeg"),
    ],
)
def test_what_tells_no_license_is_not_packed(tmp_path: Path, metadata: str, library: bytes, problem: str) -> None:
    files = {"thing-1.2.dist-info/METADATA": METADATA.format(metadata).encode()}
    if library:
        files["thing.libs/libavutil.so.1"] = library
    with pytest.raises(BuildError, match=problem):
        third_party.package_of(make_wheel(tmp_path / "thing-1.2-py3-none-any.whl", files))
