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
from .occlusion_methods import Method, Networks, lift_all, lift_clean
from .occlusion_scores import NOT_TRIED, Score, mean_interval, ratio_interval, score

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

    def best(self, protocol: str, methods: Iterable[Method], field: str, chosen: np.ndarray | None = None) -> str:
        """The baseline whose mean is the least; over the trials that `chosen` `[N]` bool picks, or over all."""
        names = [method.name for method in methods if method.baseline]
        kept = slice(None) if chosen is None else chosen
        return min(names, key=lambda name: float(np.nanmean(self.values(protocol, name, field)[kept])))

    def against_best(self, protocol: str, name: str, methods: Iterable[Method], field: str) -> Interval:
        """The ratio of a method's mean to that of the baseline that is best where the method was tried."""
        tried = np.isfinite(self.values(protocol, name, field))
        return self.against(protocol, name, self.best(protocol, methods, field, tried), field)

    def against(self, protocol: str, name: str, other: str, field: str) -> Interval:
        """The ratio of a method's mean to another's, over the trials that have both."""
        ours, theirs = (self.values(protocol, method, field) for method in (name, other))
        return ratio_interval(ours, theirs, self.recordings)

    def where(self, chosen: np.ndarray) -> Outcome:
        """The outcome of the trials that `chosen` `[N]` bool picks."""
        kept = np.flatnonzero(chosen)
        return Outcome(
            tuple(self.recordings[trial] for trial in kept),
            {key: [own[trial] for trial in kept] for key, own in self.scores.items()},
        )

    def joined(self, other: Outcome) -> Outcome:
        """This and another outcome of the same trials, of which the other may have fewer: the first of them.

        What a method was not tried on scores nothing. Raises ValueError where the other's are not the first.
        """
        count = len(other.recordings)
        if self.recordings[:count] != other.recordings:
            raise ValueError("Only outcomes of the same trials can be joined.")
        missing = [NOT_TRIED] * (len(self.recordings) - count)
        return Outcome(self.recordings, {**self.scores, **{key: [*own, *missing] for key, own in other.scores.items()}})


def run_suite(
    trials: Sequence[Trial], protocols: Sequence[Protocol], methods: Sequence[Method], networks: Networks
) -> Outcome:
    """Every method on every trial under every occlusion, the same random numbers for all methods.

    A protocol that is named twice is run once.
    """
    once = {protocol.name: protocol for protocol in protocols}.values()
    scores: dict[tuple[str, str], list[Score]] = {}
    for trial in trials:
        clean = lift_clean(methods, networks, believe(trial.points, trial.confidence))
        for protocol in once:
            occluded = occlude(trial, protocol)
            hidden = joint_hidden(occluded.hidden[0])
            sightings = believe(occluded.points[0], occluded.confidence[0])
            # whoever fills gaps itself has answered already where there are none
            asked = [method for method in methods if hidden.any() or method.fill != "own"]
            answers = lift_all(asked, networks, sightings, hidden)
            for name, seen in clean.items():
                found = score(answers.get(name, seen.joints), seen.joints, trial.truth, hidden)
                scores.setdefault((protocol.name, name), []).append(found)
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
