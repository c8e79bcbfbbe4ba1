"""The way of a held foot: flat or on one end while it stands, and back to its own way without a pop.

A free foot keeps its own way, but does not sink below a floor that it is near to.
"""

from __future__ import annotations

import numpy as np

from .. import rotations as rot
from .. import turns
from ..contacts import NEAR_FLOOR
from .anchors import Foot
from .ramps import envelope, ramped
from .settings import FootLockSettings

_UP = np.array([0.0, 0.0, 1.0])
# The most that the slopes of ramps count: radians a second for a foot's turn, metres a second for its way.
_STEEPEST_TURN, _STEEPEST_WAY = 5.0, 1.0
# Metres farther below than `NEAR_FLOOR` from which on a free foot certainly has no floor there.
_GONE = 0.15


def foot_turns(foot: Foot, times: np.ndarray, settings: FootLockSettings) -> np.ndarray:
    """`[T, 4]` turns of the foot: flat where heel and toe stand, and neither end below the floor where one stands.

    times: `[T]` seconds, rising. While the foot is free the turn runs back to its own.
    """
    sole = foot.toe - foot.heel
    flat = foot.held.all(axis=1)
    ahead = np.where(flat[:, None], foot.anchors[:, 1] - foot.anchors[:, 0], rot.rotate(foot.turn, sole))
    stands = rot.from_matrix(rot.frame(ahead, _UP) @ np.swapaxes(rot.frame(sole, _UP), -1, -2))
    correction = ramped(
        rot.to_vector(rot.multiply(stands, rot.conjugate(foot.turn))), flat, times, settings.blend, _STEEPEST_TURN
    )
    turn = rot.multiply(_exp(correction), foot.turn)
    # the end that does not stand
    away = rot.rotate(turn, sole) * np.where(foot.held[:, 0], 1.0, -1.0)[:, None]
    height = _stopped(away[:, 2], -settings.depth / 2, settings.depth / 2)
    length = np.linalg.norm(sole)
    level = rot.normalize(away * (1.0, 1.0, 0.0))
    pitched = level * np.sqrt(np.maximum(length**2 - height**2, 0.0))[:, None] + height[:, None] * _UP
    pitch = rot.multiply(rot.between(away, pitched), turn)
    one = foot.standing & ~flat & (away[:, 2] < 0.0)
    turn = np.where(one[:, None], pitch, turn)
    correction = rot.to_vector(rot.multiply(turn, rot.conjugate(foot.turn)))
    return rot.multiply(_exp(ramped(correction, foot.standing, times, settings.blend, _STEEPEST_TURN)), foot.turn)


def standing_ankles(foot: Foot, turn: np.ndarray) -> np.ndarray:
    """`[T, 3]` metres in the world: the ankle over the point that stands, for the foot's `turn` `[T, 4]`.

    It means nothing where none stands.
    """
    over_heel = foot.anchors[:, 0] - rot.rotate(turn, foot.heel)
    over_toe = foot.anchors[:, 1] - rot.rotate(turn, foot.toe)
    return np.where(foot.held[:, :1], over_heel, over_toe)


def ankle_goals(
    foot: Foot, turn: np.ndarray, shift: np.ndarray, path: np.ndarray, times: np.ndarray, settings: FootLockSettings
) -> np.ndarray:
    """`[T, 3]` metres in the world, where the ankle goes.

    turn: `[T, 4]` the foot's. shift: `[T, 3]` metres by which the ankle has to move while the foot stands. path: `[T, 3]`
    metres by which the pelvis moves, and with it the free foot. times: `[T]` seconds, rising.
    """
    rest = ramped(shift - path, foot.standing, times, settings.blend, _STEEPEST_WAY)
    goal = foot.ankle + path + rest
    return goal + _lifted(foot, turn, goal, times, settings)[:, None] * _UP


def _lifted(
    foot: Foot, turn: np.ndarray, ankle: np.ndarray, times: np.ndarray, settings: FootLockSettings
) -> np.ndarray:
    """`[T]` metres by which a free foot is lifted, so that neither end sinks below a floor that it is near to."""
    ends = np.stack([ankle + rot.rotate(turn, end) for end in (foot.heel, foot.toe)], axis=1)
    low = ends[..., 2].min(axis=1)
    lift = _stopped(low, -settings.depth, settings.depth / 2) - low
    below = np.clip((-low - NEAR_FLOOR) / _GONE, 0.0, 1.0)
    believed = 1.0 - envelope(below, times, settings.leave)
    return np.where(foot.standing, 0.0, believed * lift)


def _stopped(height: np.ndarray, floor: float, soft: float) -> np.ndarray:
    """Heights that do not fall below `floor`: those above floor + soft stay, and the turn between is smooth."""
    above = height - floor
    return floor + np.where(above > soft, above, np.maximum(above + soft, 0.0) ** 2 / (4.0 * soft))


def _exp(vector: np.ndarray) -> np.ndarray:
    return turns.from_vector(np.ascontiguousarray(vector))
