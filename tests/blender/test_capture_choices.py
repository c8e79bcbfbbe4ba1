"""The capture operator called by scripts: every choice can be given with the call, and the panel shows it afterwards."""

from __future__ import annotations

import bpy
import pytest

from penumbra.inference.pipeline import StageSettings
from penumbra.inference.settings import CaptureSettings
from penumbra.tests.blender.rigs import mixamo_rig


def test_the_operator_has_every_choice_of_the_scene_and_tells_them_alike(scene: bpy.types.Scene) -> None:
    choices = scene.penumbra.bl_rna.properties
    properties = bpy.ops.penumbra.capture.get_rna_type().properties
    named = {item.identifier for item in choices} - {"rna_type", "name"}
    assert named == {item.identifier for item in properties} - {"rna_type"}
    for name in named:
        mine, theirs = properties[name], choices[name]
        assert (mine.name, mine.description) == (theirs.name, theirs.description)
        # neither kept for the button's next call nor offered again after the capture
        assert mine.is_skip_save
        assert mine.is_hidden
        if theirs.type == "POINTER":
            assert mine.type == "STRING"
        else:
            assert mine.type == theirs.type
    assert [item.identifier for item in properties["quality"].enum_items] == ["BEST", "FAST"]


def test_what_is_given_with_the_call_is_captured_and_shown(
    scene: bpy.types.Scene, asked: list[tuple[CaptureSettings, StageSettings]]
) -> None:
    target = mixamo_rig()
    scene.penumbra.step = 3
    with pytest.raises(RuntimeError, match="Enough was seen"):
        bpy.ops.penumbra.capture(
            footage="walk.mp4",
            quality="FAST",
            subject="POINT",
            subject_point=(0.25, 0.5),
            target=target.name,
            fit="NONE",
        )
    settings, stages = asked[0]
    assert (settings.footage.path.name, settings.footage.step, settings.detector.model) == ("walk.mp4", 3, "full")
    assert settings.subject.point == (0.25, 0.5)
    assert stages.motion.fit == "none"
    choices = scene.penumbra
    assert (choices.footage, choices.quality, choices.subject, choices.target) == ("walk.mp4", "FAST", "POINT", target)
    # what the next call does not say stays as it was
    with pytest.raises(RuntimeError, match="Enough was seen"):
        bpy.ops.penumbra.capture(target="")
    assert (choices.footage, choices.quality, choices.target) == ("walk.mp4", "FAST", None)


@pytest.mark.usefixtures("scene")
def test_what_cannot_be_captured_is_told(asked: list[tuple[CaptureSettings, StageSettings]]) -> None:
    with pytest.raises(RuntimeError, match="Choose the footage first"):
        bpy.ops.penumbra.capture()
    with pytest.raises(RuntimeError, match="no armature named 'Rig'"):
        bpy.ops.penumbra.capture(footage="walk.mp4", target="Rig")
    with pytest.raises(RuntimeError, match="no camera named 'Solved'"):
        bpy.ops.penumbra.capture(footage="walk.mp4", camera_source="OBJECT", camera="Solved")
    assert not asked
