"""Optical flow at points: moving texture, what is nothing to be told of, and what it costs."""

from __future__ import annotations

import time

import cv2
import numpy as np
import pytest

from penumbra.inference.flow import FlowMeter, point_flow


def texture(height: int = 540, width: int = 720, seed: int = 1) -> np.ndarray:
    """`[H, W, 3]` uint8: smooth blobs of every size."""
    random = np.random.default_rng(seed)
    layers = [
        cv2.GaussianBlur(random.standard_normal((height, width)).astype(np.float32), (0, 0), size) * size
        for size in (2, 5, 12)
    ]
    gray = cv2.normalize(sum(layers), None, 0, 255, cv2.NORM_MINMAX).astype(np.uint8)  # type: ignore[call-overload]
    return np.repeat(gray[..., None], 3, axis=2)


def moved(image: np.ndarray, by: tuple[float, float]) -> np.ndarray:
    matrix = np.array([[1.0, 0.0, by[0]], [0.0, 1.0, by[1]]])
    return cv2.warpAffine(image, matrix, image.shape[1::-1], flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)


def body_points(seed: int = 2) -> np.ndarray:
    """`[33, 2]` points all over a body 400 pixels tall."""
    return np.random.default_rng(seed).uniform((280, 70), (440, 470), (33, 2))


@pytest.mark.parametrize("by", [(0.0, 0.0), (3.4, -2.7), (12.0, 9.0), (-30.0, 14.0)])
def test_the_flow_is_how_the_texture_moved(by: tuple[float, float]) -> None:
    before, points = texture(), body_points()
    flow, error = point_flow(before, moved(before, by), points, points + by)
    np.testing.assert_allclose(flow, np.broadcast_to(by, flow.shape), atol=0.5)
    assert error.max() < 0.5


@pytest.mark.parametrize("factor", [0.5, 3.0])
def test_the_picture_may_have_any_size(factor: float) -> None:
    before, points = texture(), body_points()
    after = moved(before, (8.0, -6.0))
    large = [cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_LINEAR) for image in (before, after)]
    scaled = (points + 0.5) * factor - 0.5
    flow, _ = point_flow(large[0], large[1], scaled, scaled)
    np.testing.assert_allclose(flow / factor, np.broadcast_to((8.0, -6.0), flow.shape), atol=0.6)


def test_a_thing_before_a_still_background_moves_by_itself() -> None:
    before, thing = texture(), texture(120, 120, seed=9)
    after = before.copy()
    before[200:320, 300:420], after[204:324, 310:430] = thing, thing
    points = np.array([[360.0, 260.0], [200.0, 150.0], [500.0, 400.0]])
    flow, error = point_flow(before, after, points, points)
    np.testing.assert_allclose(flow, [[10.0, 4.0], [0.0, 0.0], [0.0, 0.0]], atol=0.3)
    assert error.max() < 0.3


def test_what_vanishes_cannot_be_followed_back() -> None:
    before = texture()
    after = before.copy()
    after[150:350, 250:470] = texture(seed=7)[150:350, 250:470]
    points = np.array([[360.0, 250.0], [100.0, 100.0]])
    _, error = point_flow(before, after, points, points)
    assert error[0] > 2.0
    assert error[1] < 0.1


def test_nothing_is_known_outside_the_picture_nor_without_texture() -> None:
    flat = np.full((540, 720, 3), 90, np.uint8)
    points = np.array([[300.0, 200.0], [350.0, 300.0]])
    flow, error = point_flow(flat, flat, points, points)
    assert np.isinf(error).all()
    assert (flow == 0).all()
    outside = np.array([[-5.0, 100.0], [720.0, 100.0], [300.0, 545.0], [300.0, 200.0]])
    _, error = point_flow(texture(), texture(), outside, outside)
    assert list(np.isinf(error)) == [True, True, True, False]


def test_the_meter_remembers_the_last_picture_for_a_while() -> None:
    before, points = texture(), body_points()
    after = moved(before, (4.0, 2.0))
    meter = FlowMeter()
    first, unknown = meter.step(before, 0.0, points)
    assert (first == 0).all()
    assert np.isinf(unknown).all()
    # the flow belongs to the places in the picture before, wherever the points are now
    flow, error = meter.step(after, 0.04, points + 50.0)
    np.testing.assert_allclose(flow, np.broadcast_to((4.0, 2.0), flow.shape), atol=0.3)
    assert np.isfinite(error).all()
    _, late = meter.step(after, 1.5, points)
    assert np.isinf(late).all()


def test_a_frame_costs_a_small_part_of_its_networks() -> None:
    """A frame's networks take about 27 ms; a limit with much room, as this machine may be busy."""
    before = cv2.resize(texture(), (1920, 1080))
    after, points = moved(before, (5.0, 3.0)), body_points() * 2
    spent = []
    for _ in range(15):
        start = time.process_time()
        point_flow(before, after, points, points)
        spent.append(time.process_time() - start)
    assert min(spent) < 0.005
