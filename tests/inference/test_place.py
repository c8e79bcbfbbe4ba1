"""Placing the subject: the root by reprojection, and upright on the floor."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penumbra.inference.camera import Camera, guess_camera
from penumbra.inference.lift import toward_view
from penumbra.inference.placing.path_settings import PathSettings
from penumbra.inference.placing.place import root_path
from penumbra.models.skeletons import POINTS
from penumbra.tests.filming import Film, camera, film


def test_somebody_at_the_edge_is_turned_with_the_ray_to_them() -> None:
    camera = Camera(1000.0, (1000.0, 500.0))
    world = np.array([[[0.0, 0.0, -1.0]]])  # a nose that points at whoever looks
    seen = toward_view(world, np.array([[2000.0, 500.0]]), camera)
    np.testing.assert_allclose(seen[0, 0], [-np.sqrt(0.5), 0.0, -np.sqrt(0.5)], atol=1e-9)


def test_focal_length_follows_blenders_sensor() -> None:
    assert guess_camera(1920, 1080, 36.0).focal == pytest.approx(1920)
    assert guess_camera(1080, 1920, 36.0).focal == pytest.approx(1920)
    assert guess_camera(1600, 1200, None).focal == pytest.approx(2000)


@pytest.fixture
def filmed() -> Film:
    return film(camera(tilt=8.0, height=1.6, distance=5.0, heading=30.0), noise=0.01)


def _apart(root: np.ndarray, truth: np.ndarray) -> np.ndarray:
    return np.linalg.norm(root - truth, axis=-1)


def test_the_path_is_where_it_was_filmed(filmed: Film):
    path = root_path(*filmed.seen, PathSettings())
    assert _apart(path.root, filmed.root).mean() < 0.01
    assert path.sigma.shape == path.root.shape
    assert (path.sigma > 0).all()
    assert (path.sigma[:, 2] > path.sigma[:, 0]).all()


def test_a_lifter_whose_size_flickers_does_not_move_the_subject_to_and_fro(filmed: Film):
    random = np.random.default_rng(3)
    size = np.exp(0.03 * random.standard_normal((len(filmed.times), 1, 1)))
    path = root_path(filmed.joints * size, *filmed.seen[1:], PathSettings())
    jitter = np.diff(path.root - filmed.root, 2, axis=0)[:, 2]
    assert np.abs(jitter).max() < 0.01
    assert _apart(path.root, filmed.root).mean() < 0.06


def test_smoothing_does_not_lag():
    seen = film(camera(tilt=5.0, height=1.4, distance=4.0), count=150, noise=0.01)
    root = root_path(*seen.seen, PathSettings()).root
    velocity, truth = (np.gradient(each, seen.times, axis=0)[10:-10] for each in (root, seen.root))
    # the sway at one hertz and the walk keep their place in time and their size
    assert np.abs(velocity - truth).mean() < 0.02
    assert _apart(root, seen.root)[:5].mean() < 0.05
    assert _apart(root, seen.root)[-5:].mean() < 0.05


def test_frames_out_of_sight_are_bridged_and_less_sure(filmed: Film):
    present = filmed.present.copy()
    present[50:70] = False
    slopes, belief = filmed.slopes.copy(), filmed.belief.copy()
    slopes[50:70] = np.nan
    belief[50:70] = 0.0
    path = root_path(filmed.joints, belief, slopes, present, filmed.times, PathSettings())
    assert _apart(path.root, filmed.root)[50:70].max() < 0.05
    assert (path.sigma[60] > path.sigma[20])[:2].all()


def test_frames_whose_points_are_not_believed_are_carried_by_their_neighbors(filmed: Film):
    belief, slopes = filmed.belief.copy(), filmed.slopes.copy()
    belief[40:60] = 0.0
    slopes[40:60] += 3.0
    path = root_path(filmed.joints, belief, slopes, filmed.present, filmed.times, PathSettings())
    assert _apart(path.root, filmed.root).max() < 0.06


def test_a_subject_who_leaves_does_not_run_away(filmed: Film):
    present = np.arange(len(filmed.times)) < 40
    path = root_path(filmed.joints, filmed.belief, filmed.slopes, present, filmed.times, PathSettings())
    assert _apart(path.root[40:], path.root[39]).max() < 1.0
    assert path.sigma[-1].min() > path.sigma[39].max()


def test_limbs_in_the_wrong_place_do_not_pull_the_path(filmed: Film):
    slopes = filmed.slopes.copy()
    slopes[30:60, [POINTS.index(name) for name in ("wrist.L", "elbow.L", "index.L")]] += 0.15
    path = root_path(filmed.joints, filmed.belief, slopes, *filmed.seen[3:], PathSettings())
    assert _apart(path.root, filmed.root).max() < 0.06


def test_a_camera_that_moves_is_smoothed_in_the_world():
    still = camera(tilt=8.0, height=1.6, distance=5.0)
    count = 120
    shake = 0.15 * np.random.default_rng(1).standard_normal((count, 3))
    moving = type(still)(np.tile(still.rotations, (count, 1, 1)), still.positions + shake)
    seen = film(moving, count, noise=0.01)
    path = root_path(*seen.seen, PathSettings(), view=seen.view)
    truth = seen.view.to_world(seen.root[:, None])[:, 0]
    world = seen.view.to_world(path.root[:, None])[:, 0]
    assert _apart(world, truth).mean() < 0.02
    assert np.abs(np.diff(world - truth, 2, axis=0)).max() < 0.01


def test_the_floor_tells_the_distance_that_the_size_does_not():
    seen = film(camera(tilt=25.0, height=3.0, distance=5.0), noise=0.005)
    wrong = 1.0 + 0.06 * np.sin(2 * np.pi * 0.2 * seen.times)[:, None, None]
    joints = seen.joints * wrong
    without, floored = (root_path(joints, *seen.seen[1:], PathSettings(), view=view).root for view in (None, seen.view))
    assert _apart(floored, seen.root).mean() < 0.7 * _apart(without, seen.root).mean()


@pytest.mark.parametrize("count", [1, 2, 3])
def test_the_shortest_clips_have_a_path(count: int):
    seen = film(camera(tilt=5.0, height=1.5, distance=4.0), count)
    for view in (None, seen.view):
        path = root_path(*seen.seen, PathSettings(), view=view)
        assert _apart(path.root, seen.root).max() < 0.02


def test_uneven_times_are_no_jolts(filmed: Film):
    kept = np.sort(np.random.default_rng(0).choice(len(filmed.times), 70, replace=False))
    joints, belief, slopes, present, times = (array[kept] for array in filmed.seen)
    path = root_path(joints, belief, slopes, present, times, PathSettings())
    assert _apart(path.root, filmed.root[kept]).mean() < 0.015


def test_spread_that_is_not_known_is_no_obstacle(filmed: Film):
    spread = np.full(filmed.joints.shape, np.nan)
    spread[:60] = 0.03
    path = root_path(*filmed.seen, PathSettings(), spread)
    assert np.isfinite(path.root).all()
    assert np.isfinite(path.sigma).all()


def test_nobody_in_sight_has_no_path(filmed: Film):
    with pytest.raises(ValueError, match="believed"):
        root_path(*filmed.seen[:3], np.zeros_like(filmed.present), filmed.times, PathSettings())
    with pytest.raises(ValueError, match="believed"):
        root_path(filmed.joints, 0 * filmed.belief, *filmed.seen[2:], PathSettings())


@pytest.mark.parametrize(("which", "name"), [(0, "joints"), (1, "belief"), (2, "slopes")])
def test_arrays_that_do_not_fit_are_named(filmed: Film, which: int, name: str):
    arrays = list(filmed.seen)
    arrays[which] = arrays[which][:, :-1]
    joints, belief, slopes, present, times = arrays
    with pytest.raises(ValueError, match=name):
        root_path(joints, belief, slopes, present, times, PathSettings())


_SHORT = film(camera(tilt=8.0, height=1.6, distance=5.0), count=30)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.booleans(), min_size=30, max_size=30).filter(any), st.integers(0, 1000))
def test_whatever_is_hidden_the_path_is_somewhere(present: list[bool], seed: int):
    random = np.random.default_rng(seed)
    belief = _SHORT.belief * (random.random(_SHORT.belief.shape) < 0.4)
    belief[:, 0] = 0.5
    slopes = np.where(belief[..., None] > 0, _SHORT.slopes, np.nan)
    path = root_path(_SHORT.joints, belief, slopes, np.array(present), _SHORT.times, PathSettings(), view=_SHORT.view)
    assert np.isfinite(path.root).all()
    assert (path.sigma > 0).all()
    assert _apart(path.root, _SHORT.root).max() < 5.0
