"""Small videos and pictures for tests. Every picture carries its number, so that a test can see which one it got."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import cv2
import numpy as np
from av.video.stream import VideoStream

WIDTH, HEIGHT = 128, 96
_BITS = 8
_BLOCK = WIDTH // _BITS
_CORNER = 32


def numbered_picture(number: int, width: int = WIDTH, height: int = HEIGHT) -> np.ndarray:
    """`[H, W, 3]` uint8 RGB: the number as white and black blocks along the top, a red square in the lower left."""
    image = np.full((height, width, 3), 96, np.uint8)
    for bit in range(_BITS):
        image[:_CORNER, bit * _BLOCK : (bit + 1) * _BLOCK] = 255 * (number >> bit & 1)
    image[-_CORNER:, :_CORNER] = (200, 40, 40)
    return image


def number_of(image: np.ndarray) -> int:
    """The number that an upright picture carries, checking that its red square is where it belongs."""
    red, green, blue = image[HEIGHT - _CORNER // 2, _CORNER // 2].astype(int)
    assert red > max(green, blue) + 60, f"no red square in the lower left but {red, green, blue}"
    return sum(int(image[_CORNER // 2, bit * _BLOCK + _BLOCK // 2].mean() > 127) << bit for bit in range(_BITS))


def write_video(
    path: Path,
    count: int = 20,
    *,
    codec: str = "libx264",
    pixel_format: str = "yuv420p",
    source_format: str = "rgb24",
    rate: int = 25,
    stamps: Sequence[int] | None = None,
    options: dict[str, str] | None = None,
    picture: Callable[[int], np.ndarray] = numbered_picture,
    turn: tuple[float, bool] | None = None,
    pixel_aspect: Fraction | None = None,
    colorspace: tuple[int, int] | None = None,
) -> Path:
    """Encode `picture(0)`, `picture(1)`, ... and return `path`.

    stamps: when each frame is shown, in 1/1000 s, instead of `rate`. turn: degrees counterclockwise, and whether the
    picture is mirrored left to right after that, for the display matrix. colorspace: FFmpeg's numbers of the color space and range, for
    frames that `picture` gives in `source_format`.
    """
    height, width = picture(0).shape[:2]
    with av.open(str(path), "w") as container:
        stream = cast("VideoStream", container.add_stream(codec, rate=rate, options=options or {}))
        stream.width, stream.height, stream.pix_fmt = width, height, pixel_format
        if pixel_aspect is not None:
            stream.codec_context.sample_aspect_ratio = pixel_aspect
        if colorspace is not None:
            stream.codec_context.colorspace, stream.codec_context.color_range = colorspace
        if stamps is not None:
            stream.time_base = stream.codec_context.time_base = Fraction(1, 1000)
        if turn is not None:
            stream.set_display_rotation(turn[0], hflip=turn[1])
        for number in range(count):
            frame = av.VideoFrame.from_ndarray(picture(number), format=source_format)
            if stamps is not None:
                frame.pts, frame.time_base = stamps[number], Fraction(1, 1000)
            else:
                frame.pts, frame.time_base = number, Fraction(1, rate)
            if colorspace is not None:
                frame = frame.reformat(
                    format=pixel_format,
                    dst_colorspace=colorspace[0],
                    dst_color_range=colorspace[1],
                )
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def write_sound(path: Path) -> Path:
    """A file with sound and no pictures."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 8000), np.int16), format="s16", layout="mono")
        frame.sample_rate, frame.pts = 8000, 0
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def write_pictures(folder: Path, names: Sequence[str], picture: Callable[[int], np.ndarray] = numbered_picture) -> Path:
    """Pictures in `folder`, the first name carrying 0, the next 1, and so on. Returns `folder`."""
    folder.mkdir(exist_ok=True)
    for number, name in enumerate(names):
        image = picture(number)
        code = cv2.COLOR_RGB2BGR if image.shape[2] == 3 else cv2.COLOR_RGBA2BGRA
        assert cv2.imwrite(str(folder / name), cv2.cvtColor(image, code))
    return folder
