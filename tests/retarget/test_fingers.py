"""Fingers bend with the subject's, whatever phalanges the target has."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penumbra.inference import rotations as rot
from penumbra.inference.hands import DIGITS, THUMB, Hands
from penumbra.inference.motion import Motion
from penumbra.models.skeletons import BONE_NAMES
from penumbra.retarget.forward import posed
from penumbra.retarget.retarget import retarget
from penumbra.retarget.settings import RetargetSettings
from penumbra.tests.retarget.figures import fit_of, places, target_of, turned
from penumbra.tests.synthetic import random_motion, standing


def curled(degrees: float, motion: Motion | None = None) -> Motion:
    """The subject with every phalanx but the thumbs' bent toward the palm by so much."""
    motion = motion or standing(3)
    turns = np.zeros((len(motion), 2, len(DIGITS), 3, 4))
    turns[..., 0] = 1.0
    half = np.radians(degrees) / 2
    # from a T-pose with palms down: about the way back for the left hand, about the way forward for the right
    turns[:, 0, 1:] = [np.cos(half), 0.0, np.sin(half), 0.0]
    turns[:, 1, 1:] = [np.cos(half), 0.0, -np.sin(half), 0.0]
    return replace(motion, hands=Hands(turns, np.ones((len(motion), 2))))


@given(seed=st.integers(0, 10_000), down=st.floats(0, 80), rest=st.floats(0, 50), spread=st.floats(-15, 15))
@settings(max_examples=20, deadline=None)
def test_fingers_curl_toward_the_palm_whatever_rolls_and_rest_pose(seed: int, down: float, rest: float, spread: float):
    joints = places()
    for side, sign in (("L", 1), ("R", -1)):
        # a relaxed hand, its fingers spread, on an arm that hangs
        for bone in ("index3", "index2", "index1", "pinky2", "pinky1"):
            joints = turned(joints, f"{bone}.{side}", (0, sign, 0), rest / 2)
        joints = turned(joints, f"index1.{side}", (0, 0, sign), -spread)
        joints = turned(joints, f"upper_arm1.{side}", (0, sign, 0), down)
    target = target_of(joints, seed)
    motion = curled(30.0, random_motion(5, seed=seed))
    where = posed(target, retarget(motion, target, fit_of(target)))
    for side, along in (("L", 1.0), ("R", -1.0)):
        hand = motion.rotations[:, BONE_NAMES.index(f"hand.{side}")]
        for number, bend in ((1, 30.0), (2, 60.0)):
            wanted = rot.rotate(hand, np.array([along * np.cos(np.radians(bend)), 0.0, -np.sin(np.radians(bend))]))
            first, second = (where.heads[:, target.bones.index(f"index{n}.{side}")] for n in (number, number + 1))
            assert np.sum(rot.normalize(second - first) * wanted, axis=-1).min() > 1 - 1e-6


def test_a_finger_of_two_bones_shares_the_bend_of_three():
    target = target_of(places(), 2)
    where = posed(target, retarget(curled(30.0), target, fit_of(target)))
    bones = [target.bones.index(f"pinky{number}.L") for number in (1, 2)]
    angles = [np.degrees(np.arctan2(-way[2], way[0])) for way in (where.tails - where.heads)[0, bones]]
    # the middles of two bones lie a quarter and three quarters along three
    assert angles == pytest.approx([37.5, 82.5], abs=1e-6)


def test_thumbs_point_forward_and_down_at_rest_and_turn_with_the_hand():
    joints = turned(places(), "thumb1.L", (0, 0, 1), 40.0)
    target = target_of(joints, 2)
    where = posed(target, retarget(curled(0.0), target, fit_of(target)))
    bone = target.bones.index("thumb1.L")
    way = rot.normalize(where.tails[0, bone] - where.heads[0, bone])
    assert way @ rot.normalize(np.array(THUMB)) > 0.9999


def test_only_hands_that_were_seen_are_keyed_and_as_sure_as_they_were():
    motion = curled(30.0)
    assert motion.hands is not None
    motion.hands.confidence[:, 0] = 0.0
    motion.hands.confidence[:, 1] = 0.7
    target = target_of(places(), 2)
    moved = retarget(motion, target, fit_of(target))
    assert not any(name.startswith(("index", "pinky", "thumb")) and name.endswith(".L") for name in moved.bones)
    assert moved.confidence[:, moved.bones.index("index1.R")] == pytest.approx(0.7)


@pytest.mark.parametrize(
    ("motion", "fingers"), [(standing(3), True), (curled(30.0), False)], ids=["nothing told", "not asked for"]
)
def test_fingers_are_left_alone(motion: Motion, *, fingers: bool):
    target = target_of(places(), 2)
    moved = retarget(motion, target, fit_of(target), RetargetSettings(fingers=fingers))
    assert not any(name.startswith(("index", "pinky", "thumb")) for name in moved.bones)


def test_a_target_without_hands_or_fingers_takes_none():
    for without in (["index", "pinky", "thumb"], ["hand", "index", "pinky", "thumb"]):
        target = target_of(places(without), 2)
        assert np.isfinite(retarget(curled(30.0), target, fit_of(target)).rotations).all()
