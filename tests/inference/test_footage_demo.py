"""The real demo clip, whole and cut off."""

from __future__ import annotations

from pathlib import Path

import pytest

from penumbra.inference.footage import open_footage
from penumbra.inference.settings import FootageSettings, Moment

FRAMES, RATE = 230, 30


def test_the_whole_clip(demo_clip: Path):
    with open_footage(FootageSettings(demo_clip, step=10)) as footage:
        info = footage.info
        frames = [(frame.index, frame.time, frame.image.shape) for frame in footage.frames()]
        samples = [frame.index for frame in footage.samples(12)]
        assert footage.notes == []
    assert (info.width, info.height, info.frame_rate, info.frame_count) == (1768, 994, RATE, FRAMES // 10)
    assert frames == [(index, pytest.approx(index / RATE), (994, 1768, 3)) for index in range(0, FRAMES, 10)]
    assert samples == [0, 60, 120, 180]


def test_a_cut_off_copy(demo_clip: Path, tmp_path: Path):
    path = tmp_path / "demo.mp4"
    data = demo_clip.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    with open_footage(FootageSettings(path, Moment(3, "seconds"))) as footage:
        frames = [frame.index for frame in footage.frames()]
        assert frames == list(range(90, 120))
        assert footage.notes == [
            "demo.mp4 breaks off after 4.0 s (120 frames): the data is cut off. It was used up to there."
        ]
