"""The motion that a take holds, with an animator's corrections."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..body import STATURE
from ..camera import View
from ..contacts import Contacts
from ..motion import Motion
from ..observed import Observed
from ..pipeline import motion_of
from ..poses import Poses
from ..take import Take
from .around import Corrected, solve_around
from .correction import CorrectingSettings, Correction


def corrected_motion(
    take: Take, corrections: Sequence[Correction], settings: CorrectingSettings | None = None
) -> Motion:
    """The take's motion, solved around `corrections`; nothing of the take changes.

    A corrected pose is sure: the bones that it tells of have confidence 1 in its frame. Raises TakeError where the take
    lacks what the fit needs, ArgumentsError where a correction cannot be used.
    """
    motion = motion_of(take)
    if not corrections:
        return motion
    found = _solved(take, motion, corrections, settings)
    confidence = motion.confidence.copy()
    frames = [correction.frame for correction in corrections]
    confidence[frames] = np.where(found.changed[frames], 1.0, confidence[frames])
    return replace(motion, root=found.poses.root, rotations=found.poses.rotations, confidence=confidence)


def _solved(
    take: Take, motion: Motion, corrections: Sequence[Correction], settings: CorrectingSettings | None
) -> Corrected:
    lifted, seen, view = take.stage("lift"), take.stage("seen"), take.stage("view")
    observed = Observed(
        motion.times,
        motion.present,
        seen["slopes"],
        seen["belief"],
        lifted["joints"],
        lifted["spread"] * (take.settings["motion"]["height"] / STATURE),
        lifted["confidence"],
    )
    return solve_around(
        Poses(take.stage("solve")["offsets"], motion.root, motion.rotations),
        observed,
        View(view["rotations"], view["positions"]),
        Contacts(take.stage("contacts")["probability"]),
        corrections,
        settings=settings,
    )
