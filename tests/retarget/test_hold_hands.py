"""Hands that stand on the floor stand on targets with arms of other lengths."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from penumbra.inference import rotations as rot
from penumbra.inference.motion import Motion
from penumbra.models.skeletons import BONE_NAMES
from penumbra.retarget.forward import posed
from penumbra.retarget.retarget import retarget
from penumbra.retarget.settings import RetargetSettings
from penumbra.tests.retarget.figures import Places, fit_of, places, target_of
from penumbra.tests.synthetic import standing

_COUNT = 90


def crouching() -> Motion:
    """The trunk sways over hands that are on the floor before the feet; `contacts` says so in the middle third."""
    still = standing(_COUNT)
    rotations = still.rotations.copy()
    sway = 1.5 + 0.05 * np.sin(np.arange(_COUNT) / 9.0)
    for name in ("hips", "spine", "neck", "head"):
        rotations[:, BONE_NAMES.index(name)] = about((1.0, 0.0, 0.0), sway)
    for side, sign in (("L", 1.0), ("R", -1.0)):
        down = about((0.0, 1.0, 0.0), np.full(_COUNT, 1.5 * sign))
        folded = rot.multiply(down, about((0.0, 0.0, -sign), np.full(_COUNT, 0.7)))
        for name, turn in (("upper_arm", down), ("forearm", folded), ("hand", folded)):
            rotations[:, BONE_NAMES.index(f"{name}.{side}")] = turn
    contacts = np.zeros((_COUNT, 6))
    contacts[30:60, 4:] = 1.0
    return replace(still, rotations=rotations, contacts=contacts)


def about(axis: tuple[float, float, float], angle: np.ndarray) -> np.ndarray:
    return np.concatenate([np.cos(angle / 2)[:, None], np.sin(angle / 2)[:, None] * np.array(axis)], axis=1)


def long_arms(by: float) -> Places:
    joints = places()
    shoulders = {side: joints[f"upper_arm1.{side}"][1] for side in "LR"}
    arm = ("upper_arm2", "forearm", "hand", "thumb", "index", "pinky")
    return {
        name: (parent, shoulders[name[-1]] + by * (head - shoulders[name[-1]]) if name.startswith(arm) else head)
        for name, (parent, head) in joints.items()
    }


def knuckles(motion: Motion, by: float, *, hands: bool) -> np.ndarray:
    target = target_of(long_arms(by), 5)
    fit = fit_of(target)
    where = posed(target, retarget(motion, target, fit, RetargetSettings(hands=hands)))
    return (where.heads[:, fit.ends["hand.L"][0]] + where.heads[:, fit.ends["hand.L"][1]]) / 2


def test_hands_stay_where_they_stand_on_arms_of_other_lengths():
    motion = crouching()
    for by in (0.95, 1.1, 1.25):
        held, free = (knuckles(motion, by, hands=hands) for hands in (True, False))
        steps = np.linalg.norm(np.diff(held[32:58], axis=0), axis=-1)
        assert 1000 * steps.max() < 0.5
        assert 1000 * np.linalg.norm(np.diff(free[32:58], axis=0), axis=-1).max() > 2.2
        # before and after, and in between, nothing pops
        assert np.abs(held[:15] - free[:15]).max() < 1e-6
        assert np.linalg.norm(np.diff(held, n=2, axis=0), axis=-1).max() < 0.02


def test_only_contacts_hold_hands():
    motion = crouching()
    without = replace(motion, contacts=None)
    assert np.array_equal(knuckles(without, 1.0, hands=True), knuckles(without, 1.0, hands=False))
    target = target_of(places(["hand", "index", "pinky", "thumb"]), 5)
    moved = retarget(motion, target, fit_of(target), RetargetSettings(hands=True))
    assert np.isfinite(moved.rotations).all()


def test_elbows_still_fold_their_own_way():
    motion = crouching()
    target = target_of(long_arms(1.3), 5)
    fit = fit_of(target)
    where = posed(target, retarget(motion, target, fit, RetargetSettings(hands=True)))
    upper, lower = where.turns[:, fit.chains["upper_arm.L"][-1]], where.turns[:, fit.chains["forearm.L"][0]]
    bend = rot.multiply(rot.conjugate(upper), lower)
    folding = 2 * np.arctan2(-bend[:, 3], np.abs(bend[:, 0])) * np.sign(bend[:, 0])
    assert folding.min() > -0.05
