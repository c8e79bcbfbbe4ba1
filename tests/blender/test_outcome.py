"""What the panel says of the last capture, on a layout that keeps what is drawn on it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import bpy
import numpy as np
import pytest

import penumbra
from penumbra.errors import CancelledError, FootageError, NobodyFoundError
from penumbra.inference.motion import Motion
from penumbra.panels.outcome import draw_outcome, draw_running
from penumbra.scene.capture_status import GUESS, MANY_GUESSES, sureness


@dataclass
class Paper:
    """Keeps labels, buttons and properties of all its parts in one list, icons before texts."""

    drawn: list[str] = field(default_factory=list)

    def part(self, *_: object, **__: object) -> Paper:
        return Paper(self.drawn)

    box = row = column = part

    def panel(self, name: str, **_: object) -> tuple[Paper, Paper]:
        self.drawn.append(name)
        return self.part(), self.part()

    def label(self, *, text: str, icon: str = "NONE", **_: object) -> None:
        self.drawn.append(f"{icon} {text}")

    def operator(self, name: str, **_: object) -> Paper:
        self.drawn.append(name)
        return self.part()

    def prop(self, _choices: Any, name: str, **_: object) -> None:
        self.drawn.append(name)

    def progress(self, *, text: str, **_: object) -> None:
        self.drawn.append(text)

    def context_pointer_set(self, name: str, thing: Any) -> None:
        self.drawn.append(f"{name} {thing.name}")

    def __str__(self) -> str:
        return " ".join(self.drawn)


@pytest.fixture
def context() -> Iterator[Any]:
    penumbra.register()
    wide = SimpleNamespace(width=2000, view2d=SimpleNamespace(region_to_view=lambda x, y: (x, y)))
    yield SimpleNamespace(
        scene=bpy.context.scene,
        window_manager=bpy.context.window_manager,
        preferences=SimpleNamespace(ui_styles=(), system=SimpleNamespace(ui_scale=1.0)),  # none without a window
        region=wide,
    )
    bpy.context.window_manager.penumbra.clear()
    penumbra.unregister()


def motion(confidence: list[list[float]], present: list[bool] | None = None) -> Motion:
    """As much of a motion as tells how sure it is."""
    sure = np.array(confidence)
    there = np.ones(len(sure), bool) if present is None else np.array(present)
    none: Any = None
    return Motion(np.arange(len(sure)), there, none, none, sure, none, 30.0)


def drawn(context: Any) -> str:
    paper = Paper()
    draw_outcome(paper, context)  # pyright: ignore[reportArgumentType]
    return str(paper)


def test_sureness_is_of_the_frames_with_the_subject() -> None:
    mean, guessed = sureness(motion([[0.5, 0.05], [0.9, 0.15], [0.0, 0.0]], [True, True, False]))
    assert mean == pytest.approx(0.4)
    assert guessed == 0.25
    assert sureness(motion([[0.0]], [False])) == (0.0, 1.0)


def test_without_footage_a_hint_says_what_to_do_first(context: Any) -> None:
    assert drawn(context).startswith("INFO Choose footage of a person first")
    context.scene.penumbra.footage = "walk.mp4"
    assert drawn(context) == ""


def test_while_it_runs_the_panel_says_what_it_does(context: Any) -> None:
    status = context.window_manager.penumbra
    status.text, status.fraction = "Following the subject, 30 of 61", 30 / 61
    paper = Paper()
    draw_running(paper, context)  # pyright: ignore[reportArgumentType]
    assert paper.drawn == ["TIME Following the subject, 30 of 61", "49%", "penumbra.cancel_capture"]


def test_a_capture_that_is_sure_shows_its_confidence_and_folds_its_notes(context: Any) -> None:
    status = context.window_manager.penumbra
    status.succeed("walk", ["Captured 9 of 9 frames onto walk", "One note.", "Another."], motion([[0.5, 0.7]]))
    said = drawn(context)
    assert "CHECKMARK Captured 9 of 9 frames onto walk" in said
    assert "Mean Confidence" in said
    assert "60%" in said
    assert "penumbra_notes NONE Notes (2) DOT One note. DOT Another." in said
    assert "penumbra.jump_to_span" not in said


def test_many_guesses_are_told_with_the_way_to_them(context: Any) -> None:
    armature = bpy.data.objects.new("walk", bpy.data.armatures.new("walk"))
    bpy.context.scene.collection.objects.link(armature)
    few, many = [[GUESS / 2] + [0.9] * 19], [[GUESS / 2] * 3 + [0.9] * 7]
    status = context.window_manager.penumbra
    status.succeed("walk", ["Captured"], motion(few))
    assert sureness(motion(few))[1] < MANY_GUESSES
    assert "guess" not in drawn(context)
    status.succeed("walk", ["Captured"], motion(many))
    said = drawn(context)
    assert "ERROR 30% of the motion is a guess" in said
    assert "penumbra_armature walk penumbra.jump_to_span" in said
    assert "Edit Capture" in said


def test_a_failure_stays_until_it_is_dismissed(context: Any) -> None:
    status = context.window_manager.penumbra
    status.fail(FootageError("no"), "It is no video: choose another.")
    assert drawn(context) == "ERROR It is no video: choose another. penumbra.dismiss_message"
    bpy.ops.penumbra.dismiss_message()
    assert "ERROR" not in drawn(context)
    assert status.outcome == "NONE"


def test_where_nobody_is_found_the_subject_can_be_chosen(context: Any) -> None:
    context.window_manager.penumbra.fail(NobodyFoundError("no"), "Nobody was found.")
    assert drawn(context) == "ERROR Nobody was found. penumbra.dismiss_message subject"
    context.scene.penumbra.subject = "BOX"
    assert drawn(context).endswith("subject subject_left subject_right subject_top subject_bottom")


def test_a_cancelled_capture_is_told_calmly(context: Any) -> None:
    context.window_manager.penumbra.fail(CancelledError("no"), "The capture was cancelled.")
    assert drawn(context).startswith("INFO The capture was cancelled and the file left as it was")
