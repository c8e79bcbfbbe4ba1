"""Folders of pictures as footage."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from penumbra.errors import FootageError
from penumbra.inference.footage import fingerprint, open_footage
from penumbra.inference.settings import FootageSettings, Moment
from penumbra.tests.clips import HEIGHT, WIDTH, number_of, numbered_picture, write_pictures

_EXIF_ORIENTATION = 0x0112
_EXIF_FOLDER = 0x8769
_EXIF_FOCAL_LENGTH = 0xA405


@pytest.mark.parametrize("suffix", ["png", "jpg", "JPEG", "tif", "tiff", "bmp", "webp"])
def test_numbers_in_names_give_the_order(tmp_path: Path, suffix: str):
    folder = write_pictures(tmp_path / "shots", [f"take2_{number}.{suffix}" for number in (1, 2, 9, 10, 11, 100)])
    (folder / "notes.txt").write_text("no picture")
    (folder / f".hidden.{suffix}").write_bytes(b"no picture")
    with open_footage(FootageSettings(folder, image_rate=24)) as footage:
        frames = list(footage.frames())
        info = footage.info
    assert [number_of(frame.image) for frame in frames] == [frame.index for frame in frames] == list(range(6))
    assert [frame.time for frame in frames] == pytest.approx([number / 24 for number in range(6)])
    assert (info.kind, info.width, info.height, info.frame_rate) == ("images", WIDTH, HEIGHT, 24)
    assert (info.frame_count, info.duration, info.codec) == (6, 0.25, suffix.lower())
    assert all(frame.image.flags.c_contiguous for frame in frames)


def test_range_step_and_samples(tmp_path: Path):
    folder = write_pictures(tmp_path / "shots", [f"{number}.png" for number in range(20)])
    settings = FootageSettings(folder, Moment(0.1, "seconds"), Moment(12), 4, image_rate=25)
    with open_footage(settings) as footage:
        assert footage.info.frame_count == 3
        assert [number_of(frame.image) for frame in footage.frames()] == [3, 7, 11]
        assert [number_of(frame.image) for frame in footage.samples(4)] == [3, 6, 9, 12]
        assert [number_of(frame.image) for frame in footage.samples(1)] == [3]


def test_sixteen_bits_alpha_and_grey(tmp_path: Path):
    folder = tmp_path / "shots"
    folder.mkdir()
    deep = np.full((8, 8, 3), 257 * 100, np.uint16)
    deep[..., 0] = 65535
    cv2.imwrite(str(folder / "0_deep.png"), deep)
    cv2.imwrite(str(folder / "1_grey.png"), np.full((8, 8), 77, np.uint8))
    clear = np.full((8, 8, 4), 200, np.uint8)
    clear[..., 3] = 255
    clear[:4, :, 3] = 0
    cv2.imwrite(str(folder / "2_clear.png"), clear)
    cv2.imwrite(str(folder / "3_deep_clear.png"), clear.astype(np.uint16) * 257)
    cv2.imwrite(str(folder / "4_float.tiff"), np.full((8, 8, 3), 0.5, np.float32))
    with open_footage(FootageSettings(folder)) as footage:
        images = [frame.image for frame in footage.frames()]
    assert images[0][0, 0].tolist() == [100, 100, 255]
    assert images[1][0, 0].tolist() == [77, 77, 77]
    for image in images[2:4]:
        assert image[0, 0].tolist() == [0, 0, 0]
        assert image[7, 7].tolist() == [200, 200, 200]
    # OpenCV writes float TIFF files with the lossy LogLuv compression.
    np.testing.assert_allclose(images[4], 128, atol=4)


def test_the_orientation_and_focal_length_in_exif(tmp_path: Path):
    stored = Image.fromarray(np.ascontiguousarray(np.rot90(numbered_picture(5))))
    exif = stored.getexif()
    exif[_EXIF_ORIENTATION] = 6
    exif.get_ifd(_EXIF_FOLDER)[_EXIF_FOCAL_LENGTH] = 26
    path = tmp_path / "phone.jpg"
    stored.save(path, exif=exif, quality=95)
    with open_footage(FootageSettings(path)) as footage:
        (frame,) = footage.frames()
        assert (footage.info.width, footage.info.height, footage.info.frame_count) == (WIDTH, HEIGHT, 1)
        assert footage.info.focal_length == pytest.approx(26 * 1.25 / (13**0.5 / 3))
    assert number_of(frame.image) == 5


@pytest.mark.parametrize("suffix", ["png", "jpg"])
@pytest.mark.parametrize("damage", ["cut", "empty", "noise"])
def test_an_unreadable_picture_ends_the_footage(tmp_path: Path, suffix: str, damage: str):
    folder = write_pictures(tmp_path / "shots", [f"{number}.{suffix}" for number in range(6)])
    data = (folder / f"4.{suffix}").read_bytes()
    (folder / f"4.{suffix}").write_bytes({"cut": data[: len(data) // 2], "empty": b"", "noise": b"\1\2\3" * 99}[damage])
    with open_footage(FootageSettings(folder)) as footage:
        assert [number_of(frame.image) for frame in footage.frames()] == [0, 1, 2, 3]
        assert footage.notes == [
            f"shots breaks off after 0.1 s (4 frames): 4.{suffix} is damaged or no picture. It was used up to there."
        ]


def test_a_damaged_first_picture(tmp_path: Path):
    folder = write_pictures(tmp_path / "shots", ["0.png", "1.png"])
    (folder / "0.png").write_bytes(b"nothing")
    with pytest.raises(FootageError, match="is damaged or no picture: export it again"):
        open_footage(FootageSettings(folder))


def test_mixed_sizes(tmp_path: Path):
    folder = write_pictures(tmp_path / "shots", ["0.png"])
    cv2.imwrite(str(folder / "1.png"), np.zeros((10, 20, 3), np.uint8))
    with (
        open_footage(FootageSettings(folder)) as footage,
        pytest.raises(FootageError, match=r"1\.png is 20 × 10 pixels but 0\.png is 128 × 96"),
    ):
        list(footage.frames())


def test_a_folder_without_pictures(tmp_path: Path):
    (tmp_path / "notes.txt").write_text("no picture")
    with pytest.raises(FootageError, match="holds no pictures: choose one with PNG"):
        open_footage(FootageSettings(tmp_path))


def test_a_start_after_the_last_picture(tmp_path: Path):
    folder = write_pictures(tmp_path / "shots", ["0.png", "1.png"])
    with (
        open_footage(FootageSettings(folder, Moment(2))) as footage,
        pytest.raises(FootageError, match="is after the end of shots, which has 2 frames"),
    ):
        list(footage.frames())


def test_the_fingerprint_is_of_the_content(tmp_path: Path):
    one = write_pictures(tmp_path / "one", ["0.png", "1.png"])
    other = write_pictures(tmp_path / "other", ["0.png", "1.png"])
    same = fingerprint(FootageSettings(one))
    assert fingerprint(FootageSettings(other)) == same
    assert fingerprint(FootageSettings(other, image_rate=24)) != same
    (other / "1.png").rename(other / "2.png")
    assert fingerprint(FootageSettings(other)) != same
    copy = tmp_path / "copy.png"
    copy.write_bytes((one / "0.png").read_bytes())
    assert fingerprint(FootageSettings(copy)) == fingerprint(FootageSettings(one / "0.png"))
    assert fingerprint(FootageSettings(copy)) != fingerprint(FootageSettings(one / "1.png"))
