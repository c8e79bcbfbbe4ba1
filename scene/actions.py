"""Actions and f-curves, the same from Blender 4.2 (plain actions) to 5.2 (slots, layers and strips).

The only module that knows the difference: since 4.4 an action holds slots and channel bags, and 5.0 took away
`Action.fcurves` and `Action.groups`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import bpy
import numpy as np

from ..errors import WriteError
from ..inference.progress import Progress, Work, finish


@dataclass(frozen=True, slots=True)
class Curve:
    """One f-curve: `values[k]` at `frames[k]`, both `[K]`, frames rising. `group` is its group's name.

    BEZIER keys get automatic clamped handles, so that deleting or moving keys leaves a smooth curve without overshoot.
    """

    data_path: str
    index: int
    group: str
    frames: np.ndarray
    values: np.ndarray
    interpolation: Literal["BEZIER", "LINEAR", "CONSTANT"] = "BEZIER"


def new_action(owner: bpy.types.ID, name: str) -> bpy.types.Action:
    """A new, empty action that `owner` uses from now on; the one it used before is kept with a fake user.

    Raises WriteError when the owner's animation cannot be changed.
    """
    action = draft_action(owner, name)
    use_action(owner, action)
    return action


def draft_action(owner: bpy.types.ID, name: str) -> bpy.types.Action:
    """A new, empty action for `owner`, which goes on as before until `use_action`. Raises WriteError as `new_action`."""
    animation = owner.animation_data or owner.animation_data_create()
    if animation is None:
        raise WriteError(
            f'"{owner.name}" cannot be animated because it is linked; make a library override of it first.'
        )
    if animation.use_tweak_mode:
        raise WriteError(f'Leave tweak mode in the Nonlinear Animation editor for "{owner.name}", then try again.')
    action = bpy.data.actions.new(name)
    if _has_slots(action):
        slot = action.slots.new(id_type=owner.id_type, name=owner.name)
        action.layers.new("Layer").strips.new(type="KEYFRAME").channelbag(slot, ensure=True)
    return action


def use_action(owner: bpy.types.ID, action: bpy.types.Action) -> None:
    """Let `owner` play an action that `draft_action` made for it; the one it used before is kept with a fake user."""
    animation = owner.animation_data
    if animation.action is not None:
        animation.action.use_fake_user = True
    animation.action = action
    if _has_slots(action):
        animation.action_slot = action.slots[0]


def play(owner: bpy.types.ID, action: bpy.types.Action) -> None:
    """Let `owner` play an action that is there. Raises WriteError where the action animates something else."""
    animation = owner.animation_data or owner.animation_data_create()
    animation.action = action
    if not _has_slots(action) or animation.action_slot is not None:
        return
    if not animation.action_suitable_slots:
        raise WriteError(f'The action "{action.name}" does not animate what "{owner.name}" is. Choose another action.')
    animation.action_slot = animation.action_suitable_slots[0]


def write_curves(action: bpy.types.Action, curves: Iterable[Curve]) -> None:
    """Add the curves to an action that `draft_action` made; none of them may be there yet."""
    finish(writing(action, list(curves)))


def writing(action: bpy.types.Action, curves: Sequence[Curve]) -> Work[None]:
    """`write_curves` in steps of one curve."""
    channels = _channel_bags(action)[0]
    groups: dict[str, bpy.types.ActionGroup] = {}
    for number, curve in enumerate(curves):
        yield Progress("write", number, len(curves), "Writing the keys")
        fcurve = channels.fcurves.new(curve.data_path, index=curve.index)
        if curve.group not in groups:
            groups[curve.group] = channels.groups.new(curve.group)
        fcurve.group = groups[curve.group]
        _write_keys(fcurve, curve)


def read_curves(action: bpy.types.Action) -> list[Curve]:
    """Every f-curve of the action, whatever made it; `interpolation` is that of its first key."""
    return [_read_curve(fcurve) for bag in _channel_bags(action) for fcurve in bag.fcurves]


def add_strip(track: bpy.types.NlaTrack, action: bpy.types.Action) -> bpy.types.NlaStrip:
    """A strip that plays all of the action, at its own frames, for the owner of the track."""
    start = action.frame_range[0]
    strip = track.strips.new(action.name, math.floor(start), action)
    if _has_slots(action) and strip.action_slot is None:
        strip.action_slot = action.slots[0]
    return strip


def _has_slots(action: bpy.types.Action) -> bool:
    return hasattr(action, "slots")


def played_bags(animation: bpy.types.AnimData) -> list[Any]:
    """What holds the f-curves that the owner itself plays: since 4.4 an action may hold those of others in other slots."""
    slot = getattr(animation, "action_slot_handle", None)
    return [bag for bag in _channel_bags(animation.action) if getattr(bag, "slot_handle", slot) == slot]


def _channel_bags(action: bpy.types.Action) -> list[Any]:
    """What holds `fcurves` and `groups`: the action itself before 4.4, its channel bags since."""
    if not _has_slots(action):
        return [action]
    return [bag for layer in action.layers for strip in layer.strips for bag in strip.channelbags]


def _write_keys(fcurve: bpy.types.FCurve, curve: Curve) -> None:
    count = len(curve.frames)
    points = fcurve.keyframe_points
    points.add(count)
    points.foreach_set("co", np.stack([curve.frames, curve.values], axis=1).astype(np.float32).ravel())
    # points are added as BEZIER with automatic clamped handles, whatever the preferences say
    if curve.interpolation != "BEZIER":
        # `foreach_set` takes the number behind the enum's name
        items = bpy.types.Keyframe.bl_rna.properties["interpolation"].enum_items
        points.foreach_set("interpolation", np.full(count, items[curve.interpolation].value, dtype=np.int32))
    fcurve.update()


def _read_curve(fcurve: bpy.types.FCurve) -> Curve:
    points = fcurve.keyframe_points
    keys = np.empty(2 * len(points), dtype=np.float32)
    points.foreach_get("co", keys)
    frames, values = keys.reshape(-1, 2).astype(float).T
    group = fcurve.group.name if fcurve.group is not None else ""
    interpolation = points[0].interpolation if len(points) else "BEZIER"
    return Curve(fcurve.data_path, fcurve.array_index, group, frames, values, interpolation)
