"""Left and right that the detector took for each other, found by how the picture moves and put right.

A swap is the commonest gross mistake of detectors, and one that need not cost the points: they are all there, under each
other's names. Each pair of points is followed through the clip; it is either straight or crossed, and changes where both
its points land where the picture says the other was going. What hangs together is mostly swapped together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from ..models.skeletons import partners
from .evidence import Evidence, agreement, expect, last_present

# Limbs and the face as chains of groups of points, from the trunk outward. A group is swapped as one.
_CHAINS = (
    (("hip",), ("knee",), ("ankle", "heel", "toe")),
    (("shoulder",), ("elbow",), ("wrist", "pinky", "index", "thumb")),
    (("eye_inner", "eye", "eye_outer", "ear", "mouth"),),
)


@dataclass(frozen=True, slots=True)
class SwapSettings:
    """How swaps are found.

    mended: whether at all. sigma, jitter, slip, surprise: as in `reliability.ReliabilitySettings`. The others are negative
    natural logarithms of how likely things are. change: that a group crosses or comes straight. crossed: that a
    crossed group stays so for another frame. apart: that a group is for a frame and the next one of its limb is not.
    """

    mended: bool = True
    sigma: float = 0.01
    jitter: float = 3.0
    slip: float = 0.02
    surprise: float = 8.0
    change: float = 1.0
    crossed: float = 0.05
    apart: float = 0.1


def crossed(evidence: Evidence, settings: SwapSettings) -> np.ndarray:
    """`[..., T, P]` bool: the points that go by each other's names, the same for both points of a pair.

    The likeliest course of each pair (Viterbi, 1967): straight or crossed in every frame, and straight rather than not.
    """
    across = np.zeros(evidence.points.shape[:-1], bool)
    if not settings.mended:
        return across
    steps = _steps(evidence, settings)
    for chain in _CHAINS:
        groups = [_members(evidence.names, group) for group in chain]
        groups = [group for group in groups if group]
        if groups:
            kept, changed = (_together(step, steps.known, groups) for step in (steps.kept, steps.changed))
            course = _likeliest(kept, changed, settings)
            for number, group in enumerate(groups):
                across[..., group] = course[..., number, None]
    return across


def exchange(values: np.ndarray, across: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """`values` `[..., T, P]` or `[..., T, P, D]` of points called `names`, exchanged where `across` `[..., T, P]`."""
    swapped = np.take(values, partners(names), axis=across.ndim - 1)
    return np.where(across.reshape(across.shape + (1,) * (values.ndim - across.ndim)), swapped, values)


def as_flow_began(across: np.ndarray, present: np.ndarray) -> np.ndarray:
    """Which points `[..., T, P]` were crossed in the last present frame, where the flow to each frame began."""
    return np.take_along_axis(across, last_present(present)[..., None], axis=-2)


def uncross(evidence: Evidence, settings: SwapSettings) -> Evidence:
    """The evidence with crossed points exchanged."""
    across = crossed(evidence, settings)
    before = as_flow_began(across, evidence.present)
    return replace(
        evidence,
        points=exchange(evidence.points, across, evidence.names),
        confidence=exchange(evidence.confidence, across, evidence.names),
        flow=exchange(evidence.flow, before, evidence.names),
        flow_error=exchange(evidence.flow_error, before, evidence.names),
    )


def _members(names: Sequence[str], group: Sequence[str]) -> list[int]:
    """The points of a group's both sides."""
    return [index for index, name in enumerate(names) if name.partition(".")[0] in group and "." in name]


@dataclass(frozen=True, slots=True)
class _Steps:
    """Steps to each frame, `[..., T, P]`: log likelihoods that a point went on as itself, and as its partner.

    known: whether flow tells anything; the others are 0 where not.
    """

    known: np.ndarray
    kept: np.ndarray
    changed: np.ndarray


def _steps(evidence: Evidence, settings: SwapSettings) -> _Steps:
    way = expect(evidence, settings.sigma, settings.jitter, settings.slip)

    def fit(points: np.ndarray) -> np.ndarray:
        by_flow, steady = (agreement(points, place, way.spread) for place in (way.by_flow, way.steadily))
        return np.where(way.known, np.log(np.maximum(by_flow, steady) + np.exp(-settings.surprise)), 0.0)

    return _Steps(way.known, fit(evidence.points), fit(evidence.points[..., partners(evidence.names), :]))


def _together(step: np.ndarray, known: np.ndarray, groups: list[list[int]]) -> np.ndarray:
    """`[..., T, G]` of a step's `[..., T, P]`: mean over a group's points for which it is known, for both its sides."""
    parts = [2.0 * step[..., group].sum(-1) / np.maximum(known[..., group].sum(-1), 1) for group in groups]
    return np.stack(parts, axis=-1)


def _likeliest(kept: np.ndarray, changed: np.ndarray, settings: SwapSettings) -> np.ndarray:
    """The likeliest course `[..., T, G]` of a chain, True where a group is crossed.

    kept, changed: `[..., T, G]` log likelihoods that a group's points go on as themselves, and as their partners.
    """
    states = np.array(list(product((False, True), repeat=kept.shape[-1])))
    cost = settings.crossed * states.sum(-1) + settings.apart * (states[:, 1:] != states[:, :-1]).sum(-1)
    turns = states[:, None] != states[None]
    steps = np.where(turns, changed[..., None, None, :] - settings.change, kept[..., None, None, :]).sum(-1) - cost
    scores = np.broadcast_to(-cost, (*kept.shape[:-2], len(states)))
    came = np.zeros((*kept.shape[:-1], len(states)), int)
    for frame in range(1, kept.shape[-2]):
        reached = scores[..., :, None] + steps[..., frame, :, :]
        came[..., frame, :] = reached.argmax(axis=-2)
        scores = reached.max(axis=-2)
    state = scores.argmax(axis=-1)
    course = np.zeros(kept.shape[:-1], int)
    for frame in range(kept.shape[-2] - 1, -1, -1):
        course[..., frame] = state
        state = np.take_along_axis(came[..., frame, :], state[..., None], axis=-1)[..., 0]
    return states[course]
