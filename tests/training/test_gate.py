"""The gate's calibration: flow that a camera would see, scenes whose wrong points are known, rates, and the choice."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from penumbra.inference.body import rest_joints
from penumbra.inference.reliability import ReliabilitySettings, reliability
from penumbra.inference.systems import open_lifter
from penumbra.models.skeletons import JOINTS, POINTS
from penumbra.training import calibrate_gate
from penumbra.training.bodies import mean_body
from penumbra.training.calibrate_gate import Rates, calibrate, lifted_error, rates, table
from penumbra.training.cameras import Cameras, slopes
from penumbra.training.clips import Clip
from penumbra.training.gate_scenes import FRAMES, scenes
from penumbra.training.simulated_flow import FlowNoise, background_flow, simulated_flow
from tests.synthetic import random_motion

PERFECT = FlowNoise(spread=0.0, failed=0.0, fooled=0.0)
SEEN = [JOINTS.index(name) for name in POINTS]


def standing(frames: int = 3) -> np.ndarray:
    """`[1, T, 30, 3]` a body in the T-pose, 4 m before the camera, that faces it."""
    rest = rest_joints(mean_body())
    joints = np.stack([rest[:, 0], -rest[:, 2], rest[:, 1] + 4.0], axis=-1)
    return np.broadcast_to(joints, (1, frames, 30, 3)).astype(np.float32).copy()


def flow_at(joints: np.ndarray, points: np.ndarray, background: np.ndarray | None = None) -> np.ndarray:
    still = np.zeros((*joints.shape[:2], 2)) if background is None else background
    flow, error = simulated_flow(
        joints, points, still, np.full(joints.shape[:2], 0.4), PERFECT, np.random.default_rng(0)
    )
    assert np.isinf(error[:, 0]).all()
    assert (error[:, 1:] == 0).all()
    return flow


def test_points_on_the_body_move_as_it_does_and_others_as_the_background() -> None:
    joints = standing()
    joints[:, 1:] += (0.08, 0.0, 0.0)
    joints[:, 2:] += (0.0, -0.04, 0.0)
    points = slopes(joints[:, :, SEEN])
    flow = flow_at(joints, points)
    np.testing.assert_allclose(flow[:, 1:], np.diff(points, axis=1), atol=5e-4)  # a point may lie behind another limb
    aside = points + np.array([0.0, 0.6])
    pan = np.zeros((1, 3, 2))
    pan[:, 1:] = (0.01, 0.002)
    np.testing.assert_allclose(
        flow_at(joints, aside, pan)[:, 1:], np.broadcast_to((0.01, 0.002), (1, 2, 25, 2)), atol=1e-6
    )


def test_the_limb_in_front_is_the_one_that_is_seen() -> None:
    joints = standing(2)
    hand = [JOINTS.index(f"{part}.L") for part in ("elbow", "wrist", "index", "pinky", "thumb")]
    spine = joints[0, 0, JOINTS.index("spine")]
    for side, moved in ((-0.4, True), (0.4, False)):
        across = joints.copy()
        across[:, :, hand] = spine + np.array([(-0.2, 0, side), (0.05, 0, side), *[(0.12, 0, side)] * 3])
        across[:, 1, hand] += (0.0, 0.1, 0.0)
        points = np.broadcast_to(slopes(across[:, :1, None, hand[1]]), (1, 2, 1, 2))
        assert (flow_at(across, points)[0, 1, 0, 1] > 0.02) == moved


def test_a_turning_camera_moves_the_background() -> None:
    angle = 0.02
    turn = np.array([[np.cos(angle), 0, -np.sin(angle)], [0, 1, 0], [np.sin(angle), 0, np.cos(angle)]])
    cameras = Cameras(np.stack([np.eye(3), turn])[None], np.zeros((1, 2, 3)), np.array([30.0]), np.ones((1, 2)))
    joints = standing(2)
    np.testing.assert_allclose(background_flow(cameras, joints)[0, 1], (-np.tan(angle), 0.0), atol=1e-4)


def test_measuring_adds_noise_and_fails_as_often_as_told() -> None:
    joints = np.repeat(standing(40), 20, axis=0)
    points = slopes(joints[:, :, SEEN])
    noise = FlowNoise(spread=0.01, failed=0.2, fooled=0.0)
    flow, error = simulated_flow(
        joints, points, np.zeros((20, 40, 2)), np.full((20, 40), 0.4), noise, np.random.default_rng(3)
    )
    assert flow[:, 1:].std() == pytest.approx(0.004, rel=0.03)
    assert np.isinf(error[:, 1:]).mean() == pytest.approx(0.2, abs=0.02)


def clips(count: int = 4) -> list[Clip]:
    made = []
    for seed in range(count):
        motion = random_motion(FRAMES + 10, seed=seed, bend=0.5)
        arrays = (motion.rotations.astype(np.float32), motion.root.astype(np.float32))
        made.append(Clip(f"c{seed}", "cmu", f"cmu/{seed}", "walk", "free", *arrays, mean_body()))
    return made


def test_the_gate_finds_confident_wrong_points_that_confidence_does_not() -> None:
    made = scenes(clips(), np.random.default_rng(1))
    assert [scene.name for scene in made][:2] == ["clean", "D(swap,15)"]
    settings = ReliabilitySettings()
    for scene in made[1:]:
        if "drift" in scene.name:
            continue
        assert scene.wrong.mean() > made[0].wrong.mean() + 0.02
        found = rates(reliability(scene.evidence, settings) >= settings.threshold, scene.wrong)
        blind = rates(scene.evidence.confidence >= settings.threshold, scene.wrong)
        assert found.recall > blind.recall + 0.2
    clean = rates(reliability(made[0].evidence, settings) >= settings.threshold, made[0].wrong)
    assert clean.alarms < 0.03


def test_what_is_lifted_errs_less_with_the_gate_than_without() -> None:
    made = scenes(clips(2), np.random.default_rng(1))[1:2]
    lifter = open_lifter("s3", threads=1)
    gated = lifted_error(made, lifter, ReliabilitySettings())
    assert 0.01 < gated < lifted_error(made, lifter, ReliabilitySettings(threshold=2.0))
    with pytest.raises(ValueError, match="Nobody knows the joints"):
        lifted_error([replace(made[0], joints=None)], lifter, ReliabilitySettings())


def test_scenes_need_a_clip_that_is_long_enough() -> None:
    short = [replace(clip, rotations=clip.rotations[:50], root=clip.root[:50]) for clip in clips(1)]
    with pytest.raises(ValueError, match="No clip has 240 frames"):
        scenes(short, np.random.default_rng(1))


def test_rates_by_hand() -> None:
    wrong = np.array([True, True, True, False, False, False, False, False])
    reliable = np.array([False, False, True, False, True, True, True, True])
    assert rates(reliable, wrong) == Rates(2 / 3, 2 / 3, 1 / 5)
    assert rates(reliable, wrong).f1 == pytest.approx(2 / 3)


def test_the_choice_is_the_best_of_the_candidates(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calibrate_gate, "_SIGMAS", (0.001, 0.02))
    made = scenes(clips(2), np.random.default_rng(1))[:2]
    best, f1 = calibrate(made, memory=False)
    assert best.sigma == 0.02  # with the other nearly everything is refused
    wrong = np.concatenate([scene.wrong for scene in made])
    values = np.concatenate([reliability(scene.evidence, best) for scene in made])
    assert rates(values >= best.threshold, wrong).f1 == pytest.approx(f1)
    lines = list(table(made, {"paper": best}))
    assert len(lines) == 2 + len(made)
    assert lines[2].startswith("| clean |")
