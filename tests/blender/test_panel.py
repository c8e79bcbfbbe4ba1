"""The folded panels: what they show, and where they stand."""

from __future__ import annotations

from typing import Any

import bpy
import pytest

from penumbra.panels.capture import (
    PENUMBRA_PT_capture_camera,
    PENUMBRA_PT_capture_lifting,
    PENUMBRA_PT_capture_motion,
    PENUMBRA_PT_capture_output,
)


class Paper:
    """A layout that keeps what is drawn on it: properties of `choices`, by name, which have to be there."""

    def __init__(self) -> None:
        self.drawn: list[str] = []
        self.active = True

    def row(self, **_: object) -> Paper:
        part = Paper()
        part.drawn = self.drawn
        return part

    def prop(self, choices: bpy.types.PropertyGroup, name: str, **_: object) -> None:
        assert name in choices.bl_rna.properties
        self.drawn.append(name)


def drawn(panel: Any, scene: bpy.types.Scene) -> list[str]:
    paper = Paper()
    panel.draw_choices(None, paper, scene.penumbra)
    return paper.drawn


@pytest.mark.parametrize("name", ["lifting", "motion", "camera", "output"])
@pytest.mark.usefixtures("scene")
def test_choices_that_most_captures_leave_alone_are_folded_below_the_capture(name: str) -> None:
    panel = getattr(bpy.types, f"PENUMBRA_PT_capture_{name}")
    assert panel.is_registered
    assert (panel.bl_parent_id, panel.bl_options) == ("PENUMBRA_PT_capture", {"DEFAULT_CLOSED"})


def test_each_panel_shows_its_choices(scene: bpy.types.Scene) -> None:
    assert drawn(PENUMBRA_PT_capture_lifting, scene) == ["lifter", "refiner"]
    assert drawn(PENUMBRA_PT_capture_motion, scene) == ["subject_height", "fit", "foot_lock", "smoothing", "root"]
    onto_target = ["rig_map", "limbs", "foot_contacts", "hand_contacts", "fingers"]
    assert drawn(PENUMBRA_PT_capture_output, scene) == ["frame_rate", "scene_start", *onto_target, "add_camera"]


def test_a_camera_object_leaves_nothing_else_to_say_of_the_camera(scene: bpy.types.Scene) -> None:
    by_hand = ["use_camera_tilt", "camera_tilt", "use_camera_height", "camera_height"]
    assert drawn(PENUMBRA_PT_capture_camera, scene) == ["camera_source", "focal_length", *by_hand]
    scene.penumbra.camera_source = "OBJECT"
    assert drawn(PENUMBRA_PT_capture_camera, scene) == ["camera_source", "camera"]
