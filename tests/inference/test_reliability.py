"""The reliability gate: the paper's formula, jumps and returns, what it must not refuse, and what it does not depend on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penumbra.inference.evidence import Evidence, body_size
from penumbra.inference.reliability import ReliabilitySettings, reliability
from penumbra.models.skeletons import BLAZEPOSE
from tests.swaying import COUNT, swaying

DEFAULT = ReliabilitySettings()
WRIST = BLAZEPOSE.index("wrist.L")
OTHER_WRIST = BLAZEPOSE.index("wrist.R")


def displaced(evidence: Evidence, point: int, frames: slice, by: tuple[float, float]) -> Evidence:
    """One point elsewhere for some frames, on something that stands still there."""
    points, flow = evidence.points.copy(), evidence.flow.copy()
    points[frames, point] = points[frames.start, point] + np.array(by)
    flow[frames.start + 1 : frames.stop + 1, point] = 0.0
    return replace(evidence, points=points, flow=flow)


def test_what_the_whole_body_does_at_once_speaks_against_no_point() -> None:
    evidence = swaying()
    points = evidence.points.copy()
    points[40:55] += (120.0, -30.0)
    assert (reliability(replace(evidence, points=points), DEFAULT) >= DEFAULT.threshold).mean() > 0.99
    alone = replace(DEFAULT, together=2.0)
    assert (reliability(replace(evidence, points=points), alone) >= alone.threshold).mean() < 0.9


def test_the_papers_formula_by_hand() -> None:
    points = np.zeros((3, 33, 2))
    points[1:, 0] = (6.0, 8.0)
    points[2, 0] = (6.0, 12.0)
    flow = np.zeros_like(points)
    flow[1, 0], flow[2, 0] = (6.0, 8.0), (0.0, 1.0)
    error = np.zeros((3, 33))
    error[2, 1] = np.inf
    confidence = np.full((3, 33), 0.5)
    size = np.full(3, 100.0)
    evidence = Evidence(points, confidence, flow, error, size, np.ones(3, bool), 30.0)
    found = reliability(evidence, ReliabilitySettings(memory=False, sigma=0.03))
    np.testing.assert_allclose(found[:, 0], [0.5, 0.5, 0.5 * np.exp(-9.0 / (2 * 9.0))])
    np.testing.assert_allclose(found[:, 1], 0.5)  # unknown flow leaves the confidence as it is


@pytest.mark.parametrize("memory", [True, False])
def test_a_body_that_moves_as_the_picture_does_is_believed(memory: bool) -> None:  # noqa: FBT001
    found = reliability(swaying(), ReliabilitySettings(memory=memory))
    assert (found >= DEFAULT.threshold).all()


def test_a_jump_and_return_is_refused_for_as_long_as_it_lasts() -> None:
    jump = displaced(swaying(), WRIST, slice(40, 55), (60.0, -20.0))
    with_memory = reliability(jump, DEFAULT) < DEFAULT.threshold
    assert with_memory[40:55, WRIST].all()
    assert with_memory.sum() == 15
    # the paper's formula sees both jumps only, and refuses the right frame after the return
    at_once = reliability(jump, replace(DEFAULT, memory=False)) < DEFAULT.threshold
    assert list(np.flatnonzero(at_once[:, WRIST])) == [40, 55]


def test_a_jump_that_lasts_is_believed() -> None:
    """After a while a new place is more likely the right one than a very long error is."""
    evidence = swaying()
    stays = displaced(evidence, WRIST, slice(25, COUNT), (60.0, -20.0))
    refused = reliability(stays, replace(DEFAULT, patience=0.5)) < DEFAULT.threshold
    assert not refused[30:, WRIST].any()


def test_a_point_glued_to_an_occluder_that_the_picture_shows_moving() -> None:
    """The occluder passes at a steady rate, so only the jumps onto it and off it tell."""
    evidence = swaying()
    points, flow = evidence.points.copy(), evidence.flow.copy()
    points[30:50, WRIST] = points[30, WRIST] + (50.0, 0.0) + np.arange(20)[:, None] * (3.0, 0.0)
    flow[31:51, WRIST] = (3.0, 0.0)
    refused = reliability(replace(evidence, points=points, flow=flow), DEFAULT) < DEFAULT.threshold
    assert refused[30:50, WRIST].all()
    assert refused[:, WRIST].sum() <= 22


def test_swapped_hands_are_refused_and_the_rest_is_not() -> None:
    evidence = swaying()
    pair, other = [WRIST, OTHER_WRIST], [OTHER_WRIST, WRIST]
    points, flow = evidence.points.copy(), evidence.flow.copy()
    points[30:70, pair] = evidence.points[30:70, other]
    flow[31:71, pair] = evidence.flow[31:71, other]
    swapped = replace(evidence, points=points, flow=flow)
    assert np.linalg.norm(points[30] - evidence.points[30], axis=-1)[WRIST] > 30
    refused = reliability(swapped, DEFAULT) < DEFAULT.threshold
    assert refused[30:70, pair].all()
    assert refused.sum() == 80


def test_random_places_are_refused_in_every_frame() -> None:
    evidence = swaying()
    points = evidence.points.copy()
    points[20:40, WRIST] += np.random.default_rng(1).normal(0, 40, (20, 2))
    refused = reliability(replace(evidence, points=points), DEFAULT) < DEFAULT.threshold
    assert refused[20:40, WRIST].mean() > 0.9


def test_a_fast_hand_is_believed_though_the_flow_is_the_backgrounds() -> None:
    """Beside a thin limb the picture shows the background, which says nothing against a point that goes steadily on."""
    evidence = swaying(noise=0.2)
    flow = evidence.flow.copy()
    flow[30:36, WRIST] = 0.0
    evidence.points[:, WRIST, 0] = 300 + np.linspace(0, 900, COUNT)
    flow[1:30, WRIST, 0] = flow[36:, WRIST, 0] = 900 / (COUNT - 1)
    assert (reliability(replace(evidence, flow=flow), DEFAULT)[:, WRIST] >= DEFAULT.threshold).all()


def test_without_flow_or_gate_the_confidence_stays() -> None:
    evidence = displaced(swaying(), WRIST, slice(40, 50), (60.0, 0.0))
    unknown = replace(evidence, flow_error=np.full_like(evidence.flow_error, np.inf))
    np.testing.assert_allclose(reliability(unknown, DEFAULT), evidence.confidence, atol=0.01)
    np.testing.assert_array_equal(reliability(evidence, replace(DEFAULT, gated=False)), evidence.confidence)


def test_an_absent_subject_has_none_and_is_compared_across_the_gap() -> None:
    evidence = swaying()
    present = np.ones(COUNT, bool)
    present[40:44] = False
    points, flow, error = evidence.points.copy(), evidence.flow.copy(), evidence.flow_error.copy()
    points[~present] = flow[~present] = 0.0
    error[~present] = np.inf
    flow[44] = points[44] - points[39]
    found = reliability(replace(evidence, points=points, flow=flow, flow_error=error, present=present), DEFAULT)
    assert (found[~present] == 0).all()
    assert (found[present] >= DEFAULT.threshold).all()


@pytest.mark.parametrize("count", [1, 2, 3])
def test_short_clips(count: int) -> None:
    evidence = swaying()
    arrays = ("points", "confidence", "flow", "flow_error", "size", "present")
    short = replace(evidence, **{name: getattr(evidence, name)[:count] for name in arrays})
    assert (reliability(short, DEFAULT) > 0.8).all()


@settings(max_examples=15, deadline=None)
@given(
    scale=st.floats(1e-3, 1e3),
    shift=st.tuples(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3)),
    mirror=st.booleans(),
    start=st.integers(2, 60),
    memory=st.booleans(),
)
def test_scale_place_and_mirroring_of_the_picture_do_not_matter(
    scale: float,
    shift: tuple[float, float],
    mirror: bool,  # noqa: FBT001
    start: int,
    memory: bool,  # noqa: FBT001
) -> None:
    gate = replace(DEFAULT, memory=memory)
    evidence = displaced(swaying(), WRIST, slice(start, start + 12), (40.0, 10.0))
    turn = np.array([-scale if mirror else scale, scale])
    other = replace(
        evidence,
        points=evidence.points * turn + np.array(shift) * scale,
        flow=evidence.flow * turn,
        flow_error=evidence.flow_error * scale,
        size=evidence.size * scale,
    )
    np.testing.assert_allclose(reliability(other, gate), reliability(evidence, gate), atol=1e-5)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 99), bad=st.floats(0.0, 200.0))
def test_values_stay_between_zero_and_the_confidence(seed: int, bad: float) -> None:
    evidence = swaying(seed)
    points = evidence.points + bad * np.random.default_rng(seed).standard_normal(evidence.points.shape)
    found = reliability(replace(evidence, points=points), DEFAULT)
    assert np.isfinite(found).all()
    assert ((found >= 0) & (found <= evidence.confidence)).all()


def test_a_batch_is_as_its_clips_are() -> None:
    clips = [swaying(seed) for seed in (1, 2)]
    arrays = ("points", "confidence", "flow", "flow_error", "size", "present")
    batch = replace(clips[0], **{name: np.stack([getattr(clip, name) for clip in clips]) for name in arrays})
    np.testing.assert_allclose(reliability(batch, DEFAULT), [reliability(clip, DEFAULT) for clip in clips])


def test_the_bodys_size_is_its_boxs_longer_side() -> None:
    points = np.array([[[0.0, 0.0], [3.0, 1.0], [1.0, 7.0]], [[0.0, 0.0], [9.0, 1.0], [1.0, 7.0]]])
    np.testing.assert_array_equal(body_size(points), [7.0, 9.0])
