"""What the steps look at inside a Blender: keys of any version's actions, where the add-on lies, and what is left of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import bpy

ADDON = "bl_ext.user_default.penumbra"
PACKAGES = ("av", "cv2", "onnxruntime")
"""Import names of the packages that the zip brings."""


class StepError(Exception):
    """A step did not do what it should; the message is what the table shows."""


def check(good: object, problem: str) -> None:
    """Raise StepError with the problem where it is not good."""
    if not good:
        raise StepError(problem)


def extensions() -> Path:
    """The user's folder of extensions."""
    return Path(bpy.utils.user_resource("EXTENSIONS"))


def home() -> Path:
    """Where the add-on lies once it is installed."""
    return extensions() / "user_default" / "penumbra"


def interfaces() -> list[str]:
    """Names of the network's interfaces but the one that leads to the machine itself."""
    table = Path("/proc/net/dev")
    lines = table.read_text("utf-8").splitlines()[2:] if table.exists() else []
    return [name for name in (line.partition(":")[0].strip() for line in lines) if name != "lo"]


def keys_of(target: bpy.types.Object) -> dict[tuple[str, int], list[float]]:
    """Values of an object's keys, by data path and index of the f-curve."""
    action = target.animation_data.action if target.animation_data else None
    return {
        (curve.data_path, curve.array_index): [point.co[1] for point in curve.keyframe_points]
        for curve in _curves(action)
    }


def digest(target: bpy.types.Object) -> str:
    """A hash of an object's keys."""
    return hashlib.sha256(repr(sorted(keys_of(target).items())).encode()).hexdigest()


def rig() -> bpy.types.Object:
    """The rig that a take was put on: the one with Rigify's names."""
    return next(thing for thing in bpy.data.objects if thing.type == "ARMATURE" and "thigh.L" in thing.pose.bones)


def leftovers() -> list[str]:
    """What is still there of the add-on and its packages in the user's folder of extensions."""
    folder = extensions()
    ours = {"penumbra", *PACKAGES, *(f"{name}.libs" for name in PACKAGES)}
    found = [path for path in folder.rglob("*") if path.name in ours or path.name.startswith("onnxruntime-")]
    return sorted(path.relative_to(folder).as_posix() for path in found)


def registered() -> list[str]:
    """What of the add-on Blender still knows: classes, properties and handlers."""
    bases = (bpy.types.Operator, bpy.types.Panel, bpy.types.UIList, bpy.types.PropertyGroup, bpy.types.AddonPreferences)
    classes = [
        kind.__name__ for base in bases for kind in base.__subclasses__() if _is_ours(kind) and kind.is_registered
    ]
    owners = (bpy.types.Scene, bpy.types.WindowManager, bpy.types.Object, bpy.types.Armature, bpy.types.Action)
    properties = [name for owner in owners for name in dir(owner) if name.startswith("penumbra")]
    lists = (getattr(bpy.app.handlers, name) for name in dir(bpy.app.handlers))
    handlers = [call.__name__ for calls in lists if isinstance(calls, list) for call in calls if _is_ours(call)]
    return [*classes, *properties, *handlers]


def _is_ours(thing: object) -> bool:
    return str(getattr(thing, "__module__", "")).startswith(ADDON)


def _curves(action: bpy.types.Action | None) -> Iterator[bpy.types.FCurve]:
    if action is None:
        return
    if hasattr(action, "layers") and action.layers:
        for bag in action.layers[0].strips[0].channelbags:
            yield from bag.fcurves
    else:
        yield from action.fcurves
