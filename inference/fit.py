"""The robust fit: one body, over the whole clip, to everything that is known of it.

The first half of 3DNBF (Zhang et al., ICCV 2023) at the level of key points: every point is explained by the body or by
clutter, two starts are tried, the best so far is kept, and it is taken only where it is better than the start. NumPy
alone; Gauss-Newton steps on a system in which every frame meets only its neighbors.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from . import rotations as rot
from . import turns
from .camera import View
from .contacts import FEET, Contacts
from .fit_equations import Equations
from .fit_terms import HingeTerm, LifterTerm, PathTerm, PointTerm, ReachTerm, StandTerm, Term
from .kinematics import State, lever_arms
from .mirrored import mirrored_limbs
from .observed import Observed
from .poses import Poses
from .standing import standing_places

_RATE = 30.0


@dataclass(frozen=True, slots=True)
class FitSettings:
    """How the fit weighs what it knows; lengths in metres.

    steps: of Gauss and Newton, for each start. together: neighboring frames that err alike, and so count as one. point:
    usual error of a point, on the body. clutter: density of clutter as a share of the body's highest. stray: by which
    the lifter's error changes from a frame to the next, at 30 frames a second. unknown: standard deviation of a joint
    whose lifter tells none; least, most: of any. path_stray: as stray, of the pelvis. hinge, backwards, reach: in radians. stand:
    how exactly a standing foot keeps to its place. damping: what holds back turns that nothing tells. turn: radians, the
    longest step of a bone.
    """

    steps: int = 6
    together: float = 10.0
    point: float = 0.034
    clutter: float = 0.011
    stray: float = 0.02
    unknown: float = 0.15
    least: float = 0.01
    most: float = 0.05
    path_stray: float = 0.02
    hinge: float = 0.1
    backwards: float = 0.03
    reach: float = 0.3
    stand: float = 0.03
    damping: float = 1.0
    turn: float = 0.5


@dataclass(frozen=True, slots=True)
class Fitted:
    """What the fit made of a start.

    poses: after the fit, or the start's where that was not worse. clutter: `[T, 25]` probability that a point is not the
    body's: hidden, or seen wrong; 1 where the subject is absent. energy, start_energy: after and before, the less the
    better. mirrored: whether the start with limbs mirrored in depth won.
    """

    poses: Poses
    clutter: np.ndarray
    energy: float
    start_energy: float
    mirrored: bool


def fit(
    start: Poses, path_sigma: np.ndarray, observed: Observed, view: View, contacts: Contacts, settings: FitSettings
) -> Fitted:
    """Fit a body in motion to a subject as it was seen and lifted.

    start: T frames, as they were solved; its root is the path on which the subject was placed. path_sigma: `[T, 3]` metres
    by which that may be off, camera axes. observed: its joints and spread in metres of the body's own size. Absent frames
    keep their start.
    """
    here = observed.present
    clutter = np.ones(observed.belief.shape)
    if not here.any():
        return Fitted(start, clutter, 0.0, 0.0, mirrored=False)
    view = View(view.rotations[here], view.positions[here])
    terms = _terms(start, path_sigma, observed, view, contacts, settings)
    first = State.of(start.offsets, start.root[here], np.ascontiguousarray(turns.to_matrix(start.rotations[here])))
    before = _energy(first, terms)
    best, energy = _descend(first, terms, settings)
    other = mirrored_limbs(best, view, lambda state: _energies(state, terms))
    won = False
    if other is not None:
        rival, rival_energy = _descend(other, terms, settings)
        won = rival_energy < energy
        best, energy = (rival, rival_energy) if won else (best, energy)
    points = next(term for term in terms if isinstance(term, PointTerm))
    clutter[here] = 1.0 - points.explained(best)
    if energy >= before:
        return Fitted(start, clutter, before, before, mirrored=False)
    root, rotations = start.root.copy(), start.rotations.astype(float)
    root[here], rotations[here] = best.root, rot.from_matrix(best.matrices)
    return Fitted(Poses(start.offsets, root, rot.continuous(rotations)), clutter, energy, before, won)


def _descend(state: State, terms: Sequence[Term], settings: FitSettings) -> tuple[State, float]:
    """The best state on the way down from `state`, and its energy."""
    best, energy = state, _energy(state, terms)
    for _ in range(settings.steps):
        equations = Equations(len(state.root))
        arms = lever_arms(state)
        for term in terms:
            term.add(state, arms, equations)
        step = equations.step(settings.damping)
        size = np.linalg.norm(step[:, 3:].reshape(len(step), -1, 3), axis=-1)
        shorter = np.minimum(1.0, settings.turn / np.maximum(size, 1e-9))
        step[:, 3:] *= np.repeat(shorter, 3, axis=1)
        state = state.moved(step)
        now = _energy(state, terms)
        if now < energy:
            best, energy = state, now
    return best, energy


def _energies(state: State, terms: Sequence[Term]) -> np.ndarray:
    """`[T]`, the terms' sum in every frame."""
    return np.sum([term.energy(state) for term in terms], axis=0)


def _energy(state: State, terms: Sequence[Term]) -> float:
    return float(_energies(state, terms).sum())


def _terms(
    start: Poses,
    path_sigma: np.ndarray,
    observed: Observed,
    view: View,
    contacts: Contacts,
    settings: FitSettings,
) -> list[Term]:
    here = observed.present
    root = start.root[here]
    # what may change between two frames grows with the time between them
    gap = np.maximum(np.diff(observed.times[here]) * _RATE, 1e-3)[:, None]
    spread = np.nan_to_num(observed.spread[here], nan=settings.unknown)
    spread = np.clip(spread, settings.least, settings.most)
    depth = np.maximum(view.to_camera(root[:, None])[:, 0, 2], 0.3)
    shape = (len(gap), *spread.shape[1:])
    sigma = np.maximum(path_sigma[here], settings.least)
    turned = view.rotations / sigma[:, None]
    standing = standing_places(start, contacts, observed.times)
    return [
        LifterTerm(
            observed.joints[here],
            view,
            1.0 / (settings.together * spread**2),
            np.broadcast_to(1.0 / (gap[..., None] * settings.stray**2), shape),
        ),
        PathTerm(
            root,
            turned @ np.swapaxes(turned, 1, 2) / settings.together,
            np.broadcast_to(1.0 / (gap * settings.path_stray**2), (len(gap), 3)),
        ),
        PointTerm(
            observed.slopes[here],
            np.clip(observed.belief[here], 0.0, 0.98),
            view,
            settings.point / depth,
            settings.clutter,
            1.0 / settings.together,
        ),
        HingeTerm(settings.hinge**-2, settings.backwards**-2),
        ReachTerm(settings.reach**-2),
        StandTerm(standing[here], contacts.probability[here, FEET] / settings.stand**2),
    ]
