from __future__ import annotations

import hashlib
import stat
import zipfile
from pathlib import Path

import pytest

from penumbra.errors import SetupError
from penumbra.packages.unpack import check_hash, unpack
from penumbra.tests.packages.wheelhouse import make_wheel


def write(path: Path, name: str, mode: int = 0o644) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        entry = zipfile.ZipInfo(name)
        entry.external_attr = mode << 16
        archive.writestr(entry, "evil")
    return path


@pytest.mark.parametrize(
    "name",
    ["../evil.py", "package/../../evil.py", "/evil.py", "C:/evil.py", "C:evil.py", "package\\..\\..\\evil.py", ".."],
)
def test_a_file_that_leaves_the_folder_is_refused(tmp_path: Path, name: str):
    wheel = write(tmp_path / "evil.whl", name)
    goal = tmp_path / "a" / "goal"
    goal.mkdir(parents=True)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(SetupError, match="would lie outside of its folder"):
        list(unpack(wheel, goal, {}))
    assert sorted(tmp_path.rglob("*")) == before


def test_a_link_is_refused(tmp_path: Path):
    with pytest.raises(SetupError, match="outside of its folder"):
        list(unpack(write(tmp_path / "evil.whl", "link", stat.S_IFLNK | 0o777), tmp_path / "goal", {}))


@pytest.mark.parametrize("name", ["numpy/__init__.py", "thing-1.0.data/purelib/numpy/__init__.py"])
def test_numpy_is_refused_wherever_it_hides(tmp_path: Path, name: str):
    with pytest.raises(SetupError, match="holds numpy"):
        list(unpack(write(tmp_path / "evil.whl", name), tmp_path / "goal", {}))


def test_libraries_beside_the_packages_are_taken_and_scripts_are_not(tmp_path: Path):
    files = {
        "thing/__init__.py": b"",
        "thing-1.0.data/platlib/vendor/library.so": b"library",
        "thing-1.0.data/scripts/tool": b"tool",
        "thing-1.0.data/data/share/man": b"man",
    }
    wheel = make_wheel(tmp_path, "thing", files)
    hashes: dict[str, str] = {}
    list(unpack(tmp_path / wheel.file, tmp_path / "goal", hashes))
    found = {
        path.relative_to(tmp_path / "goal").as_posix() for path in (tmp_path / "goal").rglob("*") if path.is_file()
    }
    facts = {f"thing-1.0.dist-info/{name}" for name in ("METADATA", "WHEEL", "RECORD")}
    assert found == set(hashes) == {"thing/__init__.py", "vendor/library.so"} | facts
    assert hashes["vendor/library.so"] == hashlib.sha256(b"library").hexdigest()


def test_a_damaged_wheel_is_told(tmp_path: Path):
    wheel = make_wheel(tmp_path, "thing", {"thing/data": bytes(range(256)) * 100})
    path = tmp_path / wheel.file
    damaged = bytearray(path.read_bytes())
    damaged[60] ^= 255
    path.write_bytes(damaged)
    with pytest.raises(SetupError, match="not the file that was published"):
        list(check_hash(path, wheel.sha256))
    path.write_bytes(damaged[:-30])
    with pytest.raises(SetupError, match="is damaged"):
        list(unpack(path, tmp_path / "goal", {}))


def test_the_right_file_passes(tmp_path: Path):
    wheel = make_wheel(tmp_path, "thing", {"thing/data": b"data"})
    assert list(check_hash(tmp_path / wheel.file, wheel.sha256))[-1] == wheel.bytes
