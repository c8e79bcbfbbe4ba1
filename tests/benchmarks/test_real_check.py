"""The real check's parts: painting limbs over, the truth from several views, errors with unknown joints, verdicts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from penumbra.benchmarks.blanking import LIMBS, blank_out, blanked
from penumbra.benchmarks.joint_errors import aligned
from penumbra.benchmarks.real_check import CLEAN, Sample, figures, painted, sections, summary
from penumbra.benchmarks.real_methods import ASSUMED, DEFAULT, FIRST, FITTED, MEASURED, TRAINED, WORLD, answers, lenses
from penumbra.benchmarks.real_overlay import Panel, draw_overlay
from penumbra.benchmarks.real_views import SCORED, View, in_camera, truth
from penumbra.inference.body import rest_joints
from penumbra.inference.flow import unknown_flow
from penumbra.inference.footage import Frame
from penumbra.inference.lifted import Lifted
from penumbra.inference.sightings import Sightings
from penumbra.inference.track import Track
from penumbra.models.skeletons import BLAZEPOSE, JOINTS, POINTS
from penumbra.tests.clips import write_video
from penumbra.tests.synthetic import lifted_as
from penumbra.training.bodies import mean_body
from penumbra.training.multiview import CalibratedCamera

_SIZE = (640, 480)
_FRAMES = 4
_LEGS = LIMBS[-1]


def standing_landmarks() -> np.ndarray:
    """`[33, 3]` metres in the world of a body in the T-pose: the product's joints, the rest of the face at the nose."""
    joints = rest_joints(mean_body()) + np.array([0.0, 0.0, 0.9])
    return np.array([joints[JOINTS.index(name if name in JOINTS else "nose")] for name in BLAZEPOSE])


def camera(yaw: float, name: str) -> CalibratedCamera:
    """A level camera 4 m from the origin, at chest height, that looks at the body from `yaw` radians off its front."""
    forward = np.array([np.sin(yaw), np.cos(yaw), 0.0])
    right = np.array([np.cos(yaw), -np.sin(yaw), 0.0])
    rotation = np.stack([right, [0.0, 0.0, -1.0], forward])
    place = -4.0 * forward + [0.0, 0.0, 1.0]
    return CalibratedCamera(name, rotation, place, np.full(2, 500.0), np.array([320.0, 240.0]), np.zeros(4), _SIZE)


def view(yaw: float, name: str, path: Path = Path("none.mp4")) -> View:
    """A camera's flawless track of the standing body."""
    shot = camera(yaw, name)
    world = standing_landmarks()
    pixels = np.tile(shot.project(world), (_FRAMES, 1, 1))
    body = shot.to_camera(world) - shot.to_camera(world)[[BLAZEPOSE.index("hip.L"), BLAZEPOSE.index("hip.R")]].mean(0)
    middle = pixels.mean(axis=1)
    flow, error = unknown_flow((_FRAMES, len(BLAZEPOSE)))
    tracked = Track(
        index=np.arange(_FRAMES),
        times=np.arange(_FRAMES) / 60.0,
        present=np.ones(_FRAMES, bool),
        landmarks=np.concatenate([pixels, np.zeros((_FRAMES, 33, 1))], axis=-1),
        world=np.tile(body, (_FRAMES, 1, 1)),
        confidence=np.ones((_FRAMES, 33)),
        regions=np.concatenate([middle, np.full((_FRAMES, 1), 400.0), np.zeros((_FRAMES, 1))], axis=1),
        flow=flow,
        flow_error=error,
    )
    return View(shot, path, _SIZE, tracked)


def a_sample(
    method: str, error: float, camera_name: str = "cam01", condition: str = CLEAN, lens: str = MEASURED
) -> Sample:
    errors = np.full((2, len(SCORED)), error)
    errors[1, 0] = np.nan
    hidden = np.zeros((2, len(SCORED)), bool)
    hidden[:, :2] = condition != CLEAN
    return Sample("one person", camera_name, condition, lens, method, 2 * errors, errors, hidden, 3)


def all_samples(ours: float, theirs: float, default: float = 45.0) -> list[Sample]:
    return [
        a_sample(method, error, name, condition, lens)
        for name in ("cam01", "cam02")
        for condition in (CLEAN, "left arm")
        for lens in (MEASURED, ASSUMED)
        for method, error in ((WORLD, theirs), (FIRST, theirs), (TRAINED, ours), (DEFAULT, default), (FITTED, 40.0))
    ]


def test_a_painted_limb_is_gone_and_the_rest_is_as_it_was():
    landmarks = camera(0.0, "front").project(standing_landmarks())
    image = np.full((480, 640, 3), 90, np.uint8)
    for name in BLAZEPOSE:
        x, y = np.round(landmarks[BLAZEPOSE.index(name)]).astype(int)
        image[y - 1 : y + 2, x - 1 : x + 2] = 255
    original = image.copy()
    result = blank_out(image, landmarks, _LEGS)
    assert np.array_equal(image, original)
    at = {name: tuple(np.round(landmarks[BLAZEPOSE.index(name)]).astype(int)[::-1]) for name in BLAZEPOSE}
    for side in "LR":
        for hidden in ("knee", "ankle", "heel", "toe"):
            assert tuple(result[at[f"{hidden}.{side}"]]) == (90, 90, 90)
        for kept in ("shoulder", "elbow", "wrist"):
            assert tuple(result[at[f"{kept}.{side}"]]) == (255, 255, 255)


def test_only_chosen_frames_are_painted():
    landmarks = np.tile(camera(0.0, "front").project(standing_landmarks()), (3, 1, 1))
    random = np.random.default_rng(0)
    frames = [Frame(number, number / 60, random.integers(0, 255, (480, 640, 3), np.uint8)) for number in range(3)]
    result = list(blanked(frames, landmarks, LIMBS[0], np.array([False, True, False])))
    assert [np.array_equal(a.image, b.image) for a, b in zip(frames, result, strict=True)] == [True, False, True]
    assert [frame.index for frame in result] == [0, 1, 2]


def test_painted_frames_are_two_windows_of_half_a_second():
    chosen = painted(100)
    assert chosen.sum() == 60
    assert chosen[[14, 15, 44, 45]].tolist() == [False, True, True, False]


def test_the_truth_is_where_the_body_stands():
    found = [view(yaw, f"cam{number}") for number, yaw in enumerate((0.0, 0.7, -0.9, 2.5))]
    real = truth(found)
    joints = rest_joints(mean_body()) + np.array([0.0, 0.0, 0.9])
    index = [JOINTS.index(name) for name in ("wrist.L", "ankle.R", "nose", "hip.L")]
    assert real.known[:, index].all()
    assert real.joints[0, index] == pytest.approx(joints[index], abs=1e-4)
    body = in_camera(real.joints, found[0].camera)[0]
    # a subject that faces the camera has its left side at the picture's right
    assert body[JOINTS.index("wrist.L"), 0] > 0.4
    assert body[JOINTS.index("ankle.L"), 1] > 0.5


def test_a_joint_that_two_views_place_elsewhere_is_not_known():
    found = [view(yaw, f"cam{number}") for number, yaw in enumerate((0.0, 0.7, -0.9, 2.5))]
    wrist = BLAZEPOSE.index("wrist.L")
    for number in (0, 1):
        found[number].track.landmarks[:, wrist, 0] += 150.0 * (-1) ** number
    known = truth(found).known
    assert not known[:, JOINTS.index("wrist.L")].any()
    assert known[:, JOINTS.index("wrist.R")].all()


def test_a_flawless_detector_is_flawless_by_every_method():
    shot = view(0.4, "cam1")
    real = truth([view(yaw, f"cam{number}") for number, yaw in enumerate((0.4, 0.0, -0.9, 2.5))])
    goal = in_camera(real.joints, shot.camera)
    asked: list[Sightings] = []

    def lifter(sightings: Sightings) -> Lifted:
        asked.append(sightings)
        return lifted_as(goal)

    found = answers(shot.track, lenses(shot)[MEASURED], {TRAINED: lifter, DEFAULT: lifter})
    index = [JOINTS.index(name) for name in ("wrist.L", "ankle.R", "knee.L", "shoulder.R")]
    for joints in (found[FIRST], found[TRAINED], found[DEFAULT], found[FITTED]):
        assert aligned(joints[:, index], goal[:, index], np.ones((_FRAMES, 4), bool)).max() < 15.0
    assert asked[0].seen.all()
    assert asked[0].rate == pytest.approx(60.0)
    rays = shot.camera.to_camera(standing_landmarks())
    expected = (rays[:, :2] / rays[:, 2:])[[BLAZEPOSE.index(name) for name in POINTS]]
    assert asked[0].points[0] == pytest.approx(expected, abs=1e-4)


def test_unknown_joints_do_not_move_the_similarity():
    random = np.random.default_rng(0)
    truth_joints = random.normal(size=(2, 8, 3))
    turn = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    answer = 1.7 * truth_joints @ turn.T + [3.0, -1.0, 2.0]
    answer[:, 5] += 4.0
    truth_joints[0, 6] = np.nan
    known = np.ones((2, 8), bool)
    known[:, 5] = known[0, 6] = False
    off = aligned(answer, truth_joints, known)
    assert off[known] == pytest.approx(np.zeros(known.sum()), abs=1e-6)
    mirrored = answer * [-1.0, 1.0, 1.0]
    assert aligned(mirrored, truth_joints, known)[known].mean() > 100.0


def test_verdicts_compare_with_the_detectors_own_landmarks():
    good = figures(all_samples(50.0, 60.0))
    assert [figure.verdict for figure in good[:8]] == ["ok"] * 8
    assert good[0].name == "pa_clean_cam01_measured"
    assert (good[0].value, good[0].bound) == (50.0, 60.0)
    assert {figure.verdict for figure in figures(all_samples(70.0, 60.0))[:8]} == {"short"}


def test_the_default_may_err_no_more_than_s3_in_any_camera():
    found = {figure.name: figure for figure in figures(all_samples(50.0, 60.0))[8:] if "fit" not in figure.name}
    assert len(found) == 2 * 2 * 3 * 2
    assert found["default_over_s3_mpjpe_clean_cam01_measured"].value == pytest.approx(0.9)
    assert found["default_over_s3_pa_blanked_cam02_assumed"].verdict == "ok"
    assert found["default_over_s3_pa_blanked_all_assumed"].verdict == "told"
    worse = figures(all_samples(50.0, 60.0, default=51.0))[8:]
    assert {figure.verdict for figure in worse} == {"short", "told"}
    # the default is S3 itself
    same = figures(all_samples(50.0, 60.0, default=50.0))[8:]
    assert {figure.verdict for figure in same} == {"ok", "told"}


def test_the_fit_is_told_beside_what_it_starts_from():
    found = {figure.name: figure.value for figure in figures(all_samples(50.0, 60.0, default=50.0))}
    assert found["fit_over_default_pa_clean_measured"] == pytest.approx(0.8)
    assert found["fit_over_default_hidden_mpjpe_blanked_assumed"] == pytest.approx(0.8)


def test_a_summary_leaves_out_what_is_not_known():
    root, similar, hidden_root, hidden_similar, count, absent = summary([a_sample(WORLD, 10.0, condition="left arm")])
    assert (root, similar, hidden_root, hidden_similar) == (20.0, 10.0, 20.0, 10.0)
    assert (count, absent) == ("3", "3")
    text = "\n".join(sections(all_samples(50.0, 60.0)))
    assert "One person, measured camera" in text
    assert "every limb in turn" in text


def test_the_overlay_shows_two_panels(tmp_path: Path):
    clip = write_video(tmp_path / "clip.mp4", _FRAMES)
    shot = view(0.0, "cam1", clip)
    goal = shot.camera.to_camera(rest_joints(mean_body()) + np.array([0.0, 0.0, 0.9]))
    bodies = {"one": goal, "other": goal + 0.1}
    panels = [Panel("as filmed", None, bodies), Panel("painted over", _LEGS, bodies)]
    draw_overlay(shot, 2, goal, panels, tmp_path / "overlay.png")
    assert (tmp_path / "overlay.png").read_bytes()[:4] == b"\x89PNG"
