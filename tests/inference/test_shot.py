"""What a take tells of its footage and its camera, and the clock of footage before it is read."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from penumbra.inference.settings import FootageSettings, Moment
from penumbra.inference.shot import shot_of, timeline_of
from penumbra.inference.take import Take
from penumbra.inference.timeline import read_timeline

TURN = [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]]


def take_of(count: int = 4) -> Take:
    return Take(
        source={"path": "/footage/walk.mp4", "kind": "video", "width": 64, "height": 96, "rotation": 90},
        timing={"frame_rate": 30.0},
        camera={"focal_length": 28.0, "world_from_camera": TURN, "position": [0.0, -4.0, 1.5]},
        stages={"track": {"index": 10 + 2 * np.arange(count), "times": (10 + 2 * np.arange(count)) / 30.0}},
    )


def test_a_take_without_views_has_a_still_camera() -> None:
    shot = shot_of(take_of())
    assert (shot.path, shot.kind) == (Path("/footage/walk.mp4"), "video")
    assert (shot.width, shot.height, shot.rotation, shot.rate) == (64, 96, 90, 30.0)
    assert shot.index.tolist() == [10, 12, 14, 16]
    assert np.array_equal(shot.rotations, np.tile(TURN, (4, 1, 1)))
    assert np.array_equal(shot.positions, np.tile([0.0, -4.0, 1.5], (4, 1)))
    assert shot.focal_lengths.tolist() == [28.0] * 4


def test_views_of_a_take_are_its_camera() -> None:
    rotations, positions = (
        np.tile(np.eye(3, dtype=np.float32), (4, 1, 1)),
        np.arange(12, dtype=np.float32).reshape(4, 3),
    )
    shot = shot_of(take_of().with_stage("view", rotations=rotations, positions=positions))
    assert np.array_equal(shot.rotations, rotations)
    assert np.array_equal(shot.positions, positions)


def test_a_takes_clock_is_that_of_its_footage() -> None:
    timeline = timeline_of(take_of())
    assert (timeline.start, timeline.seconds) == pytest.approx((10 / 30, 6 / 30))
    assert (timeline.rate, timeline.width, timeline.height) == (30.0, 64, 96)


@pytest.mark.parametrize(
    ("start", "end", "step", "first", "seconds"),
    [
        (None, None, 1, 0.0, 1.9),
        (Moment(5), Moment(14), 1, 0.5, 0.9),
        (Moment(5), Moment(14), 3, 0.5, 0.9),
        (Moment(0.5, "seconds"), None, 1, 0.5, 1.4),
        (Moment(0.51, "seconds"), Moment(1.0, "seconds"), 1, 0.6, 0.4),
    ],
)
def test_the_clock_is_known_before_the_footage_is_read(
    tmp_path: Path, start: Moment | None, end: Moment | None, step: int, first: float, seconds: float
) -> None:
    for number in range(20):
        cv2.imwrite(str(tmp_path / f"{number}.png"), np.zeros((48, 64, 3), np.uint8))
    timeline = read_timeline(FootageSettings(tmp_path, start, end, step, image_rate=10.0))
    assert timeline.start == pytest.approx(first)
    assert timeline.seconds == pytest.approx(seconds)
    assert (timeline.rate, timeline.width, timeline.height) == (10.0, 64, 48)
