"""The doubtful spans of an armature's action."""

from __future__ import annotations

import bpy
import numpy as np

from .bone_curves import bone_curves, chosen_bones, confidences, range_of
from .spans import Span, SpanSettings, doubtful_spans


def spans_of(target: bpy.types.Object, bones: frozenset[str] | None, settings: SpanSettings) -> list[Span]:
    """The doubtful spans of `bones`, of all that a capture keyed where that is None. Raises RigError as `bone_curves` does."""
    curves = chosen_bones(target, bone_curves(target), bones)
    first, last = range_of(curves, None, None)
    frames = np.arange(first, last + 1)
    return doubtful_spans(confidences(curves, frames), frames, tuple(curves), settings)
