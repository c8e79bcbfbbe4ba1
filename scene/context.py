"""Blender's context: what operators that need an active object, a selection and a mode are given.

Works from a button, in background, and in a command line's call, where the context has no window and so no `object`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import bpy

from ..errors import RigError


@contextmanager
def alone(target: bpy.types.Object) -> Iterator[None]:
    """`target` is the only selected object, active and in Object Mode; everything is as it was afterwards.

    Raises RigError when the target is not in the scene's view layer.
    """
    windows = bpy.context.window_manager.windows
    window = bpy.context.window or (windows[0] if windows else None)
    with bpy.context.temp_override(window=window):
        layer = bpy.context.view_layer
        layer.update()
        if target.name not in layer.objects:
            raise RigError(f'"{target.name}" is not in this view layer. Switch its collection on, then try again.')
        _disown_context(layer)
        active, selected = layer.objects.active, [item for item in layer.objects if item.select_get(view_layer=layer)]
        mode = _leave_mode(active)
        hidden = target.hide_get(view_layer=layer), target.hide_viewport
        try:
            target.hide_set(state=False, view_layer=layer)
            target.hide_viewport = False
            _select(layer, target, [target])
            yield
        finally:
            _select(layer, active, selected)
            target.hide_set(state=hidden[0], view_layer=layer)
            target.hide_viewport = hidden[1]
            if mode != "OBJECT":
                bpy.ops.object.mode_set(mode=mode)


@contextmanager
def in_mode(target: bpy.types.Object, mode: str) -> Iterator[None]:
    """`alone`, with the target in `mode`."""
    with alone(target):
        bpy.ops.object.mode_set(mode=mode)
        try:
            yield
        finally:
            bpy.ops.object.mode_set(mode="OBJECT")


def make_active(layer: bpy.types.ViewLayer, target: bpy.types.Object) -> None:
    """Select `target` alone and make it active, out of another object's mode; nothing where it is active, or not in the layer."""
    if layer.objects.active is target or target.name not in layer.objects:
        return
    _leave_mode(layer.objects.active)
    _select(layer, target, [target])


def _disown_context(layer: bpy.types.ViewLayer) -> None:
    """Make the context forget an owner that may no longer exist.

    In Blender 4.2 and 4.3, asking the context for its layer collection (Rigify does) makes the scene of that moment the owner of
    all that the context gives, and it stays that when another file is opened. Whoever then sets a property of `context.window`,
    as the glTF exporter does, tags that scene for an update and so writes into memory that was given back: a crash, or bones
    that are not there. Asking once more where there is no scene leaves no owner. Reading the owner to see whether there is one
    would read the same memory. `layer` has to be up to date, since without a scene it cannot be brought up to date.
    """
    with bpy.context.temp_override(scene=None, view_layer=layer):
        _ = bpy.context.layer_collection


def _leave_mode(active: bpy.types.Object | None) -> str:
    """The active object's mode, which it leaves for Object Mode."""
    if active is None or active.mode == "OBJECT":
        return "OBJECT"
    mode = active.mode
    bpy.ops.object.mode_set(mode="OBJECT")
    return mode


def _select(layer: bpy.types.ViewLayer, active: bpy.types.Object | None, chosen: list[bpy.types.Object]) -> None:
    for item in layer.objects:
        item.select_set(item in chosen, view_layer=layer)
    layer.objects.active = active
