"""Rotations as the numbers of Blender's rotation modes, continuous in time."""

from __future__ import annotations

import numpy as np

from ..inference import rotations as rot

# Euler orders that turn the axes in a cycle (X to Y to Z to X) have even parity.
_ODD = {"XZY", "YXZ", "ZYX"}
# Cosine of the middle angle below which the outer axes are one.
_LOCKED = 1e-6
# Sine of half an angle above which a rotation tells its axis.
_TURNED = 1e-6


def rotation_channel(mode: str) -> str:
    """The pose bone's property that holds rotations in `mode`."""
    return {"QUATERNION": "rotation_quaternion", "AXIS_ANGLE": "rotation_axis_angle"}.get(mode, "rotation_euler")


def rotation_channels(rotations: np.ndarray, mode: str) -> tuple[str, np.ndarray]:
    """The pose bone property that holds rotations in `mode`, and its values `[T, 3 or 4]` for unit quaternions `[T, 4]`.

    mode: QUATERNION, AXIS_ANGLE, or an Euler order such as XYZ (Blender turns about the first letter's axis first).
    Angles are radians. Neighbouring frames never differ by a needless turn.
    """
    if mode == "QUATERNION":
        return rotation_channel(mode), rot.continuous(rotations)
    if mode == "AXIS_ANGLE":
        return rotation_channel(mode), _axis_angle(rotations)
    return rotation_channel(mode), _euler(rotations, mode)


def _euler(rotations: np.ndarray, order: str) -> np.ndarray:
    """Angles `[T, 3]` about x, y and z: the matrix is the third axis' turn times the second's times the first's.

    Of the two triples that give a rotation, each frame has the one on the side of the frame before it, and whole turns
    are added so that no angle jumps. (Formulas: Shoemake, Graphics Gems IV, 1994.)
    """
    i, j, k = ("XYZ".index(axis) for axis in order)
    parity = -1.0 if order in _ODD else 1.0
    m = rot.to_matrix(rotations)
    cosine = np.hypot(m[:, i, i], m[:, j, i])
    locked = cosine < _LOCKED
    second = np.arctan2(-m[:, k, i], cosine)
    third = _held(np.arctan2(m[:, j, i], m[:, i, i]), ~locked)
    # in gimbal lock only the sum or the difference of the outer angles is told
    together = np.arctan2(-m[:, j, k], m[:, j, j]) + np.sign(second) * third
    first = np.where(locked, together, np.arctan2(m[:, k, j], m[:, k, k]))
    one = parity * np.stack([first, second, third], axis=1)
    other = np.stack([one[:, 0] + np.pi, np.pi - one[:, 1], one[:, 2] + np.pi], axis=1)
    stay, cross = _distance(one[1:], one[:-1]), _distance(other[1:], one[:-1])
    # the distance between two frames is the same on either side, so that each step tells alone whether to change sides
    flipped = np.concatenate([[False], np.cumsum(cross < stay) % 2 == 1])
    angles = np.unwrap(np.where(flipped[:, None], other, one), axis=0)
    result = np.empty_like(angles)
    result[:, [i, j, k]] = angles
    return result


def _held(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    """`[T]` each frame's value, or where it is not known the last known one before, else the first there is, else none."""
    there = np.flatnonzero(known)
    if len(there) == 0:
        return np.zeros(len(values))
    return values[there[np.maximum(np.searchsorted(there, np.arange(len(values)), side="right") - 1, 0)]]


def _distance(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """`[T]` sum of the differences between angles `[T, 3]`, whole turns left out."""
    return np.abs((a - b + np.pi) % (2 * np.pi) - np.pi).sum(axis=1)


def _axis_angle(rotations: np.ndarray) -> np.ndarray:
    """`[T, 4]`: the angle, then the axis, which keeps its direction where the rotation passes through none."""
    q = rot.continuous(rotations)
    sine = np.linalg.norm(q[:, 1:], axis=1)
    if not np.any(sine > _TURNED):
        return np.tile([0.0, 0.0, 1.0, 0.0], (len(q), 1))
    # without a turn any axis will do
    axis = rot.normalize(q[_held(np.arange(len(q)), sine > _TURNED), 1:])
    same = np.concatenate([[1.0], np.where(np.sum(axis[1:] * axis[:-1], axis=1) < 0, -1.0, 1.0)])
    sign = np.cumprod(same)
    axis = axis * sign[:, None]
    angle = np.unwrap(2 * np.arctan2(np.sum(q[:, 1:] * axis, axis=1), q[:, 0]))
    return np.concatenate([angle[:, None], axis], axis=1)
