from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from penumbra.errors import PenumbraError, SetupError, WriteError
from penumbra.inference.progress import Progress, finish
from penumbra.packages import pip
from penumbra.packages.catalog import Package
from penumbra.packages.install import clean_up, install, remove, repair, verify
from penumbra.packages.place import alone, has_leftovers, installed
from penumbra.tests.packages.wheelhouse import MEGABYTE, make_package, make_wheel, runtime, serve

NOT_THERE = "0" * 64


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    serve(tmp_path / "wheels", monkeypatch)
    return tmp_path / "wheels"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where packages go; its name has what shells and pip might stumble over."""
    return tmp_path / "my pack ägé" / "packages"


def one(wheels: Path, name: str = "penumbra-fake", code: bytes = b"") -> Package:
    return make_package(make_wheel(wheels, name, {"penumbra_fake/__init__.py": code}))


def left(folder: Path) -> list[str]:
    """What is in the folder, but for the lock."""
    return sorted(path.name for path in folder.iterdir() if path.name != ".lock") if folder.exists() else []


def test_a_package_is_fetched_checked_unpacked_mended_and_removed(wheels: Path, folder: Path):
    package = runtime(wheels)
    seen: list[Progress] = []
    done = finish(install(folder, [package]), seen.append)
    assert installed(folder, "gpu") == done
    site = done.site(folder)
    assert (site / "vendor/lib/data.so").read_bytes() == b"d" * 1000
    assert done.bytes == package.unpacked == sum(path.stat().st_size for path in site.rglob("*") if path.is_file())
    steps = [progress for progress in seen if progress.total == package.bytes + package.unpacked]
    counts = [progress.done for progress in steps]
    assert counts == sorted(counts)
    assert counts[-1] > package.bytes + 2 * MEGABYTE, "unpacking is not counted"
    assert {progress.message.split()[0] for progress in steps} == {"Downloading", "Checking", "Unpacking"}
    assert left(folder) == sorted([done.folder, f"{done.folder.rpartition('-')[0]}.json"])
    assert sorted(path.name for path in (folder / done.folder).iterdir()) == ["files.json", "site"]
    assert finish(verify(folder, "gpu")) == []

    kept = (site / "vendor/lib/data.so").stat().st_ino
    (site / "penumbra_fake/library.so").write_bytes(b"nonsense")
    (site / "penumbra_fake/__init__.py").unlink()
    assert finish(verify(folder, "gpu")) == ["penumbra_fake/__init__.py", "penumbra_fake/library.so"]
    (wheels / package.wheels[1].file).unlink()  # what is whole is not fetched again
    assert len(finish(repair(folder, "gpu", [package]))) == 2
    mended = installed(folder, "gpu")
    assert mended is not None
    assert finish(verify(folder, "gpu")) == []
    assert (mended.site(folder) / "vendor/lib/data.so").stat().st_ino == kept
    assert len(left(folder)) == 2, "the damaged folder is gone"
    assert finish(repair(folder, "gpu", [])) == [], "nothing is damaged any more"

    remove(folder, "gpu")
    assert left(folder) == []
    assert installed(folder, "gpu") is None
    with pytest.raises(SetupError, match="not installed"):
        finish(verify(folder, "gpu"))


def test_a_file_that_is_not_the_published_one_is_refused_and_what_was_there_stays(wheels: Path, folder: Path):
    first = finish(install(folder, [one(wheels)]))
    changed = one(wheels, code=b"VALUE = 'evil'\n")
    wanted = replace(changed, wheels=(replace(changed.wheels[0], sha256=NOT_THERE),))
    with pytest.raises(SetupError, match="not the file that was published"):
        finish(install(folder, [wanted]))
    assert installed(folder, "gpu") == first
    assert len(left(folder)) == 2


def test_what_pip_is_not_offered_gives_way_to_the_next_choice(wheels: Path, folder: Path):
    package = one(wheels)
    absent = make_package(replace(package.wheels[0], file="penumbra_absent-2.0-py3-none-any.whl"), name="absent")
    assert finish(install(folder, [absent, package])).name == "fake"
    with pytest.raises(SetupError, match=r"there is no penumbra-absent 2\.0 for this machine"):
        finish(install(folder, [absent]))


def test_what_cannot_be_imported_here_is_not_installed(wheels: Path, folder: Path):
    package = one(wheels, code=b"raise ImportError('libcudart.so.13 is missing')\n")
    with pytest.raises(
        SetupError, match=r"cannot be loaded on this machine \(ImportError: libcudart.so.13 is missing\)"
    ):
        finish(install(folder, [package]))
    assert left(folder) == []


def test_what_crashes_python_is_not_installed(wheels: Path, folder: Path):
    package = one(wheels, code=b"import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n")
    with pytest.raises(SetupError, match="crashed with signal 11"):
        finish(install(folder, [package]))
    assert left(folder) == []


def test_cancelling_while_unpacking_leaves_nothing(wheels: Path, folder: Path):
    work = install(folder, [runtime(wheels)])
    assert any(progress.message.startswith("Unpacking") for progress in work)
    assert left(folder), "there was nothing to leave"
    work.close()
    assert left(folder) == []


def test_cancelling_while_downloading_ends_pip_and_all_that_it_started(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    slow = tmp_path / "slow.py"
    slow.write_text(
        "import os, subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        f"open({str(tmp_path / 'child')!r}, 'w').write(str(child.pid))\n"
        "with open(os.path.join(os.environ['TMPDIR'], 'part.whl'), 'wb') as file:\n"
        "    while True:\n        file.write(b'x' * 100_000); file.flush(); time.sleep(0.01)\n"
    )
    monkeypatch.setattr(pip, "pip_command", lambda: [sys.executable, str(slow)])
    package = make_package(replace(runtime(tmp_path / "wheels").wheels[0], bytes=100 * MEGABYTE))
    work = install(folder, [package])
    counts = [next(work).done]
    until = time.monotonic() + 20
    while counts[-1] < 500_000 and time.monotonic() < until:
        counts.append(next(work).done)
    assert counts[-1] >= 500_000, "no bytes were seen to come in"
    began = time.monotonic()
    work.close()
    assert time.monotonic() - began < 1.0
    assert left(folder) == []
    child = int((tmp_path / "child").read_text())
    while time.monotonic() < until and _runs(child):
        time.sleep(0.01)
    assert not _runs(child)


def _runs(process: int) -> bool:
    """Whether a process is there and not merely waiting for its parent to look at it."""
    try:
        return ") Z " not in Path(f"/proc/{process}/stat").read_text()
    except FileNotFoundError:
        return False


def test_what_a_dead_installation_left_is_deleted_the_next_time(wheels: Path, folder: Path):
    package = one(wheels)
    done = finish(install(folder, [package]))
    dead = folder / f"{done.folder[:-8]}deaddead"
    (dead / "site").mkdir(parents=True)
    assert has_leftovers(folder)
    clean_up(folder)
    assert not dead.exists()
    assert not has_leftovers(folder)
    assert installed(folder, "gpu") == done


def test_only_one_program_installs_at_a_time(wheels: Path, folder: Path):
    holder = (
        "import sys, time\nfrom pathlib import Path\nfrom penumbra.packages.place import alone\n"
        f"with alone(Path({str(folder)!r})):\n    print('has it', flush=True)\n    time.sleep(60)\n"
    )
    package = one(wheels)
    with subprocess.Popen([sys.executable, "-P", "-c", holder], stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        with pytest.raises(SetupError, match="Another Blender is changing the packages"):
            finish(install(folder, [package]))
        other.kill()
    with alone(folder):
        pass


def test_too_little_room_is_told_before_anything_is_fetched(
    wheels: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=MEGABYTE))
    with pytest.raises(WriteError, match=r"needs \d+ MB of free space .* has 2 MB"):
        finish(install(folder, [runtime(wheels)]))
    assert left(folder) == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 4 MB."""
    if not (sys.platform == "linux" and os.geteuid() == 0):
        pytest.skip("only root can make a small disk")
    disk = tmp_path / "disk"
    disk.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(disk)], check=False, capture_output=True
    )
    if done.returncode:
        pytest.skip(f"this machine lets nobody make a small disk: {done.stderr.decode().strip()}")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_disk_that_runs_full_leaves_nothing(wheels: Path, small_disk: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1 << 40))
    package = make_package(make_wheel(wheels, "penumbra-fake", {"penumbra_fake/zeros.bin": bytes(8 * MEGABYTE)}))
    with pytest.raises(WriteError, match="is full"):
        finish(install(small_disk / "packages", [package]))
    assert left(small_disk / "packages") == []


def test_a_disk_that_runs_full_while_pip_fetches_is_told_as_such(
    wheels: Path, small_disk: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1 << 40))
    package = make_package(make_wheel(wheels, "penumbra-fake", {"penumbra_fake/noise.bin": os.urandom(8 * MEGABYTE)}))
    with pytest.raises(WriteError, match="disk is full"):
        finish(install(small_disk / "packages", [package]))
    assert left(small_disk / "packages") == []


def test_a_folder_that_cannot_be_written_to_is_told(wheels: Path, tmp_path: Path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(WriteError, match="cannot be written to"):
        finish(install(tmp_path / "file" / "packages", [one(wheels)]))


def test_without_pip_it_is_said_what_to_do(wheels: Path, folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(pip.importlib.util, "find_spec", lambda _: None)
    monkeypatch.setattr(pip, "_bundled", lambda: iter(()))
    with pytest.raises(PenumbraError, match="has no pip"):
        finish(install(folder, [one(wheels)]))
    assert left(folder) == []


def test_the_pip_that_python_carries_serves_where_none_is_installed(
    wheels: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
):
    found = pip.importlib.util.find_spec
    monkeypatch.setattr(pip.importlib.util, "find_spec", lambda name: None if name == "pip" else found(name))
    assert pip.pip_command()[1].endswith(".whl/pip")
    assert finish(install(folder, [one(wheels)])).name == "fake"
