"""Sightings in the form that the windowed lifters read: points turned and of size one, with every gap filled and labelled.

The same code serves the training and the product, so that the networks meet the numbers they were trained on.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..models.skeletons import POINTS
from .guidance import GuidanceSettings, guide
from .sight_features import features

CHANNELS = 5
"""Numbers of a point: x, y, confidence, and the distances to the sights before and after (`guidance.Filled`)."""
OVERALL = 3
"""Numbers of a frame beyond its points': logarithm of the subject's size + 1, and ten times the speed of its middle."""
VALUES = CHANNELS * len(POINTS) + OVERALL


@dataclass(frozen=True, slots=True)
class Guided:
    """Input of a windowed lifter's network; leading axes `[..., T]`.

    values: `[..., T, VALUES]` float32, a point's `CHANNELS` side by side, then the `OVERALL` ones. views: `[..., T, 3, 3]`
    rotation from the camera's axes to those of the view that looks straight at the subject.
    """

    values: np.ndarray
    views: np.ndarray


def guided(points: np.ndarray, confidence: np.ndarray, seen: np.ndarray, settings: GuidanceSettings) -> Guided:
    """Network input for slopes `points` `[..., T, 25, 2]`, `confidence` `[..., T, 25]` and `seen` `[..., T, 25]` bool."""
    given = features(points, confidence, seen)
    filled = guide(given.points, confidence, seen, settings)
    channels = [filled.points, *(part[..., None] for part in (filled.confidence, filled.since, filled.until))]
    per_point = np.concatenate(channels, axis=-1).reshape(*seen.shape[:-1], -1)
    values = np.concatenate([per_point, given.values[..., -OVERALL:]], axis=-1)
    return Guided(values.astype(np.float32), given.views)
