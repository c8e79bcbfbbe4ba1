"""Who is in a picture: the people that the detector finds, each confirmed by its landmarks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..models.pose import PoseModel, Reading, Region
from ..models.skeletons import BLAZEPOSE
from .appearance import body_colors

_TRUNK = [BLAZEPOSE.index(name) for name in ("shoulder.L", "shoulder.R", "hip.L", "hip.R")]
# Score from which a region counts as holding a person; MediaPipe's own default.
PRESENT = 0.5
# Two finds are one person when their middles are closer than this share of the region's side.
_SAME = 0.2
# Side of the square looked at around a place: this many sides of the region there, and this many pixels at least.
_MARGIN = 1.5
_LEAST_SIDE = 64


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

    The detector sees the picture at a small size and misses people who fill little of it, so it also looks at the
    square around `near` by itself.
    """
    regions = [candidate.region for candidate in model.find(image)]
    if near is not None:
        left, top, part = _around(image, near)
        found = [candidate.region for candidate in model.find(part)]
        regions += [Region(region.x + left, region.y + top, region.size, region.angle) for region in found]
    seen: list[Sighting] = []
    for region in regions:
        if any(_same(np.array([region.x, region.y]), _hips(other.reading), region) for other in seen):
            continue
        sighting = sight(image, model, region)
        if sighting is None:
            continue
        middle = trunk_middle(sighting.reading)
        if not any(_same(middle, trunk_middle(other.reading), sighting.reading.region) for other in seen):
            seen.append(sighting)
    return seen


def trunk_middle(reading: Reading) -> np.ndarray:
    """Middle `[2]` of the trunk in pixels."""
    return reading.landmarks[_TRUNK, :2].mean(axis=0)


def _hips(reading: Reading) -> np.ndarray:
    """Middle `[2]` of the region, which lies at the hips, in pixels."""
    return np.array([reading.region.x, reading.region.y])


def _same(a: np.ndarray, b: np.ndarray, region: Region) -> bool:
    return float(np.linalg.norm(a - b)) < _SAME * region.size


def _around(image: np.ndarray, near: Region) -> tuple[int, int, np.ndarray]:
    """Left and top of the square around a region that lies in the picture, and the square itself."""
    height, width = image.shape[:2]
    side = int(min(height, width, max(_LEAST_SIDE, _MARGIN * near.size)))
    left = int(np.clip(near.x - side / 2, 0, width - side))
    top = int(np.clip(near.y - side / 2, 0, height - side))
    return left, top, image[top : top + side, left : left + side]
