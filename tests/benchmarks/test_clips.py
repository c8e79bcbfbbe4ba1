"""Repeating a clip by copying its packets."""

from __future__ import annotations

from pathlib import Path

import pytest

from penumbra.benchmarks.clips import repeat_clip
from penumbra.inference.footage import open_footage
from penumbra.inference.settings import FootageSettings
from penumbra.tests.clips import number_of, write_video


@pytest.mark.parametrize(("name", "codec"), [("clip.mp4", "libx264"), ("clip.webm", "libvpx-vp9")])
def test_times(tmp_path: Path, name: str, codec: str):
    source = write_video(tmp_path / name, 10, codec=codec, options={"bf": "2", "g": "5"})
    path = repeat_clip(source, tmp_path / f"long_{name}", times=3)
    with open_footage(FootageSettings(path)) as footage:
        frames = list(footage.frames())
        assert footage.notes == []
    assert [number_of(frame.image) for frame in frames] == list(range(10)) * 3
    assert [frame.time for frame in frames] == pytest.approx([number / 25 for number in range(30)], abs=1e-3)


def test_frames(tmp_path: Path):
    source = write_video(tmp_path / "clip.mp4", 10, options={"bf": "0"})
    path = repeat_clip(source, tmp_path / "long.mp4", frames=23)
    with open_footage(FootageSettings(path)) as footage:
        assert [number_of(frame.image) for frame in footage.frames()] == [*range(10), *range(10), 0, 1, 2]


@pytest.mark.parametrize("wrong", [{}, {"times": 2, "frames": 3}, {"times": 0}, {"frames": -1}])
def test_senseless_lengths(tmp_path: Path, wrong: dict[str, int]):
    source = write_video(tmp_path / "clip.mp4", 3)
    with pytest.raises(ValueError, match=r"give either|cannot be repeated"):
        repeat_clip(source, tmp_path / "long.mp4", **wrong)


def test_packets_without_decoding_times(tmp_path: Path):
    source = write_video(tmp_path / "clip.mkv", 10, options={"bf": "2"})
    with pytest.raises(ValueError, match="does not tell when its packets are decoded"):
        repeat_clip(source, tmp_path / "long.mkv", times=2)
