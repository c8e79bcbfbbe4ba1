from __future__ import annotations

import time
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from penumbra.models.skeletons import JOINTS, POINTS, mirrored
from penumbra.tests.training.mannequin import arms_down, point_names, seen_from
from penumbra.training.cylinders import visible
from penumbra.training.occlusion import (
    GAPS,
    SUITE,
    Bar,
    Clean,
    Frames,
    Occlusion,
    Part,
    Protocol,
    Random,
    SelfOcclusion,
    Windows,
    Wrong,
    joint_hidden,
    stream,
)
from penumbra.training.occlusion_masks import Mixture, training_masks
from penumbra.training.occlusion_units import ALONE, PARTS, UNIT_OF, UNITS, WITH_DESCENDANTS

CLIPS, FRAMES = 6, 180


@pytest.fixture(scope="module")
def joints() -> np.ndarray:
    """Subjects who turn and sway, `[6, 180, 30, 3]` in the camera frame."""
    turns = np.arange(FRAMES) * 2.0 + 30.0 * np.arange(CLIPS)[:, None]
    poses = np.array([[seen_from(arms_down(), turn) for turn in clip] for clip in turns])
    poses[..., 0] += 0.4 * np.sin(np.arange(FRAMES) / 15)[:, None]
    return poses


@pytest.fixture(scope="module")
def points(joints: np.ndarray) -> np.ndarray:
    places = joints[..., [JOINTS.index(name) for name in POINTS], :]
    return places[..., :2] / places[..., 2:]


def _apply(protocol: Protocol, points: np.ndarray, joints: np.ndarray, seed: int = 0) -> Occlusion:
    return protocol.apply(points, np.full(points.shape[:-1], 0.9), joints, np.random.default_rng(seed))


def _runs(flags: np.ndarray) -> list[tuple[int, int]]:
    """Start and end of the runs of True in `[T]`."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(int)))
    return list(zip(edges[::2], edges[1::2], strict=True))


def test_every_point_is_in_one_of_17_units():
    assert len(UNITS) == 17
    assert ALONE.sum(axis=0).tolist() == [1] * 25
    assert point_names(ALONE[tuple(UNITS).index("wrist.L")]) == {"wrist.L", "index.L", "pinky.L", "thumb.L"}
    assert point_names(ALONE[tuple(UNITS).index("foot.R")]) == {"heel.R", "toe.R"}


def test_what_hangs_on_a_unit_goes_with_it():
    knee = WITH_DESCENDANTS[tuple(UNITS).index("knee.L")]
    assert point_names(knee) == {"knee.L", "ankle.L", "heel.L", "toe.L"}
    assert point_names(WITH_DESCENDANTS[tuple(UNITS).index("ear.R")]) == {"ear.R"}
    assert np.array_equal(WITH_DESCENDANTS[tuple(UNITS).index("shoulder.R")], PARTS["right arm"])


def test_parts_of_the_body():
    assert PARTS["both legs"].sum() == 10
    assert PARTS["upper body"].sum() == 15
    assert not (PARTS["both legs"] & PARTS["upper body"]).any()


def test_the_suite_is_that_of_the_plan():
    names = [protocol.name for protocol in SUITE]
    assert len(set(names)) == len(names) == 1 + 4 + 8 + 10 + 3 + 3 + 1 + 6
    assert {"clean", "R(16)", "W(30,3)", "P(both legs,45)", "F(25)", "B(40)", "S", "D(swap,15)"} <= set(names)
    assert [gap.length for gap in GAPS] == [5, 10, 15, 20, 30, 45, 60]


@pytest.mark.parametrize("protocol", SUITE, ids=lambda protocol: protocol.name)
def test_every_protocol_keeps_its_promises(protocol: Protocol, points: np.ndarray, joints: np.ndarray):
    before = points.copy()
    result = _apply(protocol, points, joints, seed=11)
    assert np.array_equal(points, before)
    assert result.hidden.shape == (CLIPS, FRAMES, 25)
    assert result.hidden.dtype == bool
    assert np.isfinite(result.points).all()
    assert np.array_equal(result.points[~result.hidden], points[~result.hidden])
    assert np.all(result.confidence[~result.hidden] == 0.9)
    told = 0.8 if isinstance(protocol, Wrong) else 0.0
    assert np.all(result.confidence[result.hidden] == told)
    assert np.array_equal(result.seen, np.ones_like(result.hidden) if told else ~result.hidden)
    assert result.hidden.any() == (protocol.name != "clean")
    again = _apply(protocol, points, joints, seed=11)
    assert np.array_equal(again.hidden, result.hidden)
    assert np.array_equal(again.points, result.points)


@pytest.mark.parametrize("protocol", [protocol for protocol in SUITE if protocol.name not in {"clean", "S"}])
def test_another_seed_hides_other_points(protocol: Protocol, points: np.ndarray, joints: np.ndarray):
    first, other = (_apply(protocol, points, joints, seed) for seed in (1, 2))
    assert not np.array_equal(first.hidden, other.hidden)


@pytest.mark.parametrize("count", [4, 8, 12, 16])
def test_random_hides_so_many_units_in_every_frame(count: int, points: np.ndarray, joints: np.ndarray):
    hidden = _apply(Random(count), points, joints).hidden
    units = np.stack([hidden[..., unit == UNIT_OF].all(axis=-1) for unit in range(17)], axis=-1)
    assert np.all(units.sum(axis=-1) == count)
    assert np.array_equal(units[..., UNIT_OF], hidden)


@pytest.mark.parametrize("length", [5, 15, 30, 60])
@pytest.mark.parametrize("count", [1, 3])
def test_windows_are_as_long_and_as_far_apart_as_they_say(
    length: int, count: int, points: np.ndarray, joints: np.ndarray
):
    for clip in _apply(Windows(length, count), points, joints).hidden:
        windows = _runs(clip.any(axis=-1))
        assert windows
        assert {end - start for start, end in windows} == {length}
        assert min(start for start, _ in windows) >= 1
        assert max(end for _, end in windows) < FRAMES
        assert all(after[0] - before[1] >= length for before, after in pairwise(windows))
        for start, end in windows:
            assert np.all(clip[start:end] == clip[start])
            units = [row for row in WITH_DESCENDANTS if not (row & ~clip[start]).any()]
            assert np.array_equal(np.any(units, axis=0), clip[start])


def test_a_part_and_a_whole_frame_are_gone_for_as_long_as_they_say(points: np.ndarray, joints: np.ndarray):
    legs = _apply(Part("both legs", 45), points, joints).hidden
    assert np.array_equal(legs.any(axis=(0, 1)), PARTS["both legs"])
    assert {end - start for start, end in _runs(legs[0, :, POINTS.index("hip.L")])} == {45}
    whole = _apply(Frames(10), points, joints).hidden
    assert np.array_equal(whole.any(axis=-1), whole.all(axis=-1))
    assert {end - start for start, end in _runs(whole[2, :, 0])} == {10}


@given(frames=st.integers(3, 130), length=st.integers(1, 128), seed=st.integers(0, 1000))
def test_a_gap_has_sights_on_both_sides_or_is_refused(frames: int, length: int, seed: int):
    points = np.zeros((1, frames, 25, 2))
    joints = np.zeros((1, frames, 30, 3))
    if length > frames - 2:
        with pytest.raises(ValueError, match=f"{frames} frames"):
            _apply(Frames(length), points, joints, seed)
        return
    hidden = _apply(Frames(length), points, joints, seed).hidden[0, :, 0]
    assert {end - start for start, end in _runs(hidden)} == {length}
    assert not hidden[[0, -1]].any()


@pytest.mark.parametrize("width", [10, 20, 40])
def test_a_bar_hides_what_lies_behind_it_and_nothing_else(width: int, points: np.ndarray, joints: np.ndarray):
    for seed in range(5):
        hidden = _apply(Bar(width), points, joints, seed).hidden
        boxes = np.ptp(points, axis=2)
        for clip, (mask, places, box) in enumerate(zip(hidden, points, boxes, strict=True)):
            assert mask.any(), clip
            # along one of the picture's axes, no point that is seen lies between hidden ones, which fill no more than the bar
            fits = []
            for axis in range(2):
                between, reach = True, 0.0
                for frame in np.flatnonzero(mask.any(axis=1)):
                    gone, seen = places[frame, mask[frame], axis], places[frame, ~mask[frame], axis]
                    between &= not np.any((seen > gone.min()) & (seen < gone.max()))
                    reach = max(reach, float(np.ptp(gone)))
                fits.append(between and reach <= width / 100 * np.median(box[:, axis]) + 1e-9)
            assert any(fits), clip


def test_self_occlusion_is_the_cylinder_mans(points: np.ndarray, joints: np.ndarray):
    hidden = _apply(SelfOcclusion(), points, joints).hidden
    assert np.array_equal(hidden, ~visible(joints))
    assert 0.05 < hidden.mean() < 0.5


def test_swapped_limbs_are_told_at_each_others_place(points: np.ndarray, joints: np.ndarray):
    result = _apply(Wrong("swap", 15), points, joints)
    partners = [POINTS.index(mirrored(name)) for name in POINTS]
    assert np.array_equal(result.hidden, result.hidden[..., partners])
    assert np.array_equal(result.points[result.hidden], points[:, :, partners][result.hidden])
    assert np.abs(result.points - points)[result.hidden].max() > 0.05


def test_points_at_an_edge_leave_their_place_along_one_axis_and_stay_on_a_line(points: np.ndarray, joints: np.ndarray):
    result = _apply(Wrong("edge", 30), points, joints)
    for clip in range(CLIPS):
        for start, end in _runs(result.hidden[clip].any(axis=-1)):
            group = result.hidden[clip, start]
            shift = np.abs(result.points - points)[clip, start:end][:, group]
            still, moved = np.sort(shift.max(axis=(0, 1)))
            assert still == 0.0
            assert moved > 0.0
            axis = int(np.argmax(shift.max(axis=(0, 1))))
            assert np.ptp(result.points[clip, start:end][:, group, axis], axis=1).max() < 1e-12
            assert np.all(shift[..., axis] > 0.0)


def test_drifting_points_are_off_by_a_share_of_the_trunk(points: np.ndarray, joints: np.ndarray):
    ends, middles = [], []
    for seed in range(40):
        result = _apply(Wrong("drift", 15), points, joints, seed)
        shift = result.points - points
        for clip in range(CLIPS):
            for start, end in _runs(result.hidden[clip].any(axis=-1)):
                group = result.hidden[clip, start]
                ends.append(shift[clip, start, group].ravel())
                middles.append(shift[clip, (start + end - 1) // 2, group].ravel())
    # a trunk of 0.5 m at 4 m is 0.125; half way between two independent offsets the spread is 1/√2 of theirs
    assert np.concatenate(ends).std() == pytest.approx(0.15 * 0.125, rel=0.1)
    assert np.concatenate(middles).std() == pytest.approx(0.15 * 0.125 / np.sqrt(2), rel=0.1)


def test_a_joint_is_hidden_with_any_point_that_it_is_made_of():
    def joints_hidden_with(*names: str) -> set[str]:
        hidden = joint_hidden(np.array([name in names for name in POINTS]))
        return {name for name, gone in zip(JOINTS, hidden, strict=True) if gone}

    assert joints_hidden_with() == set()
    assert joints_hidden_with("knee.L") == {"knee.L"}
    assert joints_hidden_with("hip.R") == {"hip.R", "pelvis", "spine"}
    assert joints_hidden_with("shoulder.L") == {"shoulder.L", "spine", "thorax"}
    assert joints_hidden_with("ear.L") == {"ear.L", "neck", "head"}
    assert joints_hidden_with("nose") == {"nose"}
    assert joint_hidden(np.ones((2, 3, 25), bool)).all()


def test_a_stream_belongs_to_a_protocol_and_a_clip():
    first = stream(Windows(30, 1), "walk").random(4)
    assert np.array_equal(first, stream(Windows(30, 1), "walk").random(4))
    others = [stream(Windows(30, 3), "walk"), stream(Windows(30, 1), "run"), stream(Windows(30, 1), "walk", seed=1)]
    assert all(not np.array_equal(first, other.random(4)) for other in others)
    assert stream(Clean(), "walk").random() != stream(SelfOcclusion(), "walk").random()


def test_training_masks_mix_clean_scattered_and_structured_clips():
    hidden = training_masks(np.random.default_rng(0), 4000, 60)
    clean = ~hidden.any(axis=(1, 2))
    changes = (np.diff(hidden, axis=1).any(axis=-1)).mean(axis=1)
    scattered = changes > 0.5
    assert clean.mean() == pytest.approx(0.25, abs=0.03)
    assert scattered.mean() == pytest.approx(0.25, abs=0.05)
    assert 0.05 < hidden[~clean & ~scattered].mean() < 0.4


def test_training_gaps_are_of_every_length_and_short_ones_are_common():
    only = Mixture(structured=1.0, random=0.0, windows=1)
    hidden = training_masks(np.random.default_rng(1), 4000, 250, mixture=only).any(axis=-1)
    inner = [_runs(clip)[0] for clip in hidden if not clip[0] and not clip[-1]]
    lengths = np.array([end - start for start, end in inner])
    assert lengths.min() == 1
    assert 70 <= lengths.max() <= 75
    # even in the logarithm: half of all lengths lie below √76
    assert np.mean(lengths < np.sqrt(76)) == pytest.approx(0.5, abs=0.08)


def test_training_bars_come_with_the_points():
    only = Mixture(structured=1.0, bars=1.0, random=0.0)
    points = np.random.default_rng(2).random((50, 20, 25, 2))
    hidden = training_masks(np.random.default_rng(3), 50, 20, points, only)
    assert hidden.any(axis=(1, 2)).all()
    assert 0.05 < hidden.mean() < 0.5


def test_training_masks_repeat_with_their_seed():
    first, again = (training_masks(np.random.default_rng(4), 32, 81) for _ in range(2))
    assert np.array_equal(first, again)


def test_training_masks_take_milliseconds():
    rng = np.random.default_rng(5)
    training_masks(rng, 64, 128)
    began = time.perf_counter()
    for _ in range(5):
        training_masks(rng, 64, 128)
    # one takes 1 ms on a core that has nothing else to do
    assert (time.perf_counter() - began) / 5 < 0.010
