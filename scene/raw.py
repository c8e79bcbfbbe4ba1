"""The result as it was baked, kept beside what is edited: a copy of the action on a muted, locked NLA track."""

from __future__ import annotations

import bpy

from .actions import add_strip
from .baked import baked_of

_RAW = " (raw)"


def stash_raw(target: bpy.types.Object, action: bpy.types.Action) -> None:
    """Keep a copy of `action`, which `target` uses, on a track of its own that does not play and that no click changes.

    The raw copy of an earlier bake of the same take makes place for it, but where somebody plays or unlocked its track.
    """
    animation = target.animation_data
    for track in list(animation.nla_tracks):
        if track.mute and track.lock and _is_raw_of(track, action):
            _remove(animation, track)
    copy = action.copy()
    copy.name = action.name + _RAW
    track = animation.nla_tracks.new()
    track.name = copy.name
    add_strip(track, copy)
    track.mute = track.lock = True


def playing_tracks(target: bpy.types.Object) -> list[bpy.types.NlaTrack]:
    """The NLA tracks that play beneath the target's action."""
    tracks = target.animation_data.nla_tracks if target.animation_data is not None else ()
    return [track for track in tracks if not track.mute]


def _is_raw_of(track: bpy.types.NlaTrack, action: bpy.types.Action) -> bool:
    """Whether the track holds nothing but a raw copy of what the action's bake, or an earlier one of that take, made."""
    made = baked_of(action)
    if made is None or _RAW not in track.name or len(track.strips) != 1:
        return False
    there = baked_of(track.strips[0].action)
    return there is not None and (there.take, there.settings.name) == (made.take, made.settings.name)


def _remove(animation: bpy.types.AnimData, track: bpy.types.NlaTrack) -> None:
    actions = [strip.action for strip in track.strips if strip.action is not None]
    animation.nla_tracks.remove(track)
    for action in actions:
        if action.users == 0:
            bpy.data.actions.remove(action)
