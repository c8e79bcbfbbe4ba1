"""The detector model: perfect where nothing is set, and each error by itself."""

from __future__ import annotations

import numpy as np
import pytest

from penumbra.inference.body import rest_joints
from penumbra.models.skeletons import BONE_NAMES, JOINTS, POINTS, STATURE
from penumbra.training.bodies import mean_body
from penumbra.training.cameras import slopes
from penumbra.training.detector import DetectorModel, coco_offsets, harsh, observe, point_weights, typical

OWN = [JOINTS.index(name) for name in POINTS]
# faces the camera: the world's x, z up and y away become x, −y and z
TO_CAMERA = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])


def scene(count: int = 16, frames: int = 60, depth: float = 4.0) -> tuple[np.ndarray, np.ndarray]:
    """Joints and bone matrices of people who stand in front of the camera."""
    joints = (rest_joints(mean_body()) @ TO_CAMERA.T + (0.0, 0.0, depth)).astype(np.float32)
    matrices = np.tile(TO_CAMERA.astype(np.float32), (count, frames, len(BONE_NAMES), 1, 1))
    return np.tile(joints, (count, frames, 1, 1)), matrices


def errors(model: DetectorModel, seed: int = 0, count: int = 64, depth: float = 4.0, **more: np.ndarray) -> np.ndarray:
    """Errors `[B, T, 25, 2]` in statures as seen."""
    joints, matrices = scene(count, depth=depth)
    seen = observe(joints, matrices, np.random.default_rng(seed), model, **more)
    return (seen.points - slopes(joints[:, :, OWN])) * depth / STATURE


def test_nothing_set_is_a_perfect_detector():
    joints, matrices = scene()
    seen = observe(joints, matrices, np.random.default_rng(0))
    np.testing.assert_array_equal(seen.points, slopes(joints[:, :, OWN]))
    np.testing.assert_array_equal(seen.confidence, 1.0)


def test_errors_have_the_size_asked_for_at_any_distance():
    for depth in (2.5, 8.0):
        found = errors(DetectorModel(error=0.01), depth=depth)
        rms = np.sqrt((found**2).sum(axis=-1).mean(axis=(0, 1)))
        np.testing.assert_allclose(rms, 0.01 * point_weights(), rtol=0.15)


def test_parts_of_the_error_live_as_long_as_they_say():
    def kept(model: DetectorModel, lag: int) -> float:
        found = errors(model, count=400)
        return float((found[:, :-lag] * found[:, lag:]).mean() / (found**2).mean())

    assert kept(DetectorModel(error=0.01), 1) == pytest.approx(0.0, abs=0.02)
    assert kept(DetectorModel(error=0.01, bias=1.0), 50) == pytest.approx(1.0, abs=1e-3)
    assert kept(DetectorModel(error=0.01, drift=1.0), 1) > 0.85
    assert kept(DetectorModel(error=0.01, drift=1.0), 50) < 0.15
    assert kept(DetectorModel(error=0.01, sway=1.0), 10) > 0.9
    assert kept(DetectorModel(error=0.01, bias=0.3, drift=0.2), 50) == pytest.approx(0.3, abs=0.06)


def test_spikes_are_rare_and_large():
    found = np.linalg.norm(errors(DetectorModel(error=1e-6, spikes=0.01, spike=0.1)), axis=-1)
    assert (found > 0.001).mean() == pytest.approx(0.01, rel=0.15)
    assert np.median(found[found > 0.001]) > 0.08


def test_swaps_exchange_left_and_right_for_a_stretch():
    joints, matrices = scene(200)
    seen = observe(joints, matrices, np.random.default_rng(1), DetectorModel(swaps=1.0)).points
    true = slopes(joints[:, :, OWN])
    left, right = POINTS.index("ankle.L"), POINTS.index("ankle.R")
    swapped = (seen[:, :, left] == true[:, :, right]).all(axis=-1)
    kept = (seen[:, :, left] == true[:, :, left]).all(axis=-1)
    assert (swapped ^ kept).all()
    assert 0.3 < swapped.any(axis=1).mean() < 0.7
    stretches = np.abs(np.diff(swapped.astype(int), axis=1)).sum(axis=1)
    assert 1 < swapped.sum() / max(stretches.sum(), 1) < 40
    np.testing.assert_array_equal((seen[:, :, right] == true[:, :, left]).all(axis=-1), swapped)
    np.testing.assert_array_equal(seen[:, :, POINTS.index("nose")], true[:, :, POINTS.index("nose")])


def test_coco_has_no_hands_and_feet_and_wider_hips():
    joints, matrices = scene()
    seen = observe(joints, matrices, np.random.default_rng(2), DetectorModel(coco=1.0))
    missing = [
        POINTS.index(name) for name in POINTS if name.split(".")[0] in {"index", "pinky", "thumb", "heel", "toe"}
    ]
    there = [index for index in range(len(POINTS)) if index not in missing]
    assert not seen.confidence[:, :, missing].any()
    assert not seen.points[:, :, missing].any()
    assert (seen.confidence[:, :, there] == 1).all()
    moved = joints[:, :, OWN] + coco_offsets() @ TO_CAMERA.T
    np.testing.assert_allclose(seen.points[:, :, there], slopes(moved)[:, :, there], atol=1e-6)
    hips = seen.points[0, 0, POINTS.index("hip.L"), 0] - seen.points[0, 0, POINTS.index("hip.R"), 0]
    before = slopes(joints)[0, 0, JOINTS.index("hip.L"), 0] - slopes(joints)[0, 0, JOINTS.index("hip.R"), 0]
    assert hips > before + 0.005


def test_landmarks_turn_with_the_bone_that_carries_them():
    joints, matrices = scene(1, 1)
    turned = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]], np.float32)
    matrices[:, :, BONE_NAMES.index("forearm.L")] = turned
    seen = observe(joints, matrices, np.random.default_rng(3), DetectorModel(coco=1.0)).points[0, 0]
    wrist = POINTS.index("wrist.L")
    expected = joints[0, 0, JOINTS.index("wrist.L")] + turned @ coco_offsets()[wrist]
    np.testing.assert_allclose(seen[wrist], expected[:2] / expected[2], atol=1e-6)


def test_each_clip_has_its_own_definition_that_does_not_move():
    found = errors(DetectorModel(definition=0.01))
    assert np.ptp(found, axis=1).max() < 1e-5
    assert found[:, 0].std() == pytest.approx(0.01, rel=0.15)


def test_confidence_tells_the_error_and_hidden_points_have_less():
    joints, matrices = scene(64)
    rng = np.random.default_rng(4)
    hidden = rng.random((64, 60, len(POINTS))) < 0.3
    seen = observe(joints, matrices, rng, typical(), hidden)
    known = seen.confidence > 0
    assert seen.confidence.max() <= 1
    assert np.median(seen.confidence[known & ~hidden]) > 0.9
    assert np.mean(seen.confidence[known & hidden]) < np.mean(seen.confidence[known & ~hidden]) - 0.1
    distance = np.linalg.norm(seen.points - slopes(joints[:, :, OWN]), axis=-1)
    open_ones = known & ~hidden
    ranks = [np.argsort(np.argsort(values[open_ones])) for values in (distance, seen.confidence)]
    assert np.corrcoef(np.stack(ranks))[0, 1] < -0.2
    assert np.median(distance[known & hidden]) > 2 * np.median(distance[open_ones])


def test_a_harsher_detector_errs_more():
    assert np.median(np.abs(errors(harsh()))) > 1.5 * np.median(np.abs(errors(typical())))


def test_typical_errors_are_of_the_measured_size():
    found = np.linalg.norm(errors(typical(), count=200), axis=-1)
    assert 0.008 < np.median(found[found < 0.2]) < 0.02
