"""Makes videos of footage beside what was captured from it, and sheets of single frames beside the baked armature.

    python -P -m penumbra.tools.side_by_side TAKE OUT.mp4 [--sheet OUT.jpg]
    python -P -m penumbra.tools.side_by_side --demos [--folder docs/images]

The video's right half is drawn: the bones that are baked, seen by the footage's camera, over a floor of squares of one
metre on which they throw a shadow; green bones are sure, red ones are not. The sheet is rendered by Blender.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import cv2
import numpy as np
from av.video.stream import VideoStream

from ..inference.cache import default_cache_folder
from ..inference.footage import open_footage
from ..inference.motion import Motion, bone_heads_and_tails
from ..inference.pipeline import capture, motion_of
from ..inference.progress import Progress, finish
from ..inference.settings import CaptureSettings, FootageSettings, Moment
from ..inference.shot import Shot, shot_of
from ..inference.take import Take, load_take
from ..models.skeletons import BONES
from . import fetch
from .pictures import bone_colors, write_sheet

DEMOS = {
    "demo-side-by-side": ("demo", "demo.mp4"),
    "single-side-by-side": ("pose2sim", "Demo_SinglePerson/videos/cam02.mp4"),
}
"""What is made of which footage: the pictures' name, the parcel that is fetched, and the file in it."""
_HEIGHT, _WIDEST = 400, 720
_FASTEST = 40.0
_SHEET = 6
_BACKGROUND, _LINE, _SHADOW, _TEXT = (232, 232, 232), (176, 176, 176), (150, 150, 150), (90, 90, 90)
_SQUARES = 5
# Metres before the camera from which something is drawn, and by which the floor's lines are cut into pieces.
_NEAR, _PIECE = 0.2, 0.5


@dataclass(frozen=True, slots=True)
class Crop:
    """The part of the footage that is shown, in pixels, and by how much it is shrunk."""

    left: int
    top: int
    width: int
    height: int
    scale: float

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of what is shown; even numbers, as video encoders want."""
        return 2 * round(self.width * self.scale / 2), 2 * round(self.height * self.scale / 2)

    def cut(self, image: np.ndarray) -> np.ndarray:
        """The shown part of a picture."""
        part = image[self.top : self.top + self.height, self.left : self.left + self.width]
        return cv2.resize(part, self.size, interpolation=cv2.INTER_AREA)

    def place(self, points: np.ndarray) -> np.ndarray:
        """Pixels `[..., 2]` of the footage as pixels of what is shown."""
        return (points - (self.left, self.top)) * (np.array(self.size) / (self.width, self.height))


def main(argv: list[str]) -> int:
    """Make a video and a sheet of one take, or of both demo clips."""
    parser = argparse.ArgumentParser(description="Footage beside what was captured from it.")
    parser.add_argument("take", type=Path, nargs="?")
    parser.add_argument("video", type=Path, nargs="?", help="the .mp4 to write")
    parser.add_argument("--sheet", type=Path, help="the .jpg to write: single frames and the baked armature below each")
    parser.add_argument("--demos", action="store_true", help="capture both demo clips and make all pictures of them")
    parser.add_argument("--folder", type=Path, default=fetch.ROOT / "docs" / "images", help="where those of --demos go")
    values = parser.parse_args(argv)
    if values.demos:
        for name, (parcel, file) in DEMOS.items():
            take = _captured(fetch.fetch(parcel) / file)
            _write(take, values.folder / f"{name}.mp4", values.folder / f"{name}.jpg")
    elif values.take is None or values.video is None:
        parser.error("name a take and the video to write, or give --demos")
    else:
        _write(load_take(values.take), values.video, values.sheet)
    return 0


def _captured(footage: Path) -> Take:
    def say(progress: Progress) -> None:
        if progress.done == progress.total:
            print(f"{footage.name}: {progress.stage} {progress.message}")

    return finish(capture(CaptureSettings(FootageSettings(footage), cache=default_cache_folder())), say)


def _write(take: Take, video: Path, sheet: Path | None) -> None:
    write_video(take, video)
    if sheet is not None:
        write_sheet(take, sheet_frames(take), sheet)


def sheet_frames(take: Take, count: int = _SHEET) -> list[int]:
    """Frame numbers of the footage, evenly over those in which the subject is seen."""
    tracked = take.stage("track")
    seen = tracked["index"][tracked["present"]]
    places = np.linspace(0, len(seen) - 1, min(count, len(seen)) + 2)[1:-1]
    return [int(seen[round(place)]) for place in places]


def write_video(take: Take, path: Path) -> None:
    """Write the video `path`: the footage on the left, the captured bones as its camera sees them on the right.

    Footage of more than 40 pictures a second is shown with every second one. Raises FootageError where the footage is
    gone and TakeError where the take was never solved.
    """
    shot, crop = shot_of(take), shown_part(take)
    step = 2 if shot.rate > _FASTEST else 1
    rate = Fraction(shot.rate / step).limit_denominator(1001)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.stem}-unfinished{path.suffix}")
    with av.open(str(draft), "w") as container:
        stream = cast(
            "VideoStream", container.add_stream("libx264", rate=rate, options={"crf": "27", "preset": "slow"})
        )
        width, height = crop.size
        stream.width, stream.height, stream.pix_fmt = 2 * width, height, "yuv420p"
        for number, picture in enumerate(_pictures(take, shot, crop, step)):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = number, 1 / rate
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    os.replace(draft, path)
    print(f"Wrote {path}, {path.stat().st_size / 1e6:.2f} MB")


def _pictures(take: Take, shot: Shot, crop: Crop, step: int) -> Iterator[np.ndarray]:
    """The video's pictures, `[H, W, 3]` RGB."""
    motion = motion_of(take)
    heads, tails = bone_heads_and_tails(motion)
    rows = {int(index): row for row, index in enumerate(shot.index)}
    span = Moment(int(shot.index[0])), Moment(int(shot.index[-1]))
    with open_footage(FootageSettings(shot.path, *span)) as footage:
        for frame in footage.frames():
            row = rows.get(frame.index)
            if row is not None and row % step == 0:
                drawn = draw(motion, shot, row, crop, np.stack([heads[row], tails[row]], axis=1))
                both = np.hstack([crop.cut(frame.image), drawn])
                cv2.putText(both, f"{frame.time:5.2f} s", (8, 18), *_writing((255, 255, 255)))
                yield both


def shown_part(take: Take) -> Crop:
    """The part of the picture in which the subject is during the take, with room around it."""
    tracked = take.stage("track")
    points = tracked["landmarks"][tracked["present"]][..., :2].reshape(-1, 2).astype(float)
    low, high = np.quantile(points, 0.005, axis=0), np.quantile(points, 0.995, axis=0)
    room = 0.12 * (high - low).max()
    whole = np.array([take.source["width"], take.source["height"]])
    left, top = np.clip(low - room, 0, whole).astype(int)
    right, bottom = np.clip(high + room, 0, whole).astype(int)
    width, height = int(right - left), int(bottom - top)
    return Crop(int(left), int(top), width, height, min(_HEIGHT / height, _WIDEST / width))


def draw(motion: Motion, shot: Shot, row: int, crop: Crop, bones: np.ndarray) -> np.ndarray:
    """One picture of the bones `[B, 2, 3]`, heads and tails in metres in the motion's world, as the camera sees them."""
    width, height = crop.size
    picture = np.full((height, width, 3), _BACKGROUND, np.uint8)
    middle = np.round(bones[0, 0, :2])
    for line in _floor_lines(middle):
        _line(picture, shot, row, crop, line, _LINE, 1)
    if not motion.present[row]:
        cv2.putText(picture, "not seen", (8, 18), *_writing(_TEXT))
        return picture
    for bone in bones:
        _line(picture, shot, row, crop, bone * (1.0, 1.0, 0.0), _SHADOW, 3)
    colors = np.round(255 * bone_colors(motion.confidence[row]))
    # the far ones first
    depths = _in_camera(shot, row, bones)[..., 2].mean(axis=1)
    for index in np.argsort(-depths):
        thick = 2 if BONES[index].name.startswith(("hand", "foot", "shoulder", "neck")) else 4
        color = tuple(int(part) for part in colors[index])
        _line(picture, shot, row, crop, bones[index], color, thick)
    return picture


def _floor_lines(middle: np.ndarray) -> Iterator[np.ndarray]:
    """Pieces `[2, 3]` of the lines of squares of one metre about `middle` `[2]`, whose corners are whole metres."""
    along = np.arange(-_SQUARES, _SQUARES, _PIECE)
    for across in range(-_SQUARES, _SQUARES + 1):
        for start in along:
            ends = np.array([[start, across], [start + _PIECE, across]])
            for piece in (ends, ends[:, ::-1]):
                yield np.pad(piece + middle, ((0, 0), (0, 1)))


def _line(
    picture: np.ndarray, shot: Shot, row: int, crop: Crop, ends: np.ndarray, color: tuple[int, ...], thick: int
) -> None:
    """A line between two points `[2, 3]` in the world, where both are before the camera."""
    seen = _in_camera(shot, row, ends)
    if seen[:, 2].min() < _NEAR:
        return
    focal = shot.focal_lengths[row] / 36.0 * max(shot.width, shot.height)
    pixels = seen[:, :2] / seen[:, 2:] * focal + np.array([shot.width, shot.height]) / 2
    # a sixteenth of a pixel, as OpenCV's shift counts
    start, end = np.round(16 * np.clip(crop.place(pixels), -4000, 4000)).astype(int).tolist()
    cv2.line(picture, start, end, color, thick, cv2.LINE_AA, 4)


def _in_camera(shot: Shot, row: int, points: np.ndarray) -> np.ndarray:
    return (points - shot.positions[row]) @ shot.rotations[row]


def _writing(color: tuple[int, int, int]) -> tuple[int, float, tuple[int, int, int], int, int]:
    return cv2.FONT_HERSHEY_SIMPLEX, 0.5, color, 1, cv2.LINE_AA


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
