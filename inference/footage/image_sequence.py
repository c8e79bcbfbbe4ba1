"""Folders of numbered pictures, and single pictures, as footage."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from functools import partial
from pathlib import Path

import av
import cv2
import numpy as np
from av.error import FFmpegError

from ...errors import ArgumentsError, FootageError
from ..settings import FootageSettings
from .focal_length import on_full_frame_width
from .frames import BrokenOffError, Footage, FootageInfo, Frame, Shot, Span, spread
from .pixels import over_black

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp"})
_JPEG_START, _JPEG_SCAN, _JPEG_END = b"\xff\xd8", b"\xff\xda", b"\xff\xd9"
_PNG_START, _PNG_END = b"\x89PNG", b"IEND"


class ImageSequence(Footage):
    """The pictures of a folder in the order of the numbers in their names, or one picture.

    Alpha is composited on black, grey becomes RGB, 16 bits become 8, and the EXIF orientation of JPEG files is followed.
    Hidden files are passed over. Raises FootageError for a folder without pictures, or whose first picture is unreadable.
    """

    def __init__(self, settings: FootageSettings) -> None:
        """Open `settings.path`, which exists, and read its first picture."""
        super().__init__(Span.of(settings))
        if not settings.image_rate > 0:
            raise ArgumentsError(f"Pictures cannot be shown at {settings.image_rate:g} a second: give more than 0.")
        self._paths = list_pictures(settings.path)
        self._rate = settings.image_rate
        try:
            height, width = _read_picture(self._paths[0]).shape[:2]
        except BrokenOffError:
            raise FootageError(f"{self._paths[0]} is damaged or no picture: export it again or take it away.") from None
        self.info = FootageInfo(
            path=settings.path,
            kind="images",
            width=width,
            height=height,
            rotation=0,
            frame_rate=self._rate,
            duration=len(self._paths) / self._rate,
            frame_count=self._span.count(len(self._paths), self._rate),
            codec=self._paths[0].suffix.lower().lstrip("."),
            pixel_format="rgb24",
            focal_length=_focal_length(self._paths[0], width, height),
        )

    def samples(self, count: int) -> Iterator[Frame]:
        """Pictures spread evenly over the range."""
        chosen = [shot for shot in self._shots() if not self._outside(shot)]
        if not chosen:
            return self._early_frames(count)
        return self._pictures([chosen[place] for place in spread(len(chosen), count)])

    def _pictures(self, shots: list[Shot]) -> Generator[Frame, None, None]:
        """The given pictures; one that is damaged ends them, unless it is the first."""
        for number, shot in enumerate(shots):
            try:
                yield Frame(shot.index, shot.time, shot.image())
            except BrokenOffError:
                if number == 0:
                    continue
                return

    def _outside(self, shot: Shot) -> bool:
        return self._span.before(shot.index, shot.time) or self._span.after(shot.index, shot.time)

    def _shots(self) -> Generator[Shot, None, None]:
        for index, path in enumerate(self._paths):
            yield Shot(index, index / self._rate, partial(self._image, path))

    def _image(self, path: Path) -> np.ndarray:
        image = _read_picture(path)
        height, width = image.shape[:2]
        if (width, height) != (self.info.width, self.info.height):
            raise FootageError(
                f"{path.name} is {width} × {height} pixels but {self._paths[0].name} is {self.info.width} × "
                f"{self.info.height}: put pictures of one size into the folder."
            )
        return image


def list_pictures(path: Path) -> list[Path]:
    """The pictures of a folder in the order they are shown, or `path` itself where it is a file.

    Raises FootageError for a folder without pictures or one that cannot be read.
    """
    if not path.is_dir():
        return [path]
    try:
        found = [
            file
            for file in path.iterdir()
            if file.suffix.lower() in SUFFIXES and not file.name.startswith(".") and file.is_file()
        ]
    except OSError as error:
        raise FootageError(f"The folder {path} cannot be read ({error.strerror}): check your permissions.") from None
    if not found:
        raise FootageError(
            f"The folder {path} holds no pictures: choose one with PNG, JPEG, TIFF, BMP or WebP files, or a video file."
        )
    return sorted(found, key=_natural)


def _natural(path: Path) -> tuple[list[tuple[int, str]], str]:
    """Sorts 2 before 10; the name itself decides between 1 and 01."""
    parts = re.split(r"(\d+)", path.name.lower())
    return [(int(part), "") if place % 2 else (0, part) for place, part in enumerate(parts)], path.name


def _read_picture(path: Path) -> np.ndarray:
    """`[H, W, 3]` uint8 RGB of a picture file. Raises BrokenOffError where it cannot be read."""
    try:
        data = path.read_bytes()
        # Only this reading turns by EXIF, and JPEG has neither alpha nor 16 bits to lose in it.
        flags = cv2.IMREAD_COLOR if data.startswith(_JPEG_START) else cv2.IMREAD_UNCHANGED
        image = cv2.imdecode(np.frombuffer(data, np.uint8), flags) if _is_whole(data) else None
    except (OSError, cv2.error) as error:
        raise BrokenOffError(f"{path.name} cannot be read") from error
    if image is None:
        raise BrokenOffError(f"{path.name} is damaged or no picture")
    return _as_rgb(image)


def _is_whole(data: bytes) -> bool:
    """Whether a JPEG or PNG file has its end: OpenCV fills up what is missing with grey instead of failing."""
    if data.startswith(_JPEG_START):
        return data.rfind(_JPEG_END) > data.rfind(_JPEG_SCAN)
    return bool(data) and not (data.startswith(_PNG_START) and _PNG_END not in data)


def _as_rgb(image: np.ndarray) -> np.ndarray:
    """`[H, W, 3]` uint8 RGB of what OpenCV reads: grey, BGR or BGRA, of 8 or 16 bits or floats from 0 to 1."""
    if image.dtype == np.uint16:
        image = cv2.convertScaleAbs(image, alpha=255 / 65535)
    elif image.dtype != np.uint8:
        image = cv2.convertScaleAbs(np.clip(np.nan_to_num(image), 0, 1), alpha=255)
    if image.ndim == 2:
        return cv2.cvtColor(image, cv2.COLOR_GRAY2RGB)
    if image.shape[2] == 4:
        return over_black(cv2.cvtColor(image, cv2.COLOR_BGRA2RGBA))
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def _focal_length(path: Path, width: int, height: int) -> float | None:
    """From the EXIF data of a JPEG file."""
    if path.suffix.lower() not in {".jpg", ".jpeg"}:
        return None
    try:
        with av.open(str(path.absolute())) as container:
            metadata = next(container.decode(video=0)).metadata
    except (FFmpegError, StopIteration, OSError):
        return None
    text = metadata.get("ExifIFD/FocalLengthIn35mmFilm")
    return None if text is None else on_full_frame_width(text, width, height)
