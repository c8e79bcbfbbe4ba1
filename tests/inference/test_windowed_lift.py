"""Lifters that read windows: clips of every length and rate, the mirror, axes turned back, and files that do not fit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from penumbra.errors import SetupError
from penumbra.inference.sight_features import features, joints_seen
from penumbra.inference.sightings import Sightings
from penumbra.inference.windowed_lift import WindowedLifter
from penumbra.models.skeletons import JOINTS, POINT_JOINTS, POINTS, mirrored
from tests.networks import SKELETON, flat_lifter
from tests.synthetic import people_in_camera

ASIDE = np.array([1.5, 0.4, 0.0])


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return flat_lifter(tmp_path_factory.mktemp("networks") / "flat.onnx", spread=(0.1, 0.2, 0.4))


@pytest.fixture(scope="module")
def lifter(path: Path) -> WindowedLifter:
    return WindowedLifter.open(path, threads=1)


def _sightings(count: int, rate: float = 30.0) -> Sightings:
    """Somebody far aside of the picture's middle, all in sight."""
    joints = people_in_camera(count) + ASIDE
    points = joints[:, list(POINT_JOINTS)]
    seen = np.ones(points.shape[:2], bool)
    return Sightings(points[..., :2] / points[..., 2:], seen * 0.9, seen, rate)


def _mirrored(given: Sightings) -> Sightings:
    partners = [POINTS.index(mirrored(name)) for name in POINTS]
    return replace(
        given, points=given.points[:, partners] * [-1.0, 1.0], confidence=given.confidence[:, partners],
        seen=given.seen[:, partners],
    )  # fmt: skip


def test_points_come_out_where_they_are_in_the_view_and_views_are_turned_back(lifter: WindowedLifter) -> None:
    given = _sightings(60)
    lifted = lifter(given)
    expected = features(given.points, given.confidence, given.seen)
    in_view = lifted.joints @ np.swapaxes(expected.views, -1, -2)
    np.testing.assert_allclose(in_view[:, list(POINT_JOINTS), :2], expected.points, atol=1e-5)
    np.testing.assert_allclose(in_view[..., 2], 0.0, atol=1e-5)
    np.testing.assert_allclose(lifted.views, expected.views)
    assert abs(lifted.joints[..., 2]).max() > 0.1


def test_the_spread_is_along_the_cameras_axes(lifter: WindowedLifter) -> None:
    lifted = lifter(_sightings(30))
    view = np.diag([0.01, 0.04, 0.16])
    for frame in (0, 17):
        turn = lifted.views[frame].astype(float)
        expected = np.sqrt(np.diag(turn.T @ view @ turn))
        np.testing.assert_allclose(lifted.spread[frame], np.tile(expected, (30, 1)), rtol=1e-4)


def test_what_was_seen_and_how_far_it_was_believed_goes_on(lifter: WindowedLifter) -> None:
    given = _sightings(20)
    seen, confidence = given.seen.copy(), given.confidence.copy()
    seen[5:9, POINTS.index("hip.L")] = False
    confidence[12, POINTS.index("hip.R")] = 0.3
    lifted = lifter(replace(given, seen=seen, confidence=confidence))
    np.testing.assert_array_equal(lifted.seen, joints_seen(seen))
    assert lifted.confidence[3, JOINTS.index("pelvis")] == pytest.approx(0.9)
    assert (lifted.confidence[5:9, [JOINTS.index("pelvis"), JOINTS.index("hip.L")]] == 0).all()
    assert lifted.confidence[12, JOINTS.index("pelvis")] == pytest.approx(0.3)


@pytest.mark.parametrize("count", [1, 2, 26, 27, 28, 100])
def test_clips_of_every_length_are_lifted(lifter: WindowedLifter, count: int) -> None:
    lifted = lifter(_sightings(count))
    assert lifted.joints.shape == lifted.spread.shape == (count, 30, 3)
    assert np.isfinite(lifted.joints).all()
    assert (lifted.spread > 0).all()


def test_footage_at_twice_the_rate_is_read_in_two_passes(lifter: WindowedLifter) -> None:
    fast = _sightings(80, rate=60.0)
    whole = lifter(fast)
    for phase in (0, 1):
        chosen = slice(phase, None, 2)
        alone = lifter(Sightings(fast.points[chosen], fast.confidence[chosen], fast.seen[chosen], 30.0))
        np.testing.assert_allclose(whole.joints[chosen], alone.joints, atol=1e-6)
        np.testing.assert_allclose(whole.views[chosen], alone.views, atol=1e-6)
    assert whole.rate == 60.0


def test_what_is_wrong_on_one_side_alone_goes_away_in_the_mirror(tmp_path: Path, lifter: WindowedLifter) -> None:
    leaning = WindowedLifter.open(flat_lifter(tmp_path / "leaning.onnx", aside=0.5), threads=1)
    given = _sightings(30)
    np.testing.assert_allclose(leaning(given).joints, lifter(given).joints, atol=1e-5)
    partners = [JOINTS.index(mirrored(name)) for name in JOINTS]
    other = lifter(_mirrored(given)).joints[:, partners] * [-1.0, 1.0, 1.0]
    np.testing.assert_allclose(other, lifter(given).joints, atol=1e-5)


def test_nothing_in_sight_still_gives_an_answer(lifter: WindowedLifter) -> None:
    given = _sightings(20)
    nothing = replace(given, seen=np.zeros_like(given.seen), points=np.full_like(given.points, np.nan))
    lifted = lifter(nothing)
    assert np.isfinite(lifted.joints).all()
    assert not lifted.seen.any()
    assert (lifted.confidence == 0).all()


def test_a_network_that_reads_frames_alone_has_windows_of_one(tmp_path: Path) -> None:
    lifter = WindowedLifter.open(flat_lifter(tmp_path / "alone.onnx", frames="F"), threads=1)
    given = _sightings(40)
    np.testing.assert_allclose(
        lifter(given).joints, WindowedLifter.open(flat_lifter(tmp_path / "27.onnx"), 1)(given).joints, atol=1e-5
    )


def test_a_network_without_a_spread_tells_none(tmp_path: Path) -> None:
    lifter = WindowedLifter.open(flat_lifter(tmp_path / "silent.onnx", spread=None), threads=1)
    lifted = lifter(_sightings(5))
    assert np.isnan(lifted.spread).all()
    assert np.isfinite(lifted.joints).all()


def test_sightings_that_fit_no_clip_are_refused(lifter: WindowedLifter) -> None:
    given = _sightings(10)
    spoiled = given.points.copy()
    spoiled[3, 4] = np.nan
    with pytest.raises(ValueError, match="no finite number"):
        lifter(replace(given, points=spoiled))
    with pytest.raises(ValueError, match="no finite number"):
        lifter(replace(given, confidence=given.confidence * np.inf))
    with pytest.raises(ValueError, match="without frames"):
        lifter(Sightings(given.points[:0], given.confidence[:0], given.seen[:0], 30.0))
    with pytest.raises(ValueError, match="25 points"):
        lifter(replace(given, points=given.points[:, :24]))
    with pytest.raises(ValueError, match="25 points"):
        lifter(replace(given, confidence=given.confidence[:5]))


def test_networks_that_do_not_fit_say_what_to_do(tmp_path: Path) -> None:
    told = {"fill": "line", "horizon": "10", **SKELETON}
    wrong = {
        "for another skeleton: its joints": {"metadata": told | {"joints": "pelvis,head"}},
        "for another skeleton: its points": {"metadata": told | {"points": "nose"}},
        "gives other joints": {"joints": 17},
        "does not say its fill": {"metadata": {"horizon": "10"}},
        "does not say its horizon": {"metadata": {"fill": "copy"}},
        "is 'far', which is no number": {"metadata": told | {"horizon": "far"}},
        "filled by 'guess'": {"metadata": told | {"fill": "guess"}},
    }
    for reason, changes in wrong.items():
        with pytest.raises(SetupError, match=rf"{reason}.*(Use the networks|Update the add-on)"):
            WindowedLifter.open(flat_lifter(tmp_path / "wrong.onnx", **changes), threads=1)
