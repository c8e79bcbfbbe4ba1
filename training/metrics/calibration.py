"""How honest a lifter's uncertainty is: errors beside the standard deviations that it foretold.

The sigmas are standard deviations of a joint's place along one axis, the same along all three, in the unit of the
errors; errors are lengths of 3D vectors, so that (error/sigma)² should follow chi-square with 3 degrees of freedom.
Where the three axes differ, `in_deviations` gives lengths whose sigma is 1, for coverage, and `usual` the one sigma that
goes with a length, for everything that ranks or bins.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

LEVELS = np.arange(0.05, 0.96, 0.05)
"""The 19 shares at which coverage is asked."""
DIMENSIONS = 3


@dataclass(frozen=True, slots=True)
class Reliability:
    """What became of foretold chances, by bins of chance; `[B]` each, without the bins that nothing fell into.

    foretold: mean chance. observed: share that came true. counts: how many fell into the bin.
    """

    foretold: np.ndarray
    observed: np.ndarray
    counts: np.ndarray

    @property
    def error(self) -> float:
        """Mean distance between foretold and observed, 0 to 1, bins weighing by what fell into them."""
        return float(np.average(np.abs(self.foretold - self.observed), weights=self.counts))


def in_deviations(errors: np.ndarray, sigmas: np.ndarray) -> np.ndarray:
    """Lengths `[...]` of error vectors `[..., 3]` measured in their own deviations `[..., 3]` (Mahalanobis)."""
    return np.linalg.norm(errors / sigmas, axis=-1)


def usual(sigmas: np.ndarray) -> np.ndarray:
    """Root mean square `[...]` of deviations `[..., 3]` along three axes."""
    return np.sqrt(np.square(sigmas).mean(axis=-1))


def negative_log_likelihood(errors: np.ndarray, sigmas: np.ndarray) -> float:
    """Mean over error vectors `[..., 3]` in metres of minus the log of the foretold normal density, in nats."""
    terms = np.square(errors / sigmas) + 2.0 * np.log(sigmas) + np.log(2.0 * np.pi)
    return float(0.5 * terms.sum(axis=-1).mean())


def coverage(errors: np.ndarray, sigmas: np.ndarray | float, levels: np.ndarray = LEVELS) -> np.ndarray:
    """Share of errors within the ball that should hold each level's share, one a level. Any shapes, the same."""
    foretold = stats.chi2.cdf(np.square(errors / sigmas).ravel(), DIMENSIONS)
    return (foretold[None] <= np.asarray(levels)[:, None]).mean(axis=1)


def calibration_error(errors: np.ndarray, sigmas: np.ndarray | float) -> float:
    """ECE: mean distance between coverage and level over `LEVELS`, 0 to 1. A constant sigma may fool it: see `ence`."""
    return float(np.abs(coverage(errors, sigmas) - LEVELS).mean())


def ence(errors: np.ndarray, sigmas: np.ndarray, bins: int = 10) -> float:
    """Expected normalised calibration error (Levi et al., 2022), 0 at best.

    Errors are sorted by sigma into bins of one size; each compares the root mean square of its sigmas with that of its
    errors along one axis, as a share of the former. Raises ValueError for fewer errors than bins.
    """
    if errors.size < bins:
        raise ValueError(f"{errors.size} errors cannot fill {bins} bins.")
    order = np.argsort(sigmas, axis=None, kind="stable")
    squares = np.square(errors).ravel()[order] / DIMENSIONS
    variances = np.square(sigmas).ravel()[order]
    gaps = []
    for square, variance in zip(np.array_split(squares, bins), np.array_split(variances, bins), strict=True):
        expected = np.sqrt(variance.mean())
        gaps.append(abs(expected - np.sqrt(square.mean())) / expected)
    return float(np.mean(gaps))


def ause(errors: np.ndarray, sigmas: np.ndarray, steps: int = 100) -> float:
    """Area under the sparsification error (Ilg et al., ECCV 2018), as a share of the mean error; 0 at best.

    The mean error of what is left as the most uncertain share is dropped, above what it would be if the worst errors
    were dropped, averaged over `steps` shares from 0 to 1 − 1/steps.
    """
    flat = errors.ravel()
    by_sigma = flat[np.argsort(sigmas, axis=None, kind="stable")]
    by_error = np.sort(flat)
    left = np.maximum(1, np.ceil(flat.size * (1.0 - np.arange(steps) / steps) - 1e-9).astype(int)) - 1
    counts = np.arange(1, flat.size + 1)
    gap = (np.cumsum(by_sigma) - np.cumsum(by_error)) / counts
    return float(gap[left].mean() / flat.mean())


def spearman(errors: np.ndarray, sigmas: np.ndarray) -> float:
    """Rank correlation between error and sigma over everything; NaN where either is all the same."""
    return _rank_correlation(errors.ravel(), sigmas.ravel())


def spearman_within(errors: np.ndarray, sigmas: np.ndarray, mask: np.ndarray | None = None) -> float:
    """Mean over joints of the rank correlation between error and sigma of one joint; both `[..., J]`.

    Within a joint, because wrists err more than hips and a network that knows only this would score well over all. Joints
    whose errors or sigmas are all the same are left out; NaN where none is left. mask: `[..., J]` bool, what counts.
    """
    counted = np.ones(errors.shape, bool) if mask is None else mask
    values = [
        _rank_correlation(error[chosen], sigma[chosen])
        for error, sigma, chosen in zip(_columns(errors), _columns(sigmas), _columns(counted), strict=True)
    ]
    known = [value for value in values if np.isfinite(value)]
    return float(np.mean(known)) if known else float("nan")


def reliability(chances: np.ndarray, happened: np.ndarray, bins: int = 10) -> Reliability:
    """Foretold chances, 0 to 1, beside what was the case (bool), both any shape, in bins of equal width."""
    flat, came = chances.ravel(), happened.ravel()
    member = np.minimum((flat * bins).astype(int), bins - 1)
    counts = np.bincount(member, minlength=bins)
    used = counts > 0
    sums = (np.bincount(member, weights=weights, minlength=bins)[used] for weights in (flat, came))
    foretold, observed = (total / counts[used] for total in sums)
    return Reliability(foretold, observed, counts[used])


def auroc(scores: np.ndarray, labels: np.ndarray) -> float:
    """Chance that something true has a higher score than something false, ties half; NaN without both kinds."""
    labels = labels.ravel().astype(bool)
    positive, negative = int(labels.sum()), int((~labels).sum())
    if not positive or not negative:
        return float("nan")
    ranks = stats.rankdata(scores.ravel())
    return float((ranks[labels].sum() - positive * (positive + 1) / 2) / (positive * negative))


def brier(chances: np.ndarray, labels: np.ndarray) -> float:
    """Mean squared difference between foretold chances, 0 to 1, and what was the case."""
    return float(np.square(chances - labels).mean())


def _rank_correlation(one: np.ndarray, other: np.ndarray) -> float:
    if not one.size or np.ptp(one) == 0 or np.ptp(other) == 0:
        return float("nan")
    return float(np.corrcoef(stats.rankdata(one), stats.rankdata(other))[0, 1])


def _columns(values: np.ndarray) -> np.ndarray:
    return values.reshape(-1, values.shape[-1]).T
