"""Measures what the networks' uncertainty is worth, for the product: `python -P -m penumbra.training.calibrate_spread`.

    --data FILE [--networks FOLDER] [--pairs s3+none ...] [--out FILE]

Every pair of a lifter and a refiner answers the clips of the validation subjects, whom no network was trained on and no
table is made of, whole and under the occlusions of `spread_samples.MIXTURE`, with perfect points and with points as the
project's own detector errs. For each joint, left and right together, and separately for what was seen and what was not,
sigma' = a sigma + b is fitted in two steps:

- The proportion of a to b by maximum likelihood under Student's t with four degrees of freedom in three dimensions
  (Lange, Little and Taylor, JASA 84, 1989), so that poses gone wholly wrong do not decide what the rest is worth.
- Both by one factor, so that the ellipsoid that should hold 90 % of the errors of a normal distribution does.

Errors have longer tails than a normal distribution, so ellipsoids for less than 90 % then hold too many. Two monotone
maps put that right: one from what ellipsoids should hold to what they do (as Kuleshov et al., ICML 2018, for one
dimension), and one for the probability that a joint lies near its true place, by logistic regression (Platt, 1999).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from scipy import optimize, stats

from ..errors import ArgumentsError, TrainingDataError
from ..inference.confidence import (
    CALIBRATIONS,
    NEAR,
    SHARES,
    Calibration,
    LogitLine,
    SpreadFit,
    chance_within,
    logit,
    pair_name,
    torso,
)
from ..inference.lifted import Refiner
from ..inference.systems import LIFTERS, NONE, REFINERS, blended, members, open_lifter_at, open_refiner, open_refiner_at
from ..models.skeletons import JOINTS, partners
from ..models.weights import NETWORKS, network_path
from .command import exit_code
from .files import replace_file
from .metrics.calibration import DIMENSIONS, in_deviations
from .pack import read_clips, split
from .spread_samples import Sample, SampleSettings, gather

_FREEDOM = 4.0
_SHARE = 0.9
# Errors of which one fit is made; a joint that has fewer is fitted together with all others.
_ENOUGH, _MOST = 400, 8000
_DIGITS = 5
_LEAST_SLOPE = 1e-3


def main(argv: list[str] | None = None) -> int:
    """Run the command line and give its exit code."""
    parser = argparse.ArgumentParser(
        prog="penumbra.training.calibrate_spread", description="Measure what the networks' uncertainty is worth."
    )
    parser.add_argument("--data", type=Path, required=True, help="packed motion, as training/pack.py writes it")
    parser.add_argument("--networks", type=Path, help="folder of NAME.onnx, instead of the shipped networks")
    parser.add_argument("--pairs", nargs="+", metavar="LIFTER+REFINER", help="every pair that is there by default")
    parser.add_argument("--out", type=Path, default=CALIBRATIONS, help="the file in which the pairs are put right")
    options = parser.parse_args(argv)
    return exit_code(lambda: calibrate(options.data, options.networks, options.pairs, options.out))


def calibrate(data: Path, networks: Path | None, names: Sequence[str] | None, out: Path) -> None:
    """Fit the pairs and put them into the file `out`, in which other pairs stay as they are.

    Raises ArgumentsError for a name that is no pair, SetupError for networks that cannot be used and TrainingDataError where
    the data cannot be read or the file not be written.
    """
    clips = split(read_clips(data), "validation")
    if not clips:
        raise TrainingDataError(f"{data} holds nobody to validate on (training/splits.toml). Pack the whole motion.")
    fitted = _entries(out)
    for lifter, refiners in _wanted(networks, names).items():
        parts = members(lifter)
        paths = {name: _path(networks, name) for name in (*parts, *refiners) if name != NONE}
        opened = {name: _refiner(name, paths) for name in refiners}
        samples = gather(clips, blended([open_lifter_at(paths[part], 1) for part in parts]), opened, SampleSettings())
        for refiner, found in samples.items():
            calibration = fit(found)
            used = [paths[name] for name in (*parts, refiner) if name != NONE]
            fitted[pair_name(lifter, refiner)] = entry(calibration, used)
            print(f"{pair_name(lifter, refiner)}: {_summary(calibration, found)}", flush=True)
    replace_file(out, _text(fitted).encode())


def fit(samples: Sequence[Sample]) -> Calibration:
    """The calibration that makes the samples' uncertainty honest. Raises ValueError without samples."""
    errors, spread, seen = (
        np.concatenate(parts)
        for parts in zip(*((item.errors, item.lifted.spread, item.lifted.seen) for item in samples), strict=True)
    )
    radius = np.concatenate([np.full(len(item.truth), NEAR * torso(item.lifted.joints)) for item in samples])
    return Calibration(_fit_kind(errors, spread, seen, radius), _fit_kind(errors, spread, ~seen, radius))


def entry(calibration: Calibration, networks: Sequence[Path]) -> dict[str, Any]:
    """What the data file says of a pair. networks: the files that it was fitted on, whose SHA-256 it says."""
    told: dict[str, Any] = {
        "networks": {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in networks},
    }
    for kind in ("seen", "hidden"):
        part: SpreadFit = getattr(calibration, kind)
        told[kind] = {
            "scale": _rounded(part.scale),
            "offset": _rounded(part.offset),
            "near": _rounded([part.near.slope, part.near.shift]),
            "levels": _rounded(part.levels),
        }
    return told


def _fit_kind(errors: np.ndarray, spread: np.ndarray, chosen: np.ndarray, radius: np.ndarray) -> SpreadFit:
    """The fit for the joints that `chosen` `[N, 30]` picks; errors, spread: `[N, 30, 3]`; radius: `[N]` of being near."""
    if not chosen[:, 1:].any():
        raise ValueError("There is no sample to calibrate on.")
    scale, offset = np.zeros(len(JOINTS)), np.zeros(len(JOINTS))
    everyone = list(range(1, len(JOINTS)))
    for joint, partner in enumerate(partners(JOINTS)):
        if joint == 0:
            continue  # the pelvis is the origin
        pair = sorted({joint, partner})
        group = pair if chosen[:, pair].sum() >= _ENOUGH else everyone
        parts = [(errors[chosen[:, one], one], spread[chosen[:, one], one]) for one in group]
        scale[joint], offset[joint] = _fit_line(*(np.concatenate(part) for part in zip(*parts, strict=True)))
    told = np.isfinite(spread).all(axis=-1, keepdims=True)
    sigma = scale[:, None] * np.where(told, spread, 0.0) + offset[:, None]
    counted = chosen.copy()
    counted[:, 0] = False
    near = np.linalg.norm(errors, axis=-1) < radius[:, None]
    chance = chance_within(sigma, radius[:, None])
    return SpreadFit(
        scale,
        offset,
        near=_observed_line(chance[counted], near[counted]),
        levels=_levels(in_deviations(errors[counted], sigma[counted])),
    )


def _fit_line(errors: np.ndarray, spread: np.ndarray) -> tuple[float, float]:
    """The a and b of sigma' = a sigma + b for errors `[N, 3]` and their spread, `[N, 3]`; a is 0 where none is told."""
    if len(errors) > _MOST:
        kept = np.linspace(0, len(errors) - 1, _MOST).astype(int)
        errors, spread = errors[kept], spread[kept]
    if np.isfinite(spread).all():
        first = np.log([0.5, 0.5 * np.sqrt(np.square(errors).mean())])
        found = optimize.minimize(_unlikely, first, args=(errors, spread), method="Nelder-Mead")
        scale, offset = np.exp(found.x)
    else:
        scale, offset, spread = 0.0, 1.0, np.zeros_like(errors)
    held = np.quantile(in_deviations(errors, scale * spread + offset), _SHARE)
    factor = float(held / np.sqrt(stats.chi2.ppf(_SHARE, DIMENSIONS)))
    return scale * factor, offset * factor


def _unlikely(logarithms: np.ndarray, errors: np.ndarray, spread: np.ndarray) -> float:
    """Minus the mean log likelihood, less a constant, under Student's t in three dimensions."""
    scale, offset = np.exp(logarithms)
    sigma = scale * spread + offset
    squares = np.square(errors / sigma).sum(axis=-1)
    heavy = 0.5 * (_FREEDOM + DIMENSIONS) * np.log1p(squares / _FREEDOM)
    return float((heavy + np.log(sigma).sum(axis=-1)).mean())


def _levels(lengths: np.ndarray) -> tuple[float, ...]:
    """What a normal distribution would have within the ellipsoids that hold `SHARES` of the errors.

    lengths: `[N]` of the errors, in deviations.
    """
    held = stats.chi2.cdf(np.square(np.quantile(lengths, SHARES)), DIMENSIONS)
    return tuple(float(share) for share in held)


def _observed_line(chance: np.ndarray, happened: np.ndarray) -> LogitLine:
    """Logistic regression of what happened, `[N]` bool, on the logit of its foretold chance `[N]`."""
    given = logit(chance)

    def unlikely(line: np.ndarray) -> float:
        value = line[0] * given + line[1]
        return float((np.logaddexp(0.0, value) - happened * value).mean())

    slope, shift = optimize.minimize(unlikely, np.array([1.0, 0.0]), method="Nelder-Mead").x
    return LogitLine(max(float(slope), _LEAST_SLOPE), float(shift))


def _wanted(networks: Path | None, names: Sequence[str] | None) -> dict[str, list[str]]:
    """The refiners asked for with every lifter; without names every one of the product's whose networks are there."""
    if names is None:
        folder = NETWORKS if networks is None else networks
        there = {path.stem for path in folder.glob("*.onnx" if networks else "*/*.onnx")} | {NONE}
        names = [
            pair_name(*pair) for pair in product(LIFTERS, REFINERS) if there.issuperset((*members(pair[0]), pair[1]))
        ]
    wanted: dict[str, list[str]] = {}
    for name in names:
        lifter, plus, refiner = name.partition("+")
        if not (lifter and plus and refiner):
            raise ArgumentsError(f"{name!r} is no pair. Name a lifter and a refiner, such as s3+{NONE}.")
        wanted.setdefault(lifter, []).append(refiner)
    if not wanted:
        raise ArgumentsError(f"There is no lifter in {networks}. Name the folder that the trainer wrote.")
    return wanted


def _path(networks: Path | None, name: str) -> Path:
    return network_path(name) if networks is None else networks / f"{name}.onnx"


def _refiner(name: str, paths: Mapping[str, Path]) -> Refiner:
    return open_refiner(NONE) if name == NONE else open_refiner_at(paths[name], 1)


def _entries(path: Path) -> dict[str, Any]:
    """What the data file at `path` says of each pair; nothing where there is no file."""
    try:
        return dict(json.loads(path.read_text("utf-8"))["pairs"])
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TrainingDataError(f"{path} is no calibration ({error}). Delete it, or choose another place.") from error


def _text(entries: Mapping[str, Any]) -> str:
    """The data file, a pair a line."""
    rows = ",\n".join(f"  {json.dumps(name)}: {json.dumps(entries[name])}" for name in sorted(entries))
    return f'{{\n "joints": {json.dumps(JOINTS)},\n "pairs": {{\n{rows}\n }}\n}}\n'


def _rounded(values: Sequence[float] | np.ndarray) -> list[float]:
    return [float(f"{value:.{_DIGITS}g}") for value in values]


def _summary(calibration: Calibration, samples: Sequence[Sample]) -> str:
    """How often the 90 % ellipsoid holds the error, of what was fitted on."""
    parts = []
    for name, wanted in (("seen", True), ("hidden", False)):
        levels = np.concatenate(
            [calibration.level(item.lifted, item.errors)[item.lifted.seen == wanted] for item in samples]
        )
        known = levels[np.isfinite(levels)]
        parts.append(f"{name}: {len(known)} joints, {100 * (known <= _SHARE).mean():.1f} % within the 90 % ellipsoid")
    return "; ".join(parts)


if __name__ == "__main__":
    sys.exit(main())
