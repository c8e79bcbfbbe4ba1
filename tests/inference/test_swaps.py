"""Left and right taken for each other: found, put right, and not seen where they are not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penumbra.inference.evidence import Evidence
from penumbra.inference.sight import swapped as seen_swapped
from penumbra.inference.sight import uncrossed
from penumbra.inference.swaps import SwapSettings, crossed, uncross
from penumbra.inference.track import Track
from penumbra.models.skeletons import BLAZEPOSE, mirrored
from tests.swaying import COUNT, swaying

DEFAULT = SwapSettings()
PARTNERS = [BLAZEPOSE.index(mirrored(name)) for name in BLAZEPOSE]
HANDS = [BLAZEPOSE.index(f"{part}.{side}") for part in ("wrist", "pinky", "index", "thumb") for side in "LR"]
ARRAYS = ("points", "confidence", "flow", "flow_error")


def swapped(evidence: Evidence, points: list[int], frames: slice) -> Evidence:
    """The evidence with `points` under their partners' names in some frames."""
    others = [PARTNERS[point] for point in points]
    arrays = {name: getattr(evidence, name).copy() for name in ARRAYS}
    for name, array in arrays.items():
        # flow and its error tell of the way from the frame before
        late = int(name.startswith("flow"))
        rows = slice(frames.start + late, frames.stop + late)
        array[rows, points] = getattr(evidence, name)[rows, others]
    return replace(evidence, **arrays)


def told_apart(seed: int = 3) -> Evidence:
    """A swaying body whose points all differ in confidence and flow error too."""
    evidence = swaying(seed)
    confidence = 0.5 + 0.4 * np.random.default_rng(seed).random(evidence.confidence.shape)
    return replace(evidence, confidence=confidence, flow_error=evidence.flow_error * (1.0 + confidence))


@pytest.mark.parametrize("frames", [slice(30, 45), slice(1, 12), slice(75, COUNT)])
@pytest.mark.parametrize("points", [HANDS, list(range(33))], ids=["hands", "whole body"])
def test_swapped_points_are_put_right_with_all_that_is_known_of_them(points: list[int], frames: slice) -> None:
    evidence = told_apart()
    wrong = swapped(evidence, points, frames)
    assert np.abs(wrong.points - evidence.points).max() > 20
    found = crossed(wrong, DEFAULT)
    expected = np.zeros_like(found)
    expected[frames, [point for point in points if PARTNERS[point] != point]] = True
    np.testing.assert_array_equal(found, expected)
    right = uncross(wrong, DEFAULT)
    for name in ARRAYS:
        np.testing.assert_array_equal(getattr(right, name), getattr(evidence, name), err_msg=name)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 999), noise=st.floats(0.0, 2.0))
def test_what_is_straight_stays_straight(seed: int, noise: float) -> None:
    """Points of a pair pass each other here again and again, and go on."""
    assert not crossed(swaying(seed, noise), DEFAULT).any()


def test_a_jump_to_somewhere_else_is_no_swap() -> None:
    evidence = swaying()
    evidence.points[30:45, HANDS[0]] += (80.0, 40.0)
    assert not crossed(evidence, DEFAULT).any()


def test_the_longer_side_is_the_straight_one() -> None:
    """Nobody knows which names are right in a clip that is half swapped; most of the time detectors are right."""
    evidence = swaying()
    found = crossed(swapped(evidence, HANDS, slice(20, COUNT)), DEFAULT)
    assert found[:20, HANDS].all()
    assert found.sum() == 160


def test_nothing_is_exchanged_without_flow_or_when_it_is_switched_off() -> None:
    wrong = swapped(swaying(), HANDS, slice(30, 45))
    assert not crossed(replace(wrong, flow_error=np.full_like(wrong.flow_error, np.inf)), DEFAULT).any()
    assert not crossed(wrong, replace(DEFAULT, mended=False)).any()


def test_a_swap_across_an_absence_is_found() -> None:
    evidence = swaying()
    present = np.ones(COUNT, bool)
    present[40:44] = False
    wrong = swapped(evidence, HANDS, slice(44, 60))
    points, flow, error = wrong.points.copy(), wrong.flow.copy(), wrong.flow_error.copy()
    flow[44] = evidence.points[44] - evidence.points[39]
    points[~present], error[~present] = 0.0, np.inf
    found = crossed(replace(wrong, points=points, flow=flow, flow_error=error, present=present), DEFAULT)
    assert found[44:60, HANDS].all()
    assert not found[:40].any()
    assert not found[60:].any()


@pytest.mark.parametrize("count", [1, 2])
def test_short_clips(count: int) -> None:
    evidence = swaying()
    cut = {name: getattr(evidence, name)[:count] for name in (*ARRAYS, "size", "present")}
    assert not crossed(replace(evidence, **cut), DEFAULT).any()


def test_a_batch_is_as_its_clips_are() -> None:
    clips = [swapped(swaying(seed), HANDS, slice(30, 45)) for seed in (1, 2)]
    batch = replace(
        clips[0], **{name: np.stack([getattr(clip, name) for clip in clips]) for name in (*ARRAYS, "size", "present")}
    )
    np.testing.assert_array_equal(crossed(batch, DEFAULT), [crossed(clip, DEFAULT) for clip in clips])


def test_a_track_is_put_right_as_a_whole() -> None:
    wrong = swapped(swaying(), HANDS, slice(30, 45))
    world = np.random.default_rng(1).random((COUNT, 33, 3))
    tracked = Track(
        index=np.arange(COUNT),
        times=np.arange(COUNT) / 30,
        present=wrong.present,
        landmarks=np.concatenate([wrong.points, world[..., 2:]], axis=-1),
        world=world,
        confidence=wrong.confidence,
        regions=np.zeros((COUNT, 4)),
        flow=wrong.flow,
        flow_error=wrong.flow_error,
    )
    right = uncrossed(tracked, seen_swapped(tracked, DEFAULT))
    np.testing.assert_array_equal(right.landmarks[..., :2], swaying().points)
    np.testing.assert_array_equal(
        right.landmarks[30:45, HANDS, 2], world[30:45][:, [PARTNERS[hand] for hand in HANDS], 2]
    )
    np.testing.assert_array_equal(right.world[30:45, HANDS], world[30:45][:, [PARTNERS[hand] for hand in HANDS]])
    np.testing.assert_array_equal(right.world[:30], world[:30])
