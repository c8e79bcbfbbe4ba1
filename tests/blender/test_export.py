from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import bpy
import numpy as np
import pytest

from penumbra.errors import ArgumentsError, WriteError
from penumbra.inference.motion import Motion, bone_heads_and_tails
from penumbra.models.skeletons import BONE_NAMES
from penumbra.retarget.root import Root
from penumbra.scene import export as export_module
from penumbra.scene.bake import BakeSettings, bake
from penumbra.scene.export import Exporter, export
from penumbra.scene.files import open_blend, save_blend
from penumbra.tests.blender.rigs import mixamo_rig, moving
from penumbra.tests.synthetic import random_motion

COUNT = 12
Y_UP = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]])


@pytest.fixture
def baked() -> tuple[Motion, bpy.types.Object]:
    """The second of two motions on one armature, beside another armature."""
    motion = random_motion(COUNT)
    target = bake(random_motion(COUNT, seed=8), None, BakeSettings("Earlier")).object
    bake(random_motion(COUNT, seed=9), None, BakeSettings("Bystander"))
    return motion, bake(motion, target, BakeSettings("Walk")).object


def import_bvh(path: Path) -> None:
    # Blender's own BVH files keep its axes
    bpy.ops.import_anim.bvh(filepath=str(path), axis_forward="Y", axis_up="Z", frame_start=1)


def import_fbx(path: Path) -> None:
    bpy.ops.import_scene.fbx(filepath=str(path), anim_offset=1.0)


def import_gltf(path: Path) -> None:
    bpy.ops.import_scene.gltf(filepath=str(path))


def import_usd(path: Path) -> None:
    bpy.ops.wm.usd_import(filepath=str(path))


@pytest.mark.parametrize(
    ("suffix", "importer", "bound"),
    [
        ("bvh", import_bvh, 1e-3),
        ("fbx", import_fbx, 1e-3),
        ("glb", import_gltf, 1e-3),
        ("gltf", import_gltf, 1e-3),
        ("usd", import_usd, 1e-3),
        ("usdc", import_usd, 1e-3),
    ],
)
def test_an_export_comes_back_where_the_motion_was(
    tmp_path: Path,
    baked: tuple[Motion, bpy.types.Object],
    suffix: str,
    importer: Callable[[Path], None],
    bound: float,
):
    motion, target = baked
    path = tmp_path / f"walk.{suffix}"
    export(target, path, 1, COUNT)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.context.scene.render.fps = 30
    importer(path)
    heads, _ = bone_heads_and_tails(motion)
    found = next(item for item in bpy.context.scene.objects if item.type == "ARMATURE")
    start = int(found.animation_data.action.frame_range[0])
    worst = 0.0
    for step in range(COUNT):
        bpy.context.scene.frame_set(start + step)
        place = {bone.name.replace("_L", ".L").replace("_R", ".R"): bone.head for bone in found.pose.bones}
        seen = np.array([found.matrix_world @ place[name] for name in BONE_NAMES])
        worst = max(worst, np.abs(seen - heads[step]).max())
    assert worst < bound
    assert sorted(item.name for item in tmp_path.iterdir()) == (
        ["walk.bin", "walk.gltf"] if suffix == "gltf" else [path.name]
    )


def placed_mixamo(_: Path) -> bpy.types.Object:
    """A rig as it comes out of an FBX file: in centimeters, with y up, set right by its object; and somewhere else."""
    target = mixamo_rig(arms_down=45.0, axes=100 * Y_UP)
    target.scale, target.rotation_euler, target.location = (0.01,) * 3, (np.pi / 2, 0.0, 0.4), (3.0, -2.0, 1.0)
    return target


def generated_rigify(rigify_file: Path) -> bpy.types.Object:
    bpy.ops.wm.open_mainfile(filepath=str(rigify_file))
    return next(item for item in bpy.data.objects if item.type == "ARMATURE")


@pytest.mark.parametrize("make", [placed_mixamo, generated_rigify])
@pytest.mark.parametrize(("suffix", "root"), [("bvh", "root"), ("fbx", "hips"), ("glb", "in-place"), ("usd", "root")])
def test_rigs_that_others_made_come_back_bone_by_bone(
    tmp_path: Path, rigify_file: Path, make: Callable[[Path], bpy.types.Object], suffix: str, root: Root
):
    target = make(rigify_file)
    if make is placed_mixamo:
        root = "hips"
    target.animation_data_create().action = bpy.data.actions.new("Other")
    result = bake(moving(COUNT), target, BakeSettings("Walk", root=root))
    before = len(bpy.data.objects), len(bpy.data.armatures)
    names = [bone.name for bone in target.data.bones if bone.use_deform]
    goals = []
    for frame in range(1, COUNT + 1):
        bpy.context.scene.frame_set(frame)
        goals.append([target.matrix_world @ target.pose.bones[name].head for name in names])
    path = tmp_path / f"walk.{suffix}"
    export(result.object, path, 1, COUNT)
    assert (len(bpy.data.objects), len(bpy.data.armatures)) == before
    assert b"(raw)" not in path.read_bytes()
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    bpy.context.scene.render.fps = 30
    {"bvh": import_bvh, "fbx": import_fbx, "glb": import_gltf, "usd": import_usd}[suffix](path)
    found = next(item for item in bpy.context.scene.objects if item.type == "ARMATURE")
    assert len(bpy.data.actions) == 1
    # USD knows no names with dots, dashes or colons
    there = {re.sub(r"\W", "_", bone.name): bone for bone in found.pose.bones}
    start = int(found.animation_data.action.frame_range[0])
    for step in range(COUNT):
        bpy.context.scene.frame_set(start + step)
        seen = np.array([found.matrix_world @ there[re.sub(r"\W", "_", name)].head for name in names])
        assert seen == pytest.approx(np.array(goals[step]), abs=1e-3)


def test_euler_angles_in_a_bvh_file_do_not_jump(tmp_path: Path):
    result = bake(random_motion(60, bend=2.5), None, BakeSettings("Spin"))
    export(result.object, tmp_path / "spin.bvh", 1, 60)
    lines = (tmp_path / "spin.bvh").read_text().splitlines()
    rows = lines[next(number for number, line in enumerate(lines) if line.startswith("Frame Time:")) + 1 :]
    values = np.array([[float(number) for number in row.split()] for row in rows])
    assert np.abs(values).max() > 180.0
    assert np.abs(np.diff(values, axis=0)).max() < 185.0


def test_only_the_armature_is_written_and_everything_stays_as_it_was(
    tmp_path: Path, baked: tuple[Motion, bpy.types.Object]
):
    _, target = baked
    scene, layer = bpy.context.scene, bpy.context.view_layer
    other = bpy.data.objects.new("Bystander", bpy.data.cameras.new("Bystander"))
    scene.collection.objects.link(other)
    other.select_set(state=True)
    target.select_set(state=False)
    layer.objects.active = target
    bpy.ops.object.mode_set(mode="POSE")
    scene.frame_start, scene.frame_end = 3, 99
    scene.frame_set(7)
    for suffix in ("bvh", "fbx", "glb", "usd"):
        export(target, tmp_path / f"walk.{suffix}", 1, COUNT)
        assert (scene.frame_start, scene.frame_end, scene.frame_current) == (3, 99, 7)
        assert layer.objects.active == target
        assert target.mode == "POSE"
        assert other.select_get()
        assert not target.select_get()
        assert b"Bystander" not in (tmp_path / f"walk.{suffix}").read_bytes()
    bpy.ops.object.mode_set(mode="OBJECT")


def test_the_frame_rate_in_a_bvh_file_is_exact(tmp_path: Path):
    rate = 30000 / 1001
    result = bake(random_motion(COUNT, fps=rate), None, BakeSettings("Walk"))
    export(result.object, tmp_path / "walk.bvh", 1, COUNT)
    text = (tmp_path / "walk.bvh").read_text()
    line = next(line for line in text.splitlines() if line.startswith("Frame Time:"))
    assert float(line.partition(":")[2]) == pytest.approx(1 / rate, rel=1e-7)
    assert f"Frames: {COUNT}\n" in text


def test_hips_below_a_root_bone_keep_their_path_in_bvh(tmp_path: Path):
    target = mixamo_rig()
    bpy.ops.object.mode_set(mode="EDIT")
    root = target.data.edit_bones.new("Root")
    root.tail = (0.0, 0.3, 0.0)
    target.data.edit_bones["mixamorig:Hips"].parent = root
    bpy.ops.object.mode_set(mode="OBJECT")
    bake(random_motion(COUNT), target, BakeSettings("Walk"))
    bpy.context.scene.frame_set(COUNT)
    goal = target.pose.bones["mixamorig:Hips"].head.copy()
    export(target, tmp_path / "walk.bvh", 1, COUNT)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    import_bvh(tmp_path / "walk.bvh")
    found = next(item for item in bpy.context.scene.objects if item.type == "ARMATURE")
    bpy.context.scene.frame_set(COUNT)
    assert np.array(found.pose.bones["mixamorig:Hips"].head) == pytest.approx(np.array(goal), abs=1e-4)


def test_errors_say_what_to_do(tmp_path: Path, baked: tuple[Motion, bpy.types.Object], monkeypatch: pytest.MonkeyPatch):
    _, target = baked
    with pytest.raises(ArgumentsError, match=r"choose one of \.bvh, \.fbx"):
        export(target, tmp_path / "walk.abc", 1, COUNT)
    for suffix in ("bvh", "fbx", "glb", "usd"):
        with pytest.raises(WriteError, match="Choose another folder"):
            export(target, tmp_path / "missing" / f"walk.{suffix}", 1, COUNT)
    monkeypatch.setattr(export_module, "EXPORTERS", {".usd": Exporter("USD", "wm.not_there", {})})
    with pytest.raises(WriteError, match="This Blender cannot write USD"):
        export(target, tmp_path / "walk.usd", 1, COUNT)
    assert list(tmp_path.iterdir()) == []


def test_a_saved_file_opens_again_with_the_motion(tmp_path: Path, baked: tuple[Motion, bpy.types.Object]):
    _, target = baked
    name, action = target.name, target.animation_data.action.name
    save_blend(tmp_path / "walk.blend")
    assert bpy.data.filepath == ""
    assert [item.name for item in tmp_path.iterdir()] == ["walk.blend"]
    bpy.ops.wm.read_factory_settings(use_empty=True)
    open_blend(tmp_path / "walk.blend")
    assert bpy.data.objects[name].animation_data.action.name == action


def test_files_that_cannot_be_written_or_opened_say_so(tmp_path: Path):
    with pytest.raises(WriteError, match="Choose another folder"):
        save_blend(tmp_path / "missing" / "walk.blend")
    with pytest.raises(ArgumentsError, match="There is no file"):
        open_blend(tmp_path / "missing.blend")
    (tmp_path / "text.blend").write_text("not a blend file")
    with pytest.raises(ArgumentsError, match="not a file that this Blender can open"):
        open_blend(tmp_path / "text.blend")
