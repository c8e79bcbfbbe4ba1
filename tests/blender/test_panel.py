"""The folded panel of the networks that lift: what it shows, and where it stands."""

from __future__ import annotations

from collections.abc import Iterator

import bpy
import pytest

import penumbra
from penumbra.panels.capture import PENUMBRA_PT_capture_lifting


class Paper:
    """A layout that keeps what is drawn on it: properties of `choices`, by name, which have to be there."""

    def __init__(self) -> None:
        self.drawn: list[str] = []

    def prop(self, choices: bpy.types.PropertyGroup, name: str) -> None:
        assert name in choices.bl_rna.properties
        self.drawn.append(name)


@pytest.fixture
def scene() -> Iterator[bpy.types.Scene]:
    penumbra.register()
    yield bpy.context.scene
    penumbra.unregister()


def test_the_lifting_panel_is_folded_below_the_capture_and_shows_both_networks(scene: bpy.types.Scene) -> None:
    panel = bpy.types.PENUMBRA_PT_capture_lifting
    assert panel.is_registered
    assert (panel.bl_parent_id, panel.bl_options) == ("PENUMBRA_PT_capture", {"DEFAULT_CLOSED"})
    paper = Paper()
    PENUMBRA_PT_capture_lifting.draw_choices(None, paper, scene.penumbra)  # type: ignore[arg-type]
    assert paper.drawn == ["lifter", "refiner"]
