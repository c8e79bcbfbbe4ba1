"""FBX and .blend files that Blender writes come back as the motion that was keyed."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np
import pytest

from penumbra.training.motion.blender import read_with_blender


@pytest.fixture
def keyed() -> bpy.types.Object:
    """An armature of two bones with two actions; in "bend" the upper one turns a quarter about the world's x."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.context.scene.render.fps = 30
    bpy.ops.object.armature_add()
    thing = bpy.context.object
    assert thing is not None
    bpy.ops.object.mode_set(mode="EDIT")
    bones = thing.data.edit_bones
    bones[0].name, bones[0].head, bones[0].tail = "lower", (0, 0, 0), (0, 0, 1)
    upper = bones.new("upper")
    upper.head, upper.tail, upper.parent = (0, 0, 1), (0, 0, 3), bones["lower"]
    bpy.ops.object.mode_set(mode="POSE")
    thing.animation_data_create()
    posed = thing.pose.bones["upper"]
    posed.rotation_mode = "XYZ"
    for name, angle in (("bend", np.pi / 2), ("stand", 0.0)):
        thing.animation_data.action = bpy.data.actions.new(name)
        thing.animation_data.action.use_fake_user = True
        for frame, share in ((1, 0.0), (11, 1.0)):
            posed.rotation_euler = (share * angle, 0, 0)
            posed.keyframe_insert("rotation_euler", frame=frame)
    bpy.ops.object.mode_set(mode="OBJECT")
    return thing


@pytest.mark.usefixtures("keyed")
@pytest.mark.parametrize(("suffix", "length"), [(".blend", 2.0), (".fbx", None)])
def test_every_action_comes_back(tmp_path: Path, suffix: str, length: float | None):
    path = tmp_path / f"motion{suffix}"
    if suffix == ".blend":
        bpy.ops.wm.save_as_mainfile(filepath=str(path))
    else:
        bpy.ops.export_scene.fbx(filepath=str(path), add_leaf_bones=False, bake_anim_use_nla_strips=False)
    found = read_with_blender([path])[path]
    assert not isinstance(found, str)
    motions = {name.split("|")[-1]: motion for name, motion in found}
    assert set(motions) == {"bend", "stand"}
    bend = motions["bend"]
    assert (bend.rate, bend.up, len(bend)) == (30.0, "z", 11)
    arm = bend.positions[:, bend.names.index("upper.end")] - [0, 0, 1]
    # FBX does not tell how long a last bone is
    length = length or float(np.linalg.norm(arm[0]))
    # the bone's own x axis is the world's: it bends from +z towards -y
    np.testing.assert_allclose(arm[[0, -1]], [[0, 0, length], [0, -length, 0]], atol=1e-3)
    np.testing.assert_allclose(np.abs(bend.turns[-1, 1]), [np.sqrt(0.5), np.sqrt(0.5), 0, 0], atol=1e-3)


def test_damaged_files_are_told(tmp_path: Path):
    paths = [tmp_path / "a.blend", tmp_path / "b.fbx"]
    for path in paths:
        path.write_bytes(b"nonsense")
    found = read_with_blender(paths)
    assert all(isinstance(answer, str) and "Blender cannot read it" in answer for answer in found.values())
