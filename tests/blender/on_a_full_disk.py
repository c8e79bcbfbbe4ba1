"""Runs where the folder `full` is a disk of 64 KB and `locked` is read-only: what commands, scripts and the button do there."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from pathlib import Path

import pytest

import penumbra
from penumbra.cli.main import main
from penumbra.errors import WriteError
from penumbra.inference.take import load_take
from penumbra.operators.capture_job import _keep
from penumbra.tests.blender.shots import take_before
from penumbra.tests.synthetic import random_motion


def said(*words: str | Path) -> tuple[int, str]:
    """The exit code of a command and its last sentence."""
    with contextlib.redirect_stderr(io.StringIO()) as stream:
        code = main([str(word) for word in words])
    return code, stream.getvalue().splitlines()[-1]


def check(folder: Path, clip: Path) -> None:
    """Try everything."""
    full, locked = folder / "full", folder / "locked"
    os.environ["XDG_CACHE_HOME"] = str(folder / "cache")
    os.environ["XDG_DATA_HOME"] = str(folder / "data")
    take = take_before(random_motion(200), folder / "gone.mp4")
    penumbra.save_take(take, folder / "walk.take")

    # what is there survives, and nothing else is left
    (full / "out.blend").write_bytes(b"precious")
    for place, words in ((full, "cannot be written"), (locked, "cannot be written")):
        code, sentence = said("bake", folder / "walk.take", "-o", place / "out.blend")
        assert code == 6, (code, sentence)
        assert words in sentence, sentence
    for write in (
        lambda place: penumbra.bake(folder / "walk.take", save=place / "out.blend"),
        lambda place: penumbra.save_take(take, place / "new.take"),
        lambda place: penumbra.export(penumbra.bake(folder / "walk.take").object, place / "walk.fbx"),
    ):
        for place in (full, locked):
            with pytest.raises(WriteError) as refused:
                write(place)
            assert "Traceback" not in str(refused.value)
    assert [path.name for path in full.iterdir()] == ["out.blend"]
    assert (full / "out.blend").read_bytes() == b"precious"
    assert not list(locked.iterdir())

    # a capture is not lost where its result cannot be written
    man = ["--subject", "0.37,0.22", "--start", "20", "--end", "24", "--detector", "full"]
    code, sentence = said("capture", clip, *man, "-o", full / "out.blend")
    (kept,) = (folder / "data" / "penumbra" / "takes").iterdir()
    assert (code, str(kept) in sentence, "The capture is not lost" in sentence) == (6, True, True), sentence
    assert len(load_take(kept).stage("track")["times"]) == 5

    # nor where the button cannot keep its take: the keys are there, and a note says what cannot be done
    os.environ["XDG_DATA_HOME"] = str(full)
    path, notes = _keep(take, "walk")
    assert path is None
    assert "Parts of the capture cannot be baked again later" in notes[0], notes
    assert sorted(path.name for path in full.rglob("*") if path.is_file()) == ["out.blend"]


if __name__ == "__main__":
    check(Path(sys.argv[1]), Path(sys.argv[2]))
    print("all is as it should be", flush=True)
    # Blender's own ending can crash where a module of it was used
    os._exit(0)
