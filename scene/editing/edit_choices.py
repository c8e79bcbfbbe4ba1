"""The user's choices about editing a capture, shared by the scene, where the panel keeps them, and the operators that scripts call."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import bpy
from bpy.props import BoolProperty, EnumProperty, FloatProperty, IntProperty, PointerProperty, StringProperty

from ..properties import CONTEXT
from .bone_selection import selected_bones

if TYPE_CHECKING:
    from .rebake import RebakeSettings
    from .reduce_keys import ReduceSettings
    from .smooth_keys import SmoothSettings
    from .spans import SpanSettings


class RangeChoices:
    """Which frames and bones are edited."""

    range: EnumProperty(
        name="Range",
        description="Which frames are edited",
        items=(
            ("ALL", "Whole Capture", "All frames of the capture"),
            ("PLAYBACK", "Playback", "The scene's playback range, or its preview range"),
            ("FRAMES", "Frames", "From one frame to another"),
        ),
    )
    first: IntProperty(name="Start", description="First frame that is edited", default=1)
    last: IntProperty(name="End", description="Last frame that is edited", default=250)
    only_selected: BoolProperty(
        name="Only Selected Bones",
        description="Leave the bones alone that are not selected",
        translation_context=CONTEXT,
    )


class RebakeChoices:
    """How a part is baked again."""

    influence: FloatProperty(
        name="Influence",
        description="How much of the bake is taken; with 0, the present keys stay",
        min=0.0,
        max=1.0,
        default=1.0,
        subtype="FACTOR",
    )
    fade: IntProperty(
        name="Fade",
        description="Frames at both ends of the range over which the bake goes over to the present keys",
        translation_context=CONTEXT,
        min=0,
        soft_max=60,
        default=5,
    )


class ReduceChoices:
    """How keys are reduced."""

    measure: EnumProperty(
        name="Bound",
        description="What the error is measured by",
        translation_context=CONTEXT,
        items=(
            ("DISTANCE", "Distance", "How far any joint moves, along the whole chain of bones"),
            ("ANGLE", "Angle", "How far each bone turns"),
        ),
    )
    distance: FloatProperty(
        name="Distance",
        description="How far a joint may move where the capture is sure",
        min=1e-5,
        soft_min=0.001,
        soft_max=0.1,
        default=0.01,
        precision=4,
        unit="LENGTH",
    )
    angle: FloatProperty(
        name="Angle",
        description="How far a bone may turn where the capture is sure",
        min=math.radians(0.01),
        soft_max=math.radians(10.0),
        default=math.radians(1.0),
        subtype="ANGLE",
    )
    doubt: FloatProperty(
        name="In Doubt",
        description="By how many times the bound grows where confidence is 0. With 1, confidence does not matter",
        min=1.0,
        soft_max=10.0,
        default=3.0,
    )
    contacts: BoolProperty(
        name="Keep Steps",
        description="Keep keys where a foot is set down or lifted, so that steps stay sharp",
        default=True,
    )


class SmoothChoices:
    """How keys are smoothed."""

    seconds: FloatProperty(
        name="Shorter Than",
        description="Movements shorter than this are taken out where confidence is low",
        min=0.01,
        soft_max=2.0,
        default=0.3,
        unit="TIME_ABSOLUTE",
    )
    keep_contacts: BoolProperty(
        name="Keep Contacts",
        description="Leave legs alone, and what carries them, in frames in which their foot stands",
        default=True,
    )


class SpanChoices:
    """What counts as doubtful."""

    threshold: FloatProperty(
        name="Threshold",
        description="Confidence below which a bone is in doubt",
        min=0.0,
        max=1.0,
        default=0.3,
        subtype="FACTOR",
    )
    shortest: IntProperty(
        name="Shortest", description="Frames that a doubtful span has at least", min=1, soft_max=60, default=5
    )


class PENUMBRA_PG_edit_choices(
    RangeChoices, RebakeChoices, ReduceChoices, SmoothChoices, SpanChoices, bpy.types.PropertyGroup
):
    """How captures are edited; one set for each scene."""

    takes_folder: StringProperty(
        name="Folder",
        description="Folder of the takes in the list. Leave empty for the one in which captures are kept",
        subtype="DIR_PATH",
    )
    show_confidence: BoolProperty(
        name="Show Confidence",
        description="Color the bones of captures by their confidence, from red for none to green for full",
    )


def rebake_settings(choices: Any, target: bpy.types.Object) -> RebakeSettings:
    """The part that `choices` (the scene's or an operator's) stand for."""
    from .rebake import RebakeSettings  # noqa: PLC0415 - loads when it is used, not when Blender starts

    first, last = _range(choices)
    return RebakeSettings(first, last, _bones(choices, target), choices.influence, choices.fade)


def reduce_settings(choices: Any, target: bpy.types.Object) -> ReduceSettings:
    """How `choices` (the scene's or an operator's) say that keys are reduced."""
    from .reduce_keys import ReduceSettings  # noqa: PLC0415 - as above

    first, last = _range(choices)
    return ReduceSettings(
        measure="distance" if choices.measure == "DISTANCE" else "angle",
        distance=choices.distance,
        angle=choices.angle,
        doubt=choices.doubt,
        bones=_bones(choices, target),
        first=first,
        last=last,
        contacts=choices.contacts,
    )


def smooth_settings(choices: Any, target: bpy.types.Object) -> SmoothSettings:
    """How `choices` (the scene's or an operator's) say that keys are smoothed."""
    from .smooth_keys import SmoothSettings  # noqa: PLC0415 - as above

    first, last = _range(choices)
    return SmoothSettings(choices.seconds, _bones(choices, target), first, last, choices.keep_contacts)


def span_settings(choices: Any) -> SpanSettings:
    """What `choices` (the scene's or an operator's) count as doubtful."""
    from .spans import SpanSettings  # noqa: PLC0415 - as above

    return SpanSettings(threshold=choices.threshold, shortest=choices.shortest)


def hand_over(source: Any, goal: Any) -> None:
    """Give an operator in a layout the choices that it shares with the scene's."""
    for part in (RangeChoices, RebakeChoices, ReduceChoices, SmoothChoices, SpanChoices):
        for name in part.__annotations__:
            if hasattr(goal, name):
                setattr(goal, name, getattr(source, name))


def register() -> None:
    """Give scenes their choices."""
    bpy.utils.register_class(PENUMBRA_PG_edit_choices)
    bpy.types.Scene.penumbra_edit = PointerProperty(type=PENUMBRA_PG_edit_choices)


def unregister() -> None:
    """Take them away again."""
    del bpy.types.Scene.penumbra_edit
    bpy.utils.unregister_class(PENUMBRA_PG_edit_choices)


def _range(choices: Any) -> tuple[int | None, int | None]:
    scene = bpy.context.scene
    if choices.range == "ALL":
        return None, None
    if choices.range == "FRAMES":
        return choices.first, choices.last
    if scene.use_preview_range:
        return scene.frame_preview_start, scene.frame_preview_end
    return scene.frame_start, scene.frame_end


def _bones(choices: Any, target: bpy.types.Object) -> frozenset[str] | None:
    return selected_bones(target) if choices.only_selected else None
