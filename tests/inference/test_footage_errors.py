"""Footage that cannot be read, or only in part: every case has its own sentence."""

from __future__ import annotations

import os
import shutil
import tempfile
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av
import numpy as np
import psutil
import pytest

from penumbra.errors import ArgumentsError, FootageError
from penumbra.inference.footage import fingerprint, open_footage
from penumbra.inference.settings import FootageSettings, Moment
from penumbra.tests.clips import number_of, numbered_picture, write_pictures, write_sound, write_video


def message_of(settings: FootageSettings) -> str:
    """What opening and reading the footage says when it fails."""
    with pytest.raises(FootageError) as caught, open_footage(settings) as footage:
        list(footage.frames())
    return str(caught.value)


def noisy_picture(number: int) -> np.ndarray:
    """A numbered picture that compresses badly, so that every frame has some bytes to lose."""
    image = numbered_picture(number)
    image[32:64] = np.random.default_rng(number).integers(0, 255, image[32:64].shape)
    return image


def with_index_first(path: Path, target: Path) -> Path:
    """Copy an MP4 file so that its index comes before its pictures, as streaming services write it."""
    with av.open(str(path)) as source, av.open(str(target), "w", options={"movflags": "faststart"}) as copy:
        stream = copy.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.size:
                packet.stream = stream
                copy.mux(packet)
    return target


def test_no_such_file(tmp_path: Path):
    assert "There is no file or folder" in message_of(FootageSettings(tmp_path / "nothing.mp4"))
    with pytest.raises(FootageError, match="There is no file or folder"):
        fingerprint(FootageSettings(tmp_path / "nothing.mp4"))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("notes.mp4", b"these are no pictures at all, only words " * 50),
        ("notes.txt", b"these are no pictures at all, only words " * 50),
        ("noise.mov", bytes(range(256)) * 40),
        ("list.m3u8", b"#EXTM3U\n#EXTINF:1,\nhttp://localhost:9/clip.ts\n"),
    ],
)
def test_not_a_video(tmp_path: Path, name: str, content: bytes):
    path = tmp_path / name
    path.write_bytes(content)
    assert message_of(FootageSettings(path)) == (
        f"{name} is not a video that can be read: choose a video file or a folder of pictures."
    )


def test_an_empty_file(tmp_path: Path):
    path = tmp_path / "empty.mp4"
    path.touch()
    assert message_of(FootageSettings(path)) == "empty.mp4 is empty: copy or record it again."


def test_sound_only(tmp_path: Path):
    path = write_sound(tmp_path / "sound.wav")
    assert "has no video stream" in message_of(FootageSettings(path))


def test_no_frames(tmp_path: Path):
    whole = write_video(tmp_path / "whole.mkv", 3, codec="ffv1").read_bytes()
    path = tmp_path / "header.mkv"
    with av.open(str(tmp_path / "whole.mkv")) as container:
        first = next(packet.pos for packet in container.demux(video=0))
    assert first is not None
    path.write_bytes(whole[:first])
    assert "holds no frames that can be read" in message_of(FootageSettings(path))


@contextmanager
def ordinary_user() -> Iterator[None]:
    """The superuser may read everything, so it becomes "nobody" meanwhile."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_file_that_may_not_be_read():
    with tempfile.TemporaryDirectory() as folder:  # unlike pytest's own folders, one that others may enter
        Path(folder).chmod(0o755)
        path = write_video(Path(folder) / "clip.mp4", 3)
        path.chmod(0)
        with ordinary_user():
            assert "check the file and your permissions" in message_of(FootageSettings(path))


def test_a_file_that_the_system_does_not_give(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = write_video(tmp_path / "clip.mp4", 3)

    def refuse(*_arguments: object, **_options: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(av, "open", refuse)
    monkeypatch.setattr(Path, "open", refuse)
    assert "cannot be read (Permission denied): check the file and your permissions" in message_of(
        FootageSettings(path)
    )
    with pytest.raises(FootageError, match="Permission denied"):
        fingerprint(FootageSettings(path))


@pytest.mark.parametrize("start", [Moment(20), Moment(0.8, "seconds"), Moment(1e6)])
@pytest.mark.parametrize("name", ["clip.mp4", "clip.mkv", "clip.ts"])
def test_a_start_after_the_end(tmp_path: Path, name: str, start: Moment | None):
    path = write_video(tmp_path / name, 20)
    message = message_of(FootageSettings(path, start))
    assert "is after the end of" in message
    assert "20 frames" in message


def test_empty_ranges(tmp_path: Path):
    path = write_video(tmp_path / "clip.mp4", 20)
    assert "The range is empty" in message_of(FootageSettings(path, Moment(9), Moment(8)))
    assert "is empty: choose a later end" in message_of(FootageSettings(path, Moment(15), Moment(0.2, "seconds")))


@pytest.mark.parametrize(
    "wrong", [{"step": 0}, {"start": Moment(-1)}, {"end": Moment(float("nan"))}, {"image_rate": 0.0}]
)
def test_senseless_settings(tmp_path: Path, wrong: dict):
    folder = write_pictures(tmp_path / "pictures", ["1.png"])
    with pytest.raises(ArgumentsError):
        open_footage(FootageSettings(folder, **wrong))


def test_an_mp4_file_without_its_index(tmp_path: Path):
    path = write_video(tmp_path / "clip.mp4", 20, picture=noisy_picture)
    path.write_bytes(path.read_bytes()[:-3000])
    assert "is cut off before its index" in message_of(FootageSettings(path))


@pytest.mark.parametrize("name", ["clip.mp4", "clip.mkv", "clip.webm"])
@pytest.mark.parametrize("start", [None, Moment(9)])
def test_a_file_that_is_cut_off_is_used_up_to_there(tmp_path: Path, name: str, start: Moment | None):
    codec = "libvpx-vp9" if name.endswith("webm") else "libx264"
    whole = write_video(tmp_path / f"whole_{name}", 40, codec=codec, picture=noisy_picture, options={"g": "8"})
    if name == "clip.mp4":
        whole = with_index_first(whole, tmp_path / "index_first.mp4")
    path = tmp_path / name
    path.write_bytes(whole.read_bytes()[: whole.stat().st_size * 6 // 10])
    with open_footage(FootageSettings(path, start)) as footage:
        numbers = [number_of(frame.image) for frame in footage.frames()]
        notes = footage.notes
    first = 0 if start is None else 9
    count = numbers[-1] + 1
    assert numbers == list(range(first, count))
    assert 20 <= count <= 30
    assert len(notes) == 1
    assert notes[0].startswith(f"{name} breaks off after {count / 25:.1f} s ({count} frames)")


def test_a_file_that_is_cut_between_two_frames(tmp_path: Path):
    whole = with_index_first(write_video(tmp_path / "whole.mp4", 20, options={"bf": "0"}), tmp_path / "index_first.mp4")
    with av.open(str(whole)) as container:
        places = [packet.pos for packet in container.demux(video=0) if packet.size]
    path = tmp_path / "clip.mp4"
    path.write_bytes(whole.read_bytes()[: places[12]])
    with open_footage(FootageSettings(path)) as footage:
        assert len(list(footage.frames())) == 12
        assert footage.notes == [
            "clip.mp4 breaks off after 0.5 s (12 frames): the data ends early. It was used up to there."
        ]


def test_damage_in_the_middle(tmp_path: Path):
    path = with_index_first(
        write_video(tmp_path / "whole.mp4", 40, picture=noisy_picture, options={"bf": "0"}), tmp_path / "clip.mp4"
    )
    with av.open(str(path)) as container:
        places = [packet.pos or 0 for packet in container.demux(video=0) if packet.size]
    data = bytearray(path.read_bytes())
    data[places[25] + 8 : places[26]] = bytes(places[26] - places[25] - 8)
    path.write_bytes(data)
    with open_footage(FootageSettings(path)) as footage:
        numbers = [number_of(frame.image) for frame in footage.frames()]
        assert numbers == list(range(25))
        assert "(25 frames): a picture is damaged" in footage.notes[0]


def test_an_end_before_the_damage_says_nothing_of_it(tmp_path: Path):
    whole = with_index_first(write_video(tmp_path / "whole.mp4", 40), tmp_path / "index_first.mp4")
    path = tmp_path / "clip.mp4"
    path.write_bytes(whole.read_bytes()[: whole.stat().st_size * 9 // 10])
    with open_footage(FootageSettings(path, end=Moment(3))) as footage:
        assert len(list(footage.frames())) == 4
        assert footage.notes == []


def test_a_name_that_looks_like_an_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    write_video(tmp_path / "plain.mkv", 2, codec="ffv1")
    shutil.move(tmp_path / "plain.mkv", tmp_path / "concat:clip.mkv")
    monkeypatch.chdir(tmp_path)
    with open_footage(FootageSettings(Path("concat:clip.mkv"))) as footage:
        assert len(list(footage.frames())) == 2


def test_memory_does_not_grow_with_length(tmp_path: Path):
    def grey(number: int) -> np.ndarray:
        return np.full((480, 640, 3), number % 256, np.uint8)

    path = write_video(tmp_path / "clip.mp4", 600, picture=grey, options={"preset": "ultrafast"})
    process = psutil.Process()
    at_100 = 0
    tracemalloc.start()
    with open_footage(FootageSettings(path)) as footage:
        for frame in footage.frames():
            if frame.index == 100:
                at_100 = process.memory_info().rss
                tracemalloc.reset_peak()
        _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # 500 frames of 0.9 MB each would be 460 MB.
    assert process.memory_info().rss - at_100 < 40e6
    assert peak < 5 * 480 * 640 * 3
