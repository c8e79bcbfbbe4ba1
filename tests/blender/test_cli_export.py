"""The commands `bake` and `export`: from a take to a rig without solving, and from a .blend file to other formats."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import bpy
import pytest

from penumbra.cli import doctor
from penumbra.cli.main import main
from penumbra.errors import SetupError
from penumbra.inference.progress import Progress
from penumbra.inference.take import save_take
from penumbra.packages.doctor import Diagnosis
from penumbra.packages.self_test import SelfTest
from penumbra.scene.bake import BakeSettings, bake
from penumbra.scene.baked import Baked, baked_of
from penumbra.scene.files import save_blend
from penumbra.tests.blender.rigs import mixamo_rig
from penumbra.tests.blender.shots import take_before
from penumbra.tests.synthetic import random_motion


def run(capfd: pytest.CaptureFixture[str], *words: str | Path) -> tuple[int, dict[str, Any]]:
    """The exit code and the last thing that was said in JSON."""
    capfd.readouterr()
    code = main([*map(str, words), "--json"])
    return code, json.loads(capfd.readouterr().out.splitlines()[-1])


@pytest.fixture
def shot(tmp_path: Path) -> Path:
    """A file with an armature that has two actions, and one that is not animated."""
    target = bake(random_motion(12), None, BakeSettings("Walk")).object
    bake(random_motion(20), target, BakeSettings("Run", frame_start=5))
    mixamo_rig()
    save_blend(tmp_path / "shot.blend")
    return tmp_path / "shot.blend"


def test_a_take_goes_on_a_rig_without_solving_anew(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    mixamo_rig()
    save_blend(tmp_path / "rig.blend")
    take = take_before(random_motion(12), tmp_path / "gone.mp4")
    save_take(take, tmp_path / "walk.take")
    onto = ["--blend", tmp_path / "rig.blend", "--target", "Figure", "--hand-contacts", "--frame-start", "11"]
    code, said = run(capfd, "bake", tmp_path / "walk.take", *onto, "-o", tmp_path / "out.blend", "--export", "bvh")
    assert code == 0
    assert (said["command"], said["armature"], said["rig_map"], said["frames"]) == ("bake", "Figure", "mixamo", 12)
    assert (said["frame_start"], said["frame_end"], said["camera"]) == (11, 22, "walk Camera")
    assert said["take"] == str(tmp_path / "walk.take")
    assert (tmp_path / "out.bvh").stat().st_size > 1000
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "out.blend"))
    action = bpy.data.actions[said["action"]]
    assert baked_of(action) == Baked(action, tmp_path / "walk.take", BakeSettings("walk", 11, lock_hands=True))
    # what was captured through a camera of the file stays in its world
    seen_by = {"camera": {"track": {"positions": [[0.0, -5.0, 1.5]]}}}
    save_take(replace(take, settings=seen_by), tmp_path / "seen.take")
    assert run(capfd, "bake", tmp_path / "seen.take", "-o", tmp_path / "seen.blend")[0] == 0
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "seen.blend"))
    made = baked_of(bpy.data.objects["seen"].animation_data.action)
    assert made is not None
    assert made.settings.in_world


def test_what_cannot_be_baked_is_told(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "text.take").write_text("not a take")
    save_take(take_before(random_motion(12), tmp_path / "gone.mp4"), tmp_path / "walk.take")
    there = set(tmp_path.rglob("*"))
    for words, code, sentence in (
        (["none.take"], 7, "no take"),
        (["text.take"], 7, "is not a take"),
        (["walk.take", "--target", "Rig"], 2, "--blend"),
        (["walk.take", "-o", tmp_path / "none" / "out.blend"], 6, "no folder"),
    ):
        first, *rest = words
        ended, said = run(capfd, "bake", tmp_path / str(first), "-o", tmp_path / "out.blend", *rest)
        assert ended == code
        assert sentence in said["error"]
    assert set(tmp_path.rglob("*")) == there


def test_the_animated_armature_of_a_file_is_exported(
    shot: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    before = shot.read_bytes()
    (tmp_path / "out").mkdir()
    code, said = run(capfd, "export", shot, "bvh", "glb,fbx", "-o", tmp_path / "out")
    assert code == 0
    assert (said["armature"], said["action"], said["frame_start"], said["frame_end"]) == ("Walk", "Walk|Run", 5, 24)
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"shot.bvh", "shot.glb", "shot.fbx"}
    assert "Frames: 20\n" in (tmp_path / "out" / "shot.bvh").read_text("utf-8")
    assert run(capfd, "export", shot, "bvh", "--action", "Walk|Walk", "--end", "6", "-o", tmp_path / "short")[0] == 0
    assert "Frames: 6\n" in (tmp_path / "short.bvh").read_text("utf-8")
    assert shot.read_bytes() == before


def test_what_cannot_be_exported_is_told(shot: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    goal = ["-o", tmp_path / "out"]
    for words, code, sentence in (
        ([tmp_path / "none.blend", "bvh"], 2, "There is no file"),
        ([shot, "bvh", "--armature", "Rig"], 9, "Its armatures are: Figure, Walk."),
        ([shot, "bvh", "--armature", "Figure"], 9, "is not animated"),
        ([shot, "bvh", "--action", "Fly"], 2, "Its actions are: "),
        ([shot, "bvh", "--end", "2"], 2, "ends before it starts"),
        ([shot, "bvh", "-o", tmp_path / "none" / "out"], 6, "no folder"),
    ):
        ended, said = run(capfd, "export", *words[:2], *goal, *words[2:])
        assert (ended, sentence in said["error"]) == (code, True), said
    bake(random_motion(12), mixamo_rig(), BakeSettings("Other"))
    bpy.ops.wm.open_mainfile(filepath=str(shot))
    bake(random_motion(12), bpy.data.objects["Figure"], BakeSettings("Other"))
    save_blend(tmp_path / "both.blend")
    ended, said = run(capfd, "export", tmp_path / "both.blend", "bvh", *goal)
    assert ended == 9
    assert said["error"] == "2 armatures are animated. Say which of them: Figure, Walk."
    assert not list(tmp_path.glob("out*"))


@pytest.mark.parametrize("can", [True, False])
def test_the_doctor_tells_whether_footage_can_be_captured(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *, can: bool
) -> None:
    def examine(*_: object, blender: str, report: Callable[[Progress], None]) -> Diagnosis:
        report(Progress("test", 0, None, "Testing"))
        return Diagnosis("1.0", "here", blender, "3.11", "Linux", 2, SelfTest(), (), (), (), ("Mend it.",), can)

    monkeypatch.setattr(doctor, "examine", examine)
    code, said = run(capfd, "doctor")
    assert code == (0 if can else 8)
    assert (said["ok"], said["exit_code"], said["command"]) == (can, code, "doctor")
    assert (said["blender"], said["problems"]) == (bpy.app.version_string, ["Mend it."])
    capfd.readouterr()
    assert main(["doctor"]) == code
    assert "Problem: Mend it." in capfd.readouterr().out.splitlines()


def test_without_blenders_module_the_doctor_says_so(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        doctor,
        "examine",
        lambda *_, **__: Diagnosis("1.0", "", "", "", "", 2, SelfTest(), (), (), (), (), can_capture=True),
    )
    monkeypatch.setattr(doctor, "inside_blender", Mock(side_effect=SetupError("Blender's module cannot be loaded.")))
    code, said = run(capfd, "doctor")
    assert (code, said["ok"], said["problems"]) == (8, False, ["Blender's module cannot be loaded."])
