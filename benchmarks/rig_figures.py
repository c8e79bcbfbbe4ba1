"""The figures of the rig sheet: armatures of every family, with bodies where there are some."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from mathutils import Quaternion, Vector

from ..retarget.rig_map import RigFit
from ..retarget.target import TargetRest
from ..scene.armature import read_rest

# Colors of bones on the left, on the right and in the middle, red, green and blue from 0 to 1.
_COLORS = {"Left": (0.16, 0.42, 0.75), "Right": (0.85, 0.42, 0.12), "Middle": (0.45, 0.47, 0.5)}
# Share of the hips' width from the middle within which a bone is neither left nor right.
_BESIDE = 0.12
# Width of a bone as a share of its length.
_WIDE = 0.16
# Meters that every bone is thick beside its share of the length.
_THIN = 0.01
# Colors of bodies that bring none.
_SKIN = (0.62, 0.6, 0.58)


@dataclass(frozen=True, slots=True)
class Figure:
    """One rig in the scene. bodies: meshes that follow it; where there are none its bones are drawn."""

    armature: bpy.types.Object
    bodies: tuple[bpy.types.Object, ...] = ()


def appended_figure(path: Path) -> Figure:
    """The armature of a .blend or .glb file with the meshes that it deforms, in the present scene."""
    before = set(bpy.data.objects)
    if path.suffix == ".glb":
        bpy.ops.import_scene.gltf(filepath=str(path))
    else:
        libraries: Any = bpy.data.libraries
        with libraries.load(str(path)) as (there, wanted):
            wanted.objects = there.objects
        for item in wanted.objects:
            bpy.context.scene.collection.objects.link(item)
    new = [item for item in bpy.data.objects if item not in before]
    armature = next(item for item in new if item.type == "ARMATURE")
    if armature.animation_data is not None:
        armature.animation_data_clear()
    bodies = tuple(item for item in new if item.type == "MESH" and item.parent == armature)
    for item in new:
        item.hide_render = item not in bodies
    for body in bodies:
        _plain_colors(body)
    return Figure(armature, bodies)


def draw_bones(armature: bpy.types.Object, fit: RigFit) -> bpy.types.Object:
    """A mesh in the scene that shows the armature's bones in their present pose, left blue and right orange.

    Of rigs whose bones for deforming have names of their own those are shown but the face's, of others those that the map names.
    """
    rest = read_rest(armature)
    vertices: list[Vector] = []
    faces: list[tuple[int, ...]] = []
    colors: list[int] = []
    shown = _shown(rest, fit)
    for number in shown:
        bone = armature.pose.bones[rest.bones[number]]
        head, tail = (armature.matrix_world @ end for end in (bone.head, bone.tail))
        shapes = [_octahedron(head, tail, _WIDE)]
        above = next((parent for parent in rest.ancestors(number) if parent in shown), None)
        if above is not None:
            start = armature.matrix_world @ armature.pose.bones[rest.bones[above]].tail
            shapes += [_octahedron(start, head, 0.0)] if (start - head).length > _THIN else []
        for corners, sheets in shapes:
            faces += [tuple(len(vertices) + corner for corner in sheet) for sheet in sheets]
            vertices += corners
            colors += [_side(rest, fit, number)] * len(sheets)
    mesh = bpy.data.meshes.new("Bones")
    mesh.from_pydata(vertices, [], faces)
    for name, color in _COLORS.items():
        mesh.materials.append(_material(name, color))
    mesh.polygons.foreach_set("material_index", colors)
    shape = bpy.data.objects.new("Bones", mesh)
    bpy.context.scene.collection.objects.link(shape)
    return shape


def _shown(rest: TargetRest, fit: RigFit) -> list[int]:
    skull = rest.heads[fit.chains["head"][0]]
    up = skull - rest.heads[fit.chains["hips"][0]]
    face = [number for number in range(len(rest.bones)) if (rest.heads[number] - skull) @ up > 0.01 * (up @ up)]
    deforming = [number for number, name in enumerate(rest.bones) if name.startswith("DEF-") and number not in face]
    mapped = {bone for table in (fit.chains, fit.ends, fit.fingers) for chain in table.values() for bone in chain}
    return deforming or sorted(mapped)


def _side(rest: TargetRest, fit: RigFit, bone: int) -> int:
    """The number of the bone's color, by where it lies beside the hips in rest: as the map says what is left."""
    left, right = (rest.heads[fit.chains[f"thigh.{side}"][0]] for side in ("L", "R"))
    width = float(np.linalg.norm(left - right))
    middle = (rest.heads[bone] + rest.tails[bone]) / 2 - (left + right) / 2
    beside = float(middle @ (left - right)) / width**2
    return 0 if beside > _BESIDE else 1 if beside < -_BESIDE else 2


def _octahedron(head: Vector, tail: Vector, wide: float) -> tuple[list[Vector], list[tuple[int, ...]]]:
    """Corners and faces of a bone as Blender draws it, `wide` times as wide as it is long."""
    along = tail - head
    side = along.orthogonal().normalized() * (wide * along.length + _THIN)
    belt = head + 0.15 * along
    ring = [belt + Quaternion(along, quarter * math.pi / 2) @ side for quarter in range(4)]
    faces = [(0, 1 + (i + 1) % 4, 1 + i) for i in range(4)] + [(5, 1 + i, 1 + (i + 1) % 4) for i in range(4)]
    return [head, *ring, tail], faces


def _plain_colors(body: bpy.types.Object) -> None:
    """Workbench draws a material in its viewport color, which files leave white: take the color that Cycles would."""
    if not body.data.materials:
        body.data.materials.append(_material("Body", _SKIN))
    for material in body.data.materials:
        shader = material.node_tree.nodes.get("Principled BSDF") if material.use_nodes else None
        if shader is not None:
            material.diffuse_color = shader.inputs["Base Color"].default_value


def _material(name: str, color: Sequence[float]) -> bpy.types.Material:
    material = bpy.data.materials.new(name)
    material.diffuse_color = (*color, 1.0)
    return material
