"""Shots of made-up motion: somebody in front of a camera that may move, and footage of numbered pictures."""

from __future__ import annotations

from pathlib import Path

import av
import cv2
import numpy as np

from penumbra.inference.camera import SENSOR_WIDTH
from penumbra.inference.motion import Motion
from penumbra.inference.shot import Shot
from penumbra.inference.take import Take

WIDTH, HEIGHT = 96, 64
_LEVEL = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]])


def shot_before(motion: Motion, path: Path, *, moving: bool = True, tall: bool = False, start: int = 0) -> Shot:
    """A shot of the motion by a camera that looks at it from 4 m, pans and walks where it is `moving`.

    tall: the picture is upright. start: number in the footage of the motion's first frame.
    """
    count = len(motion)
    pan = np.linspace(0.0, 0.3, count) if moving else np.full(count, 0.1)
    turn = np.zeros((count, 3, 3))
    turn[:, 0, 0] = turn[:, 1, 1] = np.cos(pan)
    turn[:, 1, 0], turn[:, 0, 1], turn[:, 2, 2] = np.sin(pan), -np.sin(pan), 1.0
    way = np.arange(count)[:, None] / motion.fps * [0.2, 0.1, 0.05] * moving
    return Shot(
        path=path,
        kind="images" if path.is_dir() else "video",
        width=HEIGHT if tall else WIDTH,
        height=WIDTH if tall else HEIGHT,
        rotation=0,
        rate=motion.fps,
        index=start + np.arange(count),
        times=start / motion.fps + np.arange(count) / motion.fps,
        rotations=turn @ _LEVEL,
        positions=np.array([0.5, -4.0, 1.2]) + way,
        focal_lengths=np.full(count, 30.0),
    )


def project(shot: Shot, step: int, points: np.ndarray) -> np.ndarray:
    """`[N, 2]` where in the picture points `[N, 3]` of the capture's world are: 0 to 1 from the left and from the top."""
    seen = (points - shot.positions[step]) @ shot.rotations[step]
    focal = shot.focal_lengths[step] / SENSOR_WIDTH * max(shot.width, shot.height)
    return seen[:, :2] / seen[:, 2:] * focal / [shot.width, shot.height] + 0.5


def write_video(path: Path, count: int, fps: int = 30) -> Path:
    """A video of gray pictures, each a little lighter than the one before."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=fps)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for number in range(count):
            picture = np.full((HEIGHT, WIDTH, 3), 4 * number, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    return path


def write_pictures(folder: Path, names: list[str]) -> Path:
    """A folder of gray pictures."""
    folder.mkdir()
    for number, name in enumerate(names):
        cv2.imwrite(str(folder / name), np.full((HEIGHT, WIDTH, 3), 4 * number, np.uint8))
    return folder


def take_before(motion: Motion, path: Path) -> Take:
    """A take of the motion, by the still camera of `shot_before` in front of footage at `path`."""
    shot = shot_before(motion, path, moving=False)
    return (
        Take(
            source={"path": str(path), "kind": "video", "width": WIDTH, "height": HEIGHT, "rotation": 0},
            timing={"frame_rate": motion.fps, "network_seconds": 0.0},
            versions={"detector": "none", "lifter": "none", "refiner": "none"},
            camera={"focal_length": 30.0},
        )
        .with_stage("track", times=motion.times, present=motion.present, index=np.arange(len(motion)))
        .with_stage("view", rotations=shot.rotations, positions=shot.positions)
        .with_stage(
            "solve",
            root=motion.root,
            rotations=motion.rotations,
            confidence=motion.confidence,
            rest_heads=motion.rest.heads,
            rest_tails=motion.rest.tails,
        )
    )
