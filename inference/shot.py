"""What of a take a scene needs to show its footage through the camera that took it, and the footage's own clock."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from .take import Take


@dataclass(frozen=True, slots=True)
class Shot:
    """Footage and its camera; T frames, of which there is at least one.

    path: the video file, or the folder of pictures. width, height: pixels of the upright picture. rotation: degrees
    clockwise by which the stored picture is turned to be upright. rate: frames a second, the mean where it varies. index:
    `[T]` frame numbers in the source. times: `[T]` seconds after the source's first frame. rotations: `[T, 3, 3]` from
    camera axes (x right, y down, z forward) to the capture's world, positions: `[T, 3]` meters in it. focal_lengths: `[T]`
    millimeters on a sensor 36 mm along the picture's longer side.
    """

    path: Path
    kind: Literal["video", "images"]
    width: int
    height: int
    rotation: int
    rate: float
    index: np.ndarray
    times: np.ndarray
    rotations: np.ndarray
    positions: np.ndarray
    focal_lengths: np.ndarray


@dataclass(frozen=True, slots=True)
class Timeline:
    """The clock and the picture of the part of some footage that is read.

    start: seconds of the first frame that is read after the source's first. seconds: from there to the last one that is
    read; None where it is not known. rate: the source's frames a second. width, height: pixels of the upright picture.
    """

    start: float
    seconds: float | None
    rate: float
    width: int
    height: int


def shot_of(take: Take) -> Shot:
    """The shot that a take was made of. Raises TakeError where it was never tracked.

    A take from before cameras could move holds one place for all frames.
    """
    tracked, source, view = take.stage("track"), take.source, take.stages.get("view")
    count = len(tracked["times"])
    if view is None:
        rotations = np.tile(np.array(take.camera["world_from_camera"], dtype=float), (count, 1, 1))
        positions = np.tile(np.array(take.camera["position"], dtype=float), (count, 1))
    else:
        rotations, positions = view["rotations"].astype(float), view["positions"].astype(float)
    return Shot(
        path=Path(source["path"]),
        kind=source["kind"],
        width=source["width"],
        height=source["height"],
        rotation=source["rotation"],
        rate=float(take.timing["frame_rate"]),
        index=tracked["index"],
        times=tracked["times"],
        rotations=rotations,
        positions=positions,
        focal_lengths=np.full(count, float(take.camera["focal_length"])),
    )


def is_in_world(take: Take) -> bool:
    """Whether the take was made through a camera of the user's own scene, so that its motion has its place there."""
    return take.settings.get("camera", {}).get("track") is not None


def timeline_of(take: Take) -> Timeline:
    """The part of the footage that a take was made of. Raises TakeError where it was never tracked."""
    times = take.stage("track")["times"]
    return Timeline(
        start=float(times[0]),
        seconds=float(times[-1] - times[0]),
        rate=float(take.timing["frame_rate"]),
        width=take.source["width"],
        height=take.source["height"],
    )
