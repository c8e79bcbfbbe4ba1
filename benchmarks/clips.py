"""Long clips out of short ones, without encoding anything again."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count, islice
from pathlib import Path

import av
from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream


def repeat_clip(source: Path, target: Path, *, times: int | None = None, frames: int | None = None) -> Path:
    """Write the video of `source` over and over into `target`, `times` times or up to `frames` frames. Returns `target`.

    The packets are copied as they are, with their time stamps moved, so the pictures are those of `source`. The format is
    told by the target's suffix. Sound is left out. Raises ValueError where not exactly one of `times` and `frames` is
    given, where the clip's packets lack time stamps, or where the written file does not hold the frames it should.
    """
    if (times is None) == (frames is None):
        raise ValueError("give either times or frames")
    with av.open(str(source)) as clip:
        stream = clip.streams.video[0]
        stamps = sorted(_shown(packet) for packet in _packets(clip, stream))
        length = len(stamps)
        wanted = frames if frames is not None else length * (times or 0)
        if length < 2 or wanted < 1:
            raise ValueError(f"{source} with {length} frames cannot be repeated to {wanted}")
        # The last frame is shown as long as the others are on average.
        period = stamps[-1] - stamps[0] + round((stamps[-1] - stamps[0]) / (length - 1))
        with av.open(str(target), "w") as result:
            copy = result.add_stream_from_template(stream)
            for packet, shift in islice(_repeated(clip, stream, stamps[0], period), wanted):
                packet.pts = _shown(packet) + shift
                packet.dts = (packet.dts or 0) + shift
                packet.stream = copy
                result.mux(packet)
    written = count_frames(target)
    if written != wanted:
        raise ValueError(f"{target} holds {written} frames instead of {wanted}")
    return target


def count_frames(path: Path) -> int:
    """How many frames the first video stream of `path` shows, by decoding all of them."""
    with av.open(str(path)) as clip:
        clip.streams.video[0].thread_type = "AUTO"
        return sum(1 for _ in clip.decode(video=0))


def _shown(packet: Packet[VideoStream]) -> int:
    """When a packet's frame is shown, of a packet that also tells when it is decoded."""
    if packet.pts is None or packet.dts is None:
        raise ValueError("the clip does not tell when its packets are decoded, as Matroska with B-frames does not")
    return packet.pts


def _repeated(
    clip: InputContainer, stream: VideoStream, start: int, period: int
) -> Iterator[tuple[Packet[VideoStream], int]]:
    """The packets over and over without end, each with how far its time stamps move."""
    for number in count():
        clip.seek(start, stream=stream)
        for packet in _packets(clip, stream):
            yield packet, number * period


def _packets(clip: InputContainer, stream: VideoStream) -> Iterator[Packet[VideoStream]]:
    return (packet for packet in clip.demux(stream) if packet.size)
