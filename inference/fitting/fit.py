"""The robust fit: one body, over the whole clip, to everything that is known of it.

The first half of 3DNBF (Zhang et al., ICCV 2023) at the level of key points: every point is explained by the body or by
clutter, two starts are tried, and the better is taken, only where it is better than the start. NumPy alone;
Gauss-Newton steps on a system in which every frame meets only its neighbors and the body's sizes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ...models.skeletons import POINT_JOINTS, POINTS
from .. import rotations as rot
from .. import turns
from ..camera import View
from ..contacts import FEET, Contacts
from ..observed import Observed
from ..poses import Poses
from .equations import Equations
from .errors_together import open_correlations, pulled_apart
from .kinematics import State, lever_arms
from .mirrored import mirrored_limbs
from .standing import standing_places
from .terms import FEET_JOINTS, NEAREST, HingeTerm, LifterTerm, PathTerm, PlaceTerm, PointTerm, ReachTerm, Term

_RATE = 30.0
# Belief from which a point tells how large errors are.
_BELIEVED = 0.5
# Parts of a step that are tried before a way down is given up.
_SHARES = (1.0, 0.5, 0.25)


@dataclass(frozen=True, slots=True)
class FitSettings:
    """How the fit weighs what it knows; lengths in metres. Tried on films of validation and training clips.

    steps: of Gauss and Newton at most, for each start. enough: fall of the energy a frame below which it stops.
    alone, memory: the lifter's errors are a process that forgets; what one frame says by itself, and for how many frames, at 30 a
    second, an error lasts. known: how far the measured correlations of its errors are believed. unknown: standard
    deviation of a joint whose lifter tells none; least, most: of any. most_change: of what the error changes by, in place of
    the spread: what is hidden errs much but as slowly.
    points: what one frame's points say, since neighboring frames err alike. share: a point's usual error, as a share of how
    far points and lifted body usually lie apart; point_least, point_most: of that error. doubt: how much greater it is of
    a point that is not believed. clutter: density of clutter as a share of the body's highest.
    size: spread of the logarithm of a bone's true length about the start's. path_alone: what one frame says of the path.
    path_stray: by which the pelvis strays from it in a frame. hinge, backwards, reach: in radians. stand: how exactly a
    standing foot keeps to its place. damping: what holds back turns that nothing tells. turn: radians, the longest step of a bone.
    """

    steps: int = 4
    enough: float = 0.001
    alone: float = 0.07
    memory: float = 5.0
    known: float = 0.8
    unknown: float = 0.15
    least: float = 0.01
    most: float = 0.3
    most_change: float = 0.06
    points: float = 0.1
    share: float = 0.6
    point_least: float = 0.01
    point_most: float = 0.05
    doubt: float = 3.0
    clutter: float = 0.011
    size: float = 0.08
    path_alone: float = 0.1
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

    poses: after the fit, with its body's sizes, or the start's where that was not worse. clutter: `[T, 25]` probability that a point is not the
    body's: hidden, or seen wrong; 1 where the subject is absent. energy, start_energy: after and before, the less the
    better. mirrored: whether the start with limbs mirrored in depth won.
    """

    poses: Poses
    clutter: np.ndarray
    energy: float
    start_energy: float
    mirrored: bool


def fit(
    start: Poses,
    path_sigma: np.ndarray,
    observed: Observed,
    view: View,
    contacts: Contacts,
    settings: FitSettings,
    further: Callable[[State, Problem], State] | None = None,
) -> Fitted:
    """Fit a body in motion to a subject as it was seen and lifted.

    start: T frames, as they were solved; its root is the path on which the subject was placed. path_sigma: `[T, 3]` metres
    by which that may be off, camera axes. observed: its joints and spread in metres of the body's own size. further: what
    goes on from the draft. Absent frames keep their start's turns and place. Raises SetupError where the extension's data
    is damaged.
    """
    here = observed.present
    if not here.any():
        return Fitted(start, np.ones(observed.belief.shape), 0.0, 0.0, mirrored=False)
    problem = problem_of(start, path_sigma, observed, view, contacts, settings)
    first = state_of(start, here)
    best, mirrored = drafted(first, problem, settings)
    if further is not None:
        best = further(best, problem)
    return fitted(start, best, problem, here, problem.energy(first), mirrored=mirrored)


@dataclass(frozen=True, slots=True)
class Problem:
    """What a fit weighs, for the frames in which the subject is present. size: spread of the logarithms of sizes."""

    terms: Sequence[Term]
    points: PointTerm
    view: View
    size: float

    def energies(self, state: State) -> np.ndarray:
        """`[T]`, the terms' sum in every frame."""
        return np.sum([term.energy(state) for term in self.terms], axis=0)

    def energy(self, state: State) -> float:
        """The whole clip's energy and the body's."""
        return float(self.energies(state).sum() + 0.5 * np.sum(state.sizes**2) / self.size**2)


def state_of(poses: Poses, here: np.ndarray) -> State:
    """The state of the frames `here` `[T]` bool of a motion."""
    return State.of(poses.offsets, poses.root[here], np.ascontiguousarray(turns.to_matrix(poses.rotations[here])))


def fitted(start: Poses, best: State, problem: Problem, here: np.ndarray, before: float, *, mirrored: bool) -> Fitted:
    """The better of a start, whose energy was `before`, and of what was made of its frames `here`."""
    energy = problem.energy(best)
    clutter = np.ones((len(here), len(POINTS)))
    clutter[here] = 1.0 - problem.points.explained(best)
    if energy >= before:
        return Fitted(start, clutter, before, before, mirrored=False)
    root, rotations = start.root.copy(), start.rotations.astype(float)
    root[here], rotations[here] = best.root, rot.from_matrix(best.matrices)
    return Fitted(Poses(best.offsets, root, rot.continuous(rotations)), clutter, energy, before, mirrored)


def drafted(first: State, problem: Problem, settings: FitSettings) -> tuple[State, bool]:
    """The better of what comes of a state and of its limbs mirrored in depth, and whether that was the mirrored one."""
    best = _descended(first, problem, settings)
    other = mirrored_limbs(best, problem.view, problem.energies)
    if other is None:
        return best, False
    rival = _descended(other, problem, settings)
    won = problem.energy(rival) < problem.energy(best)
    return (rival if won else best), won


def _descended(state: State, problem: Problem, settings: FitSettings) -> State:
    """The state at the end of the way down from `state`."""
    energy = problem.energy(state)
    for _ in range(settings.steps):
        equations = Equations(len(state.root))
        arms = lever_arms(state)
        for term in problem.terms:
            term.add(state, arms, equations)
        step, grown = equations.step(settings.damping, state.sizes, settings.size)
        size = np.linalg.norm(step[:, 3:].reshape(len(step), -1, 3), axis=-1)
        shorter = np.minimum(1.0, settings.turn / np.maximum(size, 1e-9))
        step[:, 3:] *= np.repeat(shorter, 3, axis=1)
        tried = (state.moved(share * step, share * grown) for share in _SHARES)
        better = next(((other, now) for other in tried if (now := problem.energy(other)) < energy), None)
        if better is None:
            break
        fell = energy - better[1]
        state, energy = better
        if fell < settings.enough * len(state.root):
            break
    return state


def problem_of(
    start: Poses,
    path_sigma: np.ndarray,
    observed: Observed,
    view: View,
    contacts: Contacts,
    settings: FitSettings,
) -> Problem:
    """What is known of the present frames; arguments as of `fit`."""
    here = observed.present
    view = View(view.rotations[here], view.positions[here])
    root = start.root[here]
    # what may change between two frames grows with the time between them
    gap = np.maximum(np.diff(observed.times[here]) * _RATE, 1e-3)
    spread = np.clip(np.nan_to_num(observed.spread[here], nan=settings.unknown), settings.least, settings.most)
    sigma = np.maximum(path_sigma[here], settings.least)
    turned = view.rotations / sigma[:, None]
    standing = standing_places(start, contacts, observed.times)
    points = _points(start, observed, view, settings)
    apart = pulled_apart(open_correlations(), settings.known)
    terms = [
        LifterTerm(
            observed.joints[here],
            view,
            spread,
            apart,
            settings.alone,
            settings.memory / (2.0 * gap),
            settings.most_change,
        ),
        PathTerm(root, turned @ np.swapaxes(turned, 1, 2) * settings.path_alone, 1.0 / (gap * settings.path_stray**2)),
        points,
        HingeTerm(settings.hinge**-2, settings.backwards**-2),
        ReachTerm(settings.reach**-2),
        PlaceTerm(FEET_JOINTS, standing[here], contacts.probability[here, FEET] / settings.stand**2),
    ]
    return Problem(terms, points, view, settings.size)


def _points(start: Poses, observed: Observed, view: View, settings: FitSettings) -> PointTerm:
    """The points of the present frames; their usual error is told by how far from the lifted body they lie."""
    here = observed.present
    belief, slopes = np.clip(observed.belief[here], 0.0, 0.98), observed.slopes[here]
    places = view.to_camera(start.joints()[here][:, list(POINT_JOINTS)])
    depth = np.maximum(places[..., 2:], NEAREST)
    apart = np.linalg.norm(places[..., :2] - slopes * depth, axis=-1)[belief >= _BELIEVED]
    usual = np.median(apart) if apart.size else np.inf
    error = np.clip(settings.share * usual, settings.point_least, settings.point_most)
    own = error * (1.0 + settings.doubt * (1.0 - belief))
    away = np.maximum(view.to_camera(start.root[here][:, None])[..., 2], NEAREST)
    return PointTerm(slopes, belief, view, own / away, settings.clutter, settings.points)
