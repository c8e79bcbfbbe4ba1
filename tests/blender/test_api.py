"""The functions for scripts, from footage to a file in another format."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

import penumbra
from penumbra.errors import ArgumentsError, FootageError, RigError, TakeError, WriteError
from penumbra.inference.pipeline import motion_of
from penumbra.inference.progress import Progress
from penumbra.inference.take import Take
from penumbra.scene.baked import baked_of
from penumbra.tests.blender.rigs import mixamo_rig
from penumbra.tests.blender.shots import take_before
from penumbra.tests.synthetic import random_motion

COUNT = 12
MAN: dict[str, Any] = {"start": 20, "end": 24, "subject": (0.37, 0.22), "quality": "fast", "threads": 2}


@pytest.fixture
def take(tmp_path: Path) -> Take:
    return take_before(random_motion(COUNT), tmp_path / "gone.mp4")


def test_footage_becomes_a_take_without_blender(weights: Path, demo_clip: Path, tmp_path: Path) -> None:
    assert weights.is_dir()
    code = f"""
import sys
import penumbra
assert not {{"numpy", "bpy"}} & set(sys.modules)
assert set(penumbra.__all__) <= set(dir(penumbra))
sys.modules["bpy"] = None
said = []
take = penumbra.capture({str(demo_clip)!r}, **{MAN!r}, height=1.83, cache={str(tmp_path / "kept")!r}, on_progress=said.append)
penumbra.save_take(take, {str(tmp_path / "man.take")!r})
assert {{one.stage for one in said}} >= {{"open", "track", "solve"}}
try:
    penumbra.bake(take)
except penumbra.errors.SetupError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Run this inside Blender" in done.stdout
    found = penumbra.load_take(str(tmp_path / "man.take"))
    assert len(motion_of(found)) == 5
    assert found.settings["motion"]["height"] == 1.83
    assert found.settings["detector"] == {"backend": "onnx", "model": "full", "provider": "auto", "threads": 2}
    # what was kept is used again, and what the callback raises stops the work
    steps: list[Progress] = []

    def stop(progress: Progress) -> None:
        steps.append(progress)
        if progress.stage == "solve":
            raise KeyError("enough")

    with pytest.raises(KeyError, match="enough"):
        penumbra.capture(demo_clip, **MAN, cache=tmp_path / "kept", on_progress=stop)
    assert "Using the detections kept from before" in [step.message for step in steps]


def test_a_take_goes_on_a_rig_and_from_there_into_a_file(take: Take, tmp_path: Path) -> None:
    target = mixamo_rig()
    path = penumbra.save_take(take, tmp_path / "walk.take")
    done = penumbra.bake(
        path, target.name, limbs="fk", frame_start=101, frame_rate="scene", fingers=False, save=tmp_path / "shot.blend"
    )
    assert (done.object, done.rig_map, done.camera) == (target, "mixamo", None)
    assert (done.frame_start, done.action.frame_range.x) == (101, 101.0)
    made = baked_of(done.action)
    assert made is not None
    assert (made.take, made.settings.fingers, made.settings.name) == (path, False, "walk")
    goal = penumbra.export(target.name, tmp_path / "walk.bvh", frame_end=104)
    assert "Frames: 4\n" in goal.read_text("utf-8")
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "shot.blend"))
    assert bpy.data.objects["Figure"].animation_data.action.name == "Figure|walk"


def test_a_take_in_memory_makes_its_own_armature(take: Take) -> None:
    done = penumbra.bake(take, name="Somebody", add_camera=True)
    assert (done.object.name, done.camera.name) == ("Somebody", "Somebody Camera")
    made = baked_of(done.action)
    assert made is not None
    assert made.take is None
    assert any("no background" in note for note in done.notes)


def test_a_camera_of_the_file_is_asked_where_it_was(demo_clip: Path, weights: Path, tmp_path: Path) -> None:
    assert weights.is_dir()
    camera = bpy.data.objects.new("Mine", bpy.data.cameras.new("Mine"))
    bpy.context.scene.collection.objects.link(camera)
    camera.location, camera.rotation_euler = (0.0, -5.0, 1.5), (np.pi / 2, 0.0, 0.0)
    found = penumbra.capture(demo_clip, **MAN, camera="Mine", cache=tmp_path)
    assert found.settings["camera"]["track"]["positions"] == [pytest.approx([0.0, -5.0, 1.5])]
    done = penumbra.bake(found)
    made = baked_of(done.action)
    assert made is not None
    assert made.settings.in_world
    with pytest.raises(ArgumentsError, match="leave out"):
        penumbra.capture(demo_clip, camera=camera, focal_length=35.0)
    with pytest.raises(ArgumentsError, match="is no camera"):
        penumbra.capture(demo_clip, camera=done.object)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: penumbra.capture("none.mp4"), FootageError, "check the path"),
        (lambda: penumbra.capture("a.mp4", quality="better"), ArgumentsError, "choose one of best, fast"),
        (lambda: penumbra.capture("a.mp4", lifter="s4"), ArgumentsError, "choose one of auto"),
        (lambda: penumbra.capture("a.mp4", height=183), ArgumentsError, "from 0.5 to 2.5"),
        (lambda: penumbra.capture("a.mp4", step=0), ArgumentsError, "1 or more"),
        (lambda: penumbra.capture("a.mp4", start="soon"), ArgumentsError, "no place in the footage"),
        (lambda: penumbra.capture("a.mp4", start=-3), ArgumentsError, "not negative"),
        (lambda: penumbra.capture("a.mp4", subject=(1, 2, 3)), ArgumentsError, "two numbers"),
        (lambda: penumbra.capture("a.mp4", camera="Solved"), ArgumentsError, "no camera named 'Solved'"),
        (lambda: penumbra.load_take("none.take"), TakeError, "no take"),
        (lambda: penumbra.bake("none.take"), TakeError, "no take"),
        (lambda: penumbra.bake("none.take", root="head"), ArgumentsError, "choose one of hips"),
        (lambda: penumbra.export("Rig", "a.bvh"), RigError, "no armature named 'Rig'"),
        (lambda: penumbra.save_take(Take(), "none/a.take"), WriteError, "check the folder"),
    ],
)
def test_what_goes_wrong_is_an_error_with_a_sentence(
    call: Callable[[], object], error: type[Exception], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(error, match=words) as caught:
        call()
    assert str(caught.value).endswith(".")
    assert not list(tmp_path.rglob("a.*"))


def test_what_is_not_there_is_no_attribute() -> None:
    with pytest.raises(AttributeError, match="no attribute 'fly'"):
        _ = penumbra.fly
