"""How honest the systems' uncertainty is on people whom neither a network nor the calibration has met."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import matplotlib as mpl
import numpy as np

from ..inference.confidence import NEAR, Calibration, as_told, open_calibration, pair_name, torso
from ..training.clips import Clip
from ..training.metrics import calibration as metrics
from ..training.spread_samples import Sample, SampleSettings, gather
from .occlusion_methods import Method, Networks
from .report import Figure
from .tables import table

Kind = Literal["all", "seen", "hidden"]
KINDS: tuple[Kind, ...] = ("all", "seen", "hidden")


@dataclass(frozen=True, slots=True)
class Honesty:
    """What became of one system's uncertainty, of all joints but the pelvis, or of those seen or hidden.

    count: errors. covered, bare: `[19]` shares of errors within the ellipsoids for `metrics.LEVELS`, calibrated and as
    the network tells them. nine_tenths: share within the 90 % ellipsoid. ence, ause, spearman, within, likelihood: of the
    calibrated deviations, as `training.metrics.calibration` defines them. near: of the probability of being near.
    """

    count: int
    covered: np.ndarray
    bare: np.ndarray
    nine_tenths: float
    ence: float
    ause: float
    spearman: float
    within: float
    likelihood: float
    near: metrics.Reliability

    @property
    def error(self) -> float:
        """ECE: mean distance between covered and level."""
        return float(np.abs(self.covered - metrics.LEVELS).mean())

    @property
    def bare_error(self) -> float:
        """ECE of what the network itself tells."""
        return float(np.abs(self.bare - metrics.LEVELS).mean())


@dataclass(frozen=True, slots=True)
class Measured:
    """One system's uncertainty. method: which. calibrated: whether the calibration knows it."""

    method: Method
    calibrated: bool
    kinds: Mapping[Kind, Honesty]


def measure(
    clips: Sequence[Clip], methods: Sequence[Method], networks: Networks, calibrations: Path, settings: SampleSettings
) -> list[Measured]:
    """The uncertainty of every method that tells one, on samples of `clips`; every lifter is asked once."""
    found = []
    for lifter in dict.fromkeys(method.lifter for method in methods):
        same = [method for method in methods if method.lifter == lifter]
        refiners = {
            method.refiner: (lambda lifted, name=method.refiner: networks.refined(lifted, name)) for method in same
        }
        samples = gather(clips, networks.lifters[lifter], refiners, settings)
        for method in same:
            calibration = open_calibration(lifter, method.refiner, calibrations)
            kinds = {kind: honesty(samples[method.refiner], calibration, kind) for kind in KINDS}
            found += [Measured(method, calibration.calibrated, kinds)] if kinds["all"].count else []
    return found


def honesty(samples: Sequence[Sample], calibration: Calibration, kind: Kind) -> Honesty:
    """How honest the calibrated uncertainty of `samples` is; counts only joints whose spread is known."""
    lifted = [item.lifted for item in samples]
    errors = np.concatenate([item.errors for item in samples])
    seen = np.concatenate([item.seen for item in lifted])
    sigma = np.concatenate([calibration.sigma(item) for item in lifted])
    levels, bare = (
        np.concatenate([by.level(item.lifted, item.errors) for item in samples]) for by in (calibration, as_told())
    )
    chance = np.concatenate([calibration.confidence(item) for item in lifted])
    radius = np.concatenate([np.full(len(item.joints), NEAR * torso(item.joints)) for item in lifted])
    near = np.linalg.norm(errors, axis=-1) < radius[:, None]
    counted = np.isfinite(levels) & {"all": np.ones_like(seen), "seen": seen, "hidden": ~seen}[kind]
    count = int(counted.sum())
    if not count:
        nothing = np.full(len(metrics.LEVELS), np.nan)
        return Honesty(0, nothing, nothing, *[float("nan")] * 6, near=metrics.Reliability(*np.zeros((3, 0))))
    lengths, deviations = np.linalg.norm(errors, axis=-1), metrics.usual(sigma)
    return Honesty(
        count=count,
        covered=_shares(levels[counted]),
        bare=_shares(bare[counted]),
        nine_tenths=float((levels[counted] <= 0.9).mean()),
        ence=metrics.ence(lengths[counted], deviations[counted]),
        ause=metrics.ause(lengths[counted], deviations[counted]),
        spearman=metrics.spearman(lengths[counted], deviations[counted]),
        within=metrics.spearman_within(lengths, deviations, counted),
        likelihood=metrics.negative_log_likelihood(errors[counted], sigma[counted]),
        near=metrics.reliability(chance[counted], near[counted]),
    )


def honesty_figures(measured: Sequence[Measured], default: Method) -> list[Figure]:
    """The bounds, for the system that the product takes by default; short where it tells no uncertainty."""
    pair = next((item for item in measured if item.method == default), None)
    nothing = float("nan")
    found = [Figure("calibration_error", pair.kinds["all"].error if pair else nothing, "", 0.05)]
    for kind in ("seen", "hidden"):
        share = pair.kinds[kind].nine_tenths if pair else nothing
        found += [
            Figure(f"interval_90_{kind}", share, ""),
            Figure(f"interval_90_{kind}_off", abs(share - 0.9), "", 0.05),
        ]
    within = pair.kinds["all"].within if pair else nothing
    return [*found, Figure("spearman_within_joint", within, "", 0.4, at_least=True)]


def honesty_table(measured: Sequence[Measured]) -> str:
    """All metrics of every system, seen and hidden."""
    rows = [
        (
            pair_name(item.method.lifter, item.method.refiner),
            kind,
            str(found.count),
            *(
                f"{value:.3f}" if np.isfinite(value) else "–"
                for value in (
                    found.error, found.bare_error, found.nine_tenths, found.ence, found.ause, found.spearman,
                    found.within, found.likelihood, found.near.error,
                )
            ),
            "yes" if item.calibrated else "no",
        )
        for item in measured
        for kind, found in item.kinds.items()
        if found.count
    ]  # fmt: skip
    return table(
        "Honesty of the uncertainty",
        (
            "system",
            "joints",
            "errors",
            "ECE",
            "ECE as the network tells it",
            "within the 90 % interval",
            "ENCE",
            "AUSE",
            "Spearman",
            "within a joint",
            "NLL",
            "error of the probability of being near",
            "calibrated",
        ),
        rows,
        "Clips of the test split, whole and under occlusions that hide, half with perfect 2D and half as "
        "BlazePose errs; the calibration was fitted on the same mixture of the validation split. All joints but the pelvis. "
        "ECE and interval: of the three-axis ellipsoid. NLL: nats, of a normal distribution in metres. Near: within a tenth "
        "of the torso.",
    )


def draw_reliability(measured: Sequence[Measured], shown: Method, path: Path) -> None:
    """Write the PNG `path`: coverage over level for seen and for hidden joints, and what became of being near.

    shown: the system whose own deviations, not calibrated, and whose probabilities are shown.
    """
    mpl.use("Agg")
    from matplotlib import pyplot as plt  # noqa: PLC0415 - after the choice of what draws

    figure, panels = plt.subplots(1, 3, figsize=(13, 4.4), layout="constrained")
    for panel, kind in zip(panels[:2], KINDS[1:], strict=True):
        for item in measured:
            found = item.kinds[kind]
            own = item.method == shown
            label = item.method.name if item.calibrated else f"{item.method.name}, not calibrated"
            panel.plot(metrics.LEVELS, found.covered, "o-", ms=3, lw=2 if own else 1, label=label)
            if own:
                panel.plot(metrics.LEVELS, found.bare, ":", color="0.4", label=f"{item.method.name}, as it tells")
        panel.set(title=f"{kind} joints", xlabel="share that the ellipsoid should hold", ylabel="share that it holds")
    for item in measured:
        for kind in KINDS[1:] if item.method == shown else ():
            near = item.kinds[kind].near
            sizes = 10 + 200 * near.counts / max(near.counts.max(initial=0), 1)
            panels[2].plot(near.foretold, near.observed, "-", lw=1)
            panels[2].scatter(near.foretold, near.observed, sizes, label=kind, alpha=0.7)
    panels[2].set(
        title=f"within a tenth of the torso, {shown.name}", xlabel="confidence", ylabel="share that is as near"
    )
    for panel in panels:
        panel.plot([0, 1], [0, 1], color="0.7", lw=1, zorder=0)
        panel.set(xlim=(0, 1), ylim=(0, 1))
        panel.grid(alpha=0.3)
        panel.legend(fontsize=8)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _shares(levels: np.ndarray) -> np.ndarray:
    """`[19]` shares of `levels` `[N]` that `metrics.LEVELS` hold; NaN where levels are not known."""
    return np.where(np.isfinite(levels).all(), (levels[None] <= metrics.LEVELS[:, None]).mean(axis=1), np.nan)
