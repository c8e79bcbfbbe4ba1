"""Tries the systems: the whole suite on held-out clips, and the hard occlusions on sources that no network saw."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..training.clips import Clip
from ..training.occlusion import SUITE, Clean, Part, Protocol, Random, Windows
from ..training.pack import only_source
from ..training.spread_samples import SampleSettings
from ..training.trials import Trial
from .occlusion_methods import Method, Networks
from .occlusion_sets import WITHOUT, Size, a_set
from .occlusion_suite import Outcome, run_suite
from .systems_methods import BASELINES, VARIANTS, Shelf, slow

HARD = (Windows(30, 3), Windows(60, 3), Part("both legs", 45))
"""The occlusions that the bounds are about."""
RANDOM = tuple(Random(count) for count in (4, 8, 12, 16))
SPARSEST = RANDOM[-1]


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is tried.

    usual: clips of held-out subjects for what bounds are about; apart: of a source left out. several: of the usual, for the
    rest of the suite and in ablations. few, fewest: the same for systems that take long. rest: what the suite has beside
    what bounds are about. samples: of which the uncertainty is measured. frames: on which it is timed.
    """

    usual: Size
    apart: Size
    several: int
    few: int
    fewest: int
    bounded: tuple[Protocol, ...]
    rest: tuple[Protocol, ...]
    samples: SampleSettings
    frames: int


_BOUNDED = (Clean(), *RANDOM, *HARD)
FULL = Effort(
    usual=Size(30, 30),
    apart=Size(24, 24),
    several=6,
    few=6,
    fewest=2,
    bounded=_BOUNDED,
    rest=tuple(protocol for protocol in SUITE if protocol not in _BOUNDED),
    samples=SampleSettings(clips=30),
    frames=900,
)
QUICK = Effort(
    usual=Size(2, 2),
    apart=Size(2, 2),
    several=1,
    few=1,
    fewest=1,
    bounded=(Clean(), SPARSEST, *HARD),
    rest=(),
    samples=SampleSettings(clips=2, occlusions=1),
    frames=150,
)


def try_held_out(clips: Sequence[Clip], methods: Sequence[Method], networks: Networks, effort: Effort) -> Outcome:
    """Every method on held-out clips: what bounds are about, and on fewer clips the rest of the suite."""
    every = a_set(clips, effort.usual)
    outcome = _try(every, effort.few, effort.bounded, methods, networks)
    whole = [method for method in methods if method not in VARIANTS]
    return outcome.joined(_try(every[: effort.several], effort.fewest, effort.rest, whole, networks))


def try_judged(
    clips: Sequence[Clip], judged: Iterable[Method], networks: Networks, effort: Effort, outcome: Outcome
) -> Outcome:
    """The outcome with those of the judged methods that take long tried on as many held-out clips as the others."""
    late = [method for method in dict.fromkeys(judged) if slow(method)]
    return outcome.joined(run_suite(a_set(clips, effort.usual), (Clean(), *HARD), late, networks)) if late else outcome


def try_left_out(clips: Sequence[Clip], ranking: Sequence[Method], shelf: Shelf, effort: Effort) -> dict[str, Outcome]:
    """Every source by the networks that were trained without it, where there are such of the baselines and a system.

    ranking: the systems, the best first; of those that take long only the first that is there is tried, if none is better.
    """
    found = {}
    for source, ending in WITHOUT.items():
        there = shelf.there(ranking, f"-without-{ending}")
        tried = [method for method in there if method is there[0] or not slow(method)]
        if there and shelf.there(BASELINES, f"-without-{ending}") == BASELINES:
            every = a_set(only_source(clips, source), effort.apart)
            methods = (*tried, *BASELINES)
            found[source] = run_suite(every, (Clean(), *HARD), methods, shelf.open(methods, f"-without-{ending}"))
    return found


def _try(
    every: Sequence[Trial], few: int, protocols: Sequence[Protocol], methods: Sequence[Method], networks: Networks
) -> Outcome:
    """All methods on all trials, but those that take long on the first few only."""
    quick = run_suite(every, protocols, [method for method in methods if not slow(method)], networks)
    return quick.joined(run_suite(every[:few], protocols, [method for method in methods if slow(method)], networks))
