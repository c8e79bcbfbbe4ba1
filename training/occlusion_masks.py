"""Masks for training: a fast mixture of the suite's kinds of occlusion with gaps of every length."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..models.skeletons import POINTS
from .occlusion import bars
from .occlusion_units import PARTS, UNIT_OF, UNITS, WITH_DESCENDANTS


@dataclass(frozen=True, slots=True)
class Mixture:
    """Shares of clips that are masked in each way; the rest is clean.

    structured: windows in which joints with all that hangs on them, parts or everything are gone. bars: of these, the
    share that has a bar across the picture instead. random: units gone in every frame on its own. windows: most windows
    of a clip. shortest, longest: frames of a window; lengths between are even in their logarithm.
    """

    structured: float = 0.5
    bars: float = 0.2
    random: float = 0.25
    windows: int = 3
    shortest: int = 1
    longest: int = 75


MIXTURE = Mixture()

_GROUPS = np.concatenate([WITH_DESCENDANTS, np.stack([*PARTS.values(), np.ones(len(POINTS), bool)])])
"""`[24, 25]` bool: what one window may hide."""
# A limb of several joints is what gets lost in footage; a whole frame is rarer.
_WEIGHTS = np.array([1.0] * len(UNITS) + [2.0] * len(PARTS) + [1.0])
_CHANCES = _WEIGHTS / _WEIGHTS.sum()


def training_masks(
    rng: np.random.Generator,
    batch: int,
    frames: int,
    points: np.ndarray | None = None,
    mixture: Mixture = MIXTURE,
) -> np.ndarray:
    """Which points to hide in a batch of clips, `[batch, frames, 25]` bool.

    points: `[batch, frames, 25, 2]` slopes; without them there are no bars.
    """
    hidden = np.zeros((batch, frames, len(POINTS)), bool)
    way = rng.random(batch)
    scattered = np.flatnonzero(way < mixture.random)
    structured = np.flatnonzero((way >= mixture.random) & (way < mixture.random + mixture.structured))
    barred = structured[:0]
    if points is not None:
        chosen = rng.random(len(structured)) < mixture.bars
        structured, barred = structured[~chosen], structured[chosen]
        hidden[barred] = bars(points[barred], rng.uniform(0.1, 0.4, len(barred)), rng)
    hidden[structured] = _gaps(rng, len(structured), frames, mixture)
    hidden[scattered] = _scattered(rng, len(scattered), frames)
    return hidden


def _gaps(rng: np.random.Generator, batch: int, frames: int, mixture: Mixture) -> np.ndarray:
    """`[batch, frames, 25]` bool: up to `mixture.windows` windows a clip, which may run over its ends."""
    shape = (batch, mixture.windows)
    length = np.exp(rng.uniform(np.log(mixture.shortest), np.log(mixture.longest + 1), shape)).astype(int)
    start = np.floor(rng.uniform(1 - length, frames)).astype(int)
    used = np.arange(mixture.windows) < rng.integers(1, mixture.windows + 1, batch)[:, None]
    groups = _GROUPS[rng.choice(len(_GROUPS), shape, p=_CHANCES)] & used[..., None]
    time = np.arange(frames)
    within = (time >= start[..., None]) & (time < (start + length)[..., None])
    hidden = np.zeros((batch, frames, len(POINTS)), bool)
    for window in range(mixture.windows):
        hidden |= within[:, window, :, None] & groups[:, window, None, :]
    return hidden


def _scattered(rng: np.random.Generator, batch: int, frames: int) -> np.ndarray:
    """`[batch, frames, 25]` bool: 1 to 16 of the 17 units in every frame, as many in all frames of a clip."""
    order = rng.random((batch, frames, len(UNITS)), np.float32).argsort(axis=-1).argsort(axis=-1)
    count = rng.integers(1, len(UNITS), (batch, 1, 1))
    return (order < count)[..., UNIT_OF]
