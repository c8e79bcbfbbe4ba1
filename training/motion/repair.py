"""Mends what motion capture often has: a bone that flips away for a few frames and comes back."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ...inference import rotations as rot


@dataclass(frozen=True, slots=True)
class RepairSettings:
    """What counts as a flip.

    degrees: a bone's turn from one frame to the next, at 30 frames per second, from which it counts as a flip; the
    fastest kicks and throws stay below. frames: longest flip that is mended.
    """

    degrees: float = 70.0
    frames: int = 5


def mend_flips(rotations: np.ndarray, settings: RepairSettings) -> tuple[np.ndarray, int]:
    """Global turns `[T, B, 4]` without short flips, and how many turns were mended.

    A flip begins and ends with a step that no person makes; between its ends the bone's turn is interpolated.
    """
    mended = rotations.copy()
    steps = angle_between(mended[1:], mended[:-1])
    count = 0
    for bone in range(mended.shape[1]):
        flips = np.flatnonzero(steps[:, bone] > settings.degrees)
        for first, last in pairwise(flips):
            gap = int(last - first)
            before, after = mended[first, bone], mended[last + 1, bone]
            if gap > settings.frames or angle_between(before, after) > settings.degrees:
                continue
            share = np.arange(1, gap + 1) / (gap + 1)
            mended[first + 1 : last + 1, bone] = rot.slerp(before, after, share)
            count += gap
    return mended, count


def angle_between(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Degrees `[...]` between rotations `[..., 4]`."""
    return np.degrees(2.0 * np.arccos(np.clip(np.abs(np.sum(a * b, axis=-1)), 0.0, 1.0)))
