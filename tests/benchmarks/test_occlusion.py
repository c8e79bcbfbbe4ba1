"""The occlusion benchmark on motion whose answers can be worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from penumbra.benchmarks.occlusion_methods import METHODS, Method, Networks, lift_all
from penumbra.benchmarks.occlusion_scores import Score, mean_interval, ratio_interval, score
from penumbra.benchmarks.occlusion_suite import GATED, UNGATED, Outcome, run_gate, run_suite
from penumbra.benchmarks.occlusion_tables import (
    GAPS,
    HARD,
    OURS,
    clean_figures,
    draw_gaps,
    excess_figures,
    gap_table,
    gate_figures,
    gate_table,
    generalization_table,
    suite_table,
)
from penumbra.inference.body import rest_joints
from penumbra.inference.lifted import Lifted
from penumbra.inference.sightings import Sightings
from penumbra.models.skeletons import BONE_NAMES, JOINTS, POINTS
from penumbra.tests.synthetic import lifted_as
from penumbra.training.bodies import mean_body
from penumbra.training.clips import Clip
from penumbra.training.detector import DetectorModel
from penumbra.training.occlusion import Clean, Wrong, joint_hidden
from penumbra.training.trials import Trial, choose, trials, windows

_POINTS = [JOINTS.index(name) for name in POINTS]
_DEPTH = 4.0
_SPEED = 0.01
_WRIST = JOINTS.index("wrist.L")


def flat_joints(frames: int, wave: float = 0.0) -> np.ndarray:
    """`[T, 30, 3]` in the camera frame: a flat body whose joints all move to the right, each at a speed of its own."""
    rest = rest_joints(mean_body())
    frame = np.arange(frames)[:, None]
    joints = np.zeros((frames, len(JOINTS), 3))
    joints[..., 0] = rest[:, 0] + _SPEED * frame * np.linspace(0.0, 1.0, len(JOINTS))
    joints[..., 1] = -rest[:, 2] + wave * np.sin(frame / 5.0) * np.arange(len(JOINTS))
    joints[..., 2] = _DEPTH
    return joints


def flat_trial(frames: int = 240, wave: float = 0.0, name: str = "flat") -> Trial:
    joints = flat_joints(frames, wave)
    points = joints[:, _POINTS, :2] / _DEPTH
    return Trial(name, name, joints, points, np.ones(points.shape[:2]), np.zeros((frames, 2)))


class FlatLifter:
    """Exact on flat bodies that it sees; what it is told is hidden lies at `blind` metres from where it really is."""

    def __init__(self, trial: Trial, blind: float) -> None:
        self._truth = trial.truth
        self._clean = trial.points
        self._blind = blind

    def __call__(self, sightings: Sightings) -> Lifted:
        joints = self._truth.copy()
        joints[:, _POINTS, :2] += _DEPTH * np.where(
            sightings.seen[..., None], sightings.points - self._clean, np.array([self._blind / _DEPTH, 0.0])
        )
        joints[:, 0] = 0.0
        return lifted_as(joints)


def outcome_of(trial: Trial, blind: float) -> Outcome:
    lifter = FlatLifter(trial, blind)
    return run_suite([trial], (Clean(), *HARD, *GAPS), METHODS, Networks({"s3": lifter, "unmasked": lifter}))


def a_clip(name: str, frames: int) -> Clip:
    rotations = np.zeros((frames, len(BONE_NAMES), 4), np.float32)
    rotations[..., 0] = 1.0
    root = np.tile(np.array([0.0, 0.0, 0.9], np.float32), (frames, 1))
    return Clip(name, "cmu", "cmu/01", "walk", "free", rotations, root, mean_body().astype(np.float32))


def test_fills_give_what_geometry_says():
    trial = flat_trial()
    hidden = np.zeros((240, len(POINTS)), bool)
    hidden[100:130, POINTS.index("wrist.L")] = True
    given = Sightings(np.where(hidden[..., None], 0.0, trial.points), (~hidden).astype(float), ~hidden, 30.0)
    lifter = FlatLifter(trial, 0.2)
    answers = lift_all(METHODS, Networks({"s3": lifter, "unmasked": lifter}), given, joint_hidden(hidden))
    off = {name: np.linalg.norm(joints - trial.truth, axis=-1)[:, _WRIST] for name, joints in answers.items()}
    step = _SPEED * np.linspace(0.0, 1.0, len(JOINTS))[_WRIST]
    held = step * np.arange(1, 31)
    assert off["S3"][100:130] == pytest.approx(np.full(30, 0.2))
    assert off["2D held"][100:130] == pytest.approx(held)
    assert off["2D line"] == pytest.approx(np.zeros(240), abs=1e-7)
    # its root moves too, but both ends of the gap are right and the way between them is straight
    assert off["3D line"] == pytest.approx(np.zeros(240), abs=1e-7)
    for name in off:
        assert off[name][:100] == pytest.approx(np.zeros(100), abs=1e-7)


def test_the_line_in_three_dimensions_joins_the_answers_of_the_same_lifter():
    trial = flat_trial(wave=0.002)
    hidden = np.zeros((240, len(POINTS)), bool)
    hidden[100:130, POINTS.index("wrist.L")] = True
    given = Sightings(np.where(hidden[..., None], 0.0, trial.points), (~hidden).astype(float), ~hidden, 30.0)
    lifter = FlatLifter(trial, 0.2)
    method = Method("line", "s3", "answer")
    joints = lift_all((method,), Networks({"s3": lifter}), given, joint_hidden(hidden))["line"][:, _WRIST]
    ends = trial.truth[[99, 130], _WRIST]
    assert joints[99:131] == pytest.approx(np.linspace(ends[0], ends[1], 32), abs=1e-7)


def test_hidden_and_visible_joints_are_told_apart_by_hand():
    truth = flat_joints(2)
    truth -= truth[:, :1]
    clean, answer = truth.copy(), truth.copy()
    clean[:, _WRIST, 0] += 0.010
    answer[:, _WRIST, 0] += 0.050
    answer[:, JOINTS.index("knee.L"), 1] += 0.016
    hidden = np.zeros((2, len(JOINTS)), bool)
    hidden[:, _WRIST] = True
    found = score(answer, clean, truth, hidden)
    assert found.hidden == pytest.approx(50.0)
    assert found.clean == pytest.approx(10.0)
    assert found.excess == pytest.approx(40.0)
    assert found.visible == pytest.approx(16.0 / 15)  # 17 less the pelvis and the wrist
    assert found.everything == pytest.approx(66.0 / 17)


def test_nothing_hidden_has_no_excess():
    truth = flat_joints(3)
    found = score(truth, truth, truth, np.zeros((3, len(JOINTS)), bool))
    assert np.isnan(found.hidden)
    assert found.aligned == pytest.approx(0.0, abs=1e-6)


def test_recordings_are_drawn_together():
    values = np.array([0.0, 0.0, 0.0, 0.0, 10.0])
    one = mean_interval(values, ["a"] * 5)
    assert one.low == one.high == one.mean == pytest.approx(2.0)
    many = mean_interval(values, list("abcde"))
    assert many.low < 2.0 < many.high
    assert np.isnan(mean_interval(np.full(2, np.nan), ["a", "b"]).mean)


def test_a_ratio_is_that_of_the_means_over_trials_that_have_both():
    above, below = np.array([1.0, 3.0, np.nan]), np.array([2.0, 6.0, 100.0])
    found = ratio_interval(above, below, list("abc"))
    assert (found.mean, found.low, found.high) == pytest.approx((0.5, 0.5, 0.5))


def test_a_ratio_to_nothing_says_nothing():
    assert np.isnan(ratio_interval(np.array([1.0]), np.array([-1.0]), ["a"]).mean)
    assert np.isnan(ratio_interval(np.array([np.nan]), np.array([1.0]), ["a"]).mean)


def test_figures_compare_with_the_best_baseline():
    # straight motion: the line is exact, so that the excess of S3 can only be worse than the best baseline's
    curved = flat_trial(wave=0.002)
    good, bad = outcome_of(curved, 0.001), outcome_of(curved, 1.0)
    assert [figure.verdict for figure in excess_figures(good, "held-out")] == ["ok", "ok", "ok", "told"]
    assert [figure.verdict for figure in excess_figures(bad, "held-out")] == ["short", "short", "short", "told"]
    assert [figure.verdict for figure in clean_figures(good, "cmu")] == ["ok", "ok"]
    assert next(figure.name for figure in excess_figures(good, "cmu")) == "excess_W_30_3_cmu"
    best = good.best(HARD[0].name, METHODS, "excess")
    assert best in {"2D line", "3D line"}
    ours = np.nanmean(good.values(HARD[0].name, OURS.name, "excess"))
    theirs = np.nanmean(good.values(HARD[0].name, best, "excess"))
    assert good.against_best(HARD[0].name, OURS.name, METHODS, "excess").mean == pytest.approx(ours / theirs)


def test_tables_and_plot(tmp_path: Path):
    outcome = outcome_of(flat_trial(wave=0.002), 0.01)
    assert "W(30,3)" in suite_table(outcome, "Held-out", "")
    assert "60 frames" in gap_table({"held-out": outcome})
    assert "cmu" in generalization_table({("cmu", "own"): outcome})
    draw_gaps({"held-out": outcome}, tmp_path / "gaps.png")
    assert (tmp_path / "gaps.png").read_bytes()[:4] == b"\x89PNG"


def test_the_gate_cuts_the_error_of_swapped_limbs():
    trial = flat_trial(wave=0.0002)
    during, whole = run_gate([trial], [Clean(), Wrong("swap", 15)], FlatLifter(trial, 0.02))
    name = "D(swap,15)"
    ungated, gated = (during.values(name, method, "everything")[0] for method in (UNGATED, GATED))
    assert gated < 0.5 * ungated
    assert ungated > whole.values(name, UNGATED, "everything")[0]
    figures = {figure.name: figure for figure in gate_figures(during)}
    assert list(figures) == ["gate_cut", "gate_cut_swap", "gate_cut_told_what_is_wrong"]
    assert figures["gate_cut"].value == pytest.approx(1.0 - gated / ungated)
    assert figures["gate_cut_told_what_is_wrong"].value > 0
    assert figures["gate_cut"].verdict == "ok"
    assert name in gate_table(during, whole, "perfect 2D")


@pytest.mark.parametrize(
    ("frames", "lengths"), [(63, []), (64, [64]), (179, [179]), (300, [300]), (350, [300]), (400, [200, 200])]
)
def test_windows(frames: int, lengths: list[int]):
    found = windows(a_clip("clip", frames))
    assert [window.stop - window.start for window in found] == lengths
    assert all(after.start == before.stop for before, after in pairwise(found))


def test_few_recordings_are_seen_by_several_cameras():
    chosen = choose([a_clip("one", 400), a_clip("two", 100)], 8, 10)
    assert len(chosen) == 9
    assert {(clip.name, window.start, camera) for clip, window, camera in chosen} == {
        (name, start, camera) for name, start in (("one", 0), ("one", 200), ("two", 0)) for camera in range(3)
    }
    assert {clip.name for clip, _, _ in chosen[:2]} == {"one", "two"}
    assert choose([a_clip("short", 20)], 8, 10) == []


def test_a_trial_is_the_same_whatever_is_tried_beside_it():
    chosen = choose([a_clip("one", 200), a_clip("two", 200)], 2, 2)
    both = {trial.name: trial for trial in trials(chosen, "own", DetectorModel())}
    alone = next(iter(trials(chosen[1:], "own", DetectorModel())))
    assert np.array_equal(alone.points, both[alone.name].points)
    assert alone.points == pytest.approx((alone.joints[..., :2] / alone.joints[..., 2:])[:, _POINTS], abs=1e-5)
    assert np.abs(alone.background).max() < 0.5


def test_a_matched_body_is_the_mean_body():
    clip = a_clip("one", 100)
    tall = Clip(
        **{name: getattr(clip, name) for name in Clip.__slots__ if name != "offsets"}, offsets=clip.offsets * 1.2
    )
    chosen = choose([tall], 1, 1)
    own, matched = (next(iter(trials(chosen, body, DetectorModel()))) for body in ("own", "matched"))
    thigh = [JOINTS.index("hip.L"), JOINTS.index("knee.L")]
    lengths = [np.linalg.norm(np.diff(trial.joints[:, thigh], axis=1), axis=-1).mean() for trial in (own, matched)]
    assert lengths[0] / lengths[1] == pytest.approx(1.2, rel=1e-4)


def test_a_refiner_is_measured_against_its_own_clean_answer():
    trial = flat_trial(wave=0.002)
    lifter = FlatLifter(trial, 0.2)

    def lower(lifted: Lifted) -> Lifted:
        joints = lifted.joints + np.array([0.0, 0.03, 0.0])
        joints[:, 0] = 0.0
        return replace(lifted, joints=joints)

    methods = (Method("plain", "s3", "own"), Method("lowered", "s3", "own", "lower"))
    outcome = run_suite([trial], (Clean(), HARD[0]), methods, Networks({"s3": lifter}, {"lower": lower}))
    plain, lowered = (outcome.scores[HARD[0].name, name][0] for name in ("plain", "lowered"))
    assert plain.clean == pytest.approx(0.0, abs=1e-3)
    assert lowered.clean == pytest.approx(30.0, abs=1e-3)
    assert outcome.scores["clean", "lowered"][0].visible == pytest.approx(30.0, abs=1e-3)
    assert plain.hidden < lowered.hidden < plain.hidden + 30.0
    assert lowered.excess == pytest.approx(lowered.hidden - 30.0, abs=1e-3)


def test_a_method_tried_on_fewer_clips_is_compared_where_it_was_tried():
    def scores(*values: float) -> list[Score]:
        return [Score(value, value, value, value, 0.0) for value in values]

    methods = (Method("near", "a", "own", baseline=True), Method("far", "b", "own", baseline=True))
    whole = Outcome(("a", "b", "c"), {("W", "near"): scores(9.0, 9.0, 0.0), ("W", "far"): scores(8.0, 8.0, 80.0)})
    slow = Outcome(("a", "b"), {("W", "slow"): scores(4.0, 4.0)})
    both = whole.joined(slow)
    assert both.best("W", methods, "excess") == "near"
    # on the first two clips the other is better
    assert both.against_best("W", "slow", methods, "excess").mean == pytest.approx(0.5)
    assert both.against("W", "slow", "near", "excess").mean == pytest.approx(4.0 / 9.0)
    assert both.mean("W", "slow", "hidden").mean == pytest.approx(4.0)
    with pytest.raises(ValueError, match="same trials"):
        slow.joined(whole)
