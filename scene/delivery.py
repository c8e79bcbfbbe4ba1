"""From motion to what the user gets in the scene: keys on an armature, and the camera that took the footage.

What the button, the command line and scripts have in common.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import bpy

from ..inference.motion import Motion
from ..inference.progress import Work
from ..inference.shot import Shot
from ..retarget.rig_map_files import SUFFIX, load_rig_map
from .bake import baking
from .bake_settings import BakeSettings
from .camera import add_footage_camera, picture_notes
from .rig_map_choices import own_map_of


@dataclass(frozen=True, slots=True)
class Delivery:
    """What was put into the scene.

    object, action: the armature and its new action. frame_start, frame_end: the first and the last frame keyed. rig_map: name
    of the map by which bones were found. camera: the one that was added, or brought up to date; None where none was asked
    for. notes: sentences the user should see.
    """

    object: bpy.types.Object
    action: bpy.types.Action
    frame_start: int
    frame_end: int
    rig_map: str
    camera: bpy.types.Object | None
    notes: tuple[str, ...]


def delivering(
    motion: Motion,
    shot: Shot,
    target: bpy.types.Object | None,
    settings: BakeSettings,
    take: Path | None = None,
    *,
    add_camera: bool = False,
) -> Work[Delivery]:
    """Bake `motion` onto `target`, or onto a new armature where that is None, and add the camera of `shot` where asked.

    In short steps, as `scene.bake.baking` has them: the scene changes in the last one alone. take: the file that holds this
    motion, from which parts can be baked again; None where none does. Raises as `scene.bake.bake` does.
    """
    baked = yield from baking(motion, target, settings, take)
    camera, notes = None, list(baked.notes)
    if add_camera:
        camera, said = add_footage_camera(shot, settings.name, baked.from_capture, baked.frame_start)
        notes += said
    elif settings.in_world:
        notes += picture_notes(bpy.context.scene, shot.width, shot.height)
    return Delivery(baked.object, baked.action, baked.frame_start, baked.frame_end, baked.rig_map, camera, tuple(notes))


def with_rig_map(settings: BakeSettings, rig_map: str | None, target: bpy.types.Object | None) -> BakeSettings:
    """The settings with a rig map by its name, by the file of the user's own, or, for None, the one kept with the target.

    Raises RigError where the file is no rig map.
    """
    if rig_map is None:
        return replace(settings, rig_map=None, own_map=None if target is None else own_map_of(target))
    if rig_map.lower().endswith(SUFFIX):
        return replace(settings, rig_map=None, own_map=load_rig_map(Path(rig_map)))
    return replace(settings, rig_map=rig_map, own_map=None)
