"""Calibrated cameras, triangulation, and what is fitted with them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from penumbra.errors import TakeError
from penumbra.inference.body import rest_joints
from penumbra.inference.lift import combine
from penumbra.models.skeletons import BLAZEPOSE, JOINTS, POINTS
from penumbra.training import fit_landmarks
from penumbra.training.bodies import mean_body
from penumbra.training.landmarks import fitted
from penumbra.training.multiview import CalibratedCamera, read_calibration, triangulate


@pytest.fixture(scope="module")
def cameras(pose2sim: Path) -> tuple[CalibratedCamera, ...]:
    return read_calibration(pose2sim / "Demo_SinglePerson" / "calibration" / "Calib.qca.txt")


def people(count: int = 5) -> np.ndarray:
    """Landmarks `[T, 33, 3]` of a person who stands where the rig looks."""
    joints = rest_joints(mean_body()) + np.array([-0.9, 0.0, 0.95])
    rows = [JOINTS.index(name) if name in JOINTS else JOINTS.index("nose") for name in BLAZEPOSE]
    return joints[rows] + np.linspace(0.0, 0.2, count)[:, None, None]


def test_cameras_are_real_ones_around_the_person(cameras: tuple[CalibratedCamera, ...]):
    assert [camera.name for camera in cameras] == ["cam01", "cam02", "cam03", "cam04"]
    for camera in cameras:
        np.testing.assert_allclose(camera.rotation @ camera.rotation.T, np.eye(3), atol=1e-6)
        assert np.linalg.det(camera.rotation) == pytest.approx(1.0)
        assert camera.size == (1088, 1920)
        assert 1.0 < camera.position[2] < 3.0
        # the person is in front of the lens and inside the picture, its head above its feet
        points = camera.project(people(1)[0])
        assert (camera.to_camera(people(1)[0])[:, 2] > 1).all()
        assert ((points > -200) & (points < np.array(camera.size) + 200)).all()
        assert points[BLAZEPOSE.index("nose"), 1] < points[BLAZEPOSE.index("heel.L"), 1]
        inside = camera.to_camera(people(1)[0])
        np.testing.assert_allclose(camera.rays(points), inside[:, :2] / inside[:, 2:], atol=1e-4)


def test_triangulation_finds_the_places_again(cameras: tuple[CalibratedCamera, ...]):
    true = people()
    points = np.stack([camera.project(true) for camera in cameras])
    places = triangulate(points, np.ones(points.shape[:-1]), cameras)
    np.testing.assert_allclose(places, true, atol=1e-4)


def test_one_wrong_camera_does_not_move_a_place(cameras: tuple[CalibratedCamera, ...]):
    true = people()
    points = np.stack([camera.project(true) for camera in cameras])
    points[2] += 200.0
    places = triangulate(points, np.ones(points.shape[:-1]), cameras)
    assert np.linalg.norm(places - true, axis=-1).max() < 0.01


def test_what_one_camera_sees_alone_has_no_place(cameras: tuple[CalibratedCamera, ...]):
    true = people()
    points = np.stack([camera.project(true) for camera in cameras])
    weights = np.ones(points.shape[:-1])
    weights[1:, 0] = 0.0
    weights[2:, 1] = 0.0
    places = triangulate(points, weights, cameras)
    assert np.isnan(places[0]).all()
    np.testing.assert_allclose(places[1:], true[1:], atol=1e-4)


@pytest.mark.parametrize("text", ["", "<calibration><cameras><camera/></cameras></calibration>", "not xml"])
def test_a_damaged_calibration_is_a_plain_sentence(tmp_path: Path, text: str):
    path = tmp_path / "Calib.qca.txt"
    path.write_text(text)
    with pytest.raises(TakeError, match="Fetch the footage again"):
        read_calibration(path)
    with pytest.raises(TakeError, match="Fetch the footage again"):
        read_calibration(tmp_path / "missing.txt")


def test_proportions_of_a_known_body_are_measured():
    found = fit_landmarks.proportions(np.tile(rest_joints(mean_body()), (3, 1, 1)))
    body = mean_body()
    assert found["thigh"] == pytest.approx(np.linalg.norm(body[JOINTS.index("knee.L")]))
    assert found["hip_width"] == pytest.approx(2 * body[JOINTS.index("hip.L"), 0])
    assert found["stature"] == pytest.approx(1.70, abs=0.03)


def test_residuals_of_known_noise_are_measured():
    rng = np.random.default_rng(0)
    shape = (3, 60, len(POINTS), 2)
    errors = (
        0.01
        * np.sqrt(0.5)
        * (np.sqrt(0.6) * rng.normal(size=(3, 1, *shape[2:])) + np.sqrt(0.4) * rng.normal(size=shape))
    )
    distance = np.linalg.norm(errors, axis=-1)
    logit = 4.0 - 1.5 * np.log1p(distance / 0.01) + 0.3 * rng.normal(size=distance.shape)
    found = fit_landmarks.residuals(errors, 1 / (1 + np.exp(-logit)))
    assert found["detector"]["error"] == pytest.approx(0.01, rel=0.15)
    assert found["detector"]["bias"] == pytest.approx(0.6, abs=0.15)
    assert found["detector"]["drift"] < 0.15
    assert found["detector"]["doubt"] == pytest.approx(0.3, abs=0.05)
    assert found["confidence"]["scale"] == 0.01
    assert found["confidence"]["slope"] == pytest.approx(1.5, rel=0.1)


def test_the_table_is_complete_and_sound(pose2sim: Path):
    assert (pose2sim / "Demo_SinglePerson").is_dir()
    table = fitted()
    assert 0.10 < table["body"]["hip_width"] / table["body"]["stature"] < 0.14
    assert set(table["points"]) == {name.split(".")[0] for name in POINTS}
    assert table["detector"]["bias"] + table["detector"]["drift"] <= 1.0
    assert 0.003 < table["detector"]["error"] < 0.03


def test_fitting_synthetic_views_gives_their_body_back(cameras: tuple[CalibratedCamera, ...]):
    true = people(20)
    rng = np.random.default_rng(1)
    points = np.stack([camera.project(true) for camera in cameras]) + rng.normal(scale=1.0, size=(4, 20, 33, 2))
    found = fit_landmarks.fit(points, np.full((4, 20, 33), 0.9), cameras)
    joints = combine(true)
    thigh = np.linalg.norm(joints[0, JOINTS.index("hip.L")] - joints[0, JOINTS.index("knee.L")])
    assert found["body"]["thigh"] == pytest.approx(thigh, abs=0.005)
    # one pixel on either axis at about 3.5 m and 1680 pixels' focal length
    assert found["detector"]["error"] == pytest.approx(np.sqrt(2) * 3.5 / 1680 / 1.7, rel=0.35)
