"""Takes that are kept, listed, and put on other rigs."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np
import pytest

from penumbra.errors import WriteError
from penumbra.inference.motion import Motion
from penumbra.inference.take import Take, load_take
from penumbra.operators.capture_job import _keep
from penumbra.scene.baked import baked_of
from penumbra.scene.takes import keep_take, list_takes, too_large
from penumbra.scene.user_folder import default_takes_folder
from penumbra.tests.blender.rigs import mixamo_rig
from penumbra.tests.synthetic import random_motion


def take_of(motion: Motion) -> Take:
    return (
        Take(timing={"frame_rate": motion.fps}, versions={"detector": "none"})
        .with_stage("track", times=motion.times, present=motion.present)
        .with_stage(
            "solve",
            root=motion.root,
            rotations=motion.rotations,
            confidence=motion.confidence,
            rest_heads=motion.rest.heads,
            rest_tails=motion.rest.tails,
        )
    )


def activate(target: bpy.types.Object) -> None:
    for item in bpy.context.view_layer.objects:
        item.select_set(state=item == target)
    bpy.context.view_layer.objects.active = target


def test_a_take_never_overwrites_another(tmp_path: Path):
    paths = [keep_take(take_of(random_motion(5 + number)), "walk: 1/2", tmp_path) for number in range(3)]
    assert [path.name for path in paths] == ["walk_ 1_2.take", "walk_ 1_2.001.take", "walk_ 1_2.002.take"]
    assert [len(load_take(path).stage("track")["times"]) for path in paths] == [5, 6, 7]


def test_takes_are_kept_in_the_users_data(tmp_path: Path):
    path = keep_take(take_of(random_motion(5)), "walk")
    assert path == default_takes_folder() / "walk.take"
    assert tmp_path in path.parents


def test_a_full_folder_is_told_and_nothing_in_it_deleted(tmp_path: Path):
    path = keep_take(take_of(random_motion(5)), "walk", tmp_path)
    assert too_large(tmp_path) is None
    assert "Delete those that you no longer need" in (too_large(tmp_path, 10) or "")
    assert path.is_file()


def test_a_folder_that_cannot_be_written_costs_the_take_and_not_the_capture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "file"))
    monkeypatch.setenv("APPDATA", str(tmp_path / "file"))
    with pytest.raises(WriteError, match="cannot be kept"):
        keep_take(take_of(random_motion(5)), "walk")
    path, notes = _keep(take_of(random_motion(5)), "walk")
    assert path is None
    assert "cannot be baked again later" in notes[0]


def test_takes_are_listed_with_what_is_wrong_with_them(tmp_path: Path):
    motion = random_motion(12)
    keep_take(take_of(motion), "good", tmp_path)
    (tmp_path / "broken.take").write_bytes(b"PK\x03\x04 and no more")
    keep_take(Take(), "empty", tmp_path)
    found = {one.path.stem: one for one in list_takes(tmp_path)}
    assert set(found) == {"good", "broken", "empty"}
    assert (found["good"].frames, found["good"].present, found["good"].problem) == (12, 12, "")
    assert found["good"].confidence == pytest.approx(motion.confidence.mean())
    assert "damaged" in found["broken"].problem
    assert "capture the footage again" in found["empty"].problem
    with pytest.raises(WriteError, match="choose another folder"):
        list_takes(tmp_path / "nowhere")


def test_the_list_shows_a_folder_and_its_take_goes_on_any_rig(scene: bpy.types.Scene, tmp_path: Path):
    for name, count in (("short", 10), ("long", 20)):
        keep_take(take_of(random_motion(count)), name, tmp_path)
    scene.penumbra_edit.takes_folder = str(tmp_path)
    takes = bpy.context.window_manager.penumbra_takes
    assert bpy.ops.penumbra.refresh_takes() == {"FINISHED"}
    assert {item.name: item.frames for item in takes.items} == {"short": 10, "long": 20}
    target = mixamo_rig()
    activate(target)
    takes.index = [item.name for item in takes.items].index("long")
    assert bpy.ops.penumbra.apply_take() == {"FINISHED"}
    action = target.animation_data.action
    assert action.name == "Figure|long"
    assert tuple(action.frame_range) == (1.0, 20.0)
    made = baked_of(action)
    assert made is not None
    assert made.take == tmp_path / "long.take"


@pytest.mark.usefixtures("scene")
def test_without_an_armature_a_take_makes_one(tmp_path: Path):
    path = keep_take(take_of(random_motion(10)), "walk", tmp_path)
    assert bpy.ops.penumbra.open_take(filepath=str(path)) == {"FINISHED"}
    assert bpy.data.objects["walk"].animation_data.action is not None


@pytest.mark.usefixtures("scene")
def test_what_cannot_be_applied_is_told(tmp_path: Path):
    broken = tmp_path / "broken.take"
    broken.write_bytes(b"nothing")
    for path, words in ((broken, "is not a take"), (tmp_path / "gone.take", "There is no take")):
        with pytest.raises(RuntimeError, match=words):
            bpy.ops.penumbra.apply_take(filepath=str(path))
        with pytest.raises(RuntimeError, match=words):
            bpy.ops.penumbra.open_take(filepath=str(path))
    with pytest.raises(RuntimeError, match="Choose a take in the list"):
        bpy.ops.penumbra.apply_take()
    for rig in [mixamo_rig(), mixamo_rig()]:
        rig.select_set(state=True)
    with pytest.raises(RuntimeError, match="2 armatures are selected"):
        bpy.ops.penumbra.apply_take(filepath=str(broken))


def test_an_absent_subject_leaves_a_listed_take_without_confidence(tmp_path: Path):
    motion = random_motion(6)
    take = take_of(motion).with_stage("track", times=motion.times, present=np.zeros(6, dtype=bool))
    keep_take(take, "nobody", tmp_path)
    (one,) = list_takes(tmp_path)
    assert (one.frames, one.present, one.confidence) == (6, 0, 0.0)
