"""A disk that is full or must not be written to: nothing is lost, nothing is left behind, and a sentence says so."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import penumbra
from penumbra.errors import WriteError
from penumbra.scene.bake import BakeSettings, bake
from penumbra.scene.export import export
from penumbra.scene.files import save_blend
from penumbra.tests.blender.shots import take_before
from penumbra.tests.synthetic import random_motion

resource = pytest.importorskip("resource", reason="only POSIX limits the size of files")

_INSIDE = Path(__file__).with_name("on_a_full_disk.py")
COUNT = 60


@contextlib.contextmanager
def limited(size: int) -> Iterator[None]:
    """No file can grow beyond `size` bytes, which is the nearest to a full disk that needs no rights."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("share", [0.02, 0.5, 0.999])
@pytest.mark.parametrize("suffix", ["blend", "bvh", "fbx", "glb", "gltf", "usd", "take"])
def test_what_was_there_stays_where_the_new_file_does_not_fit(tmp_path: Path, suffix: str, share: float) -> None:
    motion = random_motion(COUNT)
    target = bake(motion, None, BakeSettings("Walk")).object
    path = tmp_path / f"walk.{suffix}"
    take = take_before(motion, tmp_path / "gone.mp4")

    def write() -> None:
        match suffix:
            case "blend":
                save_blend(path)
            case "take":
                penumbra.save_take(take, path)
            case _:
                export(target, path, 1, COUNT)

    write()
    there = {file: file.read_bytes() for file in tmp_path.iterdir()}
    # a .gltf file's numbers lie beside it
    largest = max(len(data) for data in there.values())
    with limited(int(share * largest)), pytest.raises(WriteError) as caught:
        write()
    assert {file: file.read_bytes() for file in tmp_path.iterdir()} == there
    said = str(caught.value)
    assert said.startswith("The take cannot be written" if suffix == "take" else f"{path} cannot be written")
    assert said.endswith(".")
    assert "Traceback" not in said
    assert "\n" not in said
    write()


@pytest.mark.parametrize(
    "write",
    [
        lambda folder: penumbra.bake(take_before(random_motion(12), Path("gone.mp4")), save=folder / "walk.blend"),
        lambda folder: export(bake(random_motion(12), None, BakeSettings()).object, folder / "walk.fbx", 1, 12),
        lambda folder: penumbra.save_take(take_before(random_motion(12), Path("gone.mp4")), folder / "walk.take"),
    ],
)
def test_a_file_in_place_of_a_folder_is_told(tmp_path: Path, write: Callable[[Path], object]) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(WriteError, match=r"check the folder|Choose another folder"):
        write(tmp_path / "file")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.skipif(
    not sys.platform.startswith("linux") or os.geteuid() != 0, reason="only root on Linux can mount a small disk"
)
def test_a_disk_that_is_full_or_read_only(tmp_path: Path, demo_clip: Path, weights: Path) -> None:
    assert weights.is_dir()
    mount = 'mount -t tmpfs -o size=64k tmpfs "$1" && mkdir "$2" && mount --bind "$2" "$2" && mount -o remount,ro,bind "$2" && shift 2 && exec "$@"'
    (tmp_path / "full").mkdir()
    command = ["unshare", "--mount", "sh", "-c", mount, "sh", tmp_path / "full", tmp_path / "locked"]
    done = subprocess.run(
        [*command, sys.executable, "-P", _INSIDE, tmp_path, demo_clip], capture_output=True, text=True, check=False
    )
    if "unshare" in done.stderr.splitlines()[:1] or "Operation not permitted" in done.stderr:
        pytest.skip("this machine lets nobody mount a disk")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith("all is as it should be\n")
