"""One armature's animation as BVH, FBX, glTF or USD, through Blender's own exporters."""

from __future__ import annotations

import math
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy
from mathutils import Matrix

from ..errors import ArgumentsError, WriteError
from .actions import read_curves
from .context import alone
from .files import unwritable
from .whole import check_whole
from .world_copy import world_copy

_GLTF = {
    "use_selection": True,
    # what the scene shows, once; the other modes mix the target's earlier actions in
    "export_animation_mode": "SCENE",
    "export_frame_range": True,
    "export_anim_slide_to_zero": True,
    # sparse or simplified keys would change the motion
    "export_force_sampling": True,
    "export_optimize_animation_size": False,
    "export_extras": True,
}
_USD = {
    "selected_objects_only": True,
    "export_animation": True,
    "export_armatures": True,
    "export_materials": False,
    # the world would come along as a dome light with its textures
    "convert_world_material": False,
}


@dataclass(frozen=True, slots=True)
class Exporter:
    """An operator of Blender's, what it is called, and its settings."""

    label: str
    operator: str
    settings: Mapping[str, Any]


EXPORTERS: Mapping[str, Exporter] = {
    ".bvh": Exporter("BVH", "export_anim.bvh", {"rotate_mode": "NATIVE"}),
    ".fbx": Exporter(
        "FBX",
        "export_scene.fbx",
        {
            "use_selection": True,
            "object_types": {"ARMATURE"},
            # leaf bones would be bones that the rig does not have
            "add_leaf_bones": False,
            "bake_anim": True,
            "bake_anim_use_all_bones": True,
            "bake_anim_use_all_actions": False,
            "bake_anim_use_nla_strips": False,
            "bake_anim_force_startend_keying": True,
            # simplified keys would change the motion
            "bake_anim_simplify_factor": 0.0,
        },
    ),
    ".glb": Exporter("glTF", "export_scene.gltf", {**_GLTF, "export_format": "GLB"}),
    ".gltf": Exporter("glTF", "export_scene.gltf", {**_GLTF, "export_format": "GLTF_SEPARATE"}),
    ".usd": Exporter("USD", "wm.usd_export", _USD),
    ".usdc": Exporter("USD", "wm.usd_export", _USD),
}


def export(target: bpy.types.Object, path: Path, frame_start: int, frame_end: int) -> None:
    """Write the armature and its motion from `frame_start` to `frame_end` in the format that `path`'s suffix names.

    Only the armature is written, not what hangs on it, and only what plays: no other action, no muted track. BVH knows no
    objects, so that its bones are written as they stand in the world. Selection, mode, scene range and current frame stay as
    they are.
    Raises ArgumentsError for a suffix that is not among `EXPORTERS`, WriteError when the file cannot be written or this
    Blender has no such exporter.
    """
    exporter = EXPORTERS.get(path.suffix.lower())
    if exporter is None:
        raise ArgumentsError(f'"{path.name}" cannot be exported: choose one of {", ".join(EXPORTERS)}.')
    operator = _operator(exporter)
    settings: dict[str, Any] = dict(exporter.settings)
    if exporter.label == "BVH":
        settings |= {"frame_start": frame_start, "frame_end": frame_end}
        settings["root_transform_only"] = not _moves_below_root(target)
    # a folder beside the goal: exporters write several files and put their names inside, and a move stays on one disk
    try:
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".export-") as folder:
            draft = Path(folder, path.name)
            with _written(target, exporter) as written, alone(written), _range(frame_start, frame_end):
                operator(filepath=str(draft), **settings)
            if exporter.label == "BVH":
                _write_exact_rate(draft)
            if not draft.is_file():
                raise WriteError(f"Blender's {exporter.label} exporter wrote nothing for {path}.")
            written_files = list(Path(folder).iterdir())
            for file in written_files:
                check_whole(file)
            for file in written_files:
                file.replace(path.parent / file.name)
    except (OSError, RuntimeError) as error:
        raise unwritable(path, error) from error


def played_range(target: bpy.types.Object) -> tuple[int, int]:
    """The first and the last frame of the action that the armature plays, or else of the scene."""
    action = target.animation_data.action if target.animation_data is not None else None
    if action is None:
        return bpy.context.scene.frame_start, bpy.context.scene.frame_end
    first, last = action.frame_range
    return math.floor(first), math.ceil(last)


def _operator(exporter: Exporter) -> Callable[..., Any]:
    module, name = exporter.operator.split(".")
    operator = getattr(getattr(bpy.ops, module), name)
    try:
        operator.get_rna_type()
    except KeyError as error:
        raise WriteError(
            f"This Blender cannot write {exporter.label}: its exporter is switched off or not built in. "
            "Choose another format or another Blender."
        ) from error
    return operator


@contextmanager
def _written(target: bpy.types.Object, exporter: Exporter) -> Iterator[bpy.types.Object]:
    """The armature that the exporter is to write."""
    if exporter.label != "BVH" or target.matrix_world == Matrix():
        yield target
        return
    with world_copy(target) as copy:
        yield copy


def _moves_below_root(target: bpy.types.Object) -> bool:
    """Whether a bone that has a parent may move on it, so that the file needs more than the root's place."""
    action = target.animation_data.action if target.animation_data is not None else None
    moved = {curve.group for curve in read_curves(action) if curve.data_path.endswith(".location")} if action else set()
    return any(bone.parent is not None and (bone.name in moved or bone.constraints) for bone in target.pose.bones)


@contextmanager
def _range(frame_start: int, frame_end: int) -> Iterator[None]:
    """The scene has this range inside, and its own range and current frame afterwards."""
    scene = bpy.context.scene
    before = scene.frame_start, scene.frame_end, scene.frame_current
    scene.frame_start, scene.frame_end = frame_start, frame_end
    try:
        yield
    finally:
        scene.frame_start, scene.frame_end = before[:2]
        scene.frame_set(before[2])


def _write_exact_rate(path: Path) -> None:
    """Blender writes seconds per frame with six decimals: at 29.97 frames a second that is off by a frame an hour."""
    render = bpy.context.scene.render
    exact = f"Frame Time: {render.fps_base / render.fps:.12f}"
    path.write_text(re.sub(r"^Frame Time: .*$", exact, path.read_text("utf-8"), flags=re.MULTILINE), "utf-8")
