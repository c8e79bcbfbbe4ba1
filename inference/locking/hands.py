"""Where a wrist goes so that its hand is held where it stands."""

from __future__ import annotations

import numpy as np

from ...models.skeletons import JOINTS
from ..along_time import stretches
from ..contacts import CONTACTS, level_of
from .anchors import usual_place, within_reach
from .holds import held_points
from .ramps import ramped
from .settings import FootLockSettings

# Metres a second, the most that the slopes of ramps count.
_STEEPEST = 1.0


def wrist_goals(
    joints: np.ndarray, probability: np.ndarray, times: np.ndarray, side: str, settings: FootLockSettings
) -> np.ndarray:
    """`[T, 3]` metres in the world, where the wrist is with the hand held where it stands.

    joints: `[T, 30, 3]` metres in the world. probability: `[T, 6]` 0 to 1 that each of `CONTACTS` stands. times: `[T]`
    seconds, rising. side: "L" or "R".
    """
    point = CONTACTS.index(f"hand.{side}")
    wrist = joints[:, JOINTS.index(f"wrist.{side}")]
    held = held_points(probability[:, point : point + 1], times, settings)[:, 0]
    knuckles = (joints[:, JOINTS.index(f"index.{side}")] + joints[:, JOINTS.index(f"pinky.{side}")]) / 2
    shift = np.zeros(wrist.shape)
    for start, stop in list(stretches(held)):
        held[start:stop] = False
        for first, last in within_reach(knuckles[start:stop], times[start:stop], settings):
            part = slice(start + first, start + last)
            held[part] = True
            place = usual_place(knuckles[part, :2], probability[part, point], settings.robust)
            height = float(np.median(knuckles[part, 2]))
            height = max(height, level_of(min(height, 0.0)))
            shift[part] = np.append(place, height) - knuckles[part]
    return wrist + ramped(shift, held, times, settings.blend, _STEEPEST)
