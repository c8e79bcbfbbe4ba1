"""Who is in a picture: the people that the detector finds, each confirmed by its landmarks."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ..models.pose import PoseModel, Reading, Region
from ..models.skeletons import BLAZEPOSE
from .appearance import body_colors

_TRUNK = [BLAZEPOSE.index(name) for name in ("shoulder.L", "shoulder.R", "hip.L", "hip.R")]
# Score from which a region counts as holding a person; MediaPipe's own default.
PRESENT = 0.5
# Two finds are one person when their middles are closer than this share of the smaller one's region.
_SAME = 0.2


@dataclass(frozen=True, slots=True)
class Sighting:
    """A person in one picture. colors: `[192]` histogram, None where hardly any of the body lies in the picture."""

    reading: Reading
    colors: np.ndarray | None

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom of the landmarks in pixels."""
        low, high = self.reading.landmarks[:, :2].min(axis=0), self.reading.landmarks[:, :2].max(axis=0)
        return float(low[0]), float(low[1]), float(high[0]), float(high[1])


def sight(image: np.ndarray, model: PoseModel, region: Region) -> Sighting | None:
    """The person in `region`, or None where there is none."""
    reading = model.read(image, region)
    if reading.score < PRESENT:
        return None
    return Sighting(reading, body_colors(image, reading.landmarks))


def people_in(image: np.ndarray, model: PoseModel, near: Region | None = None) -> list[Sighting]:
    """Everybody in the picture, or in it and especially around `near`.

    The detector sees the whole picture at a small size and misses people who fill little of it, so it also looks at
    squares of the picture: one around `near`, or three along the longer side.
    """
    height, width = image.shape[:2]
    regions = [candidate.region for candidate in model.find(image)]
    for left, top, side in _squares(width, height, near):
        part = image[top : top + side, left : left + side]
        for candidate in model.find(part):
            found = candidate.region
            regions.append(Region(found.x + left, found.y + top, found.size, found.angle))
    seen: list[Sighting] = []
    for region in regions:
        if any(
            _distance(region, other.reading) < _SAME * min(region.size, other.reading.region.size) for other in seen
        ):
            continue
        sighting = sight(image, model, region)
        if sighting and not any(
            np.linalg.norm(trunk_middle(sighting.reading) - trunk_middle(other.reading))
            < _SAME * other.reading.region.size
            for other in seen
        ):
            seen.append(sighting)
    return seen


def trunk_middle(reading: Reading) -> np.ndarray:
    """Middle `[2]` of the trunk in pixels."""
    return reading.landmarks[_TRUNK, :2].mean(axis=0)


def _distance(region: Region, reading: Reading) -> float:
    return math.hypot(region.x - reading.region.x, region.y - reading.region.y)


def _squares(width: int, height: int, near: Region | None) -> list[tuple[int, int, int]]:
    """Left, top and side of the squares to look at besides the whole picture."""
    shorter = min(width, height)
    if near is not None:
        side = int(min(shorter, max(64, 1.5 * near.size)))
        left = int(np.clip(near.x - side / 2, 0, width - side))
        top = int(np.clip(near.y - side / 2, 0, height - side))
        return [(left, top, side)]
    if max(width, height) < 1.3 * shorter:
        return []
    return [(int((width - shorter) * share), int((height - shorter) * share), shorter) for share in (0.0, 0.5, 1.0)]
