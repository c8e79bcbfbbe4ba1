"""Makes the pictures of the docs: frames of the footage beside the captured armature, seen by the same camera.

python -P -m penumbra.tools.pictures demo.take docs/images/demo.jpg --frames 20 90 150 200
"""

from __future__ import annotations

import argparse
import math
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

import bpy
import cv2
import numpy as np
from mathutils import Quaternion, Vector

from ..errors import WriteError
from ..inference.footage import open_footage
from ..inference.motion import Motion
from ..inference.pipeline import motion_of
from ..inference.settings import FootageSettings, Moment
from ..inference.shot import shot_of
from ..inference.take import Take, load_take
from ..scene.bake import BakeResult, BakeSettings, bake
from ..scene.camera import add_footage_camera

# Pixels of one square picture; squares of the floor to each side, and half the width of its lines in metres.
_SIDE, _SQUARES, _LINE = 360, 4, 0.01
# Colors of a bone at confidence 1 and 0.
_SURE, _DOUBTFUL = np.array([0.16, 0.55, 0.35]), np.array([0.85, 0.25, 0.1])


def main(argv: list[str]) -> int:
    """Make one picture from a take."""
    parser = argparse.ArgumentParser(description="Frames of the footage beside the captured armature.")
    parser.add_argument("take", type=Path)
    parser.add_argument("picture", type=Path)
    parser.add_argument("--frames", type=int, nargs="+", required=True, help="frame numbers in the footage")
    values = parser.parse_args(argv)
    write_sheet(load_take(values.take), values.frames, values.picture)
    return 0


def write_sheet(take: Take, frames: Iterable[int], path: Path) -> None:
    """Write the picture `path`: the footage's `frames`, and below each the baked armature seen by the same camera.

    Clears Blender's scene. Raises FootageError where the footage is gone, TakeError where the take was never solved, and
    WriteError where the picture cannot be written.
    """
    rows = {int(index): row for row, index in enumerate(take.stage("track")["index"])}
    columns = [
        np.vstack([_closer(take, rows[frame], picture) for picture in pair])
        for frame, *pair in _pairs(take, {frame: rows[frame] for frame in frames})
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    if not cv2.imwrite(str(path), np.hstack(columns)[..., ::-1]):
        raise WriteError(f"The picture {path} cannot be written: check the folder, its name and your permissions.")
    print(f"Wrote {path}")


def bone_colors(confidence: np.ndarray) -> np.ndarray:
    """Red, green and blue `[..., 3]` from 0 to 1 of bones with `confidence` `[...]`: green is sure, red is not."""
    return confidence[..., None] * _SURE + (1.0 - confidence[..., None]) * _DOUBTFUL


def _pairs(take: Take, rows: Mapping[int, int]) -> Iterable[tuple[int, np.ndarray, np.ndarray]]:
    """Each frame of `rows` (rows of the take by the footage's frame numbers), its picture, and the armature's."""
    motion = motion_of(take)
    for other in list(bpy.data.objects):
        bpy.data.objects.remove(other)
    baked = bake(motion, None, BakeSettings("Subject"))
    _set_up_scene(take, baked)
    scene = bpy.context.scene
    rate = scene.render.fps / scene.render.fps_base
    for frame, row in rows.items():
        scene.frame_set(baked.frame_start + round((motion.times[row] - motion.times[0]) * rate))
        yield frame, _footage(take, frame), _render(baked.object, motion, row)


def _footage(take: Take, frame: int) -> np.ndarray:
    settings = FootageSettings(Path(take.source["path"]), Moment(frame), Moment(frame))
    with open_footage(settings) as footage:
        return next(iter(footage.frames())).image


def _closer(take: Take, row: int, picture: np.ndarray) -> np.ndarray:
    """A square of the picture around the subject, the same one in the footage and in the rendering."""
    x, y, size, _ = take.stage("track")["regions"][row]
    height, width = picture.shape[:2]
    side = int(min(height, width, size))
    left, top = int(np.clip(x - side / 2, 0, width - side)), int(np.clip(y - side / 2, 0, height - side))
    return cv2.resize(picture[top : top + side, left : left + side], (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)


def _set_up_scene(take: Take, baked: BakeResult) -> None:
    scene = bpy.context.scene
    add_footage_camera(shot_of(take), "Footage", baked.from_capture, baked.frame_start)
    scene.collection.objects.link(_floor())
    scene.render.engine = "BLENDER_WORKBENCH"
    scene.display.shading.light, scene.display.shading.color_type = "STUDIO", "OBJECT"
    scene.display.shading.show_shadows = True
    scene.render.resolution_percentage = 100
    scene.render.film_transparent = False
    scene.world = bpy.data.worlds.new("World")
    scene.world.color = (0.9, 0.9, 0.9)


def _floor() -> bpy.types.Object:
    """A grid of one-metre squares, drawn as thin strips."""
    vertices: list[tuple[float, float, float]] = []
    for place in range(-_SQUARES, _SQUARES + 1):
        strip = [
            (place - _LINE, -_SQUARES),
            (place + _LINE, -_SQUARES),
            (place + _LINE, _SQUARES),
            (place - _LINE, _SQUARES),
        ]
        vertices += [(x, y, 0.0) for x, y in strip] + [(y, x, 0.0) for x, y in strip]
    mesh = bpy.data.meshes.new("Floor")
    mesh.from_pydata(vertices, [], [tuple(range(corner, corner + 4)) for corner in range(0, len(vertices), 4)])
    floor = bpy.data.objects.new("Floor", mesh)
    _paint(floor, np.full(3, 0.45))
    return floor


def _render(armature: bpy.types.Object, motion: Motion, row: int) -> np.ndarray:
    """The armature in its pose, each bone as an octahedron from green (sure) to red (doubtful)."""
    scene = bpy.context.scene
    shapes = []
    pose = armature.pose
    if pose is None:
        raise TypeError(f"{armature.name} is not an armature")
    for bone in pose.bones:
        shape = bpy.data.objects.new(bone.name, _octahedron(bone.head, bone.tail))
        share = float(bone["confidence"]) if motion.present[row] else 0.0
        _paint(shape, bone_colors(np.array(share)))
        scene.collection.objects.link(shape)
        shapes.append(shape)
    with tempfile.TemporaryDirectory() as folder:
        scene.render.filepath = str(Path(folder) / "frame.png")
        bpy.ops.render.render(write_still=True)
        image = cv2.cvtColor(cv2.imread(scene.render.filepath), cv2.COLOR_BGR2RGB)
    for shape in shapes:
        bpy.data.objects.remove(shape)
    return image


def _paint(thing: bpy.types.Object, color: np.ndarray) -> None:
    """Give an object a color, red, green and blue from 0 to 1, that Workbench draws it in."""
    thing.color.foreach_set([*color.tolist(), 1.0])


def _octahedron(head: Vector, tail: Vector) -> bpy.types.Mesh:
    """A bone as Blender draws it."""
    along = tail - head
    width = 0.12 * along.length + 0.012
    side = along.orthogonal().normalized() * width
    belt = head + 0.15 * along
    mesh = bpy.data.meshes.new("Bone")
    vertices = [
        head,
        *(belt + Quaternion(along, quarter * math.pi / 2) @ side for quarter in range(4)),
        tail,
    ]
    faces = [(0, 1 + (i + 1) % 4, 1 + i) for i in range(4)] + [(5, 1 + i, 1 + (i + 1) % 4) for i in range(4)]
    mesh.from_pydata(vertices, [], faces)
    return mesh


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
