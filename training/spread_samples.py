"""What systems answer on held-out clips, beside the truth: what their uncertainty is calibrated on and measured by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..inference.lifted import Lifted, Lifter, Refiner
from .clips import Clip
from .detector import DetectorModel, typical
from .occlusion import SUITE, Clean, Part, Protocol, Random, SelfOcclusion, Windows
from .trials import believe, choose, occlude, trials

MIXTURE = tuple(item for item in SUITE if isinstance(item, (Random, Windows, Part, SelfOcclusion)))
"""The occlusions that samples are taken under, beside none at all: those that hide and do not tell anything wrong."""


@dataclass(frozen=True, slots=True)
class SampleSettings:
    """How much is asked.

    clips: windows of clips, chosen as for the tables of occlusion, so that all motion counts as often as it was recorded
    and one rare clip does not decide. occlusions: of `MIXTURE` in turn for every window, beside the whole sight. step:
    frames from one that is kept to the next, for neighbors are alike.
    """

    clips: int = 40
    occlusions: int = 4
    step: int = 4


@dataclass(frozen=True, slots=True)
class Sample:
    """One clip's answer, thinned. truth: `[T, 30, 3]` metres about the pelvis, camera axes."""

    lifted: Lifted
    truth: np.ndarray

    @property
    def errors(self) -> np.ndarray:
        """`[T, 30, 3]` metres, camera axes."""
        return self.lifted.joints - self.truth


def gather(
    clips: Sequence[Clip], lifter: Lifter, refiners: Mapping[str, Refiner], settings: SampleSettings
) -> dict[str, list[Sample]]:
    """Samples of the lifter with every refiner, by the refiner's name.

    Half of them see perfect points and half see them as the project's own detector errs, with the same occlusions.
    """
    found: dict[str, list[Sample]] = {name: [] for name in refiners}
    chosen = choose(clips, settings.clips, settings.clips)
    for model in (DetectorModel(), typical()):
        for number, trial in enumerate(trials(chosen, "own", model)):
            for protocol in _in_turn(number, settings.occlusions):
                occluded = occlude(trial, protocol)
                lifted = lifter(believe(occluded.points[0], occluded.confidence[0]))
                for name, refine in refiners.items():
                    kept = slice(number % settings.step, None, settings.step)
                    found[name].append(Sample(_thinned(refine(lifted), kept), trial.truth[kept]))
    return found


def _in_turn(number: int, count: int) -> list[Protocol]:
    """The whole sight, and the occlusions that are the trial's turn."""
    return [Clean(), *(MIXTURE[(number * count + turn) % len(MIXTURE)] for turn in range(count))]


def _thinned(lifted: Lifted, kept: slice) -> Lifted:
    return replace(
        lifted,
        joints=lifted.joints[kept],
        spread=lifted.spread[kept],
        seen=lifted.seen[kept],
        confidence=lifted.confidence[kept],
        views=lifted.views[kept],
    )
