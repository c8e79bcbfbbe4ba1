"""Where feet stand: one place for each time that a heel or toe stays on the floor, or on what is a level of its own."""

from __future__ import annotations

import numpy as np

from ...models.skeletons import JOINTS
from ..along_time import spans
from ..contacts import CONTACTS, FEET, Contacts, level_of
from ..poses import Poses

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
