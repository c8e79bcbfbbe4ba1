"""PyAV's decoder with the product's errors: what cannot be opened, and where damage begins."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import suppress
from pathlib import Path

import av
from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from ...errors import FootageError
from .frames import BrokenOffError

# More decoding threads than this only take memory: the detector is what the work waits for.
_MAX_THREADS = 4
# FFmpeg draws text files as pictures; nobody means that as footage.
_TEXT_FORMAT = "tty"


def open_container(path: Path) -> InputContainer:
    """Open a media file. Raises FootageError, which tells what is wrong with it."""
    try:
        # The absolute path is never taken for a protocol, and playlists inside reach nothing but files.
        container = av.open(
            str(path.absolute()), metadata_errors="replace", container_options={"protocol_whitelist": "file"}
        )
    except (FFmpegError, OSError, ValueError):
        raise FootageError(_why_not_a_video(path)) from None
    if container.format.name == _TEXT_FORMAT:
        container.close()
        raise FootageError(_not_a_video(path))
    return container


def video_stream(container: InputContainer, path: Path) -> VideoStream:
    """The first stream of moving pictures, set to decode on several threads. Raises FootageError where there is none."""
    for stream in container.streams.video:
        # Sound files carry their cover as a stream of one picture.
        if not stream.disposition & Disposition.attached_pic:
            if stream.codec_context is None:
                raise FootageError(f"{path.name} is compressed in a way that is not supported: convert it to H.264.")
            stream.thread_type = "AUTO"
            stream.codec_context.thread_count = min(_MAX_THREADS, os.cpu_count() or 1)
            return stream
    raise FootageError(f"{path.name} has no video stream, only sound or data: choose a file with pictures.")


def decode(container: InputContainer, stream: VideoStream, expected: int = 0) -> Generator[VideoFrame, None, None]:
    """Every frame that is shown, in the order it is shown.

    Raises BrokenOffError where the file is damaged, or ends before `expected` packets were read. Damage before the first
    frame is passed over: recordings of broadcasts begin in the middle of things.
    """
    started = False
    for packet in _packets(container, stream, expected):
        try:
            frames = stream.decode(packet)
        except FFmpegError as error:
            if started:
                raise BrokenOffError("a picture is damaged") from error
            continue
        for frame in frames:
            if not frame.is_corrupt:
                started = True
                yield frame
            elif started:
                raise BrokenOffError("a picture is damaged")


def _packets(
    container: InputContainer, stream: VideoStream, expected: int
) -> Generator[Packet[VideoStream] | None, None, None]:
    """The packets up to the end or to damage; None tells the decoder to give what it holds back before the damage."""
    count = 0
    whole = False
    with suppress(FFmpegError):  # ends the packets as a corrupt one does
        for packet in container.demux(stream):
            if packet.is_corrupt:
                break
            count += packet.size > 0
            yield packet
        else:
            whole = True
    if not whole:
        yield None
        raise BrokenOffError("the data is cut off")
    if count < expected:
        raise BrokenOffError("the data ends early")


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
    return _not_a_video(path)


def _not_a_video(path: Path) -> str:
    return f"{path.name} is not a video that can be read: choose a video file or a folder of pictures."
