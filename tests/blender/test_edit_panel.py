"""Editing from the sidebar: buttons, what disables them, doubtful spans, and the colors of confidence."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import bpy
import numpy as np
import pytest

from penumbra.models.skeletons import BONE_NAMES
from penumbra.operators.edit_target import FOR_ARMATURE
from penumbra.panels.overlay import confidence_colors, confident_bones
from penumbra.scene.bake import BakeSettings, bake
from penumbra.scene.editing.bone_curves import bone_curves
from penumbra.scene.editing.bone_selection import select_bones, selected_bones
from penumbra.scene.editing.key_points import read_keys
from penumbra.scene.editing.spans import SpanSettings, doubtful_spans
from penumbra.scene.takes import keep_take
from penumbra.tests.blender.rigs import mixamo_rig
from penumbra.tests.blender.test_takes import activate, take_of
from penumbra.tests.synthetic import random_motion

# Machado, Oliveira, Fernandes, A physiologically-based model for simulation of color vision deficiency, 2009: severity 1, linear RGB.
DEFICIENCIES = {
    "none": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}


@pytest.fixture
def captured(scene: bpy.types.Scene, tmp_path: Path) -> bpy.types.Object:  # noqa: ARG001 - registered before, and for longer
    """An armature with a capture on it, whose left forearm is in doubt from frame 20 to 30 and its right shin from 50 to 54."""
    motion = random_motion(60)
    confidence = np.full_like(motion.confidence, 0.9)
    target = mixamo_rig()
    names = list(BONE_NAMES)
    confidence[19:30, names.index("forearm.L")] = 0.1
    confidence[49:54, names.index("shin.R")] = 0.2
    motion = replace(motion, confidence=confidence)
    bake(motion, target, BakeSettings("Walk"), keep_take(take_of(motion), "walk", tmp_path))
    activate(target)
    return target


def test_spans_begin_below_the_threshold_and_end_above_the_margin():
    sure = np.full((40, 2), 0.9)
    sure[5:20, 0] = 0.35
    sure[8, 0] = 0.1
    sure[30:33, 1] = 0.0
    frames = np.arange(101, 141)
    assert doubtful_spans(sure, frames, ("a", "b"), SpanSettings(0.3, 0.1, 4)) == [
        doubtful_spans(sure[:, :1], frames, ("a",), SpanSettings(0.3, 0.1, 4))[0]
    ]
    (first, second) = doubtful_spans(sure, frames, ("a", "b"), SpanSettings(0.3, 0.1, 3))
    assert (first.first, first.last, first.bones) == (109, 120, ("a",))
    assert (second.first, second.last, second.label) == (131, 133, "b")


def test_bones_whose_doubt_begins_together_are_one_span():
    sure = np.full((40, 3), 0.9)
    sure[5:20, 0], sure[7:30, 1], sure[25:35, 2] = 0.2, 0.1, 0.0
    first, second = doubtful_spans(sure, np.arange(40), ("a", "b", "c"), SpanSettings())
    assert (first.first, first.last, first.bones, first.label) == (5, 29, ("b", "a"), "b +1")
    assert (second.first, second.last, second.bones) == (25, 34, ("c",))


def test_jumping_goes_from_span_to_span_and_selects(captured: bpy.types.Object, scene: bpy.types.Scene):
    scene.frame_set(1)
    jump = bpy.ops.penumbra.jump_to_span
    places = []
    while jump() == {"FINISHED"}:
        places.append((scene.frame_current, selected_bones(captured)))
    assert places == [(20, {"mixamorig:LeftForeArm"}), (50, {"mixamorig:RightLeg"})]
    assert jump(backward=True) == {"FINISHED"}
    assert scene.frame_current == 20
    assert jump(only_selected=True) == {"CANCELLED"}


def test_a_button_for_an_armature_goes_round_its_spans_and_makes_it_active(
    captured: bpy.types.Object, scene: bpy.types.Scene
):
    layer = bpy.context.view_layer
    layer.objects.active = mixamo_rig()
    scene.frame_set(50)
    assert not bpy.ops.penumbra.jump_to_span.poll()
    with bpy.context.temp_override(**{FOR_ARMATURE: captured}):
        assert bpy.ops.penumbra.jump_to_span() == {"CANCELLED"}
        assert bpy.ops.penumbra.jump_to_span(around=True) == {"FINISHED"}
    assert scene.frame_current == 20
    assert layer.objects.active is captured
    assert [item for item in layer.objects if item.select_get()] == [captured]


@pytest.mark.usefixtures("captured")
def test_marks_come_and_go_without_the_users_markers(scene: bpy.types.Scene):
    mine = [("cut", 20), ("mixamorig:LeftForeArm ?", 7)]
    for name, frame in mine:
        scene.timeline_markers.new(name, frame=frame)
    assert bpy.ops.penumbra.mark_spans() == {"FINISHED"}
    made = {(marker.name, marker.frame) for marker in scene.timeline_markers} - set(mine)
    assert made == {
        ("mixamorig:LeftForeArm ?", 20),
        ("mixamorig:LeftForeArm end", 30),
        ("mixamorig:RightLeg ?", 50),
        ("mixamorig:RightLeg end", 54),
    }
    scene.timeline_markers["mixamorig:RightLeg end"].frame = 58
    assert bpy.ops.penumbra.mark_spans() == {"FINISHED"}
    assert {(marker.name, marker.frame) for marker in scene.timeline_markers} == set(mine)


def test_editing_takes_its_properties_from_scripts(captured: bpy.types.Object):
    def keys(name: str) -> int:
        return len(read_keys(bone_curves(captured)[f"mixamorig:{name}"].rotation[0]))

    select_bones(captured, ["mixamorig:LeftArm"])
    assert bpy.ops.penumbra.reduce_keys(only_selected=True, distance=0.02) == {"FINISHED"}
    assert keys("LeftArm") < 30
    assert keys("RightArm") == 60
    assert bpy.ops.penumbra.smooth_keys(seconds=0.2) == {"FINISHED"}
    assert bpy.ops.penumbra.rebake(range="FRAMES", first=10, last=40, fade=0) == {"FINISHED"}
    assert 31 <= keys("LeftArm") < 60


def test_an_edit_is_one_step_of_undo(captured: bpy.types.Object):
    name = captured.name
    bpy.ops.ed.undo_push(message="before")
    bpy.ops.penumbra.reduce_keys(distance=0.02)
    bpy.ops.ed.undo_push(message="Reduce Keys")
    assert len(read_keys(bone_curves(bpy.data.objects[name])["mixamorig:Head"].rotation[0])) < 30
    bpy.ops.ed.undo()
    assert len(read_keys(bone_curves(bpy.data.objects[name])["mixamorig:Head"].rotation[0])) == 60


def test_disabled_buttons_say_why(captured: bpy.types.Object):
    names = ("rebake", "reduce_keys", "smooth_keys", "jump_to_span", "mark_spans")

    def refused(words: str) -> bool:
        for name in names:
            with pytest.raises(RuntimeError, match=words):
                getattr(bpy.ops.penumbra, name)()
        return True

    captured.animation_data.action = bpy.data.actions.new("Mine")
    assert refused("This action was not made by a capture")
    captured.animation_data.action = None
    assert refused("has no action")
    other = mixamo_rig()
    captured.select_set(state=True)
    other.select_set(state=True)
    assert refused("2 armatures are selected. Select one armature")
    bpy.context.view_layer.objects.active = None
    for item in (captured, other):
        item.select_set(state=False)
    assert refused("Select one armature")


def test_a_take_that_is_gone_is_told(captured: bpy.types.Object, tmp_path: Path):
    (tmp_path / "walk.take").unlink()
    with pytest.raises(RuntimeError, match="is gone"):
        bpy.ops.penumbra.rebake()
    action = captured.animation_data.action
    assert action is not None
    action["penumbra_take"] = ""
    with pytest.raises(RuntimeError, match="No take was kept"):
        bpy.ops.penumbra.rebake()


@pytest.mark.usefixtures("scene")
def test_the_panel_stands_below_the_capture_with_its_parts():
    assert bpy.types.PENUMBRA_PT_edit.bl_category == bpy.types.PENUMBRA_PT_capture.bl_category
    for part in ("takes", "rebake", "keys", "spans", "display"):
        panel = getattr(bpy.types, f"PENUMBRA_PT_edit_{part}")
        assert panel.bl_parent_id == "PENUMBRA_PT_edit"


@pytest.mark.parametrize("deficiency", DEFICIENCIES)
def test_colors_of_confidence_can_be_told_apart_by_everybody(deficiency: str):
    colors = _lab(confidence_colors(np.array([0.0, 0.5, 1.0]))[:, :3], np.array(DEFICIENCIES[deficiency]))
    away = [np.linalg.norm(colors[a] - colors[b]) for a, b in ((0, 1), (1, 2), (0, 2))]
    assert min(away) > 25


def test_bones_are_shown_where_they_are_and_quickly(captured: bpy.types.Object):
    captured.location = (1.0, 2.0, 3.0)
    bpy.context.scene.frame_set(25)
    bpy.context.view_layer.update()
    ends, sure = confident_bones(captured)
    assert len(ends) == len(sure) == len(bone_curves(captured))
    assert np.sort(sure)[0] == pytest.approx(0.1, abs=1e-3)
    worst = int(np.argmin(sure))
    arm = captured.pose.bones["mixamorig:LeftForeArm"]
    assert ends[worst, 0] == pytest.approx(np.array(captured.matrix_world @ arm.head), abs=1e-5)
    began = time.perf_counter()
    for _ in range(20):
        confidence_colors(confident_bones(captured)[1])
    assert (time.perf_counter() - began) / 20 < 0.002


def _lab(srgb: np.ndarray, deficiency: np.ndarray) -> np.ndarray:
    """CIE L*a*b* of colors as somebody with the deficiency sees them."""
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    seen = np.clip(linear @ deficiency.T, 0, 1)
    xyz = seen @ np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]).T
    f = xyz / [0.9505, 1.0, 1.089]
    f = np.where(f > 0.008856, np.cbrt(f), 7.787 * f + 16 / 116)
    return np.stack([116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])], axis=1)
