"""The command line from end to end on real footage: results, JSON, and an exit code for everything that goes wrong."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import bpy
import numpy as np
import pytest
from bpy_extras.object_utils import world_to_camera_view

from penumbra.cli.main import main
from penumbra.inference import systems
from penumbra.inference.motion import bone_heads_and_tails
from penumbra.inference.pipeline import motion_of
from penumbra.inference.shot import shot_of
from penumbra.inference.systems import RECOMMENDED
from penumbra.inference.take import load_take
from penumbra.models.skeletons import BONE_NAMES
from penumbra.retarget.rig_map_files import save_rig_map
from penumbra.retarget.rig_map_table import load_rig_maps
from penumbra.scene.bake_settings import BakeSettings
from penumbra.scene.baked import Baked, baked_of
from penumbra.tests.blender.shots import project
from penumbra.tests.networks import doubting_graph, flat_lifter

_MAN = ["--subject", "0.37,0.22", "--start", "20", "--end", "34", "--detector", "full", "--threads", "2"]


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test uses what another has kept."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def _events(capfd: pytest.CaptureFixture[str]) -> list[dict]:
    return [json.loads(line) for line in capfd.readouterr().out.splitlines()]


def test_footage_becomes_a_blend_file_exports_and_a_take(
    demo_clip: Path, weights: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert weights.is_dir()
    out, take = tmp_path / "man.blend", tmp_path / "man.take"
    code = main(
        ["capture", str(demo_clip), *_MAN, "-o", str(out), "--export", "bvh,fbx,glb", "--take", str(take), "--json"]
    )
    events = _events(capfd)
    assert code == 0
    assert {event["event"] for event in events} <= {"progress", "note", "result"}
    result = events[-1]
    assert result["ok"] is True
    assert [Path(path).suffix for path in result["exports"]] == [".bvh", ".fbx", ".glb"]
    assert all(Path(path).stat().st_size > 1000 for path in result["exports"])
    assert (result["frames"], result["frames_with_subject"]) == (15, 15)
    bpy.ops.wm.open_mainfile(filepath=str(out))
    armature = bpy.data.objects[result["armature"]]
    assert armature.animation_data.action.name == result["action"]
    assert bpy.context.scene.render.fps == 30
    heads, _ = bone_heads_and_tails(motion_of(load_take(take)))
    bpy.context.scene.frame_set(result["frame_start"] + 7)
    for name in ("hand.L", "foot.R", "head"):
        posed = armature.matrix_world @ armature.pose.bones[name].head
        np.testing.assert_allclose(posed, heads[7, BONE_NAMES.index(name)], atol=1e-3)
    assert 0 < armature.pose.bones["foot.R"]["confidence"] <= 1
    camera = bpy.context.scene.camera
    assert camera.name == result["camera"] == "demo Camera"
    (background,) = camera.data.background_images
    assert (background.image_user.frame_start, background.image_user.frame_offset) == (1, 20)
    seen = world_to_camera_view(bpy.context.scene, camera, armature.matrix_world @ armature.pose.bones["head"].head)
    expected = project(shot_of(load_take(take)), 7, heads[7, BONE_NAMES.index("head")][None])[0]
    np.testing.assert_allclose([seen.x, 1 - seen.y], expected, atol=1e-3)


def test_a_take_goes_on_to_a_rig_in_a_file_without_footage(
    demo_clip: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    first, second, take = tmp_path / "first.blend", tmp_path / "second.blend", tmp_path / "man.take"
    assert main(["capture", str(demo_clip), *_MAN, "-o", str(first), "--take", str(take)]) == 0
    before = first.read_bytes()
    onto = ["--blend", str(first), "--target", "demo", "-o", str(second)]
    capfd.readouterr()
    own = replace(next(rig_map for rig_map in load_rig_maps() if rig_map.name == "penumbra"), name="mine")
    save_rig_map(own, tmp_path / "mine.json")
    how = ["--rig-map", str(tmp_path / "mine.json"), "--no-foot-contacts", "--hand-contacts", "--no-fingers"]
    assert main(["capture", "--take", str(take), *onto, *how, "--json"]) == 0
    result = _events(capfd)[-1]
    assert result["armature"] == "demo"
    assert (result["lifter"], result["refiner"]) == (RECOMMENDED.lifter, RECOMMENDED.refiner)
    assert first.read_bytes() == before
    bpy.ops.wm.open_mainfile(filepath=str(second))
    assert {"demo|demo", "demo|man"} <= set(bpy.data.actions.keys()), "the old action is kept"
    settings = BakeSettings("man", lock_feet=False, lock_hands=True, fingers=False, own_map=own)
    new = bpy.data.actions[result["action"]]
    assert baked_of(new) == Baked(new, take, settings)
    old = baked_of(bpy.data.actions["demo|demo"])
    assert old is not None
    assert old.take == take


def test_a_camera_of_the_file_and_a_root_bone_can_be_named(
    demo_clip: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    first, second, take = tmp_path / "first.blend", tmp_path / "second.blend", tmp_path / "man.take"
    assert main(["capture", str(demo_clip), *_MAN, "-o", str(first), "--take", str(take), "--no-camera"]) == 0
    bpy.ops.wm.open_mainfile(filepath=str(first))
    assert not bpy.data.cameras
    camera = bpy.data.objects.new("Mine", bpy.data.cameras.new("Mine"))
    bpy.context.scene.collection.objects.link(camera)
    camera.location, camera.rotation_euler = (0.0, -5.0, 1.5), (np.pi / 2, 0.0, 0.0)
    bpy.context.scene.render.resolution_x = 1080
    bpy.ops.wm.save_mainfile()
    again = ["capture", "--take", str(take), "--blend", str(first), "-o", str(second), "--json"]
    capfd.readouterr()
    for extra, code, words in (
        (["--camera", "demo"], 2, "Its cameras are: Mine."),
        (["--target", "demo", "--root", "root"], 9, "no root bone"),
        (["--target", "demo", "--rig-map", "mine.json"], 9, "mine.json cannot be read"),
    ):
        assert main([*again, *extra]) == code
        assert words in _events(capfd)[-1]["error"]
    assert main([*again, "--camera", "Mine", "--root", "root"]) == 0
    result = _events(capfd)[-1]
    assert result["camera"] == "Mine"
    assert any("the footage has" in note for note in result["notes"])
    bpy.ops.wm.open_mainfile(filepath=str(second))
    assert list(bpy.data.cameras.keys()) == ["Mine"]
    assert bpy.data.objects[result["armature"]].data.bones["hips"].parent.name == "root"


def test_a_take_goes_on_with_another_lifter_and_refiner(
    demo_clip: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, take = tmp_path / "first.blend", tmp_path / "second.blend", tmp_path / "man.take"
    assert main(["capture", str(demo_clip), *_MAN, "-o", str(first), "--take", str(take)]) == 0
    networks = {
        "dtf-27": flat_lifter(tmp_path / "dtf-27.onnx"),
        "graph": doubting_graph(tmp_path / "graph.onnx", 0.1, 5.0),
    }
    monkeypatch.setattr(systems, "network_path", networks.__getitem__)
    monkeypatch.setattr(systems, "network_hashes", lambda names: {f"{name}.onnx": "tiny" for name in names})
    capfd.readouterr()
    onto = ["--lifter", "dtf-27", "--refine", "graph", "-o", str(second), "--json"]
    assert main(["capture", "--take", str(take), *onto]) == 0
    events = _events(capfd)
    assert "Refining the joints" in [event.get("message") for event in events]
    assert (events[-1]["lifter"], events[-1]["refiner"]) == ("dtf-27", "graph")
    assert any("not calibrated for dtf-27 with graph" in note for note in events[-1]["notes"])
    assert any("man.take holds the motion as it was solved before" in note for note in events[-1]["notes"])
    # joints that may be meters off are near their place by chance alone
    bpy.ops.wm.open_mainfile(filepath=str(second))
    bpy.context.scene.frame_set(events[-1]["frame_start"] + 7)
    bones = bpy.data.objects[events[-1]["armature"]].pose.bones
    assert 0 <= bones["forearm.L"]["confidence"] < 0.05
    kept = baked_of(bpy.data.actions[events[-1]["action"]])
    assert kept is not None
    assert kept.take is None


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["{tmp}/none.mp4"], 3, "check the path"),
        (["{tmp}/text.mp4"], 3, "text.mp4"),
        (["{tmp}"], 3, "picture"),
        (["{clip}", "--start", "9999"], 3, "."),
        (
            ["{clip}", "--start", "2", "--end", "4", "--subject", "0.01,0.99", "--detector", "full"],
            4,
            "Choose a point or box",
        ),
        (["{clip}", "-o", "{tmp}/none/out.blend"], 6, "no folder"),
        (["{clip}", "--take", "{tmp}"], 6, "is a folder"),
        (["--take", "{tmp}/none.take"], 7, "no take"),
        (["--take", "{tmp}/text.mp4"], 7, "text.mp4"),
        (["{clip}", "--blend", "{tmp}/none.blend"], 2, "--blend"),
        (["{clip}", "--blend", "{tmp}/text.blend"], 2, "text.blend"),
        (["{clip}", "--blend", "{tmp}/empty.blend", "--target", "Rig"], 9, "no armature"),
        (["{clip}", "--target", "Rig"], 2, "--blend"),
        (["{clip}", "--provider", "coreml", "--start", "2", "--end", "4"], 8, "."),
    ],
)
def test_everything_that_goes_wrong_has_a_sentence_and_an_exit_code(
    arguments: list[str], code: int, words: str, demo_clip: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "text.mp4").write_text("not a video")
    (tmp_path / "text.blend").write_text("not a Blender file")
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "empty.blend"), copy=True)
    there = set(tmp_path.rglob("*"))
    filled = [text.format(tmp=tmp_path, clip=demo_clip) for text in arguments]
    if not any(text == "-o" for text in filled):
        filled += ["-o", str(tmp_path / "out.blend")]
    capfd.readouterr()
    assert main(["capture", *filled, "--json", "--no-cache"]) == code
    said = _events(capfd)[-1]
    assert said["exit_code"] == code
    assert words in said["error"]
    assert said["error"].endswith(".")
    assert set(tmp_path.rglob("*")) == there, "nothing is half-written"


def test_control_c_cancels_with_its_own_exit_code(demo_clip: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-P", "-m", "penumbra", "capture", str(demo_clip), "--json", "--no-cache"]
    with subprocess.Popen(
        [*command, "-o", str(tmp_path / "out.blend")], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if json.loads(line).get("stage") == "track":
                break
        process.send_signal(signal.SIGINT)
        asked = time.monotonic()
        last = process.stdout.read().splitlines()[-1]
        assert process.wait(10) == 5
    assert time.monotonic() - asked < 2.0
    assert json.loads(last) == {
        "event": "result",
        "ok": False,
        "exit_code": 5,
        "error": "Cancelled; nothing was written.",
    }
    assert not list(tmp_path.glob("*.blend"))
