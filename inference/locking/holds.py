"""When heels, toes and hands are held: from when they probably stand until they probably do not."""

from __future__ import annotations

import numpy as np

from ..along_time import stretches
from ..settings import FootLock
from .settings import FootLockSettings

# Frames for which heel and toe stand together at least where a foot rolls from one to the other.
_ROLL = 2


def held_ends(
    probability: np.ndarray, points: np.ndarray, times: np.ndarray, mode: FootLock, settings: FootLockSettings
) -> np.ndarray:
    """`[T, 4]` bool, whether heel and toe of the left and then of the right foot are held.

    probability: `[T, 4]` 0 to 1 that they stand. points: `[T, 4, 3]` metres in the world, where they are. times: `[T]` seconds.
    """
    held = held_points(probability, times, settings)
    if mode == "always":
        held |= _leading(probability, points, held, settings)
    return np.concatenate([_rolling(held[:, :2], times, settings), _rolling(held[:, 2:], times, settings)], axis=1)


def held_points(probability: np.ndarray, times: np.ndarray, settings: FootLockSettings) -> np.ndarray:
    """`[T, N]` bool: points that stand with `probability` `[T, N]` are held until they probably do not.

    times: `[T]` seconds, rising. Contacts that almost touch are one, and short ones are none.
    """
    frames = np.arange(len(probability))[:, None]
    caught = np.maximum.accumulate(np.where(probability >= settings.catch, frames, -1), axis=0)
    released = np.maximum.accumulate(np.where(probability <= settings.release, frames, -1), axis=0)
    held = caught > released
    for point in range(held.shape[1]):
        for start, stop in stretches(~held[:, point]):
            if start > 0 and stop < len(held) and times[stop] - times[start - 1] < settings.gap:
                held[start:stop, point] = True
        for start, stop in stretches(held[:, point]):
            if times[stop - 1] - times[start] < settings.shortest:
                held[start:stop, point] = False
    return held


def _leading(probability: np.ndarray, points: np.ndarray, held: np.ndarray, settings: FootLockSettings) -> np.ndarray:
    """`[T, 4]` bool: heel or toe of the foot that stands more probably, where none is held and one is near the floor."""
    feet = probability.reshape(-1, 2, 2).max(axis=2)
    lead = feet[:, 0] - feet[:, 1]
    frames = np.arange(len(lead))
    left = np.maximum.accumulate(np.where(lead > settings.lead, frames, -1))
    right = np.maximum.accumulate(np.where(lead < -settings.lead, frames, -1))
    foot = np.where(left == right, (lead < 0).astype(int), (right > left).astype(int))
    height = points[..., 2].reshape(-1, 2, 2)
    near = (np.abs(height.min(axis=(1, 2))) < settings.airborne) & ~held.any(axis=1)
    result = np.zeros(held.shape, bool)
    for number in (0, 1):
        own = held[:, 2 * number : 2 * number + 2]
        for start, stop in stretches(near & (foot == number)):
            before, after = own[max(start - 1, 0)], own[min(stop, len(own) - 1)]
            # the end that stands just before or after goes on standing, else it is the lower one
            beside = before if before.any() else after
            low = height[start:stop, number].mean(axis=0)
            end = np.argmin(np.where(beside, low, low + 1.0)) if beside.any() else np.argmin(low)
            result[start:stop, 2 * number + end] = True
    return result


def _rolling(held: np.ndarray, times: np.ndarray, settings: FootLockSettings) -> np.ndarray:
    """`[T, 2]` bool: heel and toe stand together for a moment where a foot rolls from one to the other."""
    held = held.copy()
    for one in (0, 1):
        for _, stop in list(stretches(held[:, one])):
            later = np.nonzero(held[stop:, 1 - one])[0]
            if not len(later) or held[stop - 1, 1 - one]:
                continue
            start = stop + int(later[0])
            again = np.nonzero(held[stop:start, one])[0]
            if not len(again) and times[start] - times[stop - 1] <= settings.roll:
                held[max(stop - _ROLL, 0) : start, 1 - one] = True
    return held
