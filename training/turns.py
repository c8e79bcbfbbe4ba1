"""Quaternions (wxyz) of whole batches, for the training generator: they keep float32, and no axis is made just to be cut.

`inference.rotations` is what everything else uses; it works in float64.
"""

from __future__ import annotations

import numpy as np


def multiply(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Hamilton product of quaternions `[..., 4]`: the rotation b, then a."""
    aw, ax, ay, az = np.moveaxis(a, -1, 0)
    bw, bx, by, bz = np.moveaxis(b, -1, 0)
    w = aw * bw - ax * bx - ay * by - az * bz
    result = np.empty((*w.shape, 4), w.dtype)
    result[..., 0] = w
    result[..., 1] = aw * bx + ax * bw + ay * bz - az * by
    result[..., 2] = aw * by - ax * bz + ay * bw + az * bx
    result[..., 3] = aw * bz + ax * by - ay * bx + az * bw
    return result


def conjugate(q: np.ndarray) -> np.ndarray:
    """The inverse of unit quaternions `[..., 4]`."""
    return q * np.array([1.0, -1.0, -1.0, -1.0], q.dtype)


def to_matrix(q: np.ndarray) -> np.ndarray:
    """Rotation matrices `[..., 3, 3]` of unit quaternions `[..., 4]`."""
    w, x, y, z = np.moveaxis(q, -1, 0)
    result = np.empty((*q.shape[:-1], 3, 3), q.dtype)
    xx, yy, zz = 2 * x * x, 2 * y * y, 2 * z * z
    xy, xz, yz = 2 * x * y, 2 * x * z, 2 * y * z
    wx, wy, wz = 2 * w * x, 2 * w * y, 2 * w * z
    result[..., 0, 0], result[..., 0, 1], result[..., 0, 2] = 1 - yy - zz, xy - wz, xz + wy
    result[..., 1, 0], result[..., 1, 1], result[..., 1, 2] = xy + wz, 1 - xx - zz, yz - wx
    result[..., 2, 0], result[..., 2, 1], result[..., 2, 2] = xz - wy, yz + wx, 1 - xx - yy
    return result


def about(axis: int, angle: np.ndarray) -> np.ndarray:
    """Quaternions `[..., 4]` of turns by `angle` `[...]` in radians about the x, y or z axis (0, 1, 2)."""
    result = np.zeros((*angle.shape, 4), angle.dtype)
    result[..., 0], result[..., 1 + axis] = np.cos(angle / 2), np.sin(angle / 2)
    return result


def from_vector(vector: np.ndarray) -> np.ndarray:
    """Quaternions `[..., 4]` of rotation vectors `[..., 3]`: the axis times the angle in radians."""
    angle = np.linalg.norm(vector, axis=-1, keepdims=True)
    # np.sinc is sin(πx)/(πx), which is well behaved at zero
    return np.concatenate([np.cos(angle / 2), vector * np.sinc(angle / (2 * np.pi)) / 2], axis=-1).astype(vector.dtype)


def blend(a: np.ndarray, b: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Unit quaternions `[..., 4]` between a and b along the shorter arc; `share` `[..., 1]` of b.

    A normalized straight line: between neighboring frames it is within a hundredth of a degree of a slerp.
    """
    near = np.sum(a * b, axis=-1, keepdims=True)
    mixed = (1 - share) * a + np.where(near < 0, -share, share) * b
    return mixed / np.linalg.norm(mixed, axis=-1, keepdims=True)


def angle(q: np.ndarray) -> np.ndarray:
    """Angles `[...]` in radians, 0 to π, of unit quaternions `[..., 4]`."""
    return 2 * np.arctan2(np.linalg.norm(q[..., 1:], axis=-1), np.abs(q[..., 0]))
