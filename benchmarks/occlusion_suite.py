"""Runs methods over trials and occlusions, and keeps one score for each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..inference.evidence import Evidence, body_size
from ..inference.lifted import Lifter
from ..inference.reliability import ReliabilitySettings, reliability
from ..inference.sightings import Sightings
from ..inference.swaps import SwapSettings, uncross
from ..models.skeletons import POINTS
from ..training.metrics.bootstrap import Interval
from ..training.occlusion import Protocol, joint_hidden, stream
from ..training.simulated_flow import FlowNoise, simulated_flow
from ..training.trials import Trial, believe, occlude
from .occlusion_methods import Method, lift_all
from .occlusion_scores import Score, mean_interval, ratio_interval, score

# The seed by which the flow's noise differs from the protocol's own random numbers.
_FLOW = 1
UNGATED, GATED, KNOWN = "S3, all believed", "S3, gated", "S3, told what is wrong"


@dataclass(frozen=True, slots=True)
class Outcome:
    """All scores of a set of trials. scores: by protocol and method, one a trial in the order of `recordings`."""

    recordings: tuple[str, ...]
    scores: Mapping[tuple[str, str], Sequence[Score]]

    def values(self, protocol: str, method: str, field: str) -> np.ndarray:
        """One field of every trial's score, `[N]`."""
        return np.array([getattr(item, field) for item in self.scores[protocol, method]])

    def mean(self, protocol: str, method: str, field: str) -> Interval:
        """Its mean, with the bootstrap's interval."""
        return mean_interval(self.values(protocol, method, field), self.recordings)

    def best(self, protocol: str, methods: Iterable[Method], field: str) -> str:
        """The baseline whose mean is the least."""
        names = [method.name for method in methods if method.baseline]
        return min(names, key=lambda name: float(np.nanmean(self.values(protocol, name, field))))

    def against_best(self, protocol: str, name: str, methods: Iterable[Method], field: str) -> Interval:
        """The ratio of a method's mean to the best baseline's."""
        best = self.best(protocol, methods, field)
        ours, theirs = (self.values(protocol, method, field) for method in (name, best))
        return ratio_interval(ours, theirs, self.recordings)


def run_suite(
    trials: Sequence[Trial],
    protocols: Sequence[Protocol],
    methods: tuple[Method, ...],
    lifters: Mapping[str, Lifter],
) -> Outcome:
    """Every method on every trial under every occlusion, the same random numbers for all methods.

    A protocol that is named twice is run once.
    """
    once = {protocol.name: protocol for protocol in protocols}.values()
    scores: dict[tuple[str, str], list[Score]] = {}
    for trial in trials:
        given = believe(trial.points, trial.confidence)
        clean = {name: lifter(given).joints for name, lifter in lifters.items()}
        for protocol in once:
            occluded = occlude(trial, protocol)
            hidden = joint_hidden(occluded.hidden[0])
            sightings = believe(occluded.points[0], occluded.confidence[0])
            for method, joints in zip(methods, lift_all(methods, lifters, sightings, hidden).values(), strict=True):
                found = score(joints, clean[method.network], trial.truth, hidden)
                scores.setdefault((protocol.name, method.name), []).append(found)
    return Outcome(tuple(trial.recording for trial in trials), scores)


def run_gate(trials: Sequence[Trial], protocols: Sequence[Protocol], lifter: Lifter) -> tuple[Outcome, Outcome]:
    """The lifter where points are wrong: over the frames with wrong points, and over whole trials.

    Ungated, gated, and with the wrong points hidden by somebody who knows them, as no gate that only hides can better.

    Where nothing is wrong, only whole trials have a score.

    The gate sees the simulated flow, measured with noise, of the body and of a background that moves with the camera.
    """
    during: dict[tuple[str, str], list[Score]] = {}
    whole: dict[tuple[str, str], list[Score]] = {}
    for trial in trials:
        clean = lifter(believe(trial.points, trial.confidence)).joints
        for protocol in protocols:
            told = occlude(trial, protocol)
            wrong = joint_hidden(told.hidden[0])
            frames = told.hidden[0].any(axis=1)
            believed = believe(told.points[0], told.confidence[0])
            gated = gate(trial, believed, stream(protocol, trial.name, _FLOW))
            known = replace(believed, seen=believed.seen & ~told.hidden[0])
            for name, sightings in ((UNGATED, believed), (GATED, gated), (KNOWN, known)):
                joints, key = lifter(sightings).joints, (protocol.name, name)
                during.setdefault(key, []).append(
                    score(joints[frames], clean[frames], trial.truth[frames], wrong[frames])
                )
                whole.setdefault(key, []).append(score(joints, clean, trial.truth, wrong))
    recordings = tuple(trial.recording for trial in trials)
    return Outcome(recordings, during), Outcome(recordings, whole)


def gate(trial: Trial, believed: Sightings, random: np.random.Generator) -> Sightings:
    """The sightings as the product's gate leaves them, by a flow that is measured at `random`.

    Left and right are put right where they were swapped, and reliability takes the place of confidence.
    """
    settings = ReliabilitySettings()
    size = body_size(believed.points)
    flow, error = simulated_flow(
        trial.joints[None], believed.points[None], trial.background[None], size[None], FlowNoise(), random
    )
    evidence = Evidence(
        points=believed.points,
        confidence=believed.confidence,
        flow=flow[0],
        flow_error=error[0],
        size=size,
        present=np.ones(len(size), bool),
        rate=believed.rate,
        names=POINTS,
    )
    evidence = uncross(evidence, SwapSettings())
    trust = reliability(evidence, settings)
    return replace(believed, points=evidence.points, confidence=trust, seen=trust >= settings.threshold)
