"""Errors of one trial in millimetres, and what many trials say together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..training.metrics.bootstrap import Interval, interval
from ..training.metrics.position import errors, masked_mean, pa_mpjpe

SCORED = 17
"""The first joints of the product skeleton, Human3.6M's, over which errors are taken."""

_DRAWS = 2000


@dataclass(frozen=True, slots=True)
class Score:
    """One trial, one occlusion, one method; millimetres over 17 joints, NaN where there are none to tell of.

    everything, visible, hidden: MPJPE over all joints, the visible and the hidden ones; the pelvis, the origin of both
    answer and truth, counts among all only. aligned: PA-MPJPE over all. clean: the same lifter's error at the hidden
    joints and frames where it sees everything.
    """

    everything: float
    visible: float
    hidden: float
    aligned: float
    clean: float

    @property
    def excess(self) -> float:
        """What being hidden costs."""
        return self.hidden - self.clean


NOT_TRIED = Score(np.nan, np.nan, np.nan, np.nan, np.nan)
"""The score of a method on a trial that it was not tried on."""


def score(answer: np.ndarray, clean: np.ndarray, truth: np.ndarray, hidden: np.ndarray) -> Score:
    """Score `answer` `[T, 30, 3]`, with `clean` the same lifter's answer without occlusion and `hidden` `[T, 30]`."""
    answer, clean, truth = (joints[:, :SCORED] for joints in (answer, clean, truth))
    gone = hidden[:, :SCORED].copy()
    gone[:, 0] = False
    left = ~hidden[:, :SCORED]
    left[:, 0] = False
    off = errors(answer, truth)
    return Score(
        everything=masked_mean(off),
        visible=masked_mean(off, left),
        hidden=masked_mean(off, gone),
        aligned=pa_mpjpe(answer, truth),
        clean=masked_mean(errors(clean, truth), gone),
    )


def mean_interval(values: np.ndarray, recordings: Sequence[str]) -> Interval:
    """Mean of `values` `[N]` over the trials that have one, with its 95 % interval.

    The bootstrap draws recordings, because the trials that are cut from one are alike. All NaN where there is none.
    """
    means, counts = _by_recording(values[:, None], recordings)
    if not len(counts):
        return Interval(np.nan, np.nan, np.nan)
    return interval(means[:, 0], np.random.default_rng(0), draws=_DRAWS, weights=counts)


def ratio_interval(above: np.ndarray, below: np.ndarray, recordings: Sequence[str]) -> Interval:
    """Ratio of two means over the same trials `[N]`, with its 95 % interval from the same bootstrap.

    All NaN where the lower mean is not above zero, for then a ratio says nothing.
    """
    means, counts = _by_recording(np.stack([above, below], axis=1), recordings)
    totals = means * counts[:, None]
    whole = totals.sum(axis=0)
    if not len(counts) or whole[1] <= 0:
        return Interval(np.nan, np.nan, np.nan)
    drawn = np.random.default_rng(0).integers(len(counts), size=(_DRAWS, len(counts)))
    sums = totals[drawn].sum(axis=1)
    low, high = np.quantile(sums[:, 0] / sums[:, 1], (0.025, 0.975))
    return Interval(float(whole[0] / whole[1]), float(low), float(high))


def _by_recording(values: np.ndarray, recordings: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Mean `[R, C]` of the rows of `values` `[N, C]` without NaN for every recording, and how many rows it has."""
    known = np.isfinite(values).all(axis=1)
    names, member = np.unique(np.array(recordings)[known], return_inverse=True)
    counts = np.bincount(member, minlength=len(names))
    sums = np.zeros((len(names), values.shape[1]))
    np.add.at(sums, member, values[known])
    return sums / counts[:, None], counts
