"""Video files: numbers, times, orientation, colors, ranges."""

from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from penumbra.inference.footage import open_footage
from penumbra.inference.footage.frames import Frame
from penumbra.inference.settings import FootageSettings, Moment
from penumbra.tests.clips import HEIGHT, WIDTH, number_of, numbered_picture, write_video

COUNT = 20
B_FRAMES = {"bf": "3", "g": "8"}
OPEN_GOP = {"bf": "3", "x264-params": "open-gop=1:scenecut=0:b-adapt=0:keyint=6:min-keyint=6"}
# name of the file, codec, pixel format, options
KINDS = (
    ("h264.mp4", "libx264", "yuv420p", B_FRAMES),
    ("open_gop.mp4", "libx264", "yuv420p", OPEN_GOP),
    ("h264.mkv", "libx264", "yuv420p", B_FRAMES),
    ("h264.ts", "libx264", "yuv420p", B_FRAMES),
    ("ten_bit.mp4", "libx264", "yuv420p10le", {}),
    ("hevc.mp4", "libx265", "yuv420p", {"x265-params": "log-level=none"}),
    ("mpeg4.avi", "mpeg4", "yuv420p", {}),
    ("mpeg4.mp4", "mpeg4", "yuv420p", {"bf": "2"}),
    ("vp8.webm", "libvpx", "yuv420p", {"g": "6"}),
    ("vp9.webm", "libvpx-vp9", "yuv420p", {"deadline": "realtime", "cpu-used": "8", "g": "6"}),
    ("ffv1.mkv", "ffv1", "yuv444p16le", {}),
    ("prores.mov", "prores_ks", "yuv422p10le", {}),
    ("prores_alpha.mov", "prores_ks", "yuva444p10le", {}),
    ("mjpeg.avi", "mjpeg", "yuvj420p", {}),
    ("animation.mov", "qtrle", "argb", {}),
    ("mpeg2.mpg", "mpeg2video", "yuv420p", {"bf": "2"}),
)


def read(path: Path, start: Moment | None = None) -> list[Frame]:
    with open_footage(FootageSettings(path, start)) as footage:
        frames = list(footage.frames())
        assert footage.notes == []
    return frames


def numbers(frames: list[Frame]) -> list[int]:
    """The numbers that the pictures carry, which must be those that the frames are counted by."""
    carried = [number_of(frame.image) for frame in frames]
    assert carried == [frame.index for frame in frames]
    return carried


@pytest.mark.parametrize(("name", "codec", "pixel_format", "options"), KINDS, ids=[kind[0] for kind in KINDS])
def test_every_kind_gives_every_frame_in_order(
    tmp_path: Path, name: str, codec: str, pixel_format: str, options: dict[str, str]
):
    path = write_video(tmp_path / name, COUNT, codec=codec, pixel_format=pixel_format, options=options)
    frames = read(path)
    assert numbers(frames) == list(range(COUNT))
    assert [frame.time for frame in frames] == pytest.approx([number / 25 for number in range(COUNT)], abs=1e-3)
    assert all(frame.image.shape == (HEIGHT, WIDTH, 3) for frame in frames)
    assert all(frame.image.dtype == np.uint8 and frame.image.flags.c_contiguous for frame in frames)


@pytest.mark.parametrize(("name", "codec", "pixel_format", "options"), KINDS, ids=[kind[0] for kind in KINDS])
def test_a_late_start_gives_the_very_frames_that_reading_all_gives(
    tmp_path: Path, name: str, codec: str, pixel_format: str, options: dict[str, str]
):
    path = write_video(tmp_path / name, COUNT, codec=codec, pixel_format=pixel_format, options=options)
    everything = read(path)
    late = read(path, start=Moment(13))
    assert numbers(late) == list(range(13, COUNT))
    assert [frame.time for frame in late] == [frame.time for frame in everything[13:]]
    for one, other in zip(late, everything[13:], strict=True):
        np.testing.assert_array_equal(one.image, other.image)


@pytest.mark.parametrize(
    ("start", "end", "step", "expected"),
    [
        (None, Moment(4), 1, [0, 1, 2, 3, 4]),
        (Moment(3), Moment(3), 1, [3]),
        (Moment(2), Moment(15), 5, [2, 7, 12]),
        (Moment(0.4, "seconds"), Moment(0.48, "seconds"), 1, [10, 11, 12]),
        (Moment(0.41, "seconds"), Moment(14), 2, [11, 13]),
        (Moment(17), Moment(9, "seconds"), 1, [17, 18, 19]),
        (None, None, 7, [0, 7, 14]),
    ],
)
def test_range_and_step(tmp_path: Path, start: Moment | None, end: Moment | None, step: int, expected: list[int]):
    path = write_video(tmp_path / "clip.mp4", COUNT, options=B_FRAMES)
    with open_footage(FootageSettings(path, start, end, step)) as footage:
        assert numbers(list(footage.frames())) == expected
        assert footage.info.frame_count == len(expected)


def test_info(tmp_path: Path):
    path = write_video(tmp_path / "clip.mp4", COUNT)
    with open_footage(FootageSettings(path)) as footage:
        info = footage.info
    assert (info.path, info.kind, info.width, info.height, info.rotation) == (path, "video", WIDTH, HEIGHT, 0)
    assert (info.frame_rate, info.frame_count, info.codec, info.pixel_format) == (25, COUNT, "h264", "yuv420p")
    assert info.duration == pytest.approx(COUNT / 25)
    assert info.focal_length is None


@pytest.mark.parametrize("name", ["clip.mp4", "clip.mkv"])
def test_a_varying_frame_rate_keeps_its_times(tmp_path: Path, name: str):
    stamps = [0, 40, 55, 200, 201, 640, 1000, 1033]
    path = write_video(tmp_path / name, len(stamps), stamps=stamps, options={"bf": "0"})
    frames = read(path)
    assert numbers(frames) == list(range(len(stamps)))
    assert [frame.time for frame in frames] == pytest.approx([stamp / 1000 for stamp in stamps], abs=1e-3)
    late = read(path, start=Moment(0.5, "seconds"))
    assert numbers(late) == [5, 6, 7]


def test_time_begins_at_the_first_frame_shown(tmp_path: Path):
    path = write_video(tmp_path / "clip.mkv", 4, stamps=[5000, 5040, 5080, 5120])
    assert [frame.time for frame in read(path)] == pytest.approx([0, 0.04, 0.08, 0.12], abs=1e-6)


def test_frames_that_an_edit_list_cuts_off_are_not_shown(tmp_path: Path):
    path = write_video(tmp_path / "clip.mp4", COUNT, options={"bf": "0", "g": "100"})
    cut_by_edit_list(path, frames=6)
    frames = read(path)
    assert [number_of(frame.image) for frame in frames] == list(range(6, COUNT))
    assert [frame.index for frame in frames] == list(range(COUNT - 6))
    assert [frame.time for frame in frames] == pytest.approx([number / 25 for number in range(COUNT - 6)])
    late = read(path, start=Moment(5))
    assert [number_of(frame.image) for frame in late] == list(range(11, COUNT))
    with open_footage(FootageSettings(path)) as footage:
        assert footage.info.frame_count == COUNT - 6


def cut_by_edit_list(path: Path, frames: int) -> None:
    """Let the file's edit list (ISO/IEC 14496-12, 8.6.6) begin `frames` frames later, at 25 a second."""
    data = bytearray(path.read_bytes())
    with av.open(str(path)) as container:
        units = round(frames / 25 / (container.streams.video[0].time_base or 1))
    place = data.index(b"elst") + 4
    version_and_flags, entries, duration, media_time = struct.unpack_from(">IIIi", data, place)
    assert (version_and_flags, entries) == (0, 1)
    # The duration is in thousandths, the muxer's own movie time scale.
    struct.pack_into(">Ii", data, place + 8, duration - frames * 40, media_time + units)
    path.write_bytes(data)


@pytest.mark.parametrize("degrees", [0, 90, 180, -90])
@pytest.mark.parametrize("mirrored", [False, True])
def test_pictures_come_upright(tmp_path: Path, degrees: int, *, mirrored: bool):
    def stored(number: int) -> np.ndarray:
        """What becomes upright when it is turned counterclockwise and then mirrored."""
        upright = numbered_picture(number)
        return np.ascontiguousarray(np.rot90(upright[:, ::-1] if mirrored else upright, k=-degrees // 90))

    path = write_video(tmp_path / "clip.mp4", 3, picture=stored, turn=(degrees, mirrored))
    with open_footage(FootageSettings(path)) as footage:
        assert numbers(list(footage.frames())) == [0, 1, 2]
        assert (footage.info.width, footage.info.height) == (WIDTH, HEIGHT)
        assert footage.info.rotation == -degrees % 360


def test_odd_sizes(tmp_path: Path):
    path = write_video(
        tmp_path / "clip.mkv", 3, codec="ffv1", picture=lambda number: numbered_picture(number, WIDTH + 1, HEIGHT + 1)
    )
    with open_footage(FootageSettings(path)) as footage:
        frames = list(footage.frames())
    assert (footage.info.width, footage.info.height) == (WIDTH + 1, HEIGHT + 1)
    assert frames[0].image.shape == (HEIGHT + 1, WIDTH + 1, 3)
    np.testing.assert_allclose(frames[0].image[60, 60], [96, 96, 96], atol=3)


def test_pixels_become_square(tmp_path: Path):
    path = write_video(tmp_path / "clip.mp4", 2, pixel_aspect=Fraction(3, 2))
    with open_footage(FootageSettings(path)) as footage:
        assert (footage.info.width, footage.info.height) == (WIDTH * 3 // 2, HEIGHT)
        assert next(iter(footage.frames())).image.shape == (HEIGHT, WIDTH * 3 // 2, 3)


def bars(_number: int) -> np.ndarray:
    image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    for place, color in enumerate(BAR_COLORS):
        image[:, place * 32 : (place + 1) * 32] = color
    return image


BAR_COLORS = ((200, 30, 30), (30, 180, 60), (40, 60, 210), (128, 128, 128))


@pytest.mark.parametrize("colorspace", [1, 5], ids=["BT.709", "BT.601"])
@pytest.mark.parametrize("color_range", [1, 2], ids=["limited", "full"])
def test_color_space_and_range_are_honored(tmp_path: Path, colorspace: int, color_range: int):
    path = write_video(
        tmp_path / "clip.mkv",
        2,
        codec="ffv1",
        pixel_format="yuv444p",
        picture=bars,
        colorspace=(colorspace, color_range),
    )
    image = read(path)[0].image
    for place, color in enumerate(BAR_COLORS):
        np.testing.assert_allclose(image[40, place * 32 + 16].astype(int), color, atol=4)


def test_alpha_is_composited_on_black(tmp_path: Path):
    def half_covered(_number: int) -> np.ndarray:
        image = np.full((HEIGHT, WIDTH, 4), 200, np.uint8)
        image[:, :64, 3] = 0
        image[:, 64:96, 3] = 128
        image[:, 96:, 3] = 255
        return image

    path = write_video(
        tmp_path / "clip.mov", 2, codec="png", pixel_format="rgba", picture=half_covered, source_format="rgba"
    )
    image = read(path)[0].image
    assert image[10, 10].tolist() == [0, 0, 0]
    np.testing.assert_allclose(image[10, 80], [100, 100, 100], atol=1)
    assert image[10, 120].tolist() == [200, 200, 200]


def test_samples_are_keyframes_over_the_range(tmp_path: Path):
    path = write_video(tmp_path / "clip.mp4", 40, options={"bf": "2", "g": "8", "sc_threshold": "0"})
    with open_footage(FootageSettings(path)) as footage:
        assert numbers(list(footage.samples(3))) == [0, 16, 32]
        assert numbers(list(footage.samples(99))) == [0, 8, 16, 24, 32]
    with open_footage(FootageSettings(path, Moment(7), Moment(26))) as footage:
        assert numbers(list(footage.samples(5))) == [8, 16, 24]


def test_samples_without_keyframes_to_seek_are_spread_over_the_first_seconds(tmp_path: Path):
    path = write_video(tmp_path / "clip.mp4", COUNT, options={"g": "100"})
    with open_footage(FootageSettings(path, Moment(4))) as footage:
        assert numbers(list(footage.samples(3))) == [4, 12, 19]
    path = write_video(tmp_path / "clip.avi", COUNT, codec="mpeg4")
    with open_footage(FootageSettings(path)) as footage:
        assert numbers(list(footage.samples(3))) == [0, 10, 19]


def test_footage_can_be_read_several_times(tmp_path: Path):
    path = write_video(tmp_path / "clip.mp4", COUNT)
    with open_footage(FootageSettings(path)) as footage:
        one, other = footage.frames(), footage.frames()
        assert [number_of(next(one).image), number_of(next(one).image)] == [0, 1]
        assert number_of(next(other).image) == 0
    with pytest.raises(StopIteration):
        next(one)


def test_the_focal_length_of_an_apple_file(tmp_path: Path):
    path = write_video(tmp_path / "plain.mov", 2)
    tagged = tmp_path / "tagged.mov"
    with (
        av.open(str(path)) as source,
        av.open(str(tagged), "w", options={"movflags": "use_metadata_tags"}) as target,
    ):
        target.metadata["com.apple.quicktime.camera.focal_length.35mm_equivalent"] = "26"
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.size:
                packet.stream = stream
                target.mux(packet)
    with open_footage(FootageSettings(tagged)) as footage:
        # 4:3 has a longer diagonal for its width than 35-mm film: 26 mm × (5/4) / (√13/3).
        assert footage.info.focal_length == pytest.approx(26 * 1.25 / (13**0.5 / 3), rel=1e-6)
