"""The motion that a take holds, with an animator's corrections."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ...models.skeletons import BONE_NAMES, STATURE
from ..camera import View
from ..contacts import CONTACTS, Contacts, ContactSettings, contacts
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
    observed = _observed(take, motion)
    found = _solved(take, motion, observed, corrections, settings)
    confidence = motion.confidence.copy()
    frames = [correction.frame for correction in corrections]
    confidence[frames] = np.where(found.changed[frames], 1.0, confidence[frames])
    return replace(
        motion,
        root=found.poses.root,
        rotations=found.poses.rotations,
        confidence=confidence,
        contacts=_standing(motion, observed, found),
    )


def _observed(take: Take, motion: Motion) -> Observed:
    lifted, seen = take.stage("lift"), take.stage("seen")
    return Observed(
        motion.times,
        motion.present,
        seen["slopes"],
        seen["belief"],
        lifted["joints"],
        lifted["spread"] * (take.settings["motion"]["height"] / STATURE),
        lifted["confidence"],
    )


def _solved(
    take: Take,
    motion: Motion,
    observed: Observed,
    corrections: Sequence[Correction],
    settings: CorrectingSettings | None,
) -> Corrected:
    view = take.stage("view")
    return solve_around(
        Poses(take.stage("solve")["offsets"], motion.root, motion.rotations),
        observed,
        View(view["rotations"], view["positions"]),
        Contacts(take.stage("contacts")["probability"]),
        corrections,
        settings=settings,
    )


def _standing(motion: Motion, observed: Observed, found: Corrected) -> np.ndarray | None:
    """The contacts `[T, 6]`, anew for feet and hands that corrections moved: where they stood before was a guess."""
    if motion.contacts is None:
        return None
    sigma = np.sqrt((observed.spread**2).mean(axis=-1))
    anew = contacts(
        found.poses.joints(), sigma, observed.confidence, motion.times, motion.present, ContactSettings()
    ).probability
    kinds = {"heel": "foot", "toe": "foot", "hand": "hand"}
    bones = [BONE_NAMES.index(f"{kinds[kind]}.{side}") for kind, _, side in (name.partition(".") for name in CONTACTS)]
    return np.where(found.changed[:, bones], anew, motion.contacts)
