"""Confidence with a meaning: how likely a joint lies within a tenth of the torso's length of its true place.

A network tells a standard deviation along each axis; what those are worth was measured on held-out clips
(`training/calibrate_spread.py`) and stands in a data file, for every pair of a lifter and a refiner.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import SetupError
from ..models.skeletons import JOINTS
from .lifted import Lifted, check_lifted

CALIBRATIONS = Path(__file__).parent.parent / "models" / "weights" / "calibration.json"
"""The data file that ships."""
NEAR = 0.1
"""Share of the torso's length within which a joint is where it should be."""
SHARES = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
"""Shares of the errors at which ellipsoids are calibrated; between them goes a straight line."""

_PELVIS, _THORAX = JOINTS.index("pelvis"), JOINTS.index("thorax")
# Probabilities beyond this share of one, or of nothing, are not told from certainty.
_CERTAIN = 1e-6
_NOTHING = 1e-12


@dataclass(frozen=True, slots=True)
class LogitLine:
    """A monotone map from a formula's probability to the share that was observed: a straight line in the logit.

    That is Platt scaling (1999), here of a probability. The slope is above zero, so that the order stays.
    """

    slope: float = 1.0
    shift: float = 0.0


@dataclass(frozen=True, slots=True)
class SpreadFit:
    """What a network's spread is worth for joints that it saw, or for joints that it did not.

    scale, offset: `[30]`, the calibrated standard deviation is scale × spread + offset metres, along every axis; the offset
    alone where the network tells no spread. near: from the probability that a joint lies near its true place. levels:
    what share of its errors a normal distribution would have within the ellipsoids that hold `SHARES` of them, because
    errors have longer tails; rising.
    """

    scale: np.ndarray
    offset: np.ndarray
    near: LogitLine = LogitLine()
    levels: tuple[float, ...] = SHARES


@dataclass(frozen=True, slots=True)
class Calibration:
    """How one lifter and refiner are to be trusted. calibrated: False where their spread is taken as they tell it."""

    seen: SpreadFit
    hidden: SpreadFit
    calibrated: bool = True

    def sigma(self, lifted: Lifted) -> np.ndarray:
        """Calibrated standard deviations `[T, 30, 3]` in metres along the camera's axes; 0 for the pelvis, the origin.

        NaN at joints for which neither the network nor the calibration tells any. Raises ValueError for a clip
        without frames and for arrays that do not fit each other.
        """
        check_lifted(lifted)
        seen = lifted.seen[..., None]
        scale, offset = (
            np.where(seen, getattr(self.seen, name)[:, None], getattr(self.hidden, name)[:, None])
            for name in ("scale", "offset")
        )
        told = np.isfinite(lifted.spread)
        sigma = scale * np.where(told, lifted.spread, 0.0) + offset
        sigma = np.where(told | (offset > 0.0), sigma, np.nan)
        sigma[:, _PELVIS] = 0.0
        return sigma

    def confidence(self, lifted: Lifted) -> np.ndarray:
        """Probability `[T, 30]` that a joint lies near its true place, both about the pelvis.

        Near is within a tenth (`NEAR`) of the torso's length, which is the median over the clip of the distance between
        pelvis and thorax as they were lifted. The pelvis is the origin of both places and always 1. The probability is
        that of a normal distribution with the calibrated standard deviations (`chance_within`), after which comes a
        monotone map to what was observed. Where no spread is known it is how far the joint's points were believed,
        `lifted.confidence`. Raises ValueError for arrays that do not fit each other.
        """
        sigma = self.sigma(lifted)
        chance = self._observed(chance_within(sigma, NEAR * torso(lifted.joints)), lifted.seen)
        known = np.isfinite(sigma).all(axis=-1)
        belief = np.clip(np.nan_to_num(lifted.confidence, nan=0.0), 0.0, 1.0)
        chance = np.where(known, chance, belief)
        chance[:, _PELVIS] = 1.0
        return chance

    def level(self, lifted: Lifted, errors: np.ndarray) -> np.ndarray:
        """Share `[T, 30]` of errors that should lie within the ellipsoid on whose surface `errors` `[T, 30, 3]` lie.

        The ellipsoid has the calibrated standard deviations as its axes. Honest uncertainty gives shares that are spread
        evenly from 0 to 1. errors: metres, camera axes. NaN at the pelvis and where no spread is known. Raises
        ValueError for arrays that do not fit each other.
        """
        sigma = self.sigma(lifted)
        if errors.shape != sigma.shape:
            raise ValueError(f"errors of shape {errors.shape} should be {sigma.shape}.")
        sigma[:, _PELVIS] = np.nan
        length = np.linalg.norm(errors / sigma, axis=-1)
        # chi-square with three degrees of freedom
        held = 2.0 * _normal(length) - 1.0 - np.sqrt(2.0 / np.pi) * length * np.exp(-0.5 * length**2)
        return np.where(lifted.seen, *(_between(held, kind.levels) for kind in (self.seen, self.hidden)))

    def _observed(self, chance: np.ndarray, seen: np.ndarray) -> np.ndarray:
        """Observed shares for the formula's probabilities `[T, 30]` of being near."""
        lines = self.seen.near, self.hidden.near
        slope, shift = (np.where(seen, *(getattr(line, part) for line in lines)) for part in ("slope", "shift"))
        return 0.5 * (1.0 + np.tanh(0.5 * (slope * logit(chance) + shift)))


def open_calibration(lifter: str, refiner: str, path: Path = CALIBRATIONS) -> Calibration:
    """The calibration of `lifter` with `refiner`, by the names of `inference.systems`.

    Where the file does not have the pair, or is not there, spread is taken as the networks tell it and `calibrated` is False.
    Raises SetupError where the file is damaged.
    """
    try:
        entry = _entry(json.loads(path.read_text("utf-8")), pair_name(lifter, refiner))
        return as_told() if entry is None else Calibration(_fit(entry["seen"]), _fit(entry["hidden"]))
    except FileNotFoundError:
        return as_told()
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SetupError(f"The calibration {path} is damaged ({error}). Reinstall the extension.") from error


def pair_name(lifter: str, refiner: str) -> str:
    """What the data file calls a lifter with a refiner."""
    return f"{lifter}+{refiner}"


def as_told() -> Calibration:
    """Spread as the networks tell it."""
    plain = SpreadFit(np.ones(len(JOINTS)), np.zeros(len(JOINTS)))
    return Calibration(plain, plain, calibrated=False)


def torso(joints: np.ndarray) -> float:
    """Metres between pelvis and thorax of `joints` `[T, 30, 3]`, the median over the clip."""
    return float(np.median(np.linalg.norm(joints[:, _THORAX] - joints[:, _PELVIS], axis=-1)))


def chance_within(sigma: np.ndarray, radius: float | np.ndarray) -> np.ndarray:
    """Probability `[...]` that a normal error with deviations `sigma` `[..., 3]` along three axes is shorter than `radius`.

    radius: one, or `[...]`, in the unit of sigma.

    The squared length is a sum of squares with unequal weights. Some power of it is nearly normal (Jensen and Solomon,
    A Gaussian Approximation to the Distribution of a Definite Quadratic Form, JASA 67, 1972); for equal weights it is the
    cube root of Wilson and Hilferty. Within 0.04 where the probability is above 0.3, and at most 0.08 too high below,
    where one axis is far longer than the others. NaN where a deviation is.
    """
    squares = np.square(sigma)
    # relative to the greatest, so that powers of small lengths do not vanish
    greatest = np.maximum(squares.max(axis=-1), _NOTHING)
    one, two, three = (((squares / greatest[..., None]) ** power).sum(axis=-1) for power in (1, 2, 3))
    one, two = np.maximum(one, _NOTHING), np.maximum(two, _NOTHING)
    # for three weights the power is never below 0.18
    power = 1.0 - 2.0 * one * three / (3.0 * two**2)
    mean = 1.0 + two * power * (power - 1.0) / one**2
    deviation = power * np.sqrt(2.0 * two) / one
    reached = (radius**2 / (greatest * one)) ** power
    return _normal((reached - mean) / deviation)


def _between(held: np.ndarray, levels: tuple[float, ...]) -> np.ndarray:
    return np.interp(held, (0.0, *levels, 1.0), (0.0, *SHARES, 1.0))


def logit(chance: np.ndarray) -> np.ndarray:
    """The logarithm of the odds of probabilities, which are kept off 0 and 1."""
    clipped = np.clip(chance, _CERTAIN, 1.0 - _CERTAIN)
    return np.log(clipped) - np.log1p(-clipped)


def _normal(values: np.ndarray) -> np.ndarray:
    """The standard normal distribution's share below `values`; NumPy has none of its own."""
    error_function = np.vectorize(math.erf, otypes=[float])
    return 0.5 * (1.0 + error_function(values / math.sqrt(2.0)))


def _entry(told: Mapping[str, Any], pair: str) -> Mapping[str, Any] | None:
    if tuple(told["joints"]) != JOINTS:
        raise ValueError("its joints are those of another skeleton")
    return told["pairs"].get(pair)


def _fit(entry: Mapping[str, Any]) -> SpreadFit:
    scale, offset = (np.asarray(entry[name], float) for name in ("scale", "offset"))
    slope, shift = entry["near"]
    near = LogitLine(float(slope), float(shift))
    levels = tuple(float(number) for number in entry["levels"])
    if scale.shape != (len(JOINTS),) or offset.shape != scale.shape:
        raise ValueError(f"scale and offset need {len(JOINTS)} numbers")
    if not np.isfinite([*scale, *offset, near.slope, near.shift, *levels]).all():
        raise ValueError("a number is not finite")
    if min(scale.min(), offset.min()) < 0.0 or near.slope <= 0.0:
        raise ValueError("a scale, an offset or a slope is too small")
    if len(levels) != len(SHARES) or (np.diff([0.0, *levels, 1.0]) <= 0.0).any():
        raise ValueError(f"its levels are not {len(SHARES)} shares that rise")
    return SpreadFit(scale, offset, near, levels)
