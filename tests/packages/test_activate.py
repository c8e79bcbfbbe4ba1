from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from penumbra.packages.activate import activate, is_active
from penumbra.packages.catalog import Kind
from penumbra.packages.place import Installed, installed, libraries_in, mark, point_to


def put(folder: Path, kind: Kind, module: str) -> Installed:
    """Install a package by hand."""
    package = Installed(kind, kind, f"Fake {kind}", "1.0", module, f"{kind}-made", 0)
    package.site(folder).mkdir(parents=True)
    point_to(folder, package)
    return package


@pytest.fixture(autouse=True)
def _own_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", ["first", "second"])


def test_where_nothing_is_installed_nothing_happens(tmp_path: Path):
    assert activate(tmp_path / "nowhere") == []
    assert sys.path == ["first", "second"]


def test_the_runtime_goes_first_and_what_others_may_have_as_well_goes_last(tmp_path: Path):
    gpu, torch = put(tmp_path, "gpu", "fake_runtime"), put(tmp_path, "torch", "fake_torch")
    expected = [str(gpu.site(tmp_path)), "first", "second", str(torch.site(tmp_path))]
    for _ in range(2):
        assert activate(tmp_path) == []
        assert sys.path == expected


def test_what_was_removed_is_off_the_path_again(tmp_path: Path):
    put(tmp_path, "gpu", "fake_runtime")
    activate(tmp_path)
    for path in tmp_path.glob("gpu-*.json"):
        path.unlink()
    activate(tmp_path)
    assert sys.path == ["first", "second"]


def test_what_failed_its_test_is_not_used_but_can_be_tried_again(tmp_path: Path):
    package = put(tmp_path, "gpu", "fake_runtime")
    mark(tmp_path, package, "it crashed with signal 11")
    (note,) = activate(tmp_path)
    assert note == (
        "Fake gpu is installed but not used: it crashed with signal 11. Repair or remove it in the preferences."
    )
    assert sys.path == ["first", "second"]
    activate(tmp_path, again=True)
    assert sys.path[0] == str(package.site(tmp_path))


def test_what_is_loaded_from_elsewhere_needs_a_restart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    package = put(tmp_path, "gpu", "fake_runtime")
    module = ModuleType("fake_runtime")
    module.__file__ = "/elsewhere/fake_runtime/__init__.py"
    monkeypatch.setitem(sys.modules, "fake_runtime", module)
    assert activate(tmp_path) == ["Fake gpu is used after Blender is restarted: another one is already loaded."]
    assert not is_active(package, tmp_path)
    module.__file__ = str(package.site(tmp_path) / "fake_runtime" / "__init__.py")
    assert activate(tmp_path) == []
    assert is_active(package, tmp_path)


@pytest.mark.parametrize("content", ["", "[]", '{"name": 1}', '{"unheard": "of"}'])
def test_a_damaged_note_of_what_is_installed_counts_as_nothing(tmp_path: Path, content: str):
    put(tmp_path, "gpu", "fake_runtime")
    for path in tmp_path.glob("gpu-*.json"):
        path.write_text(content)
    assert installed(tmp_path, "gpu") is None
    assert activate(tmp_path) == []


def test_a_package_whose_folder_is_gone_is_not_used(tmp_path: Path):
    package = put(tmp_path, "gpu", "fake_runtime")
    package.site(tmp_path).rmdir()
    (note,) = activate(tmp_path)
    assert "its folder is missing" in note
    assert sys.path == ["first", "second"]


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_bytes(b"cut short")])
def test_a_library_that_was_cut_short_or_deleted_is_not_loaded(tmp_path: Path, damage: Callable[[Path], object]):
    package = put(tmp_path, "gpu", "fake_runtime")
    library = package.site(tmp_path) / "vendor" / "libthing.so.13"
    library.parent.mkdir()
    library.write_bytes(bytes(1000))
    (library.parent / "read.me").write_text("not code")
    assert libraries_in(package.site(tmp_path)) == {"vendor/libthing.so.13": 1000}
    point_to(tmp_path, replace(package, libraries=libraries_in(package.site(tmp_path))))
    assert activate(tmp_path) == []
    assert sys.path[0] == str(package.site(tmp_path))
    damage(library)
    (note,) = activate(tmp_path)
    assert note.startswith(
        "Fake gpu is installed but not used: libthing.so.13 is damaged or missing. Repair or remove it"
    )
    assert sys.path == ["first", "second"]
