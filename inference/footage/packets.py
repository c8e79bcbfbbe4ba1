"""When every frame of a video is shown, read off its packets without decoding, so that seeking keeps frame numbers."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from av.container import InputContainer
from av.error import FFmpegError
from av.video.stream import VideoStream

# Codecs of which one packet always shows exactly one frame. (VP8 hides frames in packets of their own, MPEG-4 in AVI
# packs two frames into one, and interlaced fields come apart in others.)
_ONE_FRAME_A_PACKET = frozenset({
    "av1", "dnxhd", "ffv1", "h264", "hevc", "libdav1d", "mjpeg", "png", "prores", "qtrle", "rawvideo", "vp9",
})  # fmt: skip
# Frames are shown at most this many seconds after later ones were stored; more means that time stamps start again.
_REORDERING = 2


@dataclass(frozen=True, slots=True)
class PacketTable:
    """Time stamps of every frame in the order they are shown, in units of `time_base`.

    `keys` are the time stamps of the keyframes, `seeks` the stamps to seek them by. `exact` is False where the packets do
    not tell (then the rest is empty). Eight bytes a frame.
    """

    stamps: array[int]
    keys: array[int]
    seeks: array[int]
    time_base: Fraction
    exact: bool

    def __len__(self) -> int:
        """Count of frames."""
        return len(self.stamps)

    def time(self, index: int) -> float:
        """Seconds of a frame after the first."""
        return float((self.stamps[index] - self.stamps[0]) * self.time_base)

    def index(self, stamp: int) -> int | None:
        """The number of the frame that is shown at `stamp`, or None where there is none."""
        place = bisect_left(self.stamps, stamp)
        return place if place < len(self.stamps) and self.stamps[place] == stamp else None

    def seek_before(self, index: int) -> int:
        """What to seek for to decode frame `index`: the last keyframe up to and with it, or else the first frame."""
        place = bisect_right(self.keys, self.stamps[index]) - 1
        return self.seeks[place] if place >= 0 else self.stamps[0]

    def keyframes(self) -> Iterator[tuple[int, float]]:
        """Number and time of every keyframe."""
        for stamp in self.keys:
            index = self.index(stamp)
            if index is not None:
                yield index, self.time(index)


def scan_packets(container: InputContainer, stream: VideoStream, first: int | None) -> PacketTable:
    """Read every packet of `stream` up to the end, or to where the file is damaged.

    `first` is the time stamp of the first frame that decoding shows; a table that begins otherwise is not exact.
    """
    time_base = stream.time_base or Fraction(0)
    unknown = PacketTable(array("q"), array("q"), array("q"), time_base, exact=False)
    if first is None or not time_base or stream.codec_context.name not in _ONE_FRAME_A_PACKET:
        return unknown
    stamps = array("q")
    keys: list[tuple[int, int]] = []
    newest = first
    with suppress(FFmpegError):  # the packets before the damage still count
        for packet in container.demux(stream):
            if packet.is_corrupt:
                break
            if not packet.size or packet.is_discard:
                continue
            if packet.pts is None or packet.pts < newest - _REORDERING / time_base:
                return unknown
            newest = max(newest, packet.pts)
            stamps.append(packet.pts)
            if packet.is_keyframe:
                # Some formats seek by when a packet is decoded, which is never later than when it is shown.
                keys.append((packet.pts, packet.pts if packet.dts is None else min(packet.pts, packet.dts)))
    ordered = array("q", sorted(stamps))
    repeated = any(earlier == later for earlier, later in pairwise(ordered))
    if not ordered or ordered[0] != first or repeated:
        return unknown
    keys.sort()
    shown, seeks = (array("q", column) for column in zip(*keys, strict=True)) if keys else (array("q"), array("q"))
    return PacketTable(ordered, shown, seeks, time_base, exact=True)
