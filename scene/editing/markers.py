"""Timeline markers at doubtful spans, which the scene remembers, so that the user's own are never taken for them.

Markers carry no custom properties in every version of Blender: names and frames are kept with the scene.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

import bpy

if TYPE_CHECKING:
    from .spans import Span


_OURS = "penumbra_marks"


def mark_spans(scene: bpy.types.Scene, spans: Iterable[Span]) -> int:
    """Markers at the first and last frame of every span, in place of those of an earlier call; gives how many."""
    unmark_spans(scene)
    made: list[tuple[str, int]] = []
    for span in spans:
        made.append((f"{span.label} ?", span.first))
        if span.last > span.first:
            made.append((f"{span.label} end", span.last))
    for name, frame in made:
        scene.timeline_markers.new(name, frame=frame)
    if made:
        scene[_OURS] = json.dumps(made)
    return len(made)


def unmark_spans(scene: bpy.types.Scene) -> int:
    """Take away the markers that `mark_spans` made, moved ones too, and no others; gives how many.

    One that the user renamed is the user's. Of several with one name, the one at its old frame is ours.
    """
    ours = []
    for name, frame in _remembered(scene):
        same = [marker for marker in scene.timeline_markers if marker.name == name and marker not in ours]
        if same:
            ours.append(min(same, key=lambda marker: abs(marker.frame - frame)))
    for marker in ours:
        scene.timeline_markers.remove(marker)
    if _OURS in scene:
        del scene[_OURS]
    return len(ours)


def has_marks(scene: bpy.types.Scene) -> bool:
    """Whether there are markers that `mark_spans` made."""
    return _OURS in scene


def _remembered(scene: bpy.types.Scene) -> list[tuple[str, int]]:
    """What `mark_spans` noted; nothing where something else overwrote it."""
    try:
        return [(str(name), int(frame)) for name, frame in json.loads(scene.get(_OURS, "[]"))]
    except (TypeError, ValueError):
        return []
