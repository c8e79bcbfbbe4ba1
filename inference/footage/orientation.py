"""Turning pictures upright: the eight ways a camera can say that it stored one lying or mirrored."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np


@dataclass(frozen=True, slots=True)
class Orientation:
    """How a stored picture becomes upright: swap its axes, then mirror its columns, then mirror its rows."""

    transpose: bool = False
    mirror_columns: bool = False
    mirror_rows: bool = False

    @property
    def rotation(self) -> int:
        """Degrees clockwise (0, 90, 180, 270); where the picture is mirrored too, its columns are mirrored after that."""
        turns = (
            {(False, False): 0, (True, True): 180} if not self.transpose else {(True, False): 90, (False, True): 270}
        )
        mirrored = self.transpose ^ self.mirror_columns ^ self.mirror_rows
        return turns[self.mirror_columns ^ mirrored, self.mirror_rows]

    def size(self, width: int, height: int) -> tuple[int, int]:
        """Width and height of the upright picture."""
        return (height, width) if self.transpose else (width, height)

    def apply(self, image: np.ndarray) -> np.ndarray:
        """The upright picture of a stored `[H, W, C]` picture, C-contiguous."""
        if self.transpose:
            image = cv2.transpose(image)
        if self.mirror_columns or self.mirror_rows:
            image = cv2.flip(image, _FLIP_CODES[self.mirror_columns, self.mirror_rows])
        return np.ascontiguousarray(image)


_FLIP_CODES = {(True, False): 1, (False, True): 0, (True, True): -1}


def from_rotation(counterclockwise: float) -> Orientation:
    """The orientation that turns a picture by `counterclockwise` degrees, to the nearest quarter."""
    return (
        Orientation(),
        Orientation(transpose=True, mirror_rows=True),
        Orientation(mirror_columns=True, mirror_rows=True),
        Orientation(transpose=True, mirror_columns=True),
    )[round(counterclockwise / 90) % 4]


def from_display_matrix(data: bytes) -> Orientation:
    """The orientation that a display matrix asks for, to the nearest quarter turn.

    `data` is nine native 32-bit integers, rows (a b u) (c d v) (x y w) of ISO/IEC 14496-12, section 6.2.2: the point
    (p, q) of the stored picture, y down, is shown at (a·p + c·q + x, b·p + d·q + y).
    """
    a, b, _, c, d, *_ = np.frombuffer(data, np.int32, 9).tolist()
    if abs(a) + abs(d) >= abs(b) + abs(c):
        return Orientation(mirror_columns=a < 0, mirror_rows=d < 0)
    return Orientation(transpose=True, mirror_columns=c < 0, mirror_rows=b < 0)
