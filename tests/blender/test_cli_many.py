"""Several files at once: what goes wrong with one stops no other, nothing leaks from one to the next, and it can be resumed."""

from __future__ import annotations

import json
import os
import shutil
import signal
from pathlib import Path
from typing import Any

import bpy
import pytest

from penumbra.cli import bake as bake_command
from penumbra.cli import blender
from penumbra.cli.main import main
from penumbra.inference.take import Take, load_take, save_take
from penumbra.scene.baked import baked_of
from penumbra.scene.files import save_blend
from penumbra.tests.blender.rigs import mixamo_rig
from penumbra.tests.blender.shots import take_before
from penumbra.tests.synthetic import random_motion

_KINDS = ("objects", "armatures", "actions", "cameras", "images", "meshes", "materials", "scenes")


@pytest.fixture
def takes(tmp_path: Path) -> Path:
    """A folder of three takes, each with another number of frames and another frame rate."""
    folder = tmp_path / "takes"
    folder.mkdir()
    for name, count, fps in (("a", 30, 24.0), ("b", 12, 30.0), ("c", 20, 25.0)):
        save_take(take_before(random_motion(count, fps=fps), tmp_path / f"{name}.mp4"), folder / f"{name}.take")
    return folder


def run(capfd: pytest.CaptureFixture[str], *words: str | Path) -> tuple[int, list[dict[str, Any]]]:
    """The exit code and what was said in JSON."""
    capfd.readouterr()
    code = main([*map(str, words), "--json"])
    return code, [json.loads(line) for line in capfd.readouterr().out.splitlines()]


def contents(path: Path) -> dict[str, Any]:
    """What of the data and the scene of a file one run could leave to the next."""
    bpy.ops.wm.open_mainfile(filepath=str(path))
    scene = bpy.context.scene
    found: dict[str, Any] = {kind: sorted(getattr(bpy.data, kind).keys()) for kind in _KINDS}
    rate = scene.render.fps / scene.render.fps_base
    return found | {"range": (scene.frame_start, scene.frame_end), "rate": rate, "width": scene.render.resolution_x}


def test_nothing_leaks_from_one_file_to_the_next(
    takes: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    code, events = run(capfd, "bake", takes, "-o", tmp_path / "many")
    assert code == 0
    assert [Path(one["blend"]).name for one in events[-1]["files"]] == ["a.blend", "b.blend", "c.blend"]
    for name in ("b", "c"):
        bpy.ops.wm.read_factory_settings(use_empty=True)
        assert run(capfd, "bake", takes / f"{name}.take", "-o", tmp_path / f"{name}.blend")[0] == 0
        alone = contents(tmp_path / f"{name}.blend")
        assert contents(tmp_path / "many" / f"{name}.blend") == alone
        assert alone["objects"] == [name, f"{name} Camera"]


@pytest.mark.parametrize("inside", [True, False])
def test_every_file_starts_from_the_rigs_own(
    takes: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], *, inside: bool
) -> None:
    mixamo_rig()
    save_blend(tmp_path / "rig.blend")
    start = [] if inside else ["--blend", tmp_path / "rig.blend"]
    if inside:  # as in `blender -b rig.blend -c penumbra`
        bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "rig.blend"))
    code, _ = run(capfd, "bake", takes, *start, "--target", "Figure", "-o", tmp_path / "many", "--no-camera")
    assert code == 0
    for name in ("a", "b", "c"):
        found = contents(tmp_path / "many" / f"{name}.blend")
        assert (found["objects"], found["actions"]) == (["Figure"], [f"Figure|{name}", f"Figure|{name} (raw)"])


def test_a_bad_file_stops_no_other_and_all_are_told_of(
    takes: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (takes / "b.take").write_bytes(b"nothing")
    code, events = run(capfd, "bake", takes, tmp_path / "gone.take", "-o", tmp_path / "many", "--export", "bvh")
    assert code == 11
    assert {event.get("file") for event in events} == {
        *(str(takes / f"{n}.take") for n in "abc"),
        str(tmp_path / "gone.take"),
        None,
    }
    results = [(event["ok"], event.get("exit_code")) for event in events if event["event"] == "result"]
    assert results == [(True, None), (False, 7), (True, None), (False, 7)]
    summary = events[-1]
    assert (summary["event"], summary["ok"], summary["exit_code"]) == ("summary", False, 11)
    assert [one["state"] for one in summary["files"]] == ["done", "failed", "done", "failed"]
    assert "b.take is not a take" in summary["files"][1]["error"]
    assert {path.name for path in (tmp_path / "many").iterdir()} == {"a.blend", "a.bvh", "c.blend", "c.bvh"}
    assert main(["bake", str(takes), "-o", str(tmp_path / "plain")]) == 11
    said = capfd.readouterr().err.splitlines()
    assert said[-1] == "penumbra: 2 of 3 files done, 1 failed. (exit code 11)"
    assert any(line.startswith(str(takes / "b.take")) and "is not a take" in line for line in said[-4:])


def test_what_is_wrong_with_all_is_told_before_the_first(
    takes: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("no folder")
    for words, code, said in (
        (["--blend", tmp_path / "none.blend"], 2, "check what --blend names"),
        (["-o", tmp_path / "file" / "inside"], 6, "cannot be made"),
    ):
        ended, events = run(capfd, "bake", takes, "-o", tmp_path / "many", *words)
        assert ended == code
        assert len(events) == 1
        assert said in events[0]["error"]


def test_what_is_done_is_left_out_and_what_changed_is_not(
    takes: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    words = ["bake", takes, "-o", tmp_path / "many", "--export", "bvh", "--skip-done"]
    assert [one["state"] for one in run(capfd, *words)[1][-1]["files"]] == ["done"] * 3
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "many").iterdir()}
    code, events = run(capfd, *words)
    assert code == 0
    assert [one["state"] for one in events[-1]["files"]] == ["skipped"] * 3
    assert len(events) == 1
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "many").iterdir()} == before
    (tmp_path / "many" / "b.bvh").unlink()
    later = (tmp_path / "many" / "c.blend").stat().st_mtime_ns + 10**9
    os.utime(takes / "c.take", ns=(later, later))
    assert [one["state"] for one in run(capfd, *words)[1][-1]["files"]] == ["skipped", "done", "done"]


@pytest.mark.parametrize("writing", [False, True])
def test_control_c_stops_all_and_keeps_what_was_written(
    takes: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *, writing: bool
) -> None:
    def press(path: Path) -> None:
        if "b." in path.name:
            os.kill(os.getpid(), signal.SIGINT)

    def load(path: Path) -> Take:
        press(path)
        return load_take(path)

    def save(path: Path) -> None:
        press(path)
        save_blend(path)

    if writing:
        monkeypatch.setattr(blender, "save_blend", save)
    else:
        monkeypatch.setattr(bake_command, "load_take", load)
    code, events = run(capfd, "bake", takes, "-o", tmp_path / "many")
    assert code == 5
    assert "--skip-done goes on from there" in events[-1]["message"]
    states = ["done", "done" if writing else "failed", "not begun"]
    assert [one["state"] for one in events[-1]["files"]] == states
    kept = {"a.blend", "b.blend"} if writing else {"a.blend"}
    assert {path.name for path in (tmp_path / "many").iterdir()} == kept


def test_footage_is_captured_into_a_folder_with_its_takes(
    demo_clip: Path, weights: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert weights.is_dir()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "bad.mp4").write_text("no video")
    for name in ("one", "two"):
        shutil.copy(demo_clip, tmp_path / f"{name}.mp4")
    (tmp_path / "list").write_text(f"{tmp_path / 'bad.mp4'}\n{tmp_path / 'two.mp4'}\n", encoding="utf-8")
    man = ["--subject", "0.37,0.22", "--start", "20", "--end", "24", "--detector", "full"]
    code, events = run(
        capfd, "capture", tmp_path / "one.mp4", "--list", tmp_path / "list", "-o", tmp_path / "out", *man, "--take", tmp_path / "takes"
    )  # fmt: skip
    assert code == 11
    assert [(one["state"], one["exit_code"]) for one in events[-1]["files"]] == [
        ("done", 0),
        ("failed", 3),
        ("done", 0),
    ]
    assert {path.name for path in (tmp_path / "takes").iterdir()} == {"one.take", "two.take"}
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "out" / "two.blend"))
    made = baked_of(bpy.data.objects["two"].animation_data.action)
    assert made is not None
    assert made.take == tmp_path / "takes" / "two.take"
    assert "one" not in bpy.data.objects
