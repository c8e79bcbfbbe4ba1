"""The process that opens FBX and .blend files: `python -m penumbra.training.motion.blender_worker REQUEST`.

The request is a JSON list of paths; beside it come `answer.json` and one numpy archive an action.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from ...inference import rotations as rot
from ...scene.actions import read_curves
from ..clips import RATE
from .source import END


def _serve(request: Path) -> None:
    """Read the files that the request lists and write the answer beside it."""
    rows: list[list[dict[str, Any]] | str] = []
    for number, path in enumerate(json.loads(request.read_text(encoding="utf-8"))):
        try:
            rows.append(_read(Path(path), request.parent, number))
        except RuntimeError as error:
            # Blender's operators report every failure so
            rows.append(f"Blender cannot read it: {str(error).strip().splitlines()[-1]}")
    request.with_name("answer.json").write_text(json.dumps(rows), encoding="utf-8")


def _read(path: Path, folder: Path, number: int) -> list[dict[str, Any]]:
    if path.suffix.lower() == ".fbx":
        bpy.ops.wm.read_factory_settings(use_empty=True)
        bpy.ops.import_scene.fbx(filepath=str(path))
    else:
        bpy.ops.wm.open_mainfile(filepath=str(path), load_ui=False, use_scripts=False)
    rows = []
    for armature in [thing for thing in bpy.data.objects if thing.type == "ARMATURE" and thing.library is None]:
        for action in _actions(armature):
            facts, arrays = _motion(armature, action)
            name = f"{number}_{len(rows)}.npz"
            np.savez(folder / name, **arrays)
            rows.append({**facts, "action": action.name, "file": name})
    return rows


def _actions(armature: Any) -> list[Any]:
    """The actions that move bones which the armature has; where it uses one, those of other objects are left out."""
    bones = {bone.name for bone in armature.pose.bones}

    def moves(action: Any) -> bool:
        paths = (curve.data_path for curve in read_curves(action))
        return any(path.startswith('pose.bones["') and path.split('"')[1] in bones for path in paths)

    return sorted((action for action in bpy.data.actions if moves(action)), key=lambda action: action.name)


def _motion(armature: Any, action: Any) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Names and arrays of `SourceMotion` for one action, in Blender's world."""
    _play(armature, action)
    scene = bpy.context.scene
    rate = scene.render.fps / scene.render.fps_base
    # whole steps keep the file's own poses; a 120 fps file needs every fourth only
    step = max(1, round(rate / RATE)) if abs(rate / RATE - round(rate / RATE)) < 1e-3 else 1
    first, last = (round(frame) for frame in action.frame_range)
    bones = list(armature.data.bones)
    names = [bone.name for bone in bones]
    leaves = [bone for bone in bones if not bone.children and not _is_end(bone)]
    parents = [-1 if bone.parent is None else names.index(bone.parent.name) for bone in bones]
    parents += [names.index(bone.name) for bone in leaves]
    places, turns = [], []
    for frame in range(first, last + 1, step):
        scene.frame_set(frame)
        world = armature.matrix_world
        posed = [armature.pose.bones[name] for name in names]
        heads = [world @ bone.head for bone in posed] + [world @ armature.pose.bones[leaf.name].tail for leaf in leaves]
        places.append([tuple(place) for place in heads])
        turns.append([tuple((world @ bone.matrix).to_quaternion()) for bone in posed])
    scene.frame_set(first)
    world = armature.matrix_world
    resting = [tuple((world @ bone.matrix_local).to_quaternion()) for bone in bones]
    rest = [tuple(world @ bone.head_local) for bone in bones] + [tuple(world @ leaf.tail_local) for leaf in leaves]
    relative = rot.multiply(np.array(turns), rot.conjugate(np.array(resting)))
    whole = np.concatenate([relative, relative[:, [names.index(leaf.name) for leaf in leaves]]], axis=1)
    ours = [bone.parent.name + END if _is_end(bone) else bone.name for bone in bones]
    facts = {"names": ours + [leaf.name + END for leaf in leaves], "parents": parents, "rate": rate / step}
    return facts, {"rest": np.array(rest), "positions": np.array(places), "turns": whole}


def _play(armature: Any, action: Any) -> None:
    """Let the armature show this action and nothing else."""
    animation = armature.animation_data or armature.animation_data_create()
    animation.action = action
    # Blender 4.4 and later keep an action's curves in slots
    if hasattr(animation, "action_slot") and animation.action_slot is None and action.slots:
        animation.action_slot = action.slots[0]
    for track in animation.nla_tracks:
        track.mute = True


def _is_end(bone: Any) -> bool:
    """Whether the bone only marks where its parent ends, as exporters to FBX write it."""
    return bone.parent is not None and not bone.children and bone.name == bone.parent.name + "_end"


if __name__ == "__main__":
    _serve(Path(sys.argv[1]))
    sys.stdout.flush()
    # Blender's module may hang while the interpreter tears it down
    os._exit(0)
