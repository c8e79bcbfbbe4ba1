from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from penumbra.models import blazepose_geometry as geometry
from penumbra.models.pose import Candidate, Region

regions = st.builds(
    Region,
    x=st.floats(-500, 2500),
    y=st.floats(-500, 2500),
    size=st.floats(10, 3000),
    angle=st.floats(-np.pi, np.pi),
)


def test_anchors_are_those_of_the_network():
    anchors = geometry.anchors()
    assert anchors.shape == (2254, 2)
    # 28 × 28 cells of two, 14 × 14 of two, 7 × 7 of six
    np.testing.assert_allclose(anchors[[0, 1, 2]], [[0.5 / 28, 0.5 / 28], [0.5 / 28, 0.5 / 28], [1.5 / 28, 0.5 / 28]])
    np.testing.assert_allclose(anchors[1568], [0.5 / 14, 0.5 / 14])
    np.testing.assert_allclose(anchors[-6:], np.full((6, 2), 6.5 / 7))


@given(regions)
def test_points_come_back_from_a_region(region: Region):
    points = np.array([[0.0, 0.0], [0.5, 0.5], [1.0, 0.25], [-0.3, 1.7]])
    np.testing.assert_allclose(geometry.to_region(geometry.to_picture(points, region), region), points, atol=1e-6)


@given(regions)
def test_the_middle_of_a_region_is_its_centre(region: Region):
    np.testing.assert_allclose(geometry.to_picture(np.array([0.5, 0.5]), region), [region.x, region.y], atol=1e-6)


@given(regions)
def test_a_body_region_is_made_again_from_its_own_points(region: Region):
    hips, rim = geometry.to_picture(np.array([[0.5, 0.5], [0.5, 0.5 - 0.5 / 1.25]]), region)
    again = geometry.body_region(hips, rim)
    assert (again.x, again.y, again.size) == pytest.approx((region.x, region.y, region.size))
    assert np.cos(again.angle - region.angle) == pytest.approx(1.0)


@pytest.mark.parametrize(("head", "angle"), [((0, -1), 0), ((1, 0), np.pi / 2), ((-1, 0), -np.pi / 2)])
def test_a_region_turns_with_the_person(head: tuple[int, int], angle: float):
    assert geometry.body_region(np.zeros(2), np.array(head, float)).angle == pytest.approx(angle)


def test_world_landmarks_turn_as_the_region_does():
    up = np.array([[0.0, -1.0, 0.3]])
    np.testing.assert_allclose(geometry.turn_world(up, np.pi / 2), [[1.0, 0.0, 0.3]], atol=1e-12)


@pytest.mark.parametrize("size", [(1920, 1080), (1080, 1920), (640, 640), (3840, 800), (100, 90)])
def test_views_cover_the_picture_and_overlap(size: tuple[int, int]):
    width, height = size
    whole, *parts = geometry.views(width, height)
    assert (whole.x, whole.y, whole.size) == (width / 2, height / 2, max(size))
    if parts:
        starts = sorted((part.x if width > height else part.y) - part.size / 2 for part in parts)
        assert starts[0] == 0
        assert starts[-1] + min(size) == max(size)
        assert np.diff(starts).max() <= min(size) / 2
    else:
        assert max(size) <= 1.2 * min(size)


def raw_detection(anchor: int, centre: tuple[float, float], side: float, logit: float) -> tuple[list[float], float]:
    """The network's row that says: a face of that side at that place (fractions), hips one side lower."""
    x, y = (np.array(centre) - geometry.anchors()[anchor]) * 224
    return [x, y, side * 224, side * 224, x, y + side * 224, x, y - side * 224, x, y, x, y], logit


def detections(*rows: tuple[list[float], float]) -> tuple[np.ndarray, np.ndarray]:
    boxes, scores = np.zeros((2254, 12), np.float32), np.full(2254, -200.0, np.float32)
    for number, (row, logit) in enumerate(rows):
        boxes[number], scores[number] = row, logit
    return boxes, scores


def test_detections_of_one_face_melt_and_others_stay():
    boxes, scores = detections(
        raw_detection(0, (0.30, 0.3), 0.2, 1.0),
        raw_detection(1, (0.32, 0.3), 0.2, 1.0),
        raw_detection(2, (0.70, 0.3), 0.2, 2.0),
        raw_detection(3, (0.70, 0.9), 0.2, -1.0),
    )
    points, sure = geometry.decode_detections(boxes, scores, geometry.anchors(), geometry.DetectionSettings())
    np.testing.assert_allclose(sure, 1 / (1 + np.exp([-2.0, -1.0])), rtol=1e-6)
    np.testing.assert_allclose(points[:, 2], [[0.7, 0.5], [0.31, 0.5]], atol=1e-6)
    np.testing.assert_allclose(points[0, :2], [[0.6, 0.2], [0.8, 0.4]], atol=1e-6)


def test_wild_scores_do_not_overflow():
    boxes, scores = detections(raw_detection(0, (0.5, 0.5), 0.2, 1e4))
    with np.errstate(all="raise", under="ignore"):
        _, sure = geometry.decode_detections(boxes, scores, geometry.anchors(), geometry.DetectionSettings())
    assert sure == pytest.approx([1.0])


def test_nobody_is_an_empty_list():
    points, sure = geometry.decode_detections(*detections(), geometry.anchors(), geometry.DetectionSettings())
    assert geometry.candidates(points, sure, Region(50, 50, 100, 0), 100, 100) == []


def candidate(x: float, score: float) -> Candidate:
    return Candidate((0, 0, 1, 1), score, Region(x, 100, 100, 0))


def test_one_person_in_two_views_counts_once_and_the_surer_view_wins():
    merged = geometry.merge_views([[candidate(100, 0.6)], [candidate(110, 0.9), candidate(300, 0.7)]])
    assert [(one.region.x, one.score) for one in merged] == [(110, 0.9), (300, 0.7)]


def test_two_close_people_in_one_view_stay_two():
    assert len(geometry.merge_views([[candidate(100, 0.6), candidate(110, 0.9)]])) == 2


def test_a_landmark_moves_to_its_heatmap():
    heatmaps = np.full((64, 64, 3), -20.0, np.float32)
    heatmaps[21, 30:32, 0] = 20.0
    heatmaps[21, 30, 1] = -1.0  # too weak to count
    heatmaps[63, 63, 2] = 20.0
    points = np.array([[30.2, 20.4], [30.2, 20.4], [64.5, 63.0]]) / 64
    refined = geometry.refine(points, heatmaps) * 64
    np.testing.assert_allclose(refined, [[30.5, 21.0], [30.2, 20.4], [64.5, 63.0]], atol=1e-5)


def test_a_heatmap_at_the_edge_is_not_read_twice():
    heatmaps = np.full((64, 64, 1), -20.0, np.float32)
    heatmaps[0, :2, 0] = 20.0
    np.testing.assert_allclose(geometry.refine(np.array([[0.01, 0.01]]), heatmaps) * 64, [[0.5, 0.0]], atol=1e-5)
