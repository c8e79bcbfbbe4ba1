from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from penumbra.errors import ArgumentsError
from penumbra.inference import rotations as rot
from penumbra.inference.correcting.around import Corrected, hidden_joints, solve_around
from penumbra.inference.correcting.correction import CorrectingSettings, Correction
from penumbra.inference.correcting.reach import Reach
from penumbra.inference.observed import Observed
from penumbra.inference.poses import Poses
from penumbra.models.skeletons import BONE_NAMES, POINTS
from tests.fitting import Told, errors, joint, told, turned

COUNT, FIRST, LAST, MIDDLE = 60, 15, 45, 30
HIDDEN = ("elbow.L", "wrist.L", "index.L", "pinky.L", "thumb.L")
ARM = [BONE_NAMES.index(f"{bone}.L") for bone in ("upper_arm", "forearm", "hand")]
JOINTS_OF_ARM = [joint(name) for name in HIDDEN]


def reach(frames: list[int], present: np.ndarray | None = None) -> Reach:
    times = np.arange(COUNT) / 30.0
    # a body that goes a meter a second
    return Reach(np.array(frames), times, times, np.ones(COUNT, bool) if present is None else present, 0.35, 0.7)


def hidden_span(first: int = FIRST, last: int = LAST) -> np.ndarray:
    return (np.arange(COUNT) >= first) & (np.arange(COUNT) < last)


def test_a_change_is_met_in_its_frame_and_fades_to_nothing_where_the_hidden_stretch_ends():
    spread = reach([MIDDLE]).spread(np.array([[2.0, -1.0]]), hidden_span(), 0.01)
    assert np.array_equal(spread.told, hidden_span())
    np.testing.assert_allclose(spread.change[MIDDLE], [2.0, -1.0], atol=1e-4)
    assert not spread.change[~hidden_span()].any()
    size = spread.change[:, 0]
    assert (np.diff(size[FIRST : MIDDLE + 1]) > 0).all()
    assert (np.diff(size[MIDDLE:LAST]) < 0).all()
    assert size[FIRST] < 0.15
    assert spread.known[MIDDLE] > 0.999 > spread.known[(FIRST + MIDDLE) // 2]


def test_two_changes_in_one_stretch_are_both_met():
    spread = reach([20, 36]).spread(np.array([[1.0], [-1.0]]), hidden_span(), 0.01)
    np.testing.assert_allclose(spread.change[[20, 36], 0], [1.0, -1.0], atol=1e-4)


def test_a_change_where_there_was_sight_goes_along_for_a_short_time_only():
    spread = reach([MIDDLE]).spread(np.array([[1.0]]), np.zeros(COUNT, bool), 0.01)
    assert np.array_equal(np.flatnonzero(spread.told), np.arange(20, 41))


def test_nothing_goes_across_frames_without_the_subject():
    present = ~hidden_span(33, 36)
    spread = reach([MIDDLE], present).spread(np.array([[1.0]]), np.zeros(COUNT, bool), 0.01)
    assert spread.told[32]
    assert not spread.told[33:].any()


def test_a_pose_that_is_confirmed_changes_nothing():
    spread = reach([MIDDLE]).spread(np.array([[0.001]]), hidden_span(), 0.01)
    assert not spread.told.any()


@pytest.fixture(scope="module")
def case() -> tuple[Told, Poses, Observed]:
    """A walk whose left arm was hidden for a second, in which it is guessed to be turned by up to a radian and more."""
    made = told(COUNT)
    belief = made.observed.belief.copy()
    belief[FIRST:LAST, [POINTS.index(name) for name in HIDDEN]] = 0.0
    wrong = turned(made.truth, "upper_arm.L", (0.0, 0.9, 0.5))
    guess = made.truth.rotations.copy()
    bump = np.sin(np.pi * (np.arange(COUNT) - FIRST + 1) / (LAST - FIRST + 1))
    for frame in range(FIRST, LAST):
        guess[frame] = rot.slerp(guess[frame], wrong.rotations[frame], np.full(len(BONE_NAMES), bump[frame]))
    return made, replace(made.truth, rotations=guess), replace(made.observed, belief=belief)


def correct(case: tuple[Told, Poses, Observed], *frames: int) -> Corrected:
    made, guess, observed = case
    right = [Correction(frame, made.truth.root[frame % COUNT], made.truth.rotations[frame % COUNT]) for frame in frames]
    return solve_around(guess, observed, made.view, made.contacts, right)


def test_one_true_pose_mends_the_hidden_second_around_it(case: tuple[Told, Poses, Observed]):
    made, guess, _ = case
    result = correct(case, MIDDLE)
    before, after = (errors(poses, made.truth)[FIRST:LAST, JOINTS_OF_ARM].mean() for poses in (guess, result.poses))
    assert before > 0.1
    assert after < 0.55 * before
    turn = np.abs(np.sum(result.poses.rotations[MIDDLE] * made.truth.rotations[MIDDLE], axis=-1))
    assert turn.min() > 1 - 1e-6
    np.testing.assert_allclose(result.poses.root[MIDDLE], made.truth.root[MIDDLE], atol=1e-6)


def test_all_else_stays_to_the_last_bit(case: tuple[Told, Poses, Observed]):
    _, guess, _ = case
    result = correct(case, MIDDLE)
    others = np.setdiff1d(np.arange(len(BONE_NAMES)), ARM)
    assert np.array_equal(result.poses.rotations[:, others], guess.rotations[:, others])
    outside = ~hidden_span()
    assert np.array_equal(result.poses.rotations[outside], guess.rotations[outside])
    assert np.array_equal(result.poses.root, guess.root)
    assert np.array_equal(result.changed[:, ARM[0]], hidden_span())
    assert not result.changed[:, others].any()


def test_what_is_corrected_goes_over_into_what_stays_without_a_jump(case: tuple[Told, Poses, Observed]):
    rotations = correct(case, MIDDLE).poses.rotations[:, ARM]
    step = 2 * np.arccos(np.clip(np.abs(np.sum(rotations[1:] * rotations[:-1], axis=-1)), 0, 1))
    assert np.degrees(step.max()) < 9.0


def test_two_corrections_are_both_met(case: tuple[Told, Poses, Observed]):
    made, _, _ = case
    result = correct(case, 38, 22)
    for frame in (22, 38):
        turn = np.abs(np.sum(result.poses.rotations[frame] * made.truth.rotations[frame], axis=-1))
        assert turn.min() > 1 - 1e-8


@pytest.mark.parametrize("frames", [(), (COUNT,), (MIDDLE, MIDDLE)])
def test_corrections_that_cannot_be_used_say_so(case: tuple[Told, Poses, Observed], frames: tuple[int, ...]):
    with pytest.raises(ArgumentsError):
        correct(case, *frames)


def test_a_short_sight_between_two_hidden_stretches_counts_to_them():
    observed = told(COUNT).observed
    wrist = POINTS.index("wrist.L")
    observed.belief[10:20, wrist] = observed.belief[22:30, wrist] = observed.belief[40:50, wrist] = 0.0
    hidden = hidden_joints(observed, CorrectingSettings())[:, joint("wrist.L")]
    assert np.array_equal(np.flatnonzero(hidden), np.r_[10:30, 40:50])
