"""Video files through PyAV (FFmpeg). The file's own time stamps are the clock."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from functools import cached_property, partial
from typing import cast

import av
import numpy as np
from av.buffer import Buffer
from av.container import InputContainer
from av.error import FFmpegError
from av.video.frame import VideoFrame
from av.video.reformatter import Colorspace
from av.video.stream import VideoStream

from ...errors import FootageError
from ..settings import FootageSettings
from .clock import Clock
from .decoding import decode, open_container, video_stream
from .focal_length import on_full_frame_width
from .frames import BrokenOffError, Footage, FootageInfo, Frame, Shot, Span, describe, spread
from .orientation import Orientation, from_display_matrix, from_rotation
from .packets import PacketTable, scan_packets
from .pixels import over_black

# Where a file does not say: broadcast and every camera use BT.709 from this height on, and BT.601 below it.
_HD_HEIGHT = 720
_UNSPECIFIED_COLORSPACE = 2
# The format whose header lists all frames, and the one whose header only tells when the last one ends.
_INDEXED_FORMAT = "mov,mp4,m4a,3gp,3g2,mj2"
_TIMED_FORMAT = "matroska,webm"
# A file that ends this many seconds before its header says is cut off; less is a long last frame.
_EARLY = 0.5
_FOCAL_LENGTH_TAG = "com.apple.quicktime.camera.focal_length.35mm_equivalent"
_DEFAULT_RATE = 30.0
# With fewer keyframes than this, looking at them alone would miss most of the range.
_FEW_KEYFRAMES = 3


class VideoFootage(Footage):
    """A video file.

    Alpha is composited on black. Pixels that are not square are made so by widening the picture. High-dynamic-range
    footage is read without tone mapping. Raises FootageError where the file cannot be read as video.
    """

    def __init__(self, settings: FootageSettings) -> None:
        """Open `settings.path`, which exists and is no folder, and decode its first frame."""
        super().__init__(Span.of(settings))
        self._path = settings.path
        with open_container(self._path) as container:
            stream = video_stream(container, self._path)
            first = self._first_frame(container, stream)
            self._first_pts = first.pts
            self._orientation = _orientation(first)
            self._stored_size = _square_size(first, stream)
            self._promised_packets, self._promised_frames = _promised(stream)
            self._promised_end = _promised_end(container, stream, first)
            self.info = self._describe(container, stream, first)
        if first.interlaced_frame:
            self._note(f"{self._path.name} is interlaced: deinterlace it first if moving limbs look combed.")
        self._reject_late_start()

    def samples(self, count: int) -> Iterator[Frame]:
        """Keyframes spread over the range; where they are too few or cannot be sought, frames of its first seconds."""
        found = False
        for frame in self._keyframes(count):
            found = True
            yield frame
        if not found:
            yield from self._early_frames(count)

    def _keyframes(self, count: int) -> Generator[Frame, None, None]:
        """At most `count` keyframes spread over the range, or none where there are too few to tell anything."""
        keys = [
            (index, time)
            for index, time in self._table.keyframes()
            if not self._span.before(index, time) and not self._span.after(index, time)
        ]
        if len(keys) < _FEW_KEYFRAMES:
            return
        with open_container(self._path) as container:
            stream = video_stream(container, self._path)
            # Frame threads would decode several frames ahead of every keyframe for nothing.
            stream.thread_type = "SLICE"
            stream.codec_context.skip_frame = "NONKEY"
            for place in spread(len(keys), count):
                image = self._keyframe(container, stream, keys[place][0])
                if image is not None:
                    yield Frame(*keys[place], image)

    def _keyframe(self, container: InputContainer, stream: VideoStream, index: int) -> np.ndarray | None:
        """The picture of keyframe `index`, or None where it is damaged or cannot be sought."""
        stamp = self._table.stamps[index]
        try:
            container.seek(self._table.seek_before(index), stream=stream, backward=True)
            shown = next((frame for frame in container.decode(stream) if (frame.pts or 0) >= stamp), None)
            return None if shown is None or shown.pts != stamp else self._image(shown)
        except (FFmpegError, BrokenOffError):
            return None

    @cached_property
    def _table(self) -> PacketTable:
        with open_container(self._path) as container:
            return scan_packets(container, video_stream(container, self._path), self._first_pts)

    def _shots(self) -> Generator[Shot, None, None]:
        start = self._span.start
        sought = None
        if start is not None and start.value > 0 and self._table.exact:
            sought = self._shots_from(self._first_in_range())
        first = next(sought, None) if sought is not None else None
        if sought is not None and first is not None:
            yield first
            yield from sought
        else:
            yield from self._shots_from_the_beginning()

    def _first_in_range(self) -> int:
        """Index of the range's first frame, or of the last frame where the range starts after it."""
        table = self._table
        inside = (index for index in range(len(table)) if not self._span.before(index, table.time(index)))
        return next(inside, len(table) - 1)

    def _shots_from(self, index: int) -> Generator[Shot, None, None]:
        """Seek to the keyframe before frame `index`, and count from there by the table of time stamps.

        Nothing where the format seeks to a later place instead.
        """
        with open_container(self._path) as container:
            stream = video_stream(container, self._path)
            container.seek(self._table.seek_before(index), stream=stream, backward=True)
            next_index = index
            for frame in decode(container, stream):
                place = None if frame.pts is None else self._table.index(frame.pts)
                if place is None or place < next_index:
                    continue
                if next_index == index < place:
                    return
                next_index = place + 1
                yield Shot(place, self._table.time(place), partial(self._image, frame))
        if len(self._table) < self._promised_frames:
            raise BrokenOffError("the data ends early")
        self._check_end(self._table.time(next_index - 1))

    def _shots_from_the_beginning(self) -> Generator[Shot, None, None]:
        clock = Clock(1 / self.info.frame_rate)
        with open_container(self._path) as container:
            stream = video_stream(container, self._path)
            time = 0.0
            for index, frame in enumerate(decode(container, stream, self._promised_packets)):
                stamp = None
                if frame.pts is not None and stream.time_base is not None:
                    stamp = float((frame.pts - (self._first_pts or 0)) * stream.time_base)
                time = clock.read(stamp)
                yield Shot(index, time, partial(self._image, frame))
                if clock.repairs:
                    self._note(
                        f"Time stamps in {self._path.name} are missing or run backwards; such frames are timed by the "
                        f"frame rate of {self.info.frame_rate:g} a second."
                    )
        self._check_end(time)

    def _check_end(self, time: float) -> None:
        """Raise BrokenOffError where `time`, that of the last frame, is well before the end that the header tells."""
        if self._promised_end is not None and time < self._promised_end - _EARLY:
            raise BrokenOffError("the data ends early")

    def _image(self, frame: VideoFrame) -> np.ndarray:
        """`[H, W, 3]` uint8 RGB, upright."""
        try:
            return self._orientation.apply(_to_rgb(frame, *self._stored_size))
        except FFmpegError as error:
            raise BrokenOffError(str(error.strerror)) from error

    def _first_frame(self, container: InputContainer, stream: VideoStream) -> VideoFrame:
        frames = decode(container, stream)
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


def _promised(stream: VideoStream) -> tuple[int, int]:
    """How many packets the file's header promises, and how many of them are shown; 0 where it does not tell.

    An edit list leaves packets out of the index, and marks others that are only needed to decode what follows.
    """
    if not stream.frames or stream.container.format.name != _INDEXED_FORMAT:
        return 0, 0
    entries = stream.index_entries
    if not 0 < len(entries) <= stream.frames:
        return stream.frames, stream.frames
    return len(entries), sum(not entry.is_discard for entry in entries)


def _promised_end(container: InputContainer, stream: VideoStream, first: VideoFrame) -> float | None:
    """Seconds after the first frame at which the pictures end by the header, or None where it does not tell."""
    if container.format.name != _TIMED_FORMAT:
        return None
    tag = stream.metadata.get("DURATION")
    if tag is not None:
        hours, minutes, seconds = (float(part) for part in tag.split(":"))
        end = hours * 3600 + minutes * 60 + seconds
    elif len(container.streams) == 1 and container.duration:
        end = container.duration / av.time_base
    else:
        return None
    return end - (first.time or 0)


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
