"""Where feet stand: one place for each time that a heel or toe stays on the floor, or on what is a level of its own."""

from __future__ import annotations

import numpy as np

from ..models.skeletons import JOINTS
from .contacts import CONTACTS, FEET, Contacts, level_of
from .poses import Poses

_FEET = [JOINTS.index(name) for name in CONTACTS[FEET]]
# Probability from which a point counts as standing.
_STANDS = 0.5


def standing_places(poses: Poses, contacts: Contacts, times: np.ndarray) -> np.ndarray:
    """`[T, 4, 3]` metres in the world: the floor's point on which heels and toes stand, while they do.

    The mean over each time that a point stands, weighted by how likely it stands there; elsewhere the point's own place.
    """
    places = poses.joints()[:, _FEET]
    probability = contacts.probability[:, FEET]
    for point in range(probability.shape[1]):
        for span in spans(probability[:, point] >= _STANDS, times):
            share = probability[span, point]
            places[span, point, :2] = share @ places[span, point, :2] / share.sum()
            places[span, point, 2] = level_of(float(share @ places[span, point, 2] / share.sum()))
    return places


def spans(holds: np.ndarray, times: np.ndarray) -> list[slice]:
    """The stretches of frames in which `holds` `[T]` is true, broken where frames are missing in between."""
    usual = np.median(np.diff(times)) if len(times) > 1 else 0.0
    broken = np.concatenate([[False], np.diff(times) > 1.5 * usual])
    starts = holds & np.concatenate([[True], ~holds[:-1]]) | holds & broken
    ends = holds & np.concatenate([~holds[1:], [True]]) | holds & np.concatenate([broken[1:], [False]])
    return [slice(first, last + 1) for first, last in zip(np.flatnonzero(starts), np.flatnonzero(ends), strict=True)]
