"""The stages after the lift, chained: a filmed walk comes out as it was, and bad footage gives honest motion with a warning."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import pytest

from penumbra.errors import SetupError
from penumbra.inference import rotations as rot
from penumbra.inference.animate import Animation, animate, last_present
from penumbra.inference.camera import CameraTrack, View
from penumbra.inference.observed import Observed, joint_belief
from penumbra.inference.progress import SOLVING, Progress, finish
from penumbra.inference.settings import CameraSettings, MotionSettings
from penumbra.models.skeletons import BONE_NAMES, HINGES, JOINT_PARENTS, JOINTS, POINT_JOINTS, POINTS, STATURE
from tests.walking import FEET, Walk, walk

LEGS = [index for index, name in enumerate(POINTS) if name.split(".")[0] in {"knee", "ankle", "heel", "toe"}]
FRAMES = 90
STAGES = ("lift", "solve", "fit", "smooth", "lock")


def camera(count: int, pitch: float = 8.0, distance: float = 6.0, side: float = 60.0) -> View:
    """A still camera that looks `pitch` degrees down at the middle of the walk, from `side` degrees beside its way."""
    down, aside = np.radians(pitch), np.radians(side)
    forward = np.array([np.cos(down) * np.sin(aside), np.cos(down) * np.cos(aside), -np.sin(down)])
    right = rot.normalize(np.cross(forward, [0.0, 0.0, 1.0]) if pitch < 89.0 else np.array([1.0, 0.0, 0.0]))
    rotation = np.stack([right, np.cross(forward, right), forward], axis=-1)
    middle = np.array([0.0, -1.2, 0.9])
    return View(np.tile(rotation, (count, 1, 1)), np.tile(middle - distance * forward, (count, 1)))


def filmed(walked: Walk, view: View, seed: int = 0, noise: float = 0.004) -> Observed:
    """A walk as a camera sees it and a good lifter lifts it."""
    random = np.random.default_rng(seed)
    seen = view.to_camera(walked.poses.joints())
    count = len(seen)
    lifted = seen - seen[:, :1] + 3 * noise * random.standard_normal(seen.shape)
    lifted[:, 0] = 0.0
    points = seen[:, list(POINT_JOINTS)]
    slopes = points[..., :2] / points[..., 2:] + noise / points[..., 2:] * random.standard_normal(
        (count, len(POINTS), 2)
    )
    return Observed(
        times=walked.times,
        present=np.ones(count, bool),
        slopes=slopes,
        belief=np.full((count, len(POINTS)), 0.9),
        joints=lifted,
        spread=np.full(seen.shape, 0.03),
        confidence=np.full(seen.shape[:2], 0.8),
    )


def run(observed: Observed, camera_settings: CameraSettings | None = None, **motion: float | str) -> Animation:
    """The chain with its defaults but what is named."""
    return finish(animate(observed, camera_settings or CameraSettings(), MotionSettings(**motion)))  # type: ignore[arg-type]


def without(observed: Observed, points: list[int]) -> Observed:
    """The same subject with some points never believed and their joints unsure."""
    belief = observed.belief.copy()
    belief[:, points] = 0.0
    joints = [POINT_JOINTS[point] for point in points]
    confidence, spread = observed.confidence.copy(), observed.spread.copy()
    confidence[:, joints], spread[:, joints] = 0.05, 0.25
    return replace(observed, belief=belief, confidence=confidence, spread=spread)


@pytest.fixture(scope="module")
def walked() -> Walk:
    return walk(FRAMES)


@pytest.fixture(scope="module")
def animated(walked: Walk) -> Animation:
    return run(filmed(walked, camera(FRAMES)))


def test_a_filmed_walk_goes_where_it_went(walked: Walk, animated: Animation) -> None:
    assert tuple(animated.stages) == STAGES
    way, truth = (root - root[:1] for root in (animated.poses.root, walked.poses.root))
    # the world's heading is the camera's, so only lengths and heights can be compared
    total = np.linalg.norm(truth[-1])
    assert np.linalg.norm(way[-1]) == pytest.approx(total, rel=0.05)
    assert animated.poses.root[:, 2] == pytest.approx(walked.poses.root[:, 2], abs=0.06)
    assert abs(way[-1, 2]) < 0.05


def test_feet_that_stand_stay_on_the_floor(walked: Walk, animated: Animation) -> None:
    places = animated.stages["lock"][:, FEET]
    ways = np.linalg.norm(np.diff(places[..., :2], axis=0), axis=-1)
    standing = walked.stands[1:] & walked.stands[:-1]
    assert ways[standing].mean() < 0.002
    assert places[..., 2].min() > -0.01
    assert (animated.contacts.probability[:, :4] > 0.5)[walked.stands].mean() > 0.8


def test_bones_keep_their_lengths_and_hinges_hinge(animated: Animation) -> None:
    for joints in animated.stages.values():
        lengths = np.linalg.norm(joints - joints[:, list(JOINT_PARENTS)], axis=-1)
        assert np.ptp(lengths[:, 1:], axis=0).max() < 1e-6
    for upper, axis in HINGES.items():
        lower = upper.replace("upper_arm", "forearm").replace("thigh", "shin")
        above, below = (animated.poses.rotations[:, BONE_NAMES.index(name)] for name in (upper, lower))
        apart = rot.rotate(above, np.array(axis)) - rot.rotate(below, np.array(axis))
        assert np.linalg.norm(apart, axis=-1).max() < 0.2


def test_the_pose_over_the_picture_is_the_one_seen(walked: Walk) -> None:
    view = camera(FRAMES)
    observed = filmed(walked, view)
    animated = run(observed)
    seen = animated.view.to_camera(animated.stages["lock"])[:, list(POINT_JOINTS)]
    off = np.linalg.norm(seen[..., :2] / seen[..., 2:] - observed.slopes, axis=-1)
    assert np.median(off) < 0.006  # 4 cm at 6 m


def test_a_known_camera_that_moves_keeps_the_users_world(walked: Walk) -> None:
    view = camera(FRAMES)
    drift = np.linspace(0.0, 1.0, FRAMES)[:, None] * np.array([0.8, -0.3, 0.2])
    view = View(view.rotations, view.positions + drift)
    track = CameraTrack(walked.times, view.rotations, view.positions, np.full(FRAMES, 35.0))
    animated = run(filmed(walked, view), CameraSettings(track=track))
    np.testing.assert_allclose(animated.view.positions, view.positions, atol=1e-6)
    assert np.linalg.norm(animated.poses.root - walked.poses.root, axis=-1).mean() < 0.1


def test_the_subjects_height_sets_the_size_of_everything(walked: Walk, animated: Animation) -> None:
    taller = run(filmed(walked, camera(FRAMES)), height=1.2 * STATURE)
    assert np.linalg.norm(taller.poses.offsets) == pytest.approx(1.2 * np.linalg.norm(animated.poses.offsets), rel=0.01)
    ways = [np.linalg.norm(motion.poses.root[-1] - motion.poses.root[0]) for motion in (taller, animated)]
    assert ways[0] == pytest.approx(1.2 * ways[1], rel=0.05)


def test_without_a_fit_the_solved_pose_stays(walked: Walk) -> None:
    observed = filmed(walked, camera(FRAMES))
    plain = run(observed, fit="none")
    # but for knees and elbows that noise bends backwards
    off = np.linalg.norm(plain.stages["fit"] - plain.stages["solve"], axis=-1)
    assert np.median(off) < 1e-6
    np.testing.assert_allclose(plain.clutter, 1.0 - observed.belief)


def test_the_fine_fit_is_asked_for_by_name(walked: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    observed = filmed(walked, camera(FRAMES))
    finer = run(observed, fit="fine")
    _finite(finer)
    assert np.linalg.norm(finer.stages["fit"] - run(observed).stages["fit"], axis=-1).mean() < 0.03
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(SetupError, match="PyTorch"):
        run(observed, fit="fine")


def test_a_wrong_point_is_told_as_clutter(walked: Walk) -> None:
    observed = filmed(walked, camera(FRAMES))
    slopes = observed.slopes.copy()
    wrist = POINTS.index("wrist.L")
    slopes[30:45, wrist] += 0.15
    told = run(replace(observed, slopes=slopes)).clutter
    assert told[30:45, wrist].min() > 0.9
    assert np.median(told[:, POINTS.index("wrist.R")]) < 0.1


def test_nothing_at_strength_zero_and_never_locked_is_the_fit_with_exact_hinges(walked: Walk) -> None:
    plain = run(filmed(walked, camera(FRAMES)), smoothing=0.0, foot_lock="never")
    off = np.linalg.norm(plain.stages["lock"] - plain.stages["fit"], axis=-1)
    assert off.max() < 0.02


def test_progress_counts_up_to_the_last_step(walked: Walk) -> None:
    steps: list[Progress] = []
    finish(animate(filmed(walked, camera(FRAMES)), CameraSettings(), MotionSettings()), steps.append)
    assert [step.done for step in steps] == [2, 3, 4, 5]
    assert {step.total for step in steps} == {SOLVING}


def _finite(animation: Animation) -> None:
    for joints in animation.stages.values():
        assert np.isfinite(joints).all()
    np.testing.assert_allclose(np.linalg.norm(animation.poses.rotations, axis=-1), 1.0, atol=1e-6)


def test_a_camera_that_looks_straight_down_warns_and_still_gives_motion(walked: Walk) -> None:
    animation = run(filmed(walked, camera(FRAMES, pitch=89.5)))
    _finite(animation)
    assert any("tilt" in note for note in animation.notes)


def test_feet_that_are_never_seen_warn(walked: Walk) -> None:
    animation = run(without(filmed(walked, camera(FRAMES)), LEGS))
    _finite(animation)
    assert any("floor" in note for note in animation.notes)
    assert np.abs(animation.poses.root[:, 2] - 0.9).max() < 0.3
    assert animation.contacts.probability[:, :4].mean() < 0.8


def test_an_upper_body_alone_warns(walked: Walk) -> None:
    hips = [index for index, name in enumerate(POINTS) if name.startswith("hip")]
    animation = run(without(filmed(walked, camera(FRAMES)), [*LEGS, *hips]))
    _finite(animation)
    assert animation.notes


def test_one_second_of_footage_warns() -> None:
    short = walk(30)
    animation = run(filmed(short, camera(30)))
    _finite(animation)
    assert any("second" in note for note in animation.notes)


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_a_few_frames_are_enough(count: int) -> None:
    _finite(run(filmed(walk(count), camera(count))))


def test_a_subject_who_leaves_keeps_the_last_pose(walked: Walk) -> None:
    observed = filmed(walked, camera(FRAMES))
    present = observed.present.copy()
    present[40:60] = False
    away = ~present
    gone = replace(
        observed,
        present=present,
        slopes=np.where(away[:, None, None], 0.0, observed.slopes),
        belief=observed.belief * present[:, None],
        confidence=observed.confidence * present[:, None],
    )
    animation = run(gone)
    _finite(animation)
    assert (animation.poses.rotations[40:60] == animation.poses.rotations[39]).all()
    assert (animation.contacts.probability[40:60] == 0.0).all()
    assert (animation.clutter[40:60] == 1.0).all()


def test_the_last_present_frame_stands_in_for_absent_ones() -> None:
    present = np.array([False, True, False, False, True, False])
    np.testing.assert_array_equal(last_present(present), [1, 1, 1, 1, 4, 4])


def test_a_joint_between_points_is_believed_as_far_as_the_least_of_them() -> None:
    belief = np.full((1, len(POINTS)), 0.9)
    belief[:, POINTS.index("hip.R")] = 0.2
    told = dict(zip(JOINTS, joint_belief(belief)[0], strict=True))
    assert (told["pelvis"], told["hip.R"], told["spine"], told["thorax"]) == (0.2, 0.2, 0.2, 0.9)


def test_nobody_is_an_error(walked: Walk) -> None:
    observed = filmed(walked, camera(FRAMES))
    with pytest.raises(ValueError, match="frame"):
        run(replace(observed, present=np.zeros(FRAMES, bool)))
