"""Clips of canonical motion, and the data file that packs them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

RATE = 30.0
"""Frames per second of every canonical clip."""


@dataclass(frozen=True, slots=True)
class Clip:
    """One clip of canonical motion at `RATE` frames per second, in a world with z up, in metres.

    name: unique, the path within the motion folder. source: the collection it is from ("cmu", "reactidle",
    "animated_drawings", "mesh2motion"). subject: who moves, unique over all sources ("cmu/07"). action: a word
    ("walk", "idle"). licence: the licence's short name.
    rotations: `[T, 18, 4]` float32 unit quaternions wxyz in the order of `BONE_NAMES`, each the turn in world axes that
    takes a bone from the product's rest pose (T-pose facing -y) to its pose. The local rotation of a bone is its
    parent's inverse times its own, so nothing of it is lost.
    root: `[T, 3]` float32 place of the pelvis, with the lowest foot of the clip on the floor.
    offsets: `[30, 3]` float32, the performer's own body (`inference.body`), scaled to `STATURE`; joints that the source
    does not have (face, knuckles, heels) are those of the mean body.
    """

    name: str
    source: str
    subject: str
    action: str
    licence: str
    rotations: np.ndarray
    root: np.ndarray
    offsets: np.ndarray

    def __len__(self) -> int:
        """Count of frames."""
        return len(self.rotations)
