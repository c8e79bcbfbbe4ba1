"""What is added to a motion runs in before it is needed and out after it, without a step."""

from __future__ import annotations

import numpy as np

from ..along_time import median_step, overlap

_TINY = 1e-9


def ramped(values: np.ndarray, known: np.ndarray, times: np.ndarray, span: float, steepest: float) -> np.ndarray:
    """`values` `[T, K]` where they are `known` `[T]`; elsewhere they run out to zero over `span` seconds.

    Value and slope pass on without a step (quintic Hermite ramps), so that what is added to a motion neither jumps nor
    kinks; slopes count up to `steepest` per second. Between two known stretches that are nearer than `span` the ramps
    are as long as the way.
    """
    result = np.where(known[:, None], values, 0.0)
    if not known.any():
        return result
    frames = np.arange(len(times))
    before = np.maximum.accumulate(np.where(known, frames, -1))
    after = np.minimum.accumulate(np.where(known, frames, len(frames))[::-1])[::-1]
    has_before, has_after = before >= 0, after < len(frames)
    before, after = np.maximum(before, 0), np.minimum(after, len(frames) - 1)
    length = np.where(has_before & has_after, np.minimum(times[after] - times[before], span), span)
    for near, has, sign in ((before, has_before, 1), (after, has_after, -1)):
        inner = np.clip(near - 2 * sign, 0, len(frames) - 1)
        # a slope is measured within its own stretch
        inner = np.where(known[inner] & known[np.clip(near - sign, 0, len(frames) - 1)], inner, near)
        over = np.where(inner == near, 1.0, times[near] - times[inner])
        slope = np.clip((values[near] - values[inner]) / over[:, None], -steepest, steepest)
        away = np.abs(times - times[near])
        part = np.clip(away / np.maximum(length, _TINY), 0.0, 1.0)
        level = 1.0 - part**3 * (10.0 - 15.0 * part + 6.0 * part**2)
        lean = part * (1.0 - part) ** 3 * (1.0 + 3.0 * part) * length * sign
        run_out = level[:, None] * values[near] + lean[:, None] * slope
        result += np.where((has & ~known)[:, None], run_out, 0.0)
    return result


def envelope(need: np.ndarray, times: np.ndarray, span: float) -> np.ndarray:
    """`[T]` a smooth curve nowhere below `need` that is zero farther than `span` seconds from where it is above zero."""
    if not need.any():
        return need
    count = len(need)
    reach = max(1, round(span / 2 / max(median_step(times, span), _TINY)))
    widest = need.copy()
    for shift in range(-min(reach, count - 1), min(reach, count - 1) + 1):
        here, there = overlap(count, shift)
        widest[here] = np.maximum(widest[here], need[there])
    kernel = np.hanning(2 * reach + 3)[1:-1]
    padded = np.concatenate([np.full(reach, widest[0]), widest, np.full(reach, widest[-1])])
    return np.convolve(padded, kernel / kernel.sum(), mode="valid")
