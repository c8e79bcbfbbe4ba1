"""Makes the contact sheet of rig families: every rig in the same moment of one take, before the same camera.

python -P -m penumbra.benchmarks.rig_sheet demo.take docs/images/rig-families.jpg --frame 200 --people FOLDER
"""

from __future__ import annotations

import argparse
import math
import os
import sys
import tempfile
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import bpy
import cv2
import numpy as np
from mathutils import Vector

from ..errors import WriteError
from ..inference.motion import Motion
from ..inference.pipeline import motion_of
from ..inference.take import load_take
from ..retarget.rig_map import choose_rig_map
from ..scene.armature import read_rest
from ..scene.bake import BakeSettings, bake
from .rig_figures import Figure, appended_figure, draw_bones
from .rigs import build
from .rigs.armature import build_armature
from .rigs.build import family_names, family_rest
from .rigs.mpfb import mpfb_rest
from .rigs.rigify import rigify_metarig, rigify_rig

# Pixels of one figure's picture, and pictures in a row.
_WIDTH, _HEIGHT, _COLUMNS = 300, 400, 6
# Direction from the figure to the camera, and the lens in millimeters.
_VIEW, _LENS = Vector((0.55, -1.0, 0.28)).normalized(), 85.0
# Heights of the figure that a picture shows, and where its middle is.
_SHOWN, _MIDDLE = 1.56, 0.56
# Times that a body is as tall as its hips are high.
_BODY = 1.85
_PEOPLE: Mapping[str, str] = {
    "MakeHuman, Mixamo rig": "human_mixamo.blend",
    "MakeHuman, game engine rig": "human_game_engine.blend",
    "MakeHuman, CMU rig": "human_cmu_mb.blend",
    "Mesh2Motion man": "human-male.glb",
    "Mesh2Motion woman": "human-female.glb",
}
"""Files with bodies in the folder of people, by what is written below them."""

_MPFB: Mapping[str, str] = {
    "makehuman": "standard/rig.default",
    "mixamo": "standard/rig.mixamo",
    "mpfb_cmu_mb": "standard/rig.cmu_mb",
    "mpfb_game_engine": "standard/rig.game_engine",
}
_RIGIFY: Mapping[str, Callable[[], bpy.types.Object]] = {
    "rigify_generated": rigify_rig,
    "rigify_human": rigify_metarig,
}
"""Families of which there is a real rig, which is shown in place of the table's."""


def main(argv: list[str]) -> int:
    """Make the sheet of one take."""
    parser = argparse.ArgumentParser(description="Every rig family in the same moment of one take.")
    parser.add_argument("take", type=Path)
    parser.add_argument("picture", type=Path)
    parser.add_argument("--frame", type=int, required=True, help="frame number in the footage")
    parser.add_argument("--people", type=Path, help="folder of rigged people; without it they are left out")
    values = parser.parse_args(argv)
    take = load_take(values.take)
    row = int(np.flatnonzero(take.stage("track")["index"] == values.frame)[0])
    motion = motion_of(take)
    pictures = [_picture(label, figure, motion, row) for label, figure in _figures(values.people)]
    _write(pictures, values.picture)
    return 0


def _figures(people: Path | None) -> Iterator[tuple[str, Figure]]:
    """Every rig with its label, each alone in an empty scene."""
    for label, name in _PEOPLE.items():
        if people is None or not (people / name).is_file():
            where = f"there is no {name} in {people}" if people else f"give the folder that has {name} with --people"
            print(f"{label} is left out: {where}.")
            continue
        _empty_scene()
        yield label, appended_figure(people / name)
    for name in family_names():
        _empty_scene()
        yield _label(name), Figure(_family(name))


def _family(name: str) -> bpy.types.Object:
    """The family's rig: a real one where there is one, else that of its table."""
    if name in _RIGIFY:
        return _RIGIFY[name]()
    return build_armature(mpfb_rest(_MPFB[name]) if name in _MPFB else family_rest(name, "T"))


def _label(family: str) -> str:
    table = (Path(build.__file__).parent / "families" / f"{family}.toml").read_text(encoding="utf-8")
    return str(tomllib.loads(table)["label"])


def _empty_scene() -> None:
    bpy.ops.wm.read_homefile(use_empty=True)


def _picture(label: str, figure: Figure, motion: Motion, row: int) -> np.ndarray:
    """The figure in the frame of the motion's `row`, `[H, W, 3]` blue, green and red."""
    rest = read_rest(figure.armature)
    fit = choose_rig_map(rest)
    print(f"{label}: {fit.rig_map.label}")
    baked = bake(motion, figure.armature, BakeSettings("Sheet", root="in-place"))
    scene = bpy.context.scene
    rate = scene.render.fps / scene.render.fps_base
    scene.frame_set(baked.frame_start + round((motion.times[row] - motion.times[0]) * rate))
    for item in scene.objects:
        item.hide_render = item not in figure.bodies
    if not figure.bodies:
        draw_bones(figure.armature, fit)
    placed = figure.armature.matrix_world
    hips = placed @ figure.armature.pose.bones[rest.bones[fit.chains["hips"][0]]].head
    heights = [(placed @ bone.bone.head_local).z for bone in figure.armature.pose.bones]
    height = _BODY * ((placed @ Vector(rest.heads[fit.chains["hips"][0]])).z - min(heights))
    feet = [figure.armature.pose.bones[rest.bones[fit.chains[f"foot.{side}"][-1]]] for side in ("L", "R")]
    ground = min((placed @ foot.tail).z for foot in feet)
    _set_up(label, Vector((hips.x, hips.y, ground)), height)
    return _rendered()


def _set_up(label: str, below: Vector, height: float) -> None:
    """Floor, camera and label about a figure that is `height` tall and stands over the point `below`, in meters."""
    scene = bpy.context.scene
    camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    scene.collection.objects.link(camera)
    scene.camera = camera
    camera.data.lens, camera.data.sensor_fit, camera.data.sensor_height = _LENS, "VERTICAL", 36.0
    away = _SHOWN * height * _LENS / 36.0
    camera.location = below + Vector((0.0, 0.0, _MIDDLE * height)) + away * _VIEW
    camera.rotation_euler = _VIEW.to_track_quat("Z", "Y").to_euler()
    camera.data.clip_end = 10.0 * away
    floor = bpy.data.meshes.new("Floor")
    corners = [
        0.42 * height * Vector((math.cos(angle), math.sin(angle), 0.0)) for angle in np.linspace(0, 2 * np.pi, 65)
    ]
    floor.from_pydata([below + corner for corner in corners[:-1]], [], [tuple(range(64))])
    floor.materials.append(_flat_material("Floor", 0.8))
    scene.collection.objects.link(bpy.data.objects.new("Floor", floor))
    text = bpy.data.curves.new("Label", "FONT")
    text.body, text.align_x, text.size = label, "CENTER", 0.055 * height
    text.materials.append(_flat_material("Label", 0.03))
    words = bpy.data.objects.new("Label", text)
    words.parent = camera
    words.location = (0.0, -0.475 * _SHOWN * height * 0.5, -0.5 * away)
    words.scale = (0.5, 0.5, 0.5)
    scene.collection.objects.link(words)


def _flat_material(name: str, gray: float) -> bpy.types.Material:
    material = bpy.data.materials.new(name)
    material.diffuse_color = (gray, gray, gray, 1.0)
    return material


def _rendered() -> np.ndarray:
    scene = bpy.context.scene
    scene.render.engine = "BLENDER_WORKBENCH"
    shading = scene.display.shading
    shading.light, shading.color_type, shading.show_shadows, shading.show_cavity = "STUDIO", "MATERIAL", True, True
    shading.shadow_intensity = 0.35
    scene.display.render_aa = "16"
    scene.render.resolution_x, scene.render.resolution_y, scene.render.resolution_percentage = _WIDTH, _HEIGHT, 100
    scene.world = bpy.data.worlds.new("World")
    scene.world.color = (0.93, 0.93, 0.93)
    scene.view_settings.view_transform = "Standard"
    with tempfile.TemporaryDirectory() as folder:
        scene.render.filepath = str(Path(folder) / "figure.png")
        bpy.ops.render.render(write_still=True)
        return cv2.imread(scene.render.filepath)


def _write(pictures: list[np.ndarray], path: Path) -> None:
    """The pictures in rows. Raises WriteError where the file cannot be written."""
    blank = np.full_like(pictures[0], 255)
    pictures = [*pictures, *[blank] * (-len(pictures) % _COLUMNS)]
    rows = [np.hstack(pictures[start : start + _COLUMNS]) for start in range(0, len(pictures), _COLUMNS)]
    path.parent.mkdir(parents=True, exist_ok=True)
    if not cv2.imwrite(str(path), np.vstack(rows), [cv2.IMWRITE_JPEG_QUALITY, 88]):
        raise WriteError(f"The picture {path} cannot be written: check the folder, its name and your permissions.")
    print(f"Wrote {path}")


if __name__ == "__main__":
    code = main(sys.argv[1:])
    # Blender 4.5 can hang at Python's own ending
    sys.stdout.flush()
    os._exit(code)
