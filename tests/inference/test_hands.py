from __future__ import annotations

import numpy as np
import pytest

from penumbra.inference import rotations as rot
from penumbra.inference.hands import DIGITS, THUMB, Hands, HandSettings, hands_of
from penumbra.models.skeletons import BLAZEPOSE

COUNT = 30
SIGNS = {"L": 1.0, "R": -1.0}
# T-pose axes (left, back, up) as the detector's (right, down, forward) of a person who faces the camera.
TO_CAMERA = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])
TURN = rot.to_matrix(rot.normalize(np.array([0.8, 0.3, -0.4, 0.2])))


def landmarks(thumb: tuple[float, float, float] = THUMB, spread: float = 0.5) -> np.ndarray:
    """Both hands in a T-pose, the picture of which is turned; the thumb points along `thumb` on the left."""
    world = np.zeros((COUNT, len(BLAZEPOSE), 3))
    for side, sign in SIGNS.items():
        places = {
            "index": (0.1, -0.1 * np.tan(spread / 2), 0.0),
            "pinky": (0.1, 0.1 * np.tan(spread / 2), 0.0),
            "thumb": 0.05 * np.array(thumb),
        }
        wrist = np.array([0.6, 0.0, 0.0])
        for name, place in {"wrist": (0.0, 0.0, 0.0), **places}.items():
            here = (wrist + place) * (sign, 1.0, 1.0)
            world[:, BLAZEPOSE.index(f"{name}.{side}")] = TURN @ TO_CAMERA @ here
    return world


def made(world: np.ndarray, confidence: float = 0.9, present: np.ndarray | None = None) -> Hands:
    here = np.ones(COUNT, bool) if present is None else present
    sure = np.full((COUNT, len(BLAZEPOSE)), confidence)
    return hands_of(world, sure, np.arange(COUNT) / 30.0, here, np.full((COUNT, 2), 0.6))


def pointing(hands: Hands, side: int, digit: str, phalanx: int) -> np.ndarray:
    """Where a phalanx points in the first frame, in T-pose axes."""
    rest = np.array(THUMB if digit == "thumb" else (1.0, 0.0, 0.0)) * ((1.0, -1.0)[side], 1.0, 1.0)
    turn = np.array([1.0, 0.0, 0.0, 0.0])
    for part in range(phalanx + 1):
        turn = rot.multiply(turn, hands.turns[0, side, DIGITS.index(digit), part])
    return rot.rotate(turn, rot.normalize(rest))


@pytest.mark.parametrize("side", [0, 1])
def test_fingers_curl_toward_the_palm(side: int):
    hands = made(landmarks())
    for digit in DIGITS[1:]:
        heights = [pointing(hands, side, digit, phalanx)[2] for phalanx in range(3)]
        assert 0 > heights[0] > heights[1] > heights[2]
    assert pointing(hands, side, "pinky", 2)[2] < pointing(hands, side, "index", 2)[2]


def test_a_thumb_at_rest_stays_and_one_that_moves_follows():
    still = made(landmarks())
    np.testing.assert_allclose(np.abs(still.turns[:, :, 0, 0, 0]), 1.0, atol=1e-6)
    moved = made(landmarks(thumb=(0.9, -0.4, -0.19)))
    goal = rot.normalize(np.array([0.9, -0.4, -0.19]))
    for side, sign in enumerate(SIGNS.values()):
        before, after = (pointing(hands, side, "thumb", 0) @ (goal * (sign, 1.0, 1.0)) for hands in (still, moved))
        assert np.arccos(after) < 0.4 * np.arccos(before)


def test_a_thumb_turns_no_further_than_it_can():
    moved = made(landmarks(thumb=(-0.9, 0.4, 0.5)))
    angle = 2 * np.arccos(np.clip(np.abs(moved.turns[:, :, 0, 0, 0]), 0, 1))
    np.testing.assert_allclose(np.degrees(angle), HandSettings().thumb, atol=1e-6)


def test_fingers_part_while_the_knuckles_do():
    world = landmarks()
    world[10:20] = landmarks(spread=0.8)[10:20]
    hands = made(world)
    index = rot.rotate(hands.turns[:, :, 1, 0], np.array([1.0, 0.0, 0.0]))
    left = index[:, 0, 1]
    assert left[15] < left[0] - 0.02


def test_points_that_nobody_believes_leave_a_relaxed_hand():
    unseen, seen = made(landmarks(thumb=(-0.9, 0.4, 0.5)), confidence=0.2), made(landmarks())
    np.testing.assert_allclose(unseen.turns, seen.turns, atol=1e-6)


def test_without_the_subject_there_is_no_confidence():
    present = np.arange(COUNT) < 20
    hands = made(landmarks(), present=present)
    assert np.array_equal(hands.confidence > 0, np.repeat(present[:, None], 2, axis=1))
    assert np.isfinite(hands.turns).all()
    np.testing.assert_allclose(np.linalg.norm(hands.turns, axis=-1), 1.0)
