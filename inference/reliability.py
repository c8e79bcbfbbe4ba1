"""Which of the detector's points to believe: those that move as the picture does.

The heart is the gate of Cheng et al., Occlusion-Aware Networks (ICCV 2019): a point's confidence C times
exp(−‖o − d‖² / 2 sigma²), for its displacement d since the last picture and the optical flow o at its last place. That shows
the moment at which a point jumps; afterwards a wrong point can move with the picture again. So, beyond the paper, a point
is followed through the whole clip (`ReliabilitySettings.memory`): between two jumps that the picture does not confirm it
was somewhere else, unless it stayed there for long.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..models.skeletons import partners
from .evidence import Evidence, agreement, expect


@dataclass(frozen=True, slots=True)
class ReliabilitySettings:
    """The gate and its numbers.

    surprise is what `training/calibrate_gate.py` finds. sigma and jitter are wider than those that tell points apart best
    (0.01 and 3): with these the lifted pose errs least, as the command shows. The rest is chosen with real footage in
    view, on which flow fails oftener than in simulation: the command asks for a threshold of 0.05 and a patience of 4.5 s,
    with which the gate drops a sixth of the demo clip's good points. turn, switch and slide were tried by hand.

    gated: whether flow counts at all; without it a point's reliability is its confidence.
    memory: whether a point is followed through the clip, else only the paper's formula is used.
    threshold: reliability from which a point is reliable.
    sigma: by how much flow and displacement may differ, as a share of the body's size.
    jitter: how much of a point's usual difference between the two in the clip is added to sigma, for `memory`.
    slip: forward-backward error from which flow is unknown, as a share of the body's size.
    patience: seconds that a point can be wrong between two jumps; after a longer time the jumps are believed instead.
    together: share of the points above which a jump is the whole body's, and speaks against none of them.

    How unlikely things are, as negative natural logarithms, for `memory`:
    surprise: that a point which is right jumps. turn: that a jump makes a point wrong or right again. switch: that it
    turns so without a jump. slide: that a point which is right goes on as it did, but not as the flow says.
    """

    gated: bool = True
    memory: bool = True
    threshold: float = 0.1
    sigma: float = 0.02
    jitter: float = 5.0
    slip: float = 0.02
    patience: float = 3.0
    together: float = 0.5
    surprise: float = 8.0
    turn: float = 2.0
    switch: float = 16.0
    slide: float = 0.02


def reliability(evidence: Evidence, settings: ReliabilitySettings) -> np.ndarray:
    """`[..., T, P]` 0 to 1: how far each point is to be believed; 0 where the subject is absent.

    A point is reliable where this is at least `settings.threshold`.
    """
    sure = evidence.confidence * evidence.present[..., None]
    if not settings.gated:
        return sure
    steps = _steps(evidence, settings)
    return sure * (_remembered(steps, evidence.rate, settings) if settings.memory else steps.confirmed)


@dataclass(frozen=True, slots=True)
class _Steps:
    """The way of each point from the last present frame to each frame, `[..., T, P]`.

    known: whether there is anything to compare. confirmed: exp(−‖o − d‖² / 2 sigma²), 1 where nothing is known.
    steady: the same for the point's own last displacement instead of the flow.
    swapped: 0 to 1, whether a point came to its left or right partner's place, or its partner to its own.
    """

    known: np.ndarray
    confirmed: np.ndarray
    steady: np.ndarray
    swapped: np.ndarray


def _steps(evidence: Evidence, settings: ReliabilitySettings) -> _Steps:
    way = expect(evidence, settings.sigma, settings.jitter if settings.memory else 0.0, settings.slip)
    by_flow = agreement(evidence.points, way.by_flow, way.spread)
    known = way.known & ~_together(way.known, by_flow, settings.together)
    partner = partners(evidence.names)
    onto = agreement(evidence.points, way.by_flow[..., partner, :], way.spread) * known[..., partner]
    swapped = np.maximum(onto, onto[..., partner]) * (np.array(partner) != np.arange(len(partner)))
    steady = agreement(evidence.points, way.steadily, way.spread)
    return _Steps(known, np.where(known, by_flow, 1.0), steady, swapped)


def _together(known: np.ndarray, confirmed: np.ndarray, most: float) -> np.ndarray:
    """`[..., T, 1]` whether more than a share `most` of the points that are known, `[..., T, P]`, leave the flow at once.

    Then it is the flow that is wrong: the whole body moved too fast for it, or the picture changed.
    """
    jumped = (known & (confirmed < 0.5)).sum(axis=-1, keepdims=True)
    return jumped > most * np.maximum(known.sum(axis=-1, keepdims=True), 1)


def _remembered(steps: _Steps, rate: float, settings: ReliabilitySettings) -> np.ndarray:
    """`[..., T, P]` probability that a point is right, given its steps in the whole clip.

    A hidden Markov model of two states, right and wrong, whose steps carry the evidence, solved by the forward-backward
    algorithm (Rabiner, 1989). A right point moves with the picture, or steadily on (at the rim of a limb the picture can
    show the background's motion), but for a surprise; a wrong one moves in any way; a point turns wrong or right where it
    jumps. A surprise is twice as unlikely where left and right take each other's place. At both ends of the clip a point
    is rather right.
    """
    fits = np.maximum(steps.confirmed, steps.steady * np.exp(-settings.slide))
    stay_right = fits + np.exp(-settings.surprise * (1.0 + steps.swapped))
    # twice as wide as the gate: what is only a little off is no jump
    jumped = steps.known * (1.0 - np.maximum(steps.confirmed, steps.steady) ** 0.25)
    turn = jumped * np.exp(-settings.turn) + np.exp(-settings.switch)
    # a detour of `patience` between two jumps costs as much as the two surprises that it explains
    stay_wrong = np.exp(-2.0 * (settings.surprise - settings.turn) / (settings.patience * rate))
    first = np.exp(settings.surprise / 2)
    ahead = _log_odds(stay_right, turn, stay_wrong, first)
    back = np.flip(_log_odds(_from_the_end(stay_right), _from_the_end(turn), stay_wrong, first), axis=-2)
    return 1.0 / (1.0 + np.exp(-(ahead + back)))


def _from_the_end(steps: np.ndarray) -> np.ndarray:
    """Steps `[..., T, P]` to each frame as those of the clip played backward, whose first frame's is not used either."""
    return np.roll(np.flip(steps, axis=-2), 1, axis=-2)


def _log_odds(stay_right: np.ndarray, turn: np.ndarray, stay_wrong: float, first: float) -> np.ndarray:
    """`[..., T, P]` log of the odds that a point is right, from the steps up to each frame; `first` at first.

    stay_right, turn: `[..., T, P]` weights of the step to each frame; the first frame's is not used. stay_wrong: weight
    of a step from wrong to wrong. As the odds alone are kept, nothing overflows.
    """
    odds = np.full_like(stay_right, first)
    for frame in range(1, odds.shape[-2]):
        was = odds[..., frame - 1, :]
        right, wrong = was * stay_right[..., frame, :] + turn[..., frame, :], was * turn[..., frame, :] + stay_wrong
        odds[..., frame, :] = right / wrong
    return np.log(odds)
