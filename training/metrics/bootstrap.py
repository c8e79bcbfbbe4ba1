"""How far a mean over clips is to be trusted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean and the ends of its interval."""

    mean: float
    low: float
    high: float


def interval(
    values: np.ndarray,
    rng: np.random.Generator,
    share: float = 0.95,
    draws: int = 2000,
    weights: np.ndarray | None = None,
) -> Interval:
    """Percentile bootstrap (Efron, 1979) of the mean of one value a clip, `values` `[N]`.

    Clips are what is drawn, because frames of a clip are alike. weights: `[N]`, for a mean over unequal clips. For a
    difference of two methods give the clips' differences. Raises ValueError without values or with one that is not finite.
    """
    values = np.asarray(values, float)
    if not values.size or not np.isfinite(values).all():
        raise ValueError("An interval needs at least one value, and finite ones.")
    weights = np.ones_like(values) if weights is None else weights
    drawn = rng.integers(values.size, size=(draws, values.size))
    means = (values * weights)[drawn].sum(axis=1) / weights[drawn].sum(axis=1)
    low, high = np.quantile(means, [0.5 - share / 2, 0.5 + share / 2])
    return Interval(float(np.average(values, weights=weights)), float(low), float(high))
