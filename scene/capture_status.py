"""What the panel knows of the capture that runs, or of the last one, and how it came out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import bpy
from bpy.props import BoolProperty, EnumProperty, FloatProperty, StringProperty

from ..errors import CancelledError, NobodyFoundError

if TYPE_CHECKING:
    from ..inference.motion import Motion

GUESS = 0.1
"""Confidence below which a bone's key is a guess: less than one chance in ten that it lies where it should.

Whole people in view have next to none of these (0.4 % of the demo clip), people whose body is hidden below the chest 93 %.
"""
MANY_GUESSES = 0.1
"""Share of guesses, over all bones and all frames with the subject, from which on the panel warns."""


class PENUMBRA_PG_capture_status(bpy.types.PropertyGroup):
    """What the panel shows of the capture that runs, or of the last one.

    result: lines, the first of which says what was made, the others are notes. problem: the sentence of what went wrong, "" for nothing.
    armature: name of the one that has the keys. confidence and guessed: the mean over the keys, and the share of `GUESS`es among them, both 0 to 1.
    """

    running: BoolProperty(options={"HIDDEN", "SKIP_SAVE"})
    text: StringProperty(options={"HIDDEN", "SKIP_SAVE"})
    fraction: FloatProperty(min=0.0, max=1.0, options={"HIDDEN", "SKIP_SAVE"})
    outcome: EnumProperty(
        items=(
            ("NONE", "None", "Nothing was captured yet"),
            ("DONE", "Done", "The keys are there"),
            ("CANCELLED", "Cancelled", "The user stopped it"),
            ("FAILED", "Failed", "An error stopped it"),
            ("NOBODY", "Nobody", "The subject was not found"),
        ),
        options={"HIDDEN", "SKIP_SAVE"},
    )
    result: StringProperty(options={"HIDDEN", "SKIP_SAVE"})
    problem: StringProperty(options={"HIDDEN", "SKIP_SAVE"})
    armature: StringProperty(options={"HIDDEN", "SKIP_SAVE"})
    confidence: FloatProperty(min=0.0, max=1.0, options={"HIDDEN", "SKIP_SAVE"})
    guessed: FloatProperty(min=0.0, max=1.0, options={"HIDDEN", "SKIP_SAVE"})

    def clear(self) -> None:
        """Forget how the last capture came out."""
        self.outcome, self.result, self.problem, self.armature = "NONE", "", "", ""
        self.confidence = self.guessed = 0.0

    def succeed(self, armature: str, lines: Sequence[str], motion: Motion) -> None:
        """Keep what was made, onto which armature and in which `lines`, and how sure `motion` is."""
        self.clear()
        self.outcome, self.armature, self.result = "DONE", armature, "\n".join(lines)
        self.confidence, self.guessed = sureness(motion)

    def fail(self, error: Exception, sentence: str) -> None:
        """Keep why nothing was made, in a `sentence` that says what to do next."""
        self.clear()
        if isinstance(error, CancelledError):
            self.outcome = "CANCELLED"
        else:
            self.outcome = "NOBODY" if isinstance(error, NobodyFoundError) else "FAILED"
            self.problem = sentence

    @property
    def doubtful(self) -> bool:
        """Whether so much of the last capture is guessed that the animator should look at it first."""
        return self.outcome == "DONE" and self.guessed >= MANY_GUESSES


def sureness(motion: Motion) -> tuple[float, float]:
    """Mean confidence and share of guesses, 0 to 1 both, over all bones and the frames in which the subject is."""
    seen = motion.confidence[motion.present]
    if not seen.size:
        return 0.0, 1.0
    return float(seen.mean()), float((seen < GUESS).mean())
