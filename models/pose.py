"""What a pose detector gives, whatever runs it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np


@dataclass(frozen=True, slots=True)
class Region:
    """A rotated square of the picture: centre (x, y) and side in pixels, `angle` in radians (0: upright, y down)."""

    x: float
    y: float
    size: float
    angle: float


@dataclass(frozen=True, slots=True)
class Candidate:
    """A person that the person detector proposes: `box` is (left, top, right, bottom) in pixels, `score` 0 to 1."""

    box: tuple[float, float, float, float]
    score: float
    region: Region


@dataclass(frozen=True, slots=True)
class Reading:
    """One person's landmarks in one picture, in the order of `skeletons.BLAZEPOSE`.

    landmarks: `[33, 3]` float32, x and y in pixels of the whole picture, z in the same scale (smaller is nearer).
    world: `[33, 3]` float32 metres about the middle of the hips, camera axes (x right, y down, z forward).
    visibility, presence: `[33]` 0 to 1, as the network says. score: 0 to 1, that the region holds a person at all.
    region: where to look in the next picture.
    """

    landmarks: np.ndarray
    world: np.ndarray
    visibility: np.ndarray
    presence: np.ndarray
    score: float
    region: Region


class PoseModel(Protocol):
    """Finds people in a picture and reads one person's landmarks. Pictures are `[H, W, 3]` uint8 RGB, upright."""

    name: str
    """What runs, for people: e.g. "BlazePose heavy, ONNX Runtime on CPU"."""

    @property
    def network_seconds(self) -> float:
        """Wall time spent inside the networks so far."""
        ...

    def find(self, image: np.ndarray) -> list[Candidate]:
        """People in the whole picture, best first."""
        ...

    def read(self, image: np.ndarray, region: Region) -> Reading:
        """Landmarks of the person in `region`; the score tells whether there is one."""
        ...

    def close(self) -> None:
        """Free what the runtime holds."""
        ...
