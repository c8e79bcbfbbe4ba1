"""What a fit weighs against each other: each term's energy, which is a negative log likelihood, and its derivatives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ...models.skeletons import BONE_NAMES, BONES, HINGED, HINGES, JOINTS, POINT_JOINTS, REACH
from ..camera import View
from ..contacts import CONTACTS, FEET
from .equations import Equations
from .kinematics import FREE, State

POINT_PLACES = list(POINT_JOINTS)
FEET_JOINTS = [JOINTS.index(name) for name in CONTACTS[FEET]]
NEAREST = 0.3
"""Metres from the camera that no joint comes nearer than."""
# Radians within which a bone's turn about its parent tells no axis.
_STILL = 1e-6


class Term(Protocol):
    """One thing that the pose should agree with."""

    def energy(self, state: State) -> np.ndarray:
        """`[T]`, its negative log likelihood up to a constant."""
        ...

    def add(self, state: State, arms: np.ndarray, equations: Equations) -> None:
        """Add its normal equations; arms: the state's `lever_arms`."""
        ...


@dataclass(frozen=True, slots=True)
class LifterTerm:
    """The lifter's posterior: its joints are off by its spread, joints together, and by nearly the same for a while.

    joints: `[T, 30, 3]` metres about the pelvis, camera axes. view: of the camera. spread: `[T, 30, 3]` metres along the same
    axes. apart: `[3, N, 30]` for each axis what turns errors in spreads into N that are independent of each other. alone: weight
    of a frame by itself. change: `[T-1]` weight of what the error changes by, in spreads
    of at most `most_change` metres. The error is a process of Ornstein and Uhlenbeck.
    """

    joints: np.ndarray
    view: View
    spread: np.ndarray
    apart: np.ndarray
    alone: float
    change: np.ndarray
    most_change: float

    def energy(self, state: State) -> np.ndarray:
        """See `Term`."""
        off = self._off(state)
        energy = 0.5 * self.alone * (self._apart(off / self.spread) ** 2).sum(axis=1)
        change = self._apart(np.diff(off, axis=0) / self.between())
        energy[1:] += 0.5 * self.change * (change**2).sum(axis=1)
        return energy

    def add(self, state: State, arms: np.ndarray, equations: Equations) -> None:
        """See `Term`."""
        off = self._off(state)
        rows = np.swapaxes(self.view.rotations, 1, 2)[:, None] @ arms
        alone = self._apart(off / self.spread)
        equations.add(3, self._apart(rows / self.spread[..., None]), alone, np.full(alone.shape, self.alone))
        between = self.between()
        equations.add_pairs(
            3,
            self._apart(rows[:-1] / between[..., None]),
            self._apart(rows[1:] / between[..., None]),
            self._apart(np.diff(off, axis=0) / between),
            self.change,
        )

    def _off(self, state: State) -> np.ndarray:
        return state.joints @ self.view.rotations - self.joints

    def between(self) -> np.ndarray:
        """`[T-1, 30, 3]` metres, the spread from each frame to the next."""
        return np.minimum(np.sqrt((self.spread[1:] ** 2 + self.spread[:-1] ** 2) / 2), self.most_change)

    def _apart(self, values: np.ndarray) -> np.ndarray:
        """`[T, 3 N, ...]` of `[T, 30, 3, ...]`."""
        parts = [
            np.tensordot(apart, values[:, :, axis], (1, 1)).swapaxes(0, 1) for axis, apart in enumerate(self.apart)
        ]
        return np.concatenate(parts, axis=1)


@dataclass(frozen=True, slots=True)
class PathTerm:
    """The pelvis keeps near the path `[T, 3]` that it was placed on, world axes, and goes along with it.

    weight: `[T, 3, 3]` inverse covariances in world axes. change: `[T-1]` inverse variances of what it strays by from
    a frame to the next.
    """

    path: np.ndarray
    weight: np.ndarray
    change: np.ndarray

    def energy(self, state: State) -> np.ndarray:
        """See `Term`."""
        off = state.root - self.path
        energy = 0.5 * np.einsum("ta,tab,tb->t", off, self.weight, off)
        energy[1:] += 0.5 * self.change * (np.diff(off, axis=0) ** 2).sum(axis=1)
        return energy

    def add(self, state: State, arms: np.ndarray, equations: Equations) -> None:  # noqa: ARG002 - as all terms
        """See `Term`."""
        off = state.root - self.path
        # the covariance's root turns its own axes into rows of weight one
        rows = np.swapaxes(np.linalg.cholesky(self.weight), 1, 2)
        equations.add(0, rows, (rows @ off[..., None])[..., 0], np.ones_like(off))
        rows = np.broadcast_to(np.eye(3), (len(off) - 1, 3, 3))
        equations.add_pairs(0, rows, rows, np.diff(off, axis=0), self.change)


@dataclass(frozen=True, slots=True)
class PointTerm:
    """Every seen point is explained by the body, with a normal error, or by clutter, which may be anywhere.

    slopes: `[T, 25, 2]`, rays of the points. belief: `[T, 25]`, the prior of the body. view: of the camera. sigma: `[T, 25]`
    slopes, the points' usual error. clutter: density of clutter as a share of the body's highest. weight: of one frame's
    point, since errors of neighboring frames are alike. After the outlier process of 3DNBF (Zhang et al., ICCV 2023),
    for points in place of features.
    """

    slopes: np.ndarray
    belief: np.ndarray
    view: View
    sigma: np.ndarray
    clutter: float
    weight: float

    def energy(self, state: State) -> np.ndarray:
        """See `Term`."""
        body, clutter = self._likelihoods(self._off(state)[0])
        return -self.weight * np.log(body + clutter).sum(axis=1)

    def explained(self, state: State) -> np.ndarray:
        """`[T, 25]` posterior probability that a point is the body's and not clutter."""
        body, clutter = self._likelihoods(self._off(state)[0])
        return body / (body + clutter)

    def add(self, state: State, arms: np.ndarray, equations: Equations) -> None:
        """See `Term`."""
        off, seen, depth = self._off(state)
        body, clutter = self._likelihoods(off)
        share = self.weight * body / (body + clutter)
        count = len(arms)
        whole = np.empty((count, len(POINT_PLACES), 3, 3 + arms.shape[-1]))
        whole[..., :3] = np.eye(3)
        whole[..., 3:] = arms[:, POINT_PLACES]
        whole = np.swapaxes(self.view.rotations, 1, 2)[:, None] @ whole
        scale = 1.0 / (depth * self.sigma)
        rows = (whole[:, :, :2] - seen[..., None] * whole[:, :, 2:]) * scale[..., None, None]
        weight = np.repeat(share, 2, axis=1)
        equations.add(0, rows.reshape(count, off[0].size, -1), off.reshape(count, -1), weight)

    def _off(self, state: State) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Errors `[T, 25, 2]` in sigmas, slopes `[T, 25, 2]` and depths `[T, 25]` of the body's points."""
        places = self.view.to_camera(state.joints[:, POINT_PLACES] + state.root[:, None])
        depth = np.maximum(places[..., 2], NEAREST)
        seen = places[..., :2] / depth[..., None]
        return (seen - self.slopes) / self.sigma[..., None], seen, depth

    def clutter_likelihood(self) -> np.ndarray:
        """`[T, 25]`, how likely each point is clutter's, on the scale on which a body's is at most its belief."""
        return (1.0 - self.belief) * self.clutter + 1e-9

    def _likelihoods(self, off: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return self.belief * np.exp(-0.5 * (off**2).sum(axis=-1)), self.clutter_likelihood()


@dataclass(frozen=True, slots=True)
class HingeTerm:
    """Elbows and knees fold about one axis, and not backwards. weight, backwards: inverse variances, in 1/radians²."""

    weight: float
    backwards: float

    def energy(self, state: State) -> np.ndarray:
        """See `Term`."""
        energy = np.zeros(len(state.root))
        for upper, lower, axis, along in hinges():
            gap, over, _ = _hinge(state, upper, lower, axis, along)
            energy += 0.5 * self.weight * (gap**2).sum(axis=-1) + 0.5 * self.backwards * over**2
        return energy

    def add(self, state: State, arms: np.ndarray, equations: Equations) -> None:
        """See `Term`."""
        count = len(arms)
        for upper, lower, axis, along in hinges():
            gap, over, fold = _hinge(state, upper, lower, axis, along)
            rows = np.zeros((count, 4, FREE))
            rows[:, :3, _free(upper)] = -_cross(state.matrices[:, upper] @ axis)
            rows[:, :3, _free(lower)] = _cross(state.matrices[:, lower] @ axis)
            bent = np.where(over[:, None] < 0.0, fold, 0.0)
            rows[:, 3, _free(upper)], rows[:, 3, _free(lower)] = -bent, bent
            weight = np.broadcast_to([*[self.weight] * 3, self.backwards], (count, 4))
            equations.add(0, rows, np.concatenate([gap, over[:, None]], axis=1), weight)


@dataclass(frozen=True, slots=True)
class ReachTerm:
    """Bones turn about their parents no further than `REACH`, softly. weight: inverse variance, in 1/radians²."""

    weight: float

    def energy(self, state: State) -> np.ndarray:
        """See `Term`."""
        return sum(
            (0.5 * self.weight * _excess(state, bone)[0] ** 2 for bone in REACH), start=np.zeros(len(state.root))
        )

    def add(self, state: State, arms: np.ndarray, equations: Equations) -> None:
        """See `Term`."""
        for bone in REACH:
            excess, axis = _excess(state, bone)
            rows = np.zeros((len(arms), 1, FREE))
            along = np.where(excess[:, None] > 0.0, axis, 0.0)
            rows[:, 0, _free(BONE_NAMES.index(bone))] = along
            rows[:, 0, _free(BONE_NAMES.index(REACH[bone].parent))] = -along
            equations.add(0, rows, excess[:, None], np.full((len(arms), 1), self.weight))


@dataclass(frozen=True, slots=True)
class PlaceTerm:
    """Joints keep to places that are known: feet where they stand, a pose where it is told.

    members: the N joints' numbers. places: `[T, N, 3]` metres in the world. weight: `[T, N]` inverse variances, in 1/metres².
    """

    members: list[int]
    places: np.ndarray
    weight: np.ndarray

    def energy(self, state: State) -> np.ndarray:
        """See `Term`."""
        return 0.5 * (self.weight[..., None] * self._off(state) ** 2).sum(axis=(1, 2))

    def add(self, state: State, arms: np.ndarray, equations: Equations) -> None:
        """See `Term`."""
        count = len(arms)
        rows = np.empty((count, len(self.members), 3, 3 + arms.shape[-1]))
        rows[..., :3] = np.eye(3)
        rows[..., 3:] = arms[:, self.members]
        off = self._off(state).reshape(count, -1)
        equations.add(0, rows.reshape(count, off.shape[1], -1), off, np.repeat(self.weight, 3, axis=1))

    def _off(self, state: State) -> np.ndarray:
        return state.joints[:, self.members] + state.root[:, None] - self.places


def hinges() -> list[tuple[int, int, np.ndarray, np.ndarray]]:
    """Upper bone, lower bone, and of the rest pose the axis and the direction along both bones, of every hinge."""
    found = []
    for name, axis in HINGES.items():
        upper, lower = BONE_NAMES.index(name), BONE_NAMES.index(HINGED[name])
        found.append((upper, lower, np.array(axis), np.array(BONES[upper].rest)))
    return found


def _hinge(
    state: State, upper: int, lower: int, axis: np.ndarray, along: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """How far apart `[T, 3]` both bones have the axis, and the sine `[T]`, at most 0, of how far the joint is bent backwards.

    Last the sine's derivatives `[T, 3]` by the lower bone's turn, which are the opposite of those by the upper's.
    """
    one, two = state.matrices[:, upper] @ axis, state.matrices[:, lower] @ axis
    across, lower_along = state.matrices[:, upper] @ np.cross(axis, along), state.matrices[:, lower] @ along
    fold = np.sum(across * lower_along, axis=-1)
    return two - one, np.minimum(fold, 0.0), np.cross(lower_along, across)


def _excess(state: State, bone: str) -> tuple[np.ndarray, np.ndarray]:
    """Radians `[T]` by which a bone is turned too far about its parent, and the turn's axis `[T, 3]` in the world."""
    own, parent = (state.matrices[:, BONE_NAMES.index(name)] for name in (bone, REACH[bone].parent))
    turn = own @ np.swapaxes(parent, 1, 2)
    skew = np.stack(
        [turn[:, 2, 1] - turn[:, 1, 2], turn[:, 0, 2] - turn[:, 2, 0], turn[:, 1, 0] - turn[:, 0, 1]], axis=-1
    )
    sine = np.linalg.norm(skew, axis=-1)
    angle = np.arctan2(sine, np.trace(turn, axis1=1, axis2=2) - 1.0)
    return np.maximum(angle - REACH[bone].angle, 0.0), skew / np.maximum(sine, _STILL)[:, None]


def _free(bone: int) -> slice:
    return slice(3 + 3 * bone, 6 + 3 * bone)


def _cross(vectors: np.ndarray) -> np.ndarray:
    """Derivatives `[T, 3, 3]` of turned vectors `[T, 3]` by the rotation vector: minus the cross product's matrix."""
    result = np.zeros((len(vectors), 3, 3))
    x, y, z = vectors.T
    result[:, 0, 1], result[:, 0, 2], result[:, 1, 2] = z, -y, x
    result[:, 1, 0], result[:, 2, 0], result[:, 2, 1] = -z, y, -x
    return result
