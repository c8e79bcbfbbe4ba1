"""How far a figure with fewer keys is from its motion, and which bone's curves are to blame.

What counts is where the figure's points are, along whole chains of bones: a hand is off by what shoulder, upper arm, forearm and
hips are off, together. Each error is put down to the bone on its chain that adds most to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...inference import rotations as rot
from .bone_curves import to_quaternions
from .posing import Posed, Poser, pose, watched_points


@dataclass(frozen=True, slots=True)
class Channels:
    """Numbers that share their keys: one bone's rotation or location.

    bone: its place in `Poser.keyed`. mode: the rotation mode, "" for a location. goal: `[T, C]` the numbers themselves. free: whether
    they may be changed, and so be to blame.
    """

    bone: int
    mode: str
    goal: np.ndarray
    free: bool = True


@dataclass(frozen=True, slots=True)
class Bounds:
    """How far off may be what, in every frame.

    places: `[P, T]` each watched point, in lengths of Blender's world; or, where that is None, angles: `[K, T]` radians each keyed
    bone's own rotation, and paths: `[K, T]` its own location in lengths of Blender's world.
    """

    places: np.ndarray | None
    angles: np.ndarray
    paths: np.ndarray


class KeyErrors:
    """Measures curves against those that they stand for, over one stretch of frames."""

    def __init__(self, poser: Poser, channels: Sequence[Channels], bounds: Bounds) -> None:
        self._poser = poser
        self.goals = [one.goal for one in channels]
        self._channels = list(channels)
        self.bounds = bounds
        self.goal = self._posed(self.goals)
        self._goal_points = watched_points(poser, self.goal)
        self._chains = _chains(poser, self._channels)

    def of(self, curves: Sequence[np.ndarray]) -> tuple[float, np.ndarray]:
        """The greatest error of `curves` (`[T, C]` for each of the channels), as a share of its bound, and what each should mend.

        The second is `[channels, T]`: the greatest error, as a share, that was put down to them in each frame; 0 for none.
        """
        if self.bounds.places is None:
            shares = np.stack([self._own_share(one, curve) for one, curve in zip(self._channels, curves, strict=True)])
            return float(shares.max()), shares
        posed = self._posed(curves)
        points = watched_points(self._poser, posed)
        away = (points - self._goal_points) @ self._poser.world.T
        share = np.linalg.norm(away, axis=-1) / self.bounds.places
        return float(share.max()), self._blame(posed, points, away, share, curves)

    def _blame(
        self, posed: Posed, points: np.ndarray, away: np.ndarray, share: np.ndarray, curves: Sequence[np.ndarray]
    ) -> np.ndarray:
        needs = np.zeros((len(curves), share.shape[1]))
        point, frame = np.nonzero(share > min(1.0, 0.5 * share.max()))
        if not len(point):
            return needs
        chains = self._chains[point]
        moved = np.stack([self._shift(one, curve, posed) for one, curve in zip(self._channels, curves, strict=True)])
        turning = np.array([bool(one.mode) for one in self._channels])
        bones = np.array([one.bone for one in self._channels])
        toward = away[point, frame] @ self._poser.world
        arms = points[point, frame][:, None] - posed.heads[bones[chains], frame[:, None]]
        shift = moved[chains, frame[:, None]]
        shift = np.where(turning[chains][..., None], _cross(shift, arms), shift)
        adds = np.where(chains >= 0, np.einsum("vdc,vc->vd", shift, toward), -np.inf)
        guilty = chains[np.arange(len(point)), np.argmax(adds, axis=1)]
        np.maximum.at(needs, (guilty, frame), share[point, frame])
        return needs

    def _posed(self, curves: Sequence[np.ndarray]) -> Posed:
        return pose_of(self._poser, self._channels, curves)

    def _shift(self, one: Channels, curve: np.ndarray, posed: Posed) -> np.ndarray:
        """`[T, 3]` in armature space: a small turn about the bone's head as axis times angle, or how far it is moved."""
        carried = posed.inherited[one.bone]
        if not one.mode:
            axes = self._poser.rest.location_axes(self._poser.keyed[one.bone])
            return np.einsum("tij,tj->ti", carried, (curve - one.goal) @ axes.T)
        off = posed.own[one.bone] @ np.swapaxes(self.goal.own[one.bone], -1, -2)
        # the part of a rotation matrix that changes its sign with the angle is the axis times the sine
        turn = np.stack([off[:, 2, 1] - off[:, 1, 2], off[:, 0, 2] - off[:, 2, 0], off[:, 1, 0] - off[:, 0, 1]], axis=1)
        return np.einsum("tij,tj->ti", carried, turn / 2)

    def _own_share(self, one: Channels, curve: np.ndarray) -> np.ndarray:
        """`[T]` error of the channels themselves, whatever hangs on them, as a share of its bound."""
        if not one.mode:
            axes = self._poser.rest.location_axes(self._poser.keyed[one.bone])
            away = (curve - one.goal) @ (self._poser.world @ axes).T
            return np.linalg.norm(away, axis=1) / self.bounds.paths[one.bone]
        turn = rot.multiply(to_quaternions(curve, one.mode), rot.conjugate(to_quaternions(one.goal, one.mode)))
        angle = 2 * np.arctan2(np.linalg.norm(turn[:, 1:], axis=1), np.abs(turn[:, 0]))
        return angle / self.bounds.angles[one.bone]


def pose_of(poser: Poser, channels: Sequence[Channels], curves: Sequence[np.ndarray]) -> Posed:
    """Where the keyed bones are when the channels' numbers are `curves`, `[T, C]` each."""
    still = rot.from_matrix(poser.still[list(poser.keyed)])
    rotations = np.repeat(still[:, None], len(curves[0]), axis=1)
    locations: dict[int, np.ndarray] = {}
    for one, curve in zip(channels, curves, strict=True):
        if one.mode:
            rotations[one.bone] = to_quaternions(curve, one.mode)
        else:
            locations[one.bone] = curve
    return pose(poser, rotations, locations)


def _chains(poser: Poser, channels: Sequence[Channels]) -> np.ndarray:
    """`[P, D]` the channels that move each watched point, -1 where there are fewer."""
    of_bone = {
        bone: [n for n, one in enumerate(channels) if one.free and one.bone == bone] for bone in range(len(poser.keyed))
    }
    rows = [
        [number for bone in poser.above(carrier) for number in of_bone[bone]] for carrier in poser.carriers.tolist()
    ]
    table = np.full((len(rows), max(1, *(len(row) for row in rows))), -1)
    for row, found in enumerate(rows):
        table[row, : len(found)] = found
    return table


def _cross(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The cross product, without what numpy spends on the shapes of small arrays."""
    (ax, ay, az), (bx, by, bz) = np.moveaxis(a, -1, 0), np.moveaxis(b, -1, 0)
    return np.stack([ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx], axis=-1)
