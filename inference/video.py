"""Video files through PyAV (FFmpeg). The file's own time stamps are the clock."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator, Mapping
from contextlib import suppress
from functools import cached_property, partial
from pathlib import Path
from typing import cast

import av
import numpy as np
from av.buffer import Buffer
from av.container import InputContainer
from av.error import FFmpegError
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.reformatter import Colorspace
from av.video.stream import VideoStream

from ..errors import FootageError
from .clock import Clock
from .focal_length import on_full_frame_width
from .frames import BrokenOffError, Footage, FootageInfo, Frame, Shot, Span, describe
from .orientation import Orientation, from_display_matrix, from_rotation
from .packets import PacketTable, scan_packets
from .pixels import over_black
from .settings import FootageSettings

# More decoding threads than this only take memory: the detector is what the work waits for.
_MAX_THREADS = 4
# Where a file does not say: broadcast and every camera use BT.709 from this height on, and BT.601 below it.
_HD_HEIGHT = 720
_UNSPECIFIED_COLORSPACE = 2
# FFmpeg draws text files as pictures; nobody means that as footage.
_TEXT_FORMATS = frozenset({"tty", "subviewer", "srt"})
_FOCAL_LENGTH_TAG = "com.apple.quicktime.camera.focal_length.35mm_equivalent"
_DEFAULT_RATE = 30.0


class VideoFootage(Footage):
    """A video file.

    Alpha is composited on black. Pixels that are not square are made so by widening the picture. High-dynamic-range
    footage is read without tone mapping. Raises FootageError where the file cannot be read as video.
    """

    def __init__(self, settings: FootageSettings) -> None:
        """Open `settings.path`, which exists and is no folder, and decode its first frame."""
        super().__init__(Span.of(settings))
        self._path = settings.path
        with _open(self._path) as container:
            stream = _video_stream(container, self._path)
            first = self._first_frame(container, stream)
            self._first_pts = first.pts
            self._orientation = _orientation(first)
            self._stored_size = _square_size(first, stream)
            self._promised_packets, self._promised_frames = _promised(stream)
            self.info = self._describe(container, stream, first)
        if first.interlaced_frame:
            self._note(f"{self._path.name} is interlaced: deinterlace it first if moving limbs look combed.")
        self._reject_late_start()

    def samples(self, count: int) -> Iterator[Frame]:
        """Frames at keyframes spread over the range; where keyframes are too few or cannot be sought, the first frames."""
        if not self._table.exact:
            return self._first_frames(count)
        keys = [
            (index, time)
            for index, time in self._table.keyframes()
            if not self._span.before(index, time) and not self._span.after(index, time)
        ]
        if len(keys) < min(2, count):
            return self._first_frames(count)
        chosen = np.unique(np.linspace(0, len(keys) - 1, min(count, len(keys))).round().astype(int))
        return self._keyframes([keys[place] for place in chosen])

    def _keyframes(self, keys: list[tuple[int, float]]) -> Generator[Frame, None, None]:
        """The keyframes with the given (index, time); one that is damaged is left out."""
        with _open(self._path) as container:
            stream = _video_stream(container, self._path)
            # Frame threads would decode several frames ahead of every keyframe for nothing.
            stream.thread_type = "SLICE"
            stream.codec_context.skip_frame = "NONKEY"
            for index, time in keys:
                with suppress(FFmpegError):
                    container.seek(self._table.stamps[index], stream=stream, backward=True)
                    for frame in container.decode(stream):
                        if frame.pts == self._table.stamps[index]:
                            yield Frame(index, time, self._image(frame))
                        if frame.pts is None or frame.pts >= self._table.stamps[index]:
                            break

    @cached_property
    def _table(self) -> PacketTable:
        with _open(self._path) as container:
            return scan_packets(container, _video_stream(container, self._path), self._first_pts)

    def _shots(self) -> Generator[Shot, None, None]:
        with _open(self._path) as container:
            stream = _video_stream(container, self._path)
            start = self._span.start
            if start is not None and start.value > 0 and self._table.exact:
                yield from self._shots_from(container, stream, self._first_in_range())
            else:
                yield from self._shots_from_the_beginning(container, stream)

    def _first_in_range(self) -> int:
        """Index of the range's first frame, or of the last frame where the range starts after it."""
        table = self._table
        inside = (index for index in range(len(table)) if not self._span.before(index, table.time(index)))
        return next(inside, len(table) - 1)

    def _shots_from(self, container: InputContainer, stream: VideoStream, index: int) -> Generator[Shot, None, None]:
        """Seek to the keyframe before frame `index`, and count from there by the table of time stamps."""
        stamps = self._table.stamps
        container.seek(stamps[self._table.keyframe_before(index)], stream=stream, backward=True)
        for frame in _decode(container, stream):
            place = None if frame.pts is None else self._table.index(frame.pts)
            if place is not None and place >= index:
                index = place + 1
                yield Shot(place, self._table.time(place), partial(self._image, frame))

    def _shots_from_the_beginning(self, container: InputContainer, stream: VideoStream) -> Generator[Shot, None, None]:
        time_base = stream.time_base
        clock = Clock(1 / self.info.frame_rate)
        for index, frame in enumerate(_decode(container, stream, self._promised_packets)):
            stamp = None
            if frame.pts is not None and time_base is not None:
                stamp = float((frame.pts - (self._first_pts or 0)) * time_base)
            yield Shot(index, clock.read(stamp), partial(self._image, frame))
            if clock.repairs:
                self._note(
                    f"Time stamps in {self._path.name} are missing or run backwards; such frames are timed by the "
                    f"frame rate of {self.info.frame_rate:g} a second."
                )

    def _image(self, frame: VideoFrame) -> np.ndarray:
        """`[H, W, 3]` uint8 RGB, upright."""
        try:
            return self._orientation.apply(_to_rgb(frame, *self._stored_size))
        except FFmpegError as error:
            raise BrokenOffError(str(error.strerror)) from error

    def _first_frame(self, container: InputContainer, stream: VideoStream) -> VideoFrame:
        frames = _decode(container, stream)
        try:
            return next(frames)
        except (StopIteration, BrokenOffError):
            raise FootageError(
                f"{self._path.name} holds no frames that can be read: it is empty or damaged. Choose other footage."
            ) from None
        finally:
            frames.close()

    def _describe(self, container: InputContainer, stream: VideoStream, first: VideoFrame) -> FootageInfo:
        rate = float(stream.average_rate or stream.guessed_rate or 0) or _DEFAULT_RATE
        duration = None
        if stream.duration and stream.time_base:
            duration = float(stream.duration * stream.time_base)
        elif container.duration:
            duration = container.duration / av.time_base
        total = self._promised_frames or (round(duration * rate) if duration else None)
        width, height = self._orientation.size(*self._stored_size)
        return FootageInfo(
            path=self._path,
            kind="video",
            width=width,
            height=height,
            rotation=self._orientation.rotation,
            frame_rate=rate,
            duration=duration,
            frame_count=None if total is None else self._span.count(total, rate),
            codec=stream.codec_context.name,
            pixel_format=first.format.name,
            focal_length=_focal_length(container, stream, width, height),
        )

    def _reject_late_start(self) -> None:
        """Tell of a start that is certainly after the end before any work is done."""
        start, total = self._span.start, self._promised_frames
        if start is not None and start.unit == "frames" and 0 < total <= start.value:
            raise FootageError(
                f"The start, {describe(start)}, is after the end of {self._path.name}, which has {total} frames: "
                "choose an earlier start."
            )


def _open(path: Path) -> InputContainer:
    try:
        # The absolute path is never taken for a protocol, and playlists inside reach nothing but files.
        return av.open(
            str(path.absolute()), metadata_errors="replace", container_options={"protocol_whitelist": "file"}
        )
    except PermissionError:
        raise FootageError(f"{path} cannot be read: check that you may open it.") from None
    except (FFmpegError, OSError, ValueError):
        raise FootageError(_why_not_a_video(path)) from None


def _why_not_a_video(path: Path) -> str:
    try:
        with path.open("rb") as file:
            head = file.read(12)
    except OSError as error:
        return f"{path} cannot be read ({error.strerror}): check the file and your permissions."
    if not head:
        return f"{path.name} is empty: copy or record it again."
    if head[4:8] == b"ftyp":
        return (
            f"{path.name} is cut off before its index, without which its pictures cannot be found: copy it again from the "
            "camera, or repair it with the camera's own software."
        )
    return f"{path.name} is not a video that can be read: choose a video file or a folder of pictures."


def _video_stream(container: InputContainer, path: Path) -> VideoStream:
    """The first stream of moving pictures, set to decode on several threads."""
    if container.format.name in _TEXT_FORMATS:
        raise FootageError(f"{path.name} is not a video that can be read: choose a video file or a folder of pictures.")
    for stream in container.streams.video:
        if not stream.disposition & Disposition.attached_pic:
            if stream.codec_context is None:
                raise FootageError(f"{path.name} is compressed in a way that is not supported: convert it to H.264.")
            stream.thread_type = "AUTO"
            stream.codec_context.thread_count = min(_MAX_THREADS, os.cpu_count() or 1)
            return stream
    raise FootageError(f"{path.name} has no video stream, only sound or data: choose a file with pictures.")


def _decode(container: InputContainer, stream: VideoStream, expected: int = 0) -> Generator[VideoFrame, None, None]:
    """Every frame that is shown, in the order it is shown. Raises BrokenOffError where the file is damaged.

    A file that ends before `expected` packets were read counts as damaged too.

    Damage before the first frame is passed over: recordings of broadcasts begin in the middle of things.
    """
    packets = container.demux(stream)
    good, read, broken = False, 0, ""
    try:
        for packet in packets:
            if packet.is_corrupt:
                broken = "the data is cut off"
                break
            if packet.size:
                read += 1
            try:
                frames = packet.decode()
            except FFmpegError:
                if good:
                    raise
                continue
            for frame in frames:
                if frame.is_corrupt and not good:
                    continue
                if frame.is_corrupt:
                    raise BrokenOffError("a picture is damaged")
                good = True
                yield frame
    except FFmpegError as error:
        raise BrokenOffError((error.strerror or "").lower()) from error
    if broken:
        yield from stream.codec_context.decode(None)
        raise BrokenOffError(broken)
    if read < expected:
        raise BrokenOffError("the data ends early")


def _promised(stream: VideoStream) -> tuple[int, int]:
    """How many packets the file's header promises, and how many of them are shown; 0 where it does not tell.

    An edit list leaves packets out of the index, and marks others that are only needed to decode what follows.
    """
    if not stream.frames:
        return 0, 0
    entries = stream.index_entries
    if not 0 < len(entries) <= stream.frames:
        return stream.frames, stream.frames
    return len(entries), sum(not entry.is_discard for entry in entries)


def _orientation(frame: VideoFrame) -> Orientation:
    try:
        matrix = cast("Mapping[str, Buffer]", frame.side_data).get("DISPLAYMATRIX")
    except ValueError:
        # PyAV cannot list side data of kinds that it does not know; the rotation alone it always can.
        return from_rotation(frame.rotation)
    return Orientation() if matrix is None else from_display_matrix(bytes(matrix))


def _square_size(frame: VideoFrame, stream: VideoStream) -> tuple[int, int]:
    """Width and height of the stored picture once its pixels are square."""
    aspect = stream.sample_aspect_ratio
    if not aspect or aspect == 1:
        return frame.width, frame.height
    return max(1, round(frame.width * float(aspect))), frame.height


def _to_rgb(frame: VideoFrame, width: int, height: int) -> np.ndarray:
    """`[height, width, 3]` uint8 RGB of a decoded frame, as it is stored (not turned)."""
    colorspace = None
    if frame.colorspace == _UNSPECIFIED_COLORSPACE and not frame.format.is_rgb:
        colorspace = Colorspace.ITU709 if frame.height >= _HD_HEIGHT else Colorspace.ITU601
    alpha = any(component.is_alpha for component in frame.format.components)
    pixels = frame.reformat(
        width, height, "rgba" if alpha else "rgb24", src_colorspace=colorspace, threads=1
    ).to_ndarray()
    return over_black(pixels) if alpha else np.ascontiguousarray(pixels)


def _focal_length(container: InputContainer, stream: VideoStream, width: int, height: int) -> float | None:
    text = stream.metadata.get(_FOCAL_LENGTH_TAG) or container.metadata.get(_FOCAL_LENGTH_TAG)
    return None if text is None else on_full_frame_width(text, width, height)
