"""Quaternions (wxyz) of whole batches, for training and fitting: several times as fast as `inference.rotations`.

They keep float32, and what they return lies in memory component by component, so that the next sum runs along frames
and not along four numbers. `components` brings an array into that order.
"""

from __future__ import annotations

import numpy as np


def room(like: np.ndarray, *components: int) -> np.ndarray:
    """An empty array `[..., *components]` whose leading axes lie in memory as those of `like` `[...]`, components outside."""
    order = sorted(range(like.ndim), key=lambda axis: -like.strides[axis])
    memory = np.empty((*components, *(like.shape[axis] for axis in order)), like.dtype)
    inner = [len(components) + order.index(axis) for axis in range(like.ndim)]
    return memory.transpose(*inner, *range(len(components)))


def components(values: np.ndarray) -> np.ndarray:
    """A copy of an array `[B, T, N, K]` that lies in memory by N, then K, then B and T."""
    return np.array(values.transpose(2, 3, 0, 1), order="C").transpose(2, 3, 0, 1)


def multiply(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Hamilton product of quaternions `[..., 4]`: the rotation b, then a."""
    aw, ax, ay, az = np.moveaxis(a, -1, 0)
    bw, bx, by, bz = np.moveaxis(b, -1, 0)
    w = aw * bw - ax * bx - ay * by - az * bz
    result = room(w, 4)
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
    result = room(w, 3, 3)
    xx, yy, zz = 2 * x * x, 2 * y * y, 2 * z * z
    xy, xz, yz = 2 * x * y, 2 * x * z, 2 * y * z
    wx, wy, wz = 2 * w * x, 2 * w * y, 2 * w * z
    result[..., 0, 0], result[..., 0, 1], result[..., 0, 2] = 1 - yy - zz, xy - wz, xz + wy
    result[..., 1, 0], result[..., 1, 1], result[..., 1, 2] = xy + wz, 1 - xx - zz, yz - wx
    result[..., 2, 0], result[..., 2, 1], result[..., 2, 2] = xz - wy, yz + wx, 1 - xx - yy
    return result


def rotate(matrices: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """Vectors `[..., 3]` turned by matrices `[..., 3, 3]`, which broadcast."""
    x, y, z = np.moveaxis(vectors, -1, 0)
    parts = [matrices[..., row, 0] * x + matrices[..., row, 1] * y + matrices[..., row, 2] * z for row in range(3)]
    result = room(parts[0], 3)
    for row, part in enumerate(parts):
        result[..., row] = part
    return result


def compose(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Products `[..., 3, 3]` of matrices, which broadcast."""
    columns = [rotate(a, b[..., column]) for column in range(3)]
    result = room(columns[0][..., 0], 3, 3)
    for column, part in enumerate(columns):
        result[..., column] = part
    return result


def about(axis: int, angle: np.ndarray) -> np.ndarray:
    """Quaternions `[..., 4]` of turns by `angle` `[...]` in radians about the x, y or z axis (0, 1, 2)."""
    result = np.zeros((*angle.shape, 4), angle.dtype)
    result[..., 0], result[..., 1 + axis] = np.cos(angle / 2), np.sin(angle / 2)
    return result


def from_vector(vector: np.ndarray) -> np.ndarray:
    """Quaternions `[..., 4]` of rotation vectors `[..., 3]`: the axis times the angle in radians."""
    half = length(vector) / 2
    # sin(x)/x by its series, which is exact to float32 where the division is not
    ratio = np.where(half < 1e-2, 0.5 - half * half / 12, np.sin(half) / np.maximum(2 * half, 1e-9))
    result = room(half, 4)
    result[..., 0] = np.cos(half)
    for axis in range(3):
        result[..., 1 + axis] = vector[..., axis] * ratio
    return result


def blend(a: np.ndarray, b: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Unit quaternions `[..., 4]` between a and b along the shorter arc; `share` `[..., 1]` of b.

    A normalized straight line: between neighboring frames it is within a hundredth of a degree of a slerp.
    """
    near = sum(a[..., part] * b[..., part] for part in range(4))
    to = np.where(near < 0, -share[..., 0], share[..., 0])
    parts = [(1 - share[..., 0]) * a[..., part] + to * b[..., part] for part in range(4)]
    size = np.sqrt(sum(part * part for part in parts))
    result = room(parts[0], 4)
    for index, part in enumerate(parts):
        result[..., index] = part / size
    return result


def length(vectors: np.ndarray) -> np.ndarray:
    """Lengths `[...]` of vectors `[..., N]`."""
    return np.sqrt(sum(part * part for part in np.moveaxis(vectors, -1, 0)))


def angle(q: np.ndarray) -> np.ndarray:
    """Angles `[...]` in radians, 0 to π, of unit quaternions `[..., 4]`."""
    return 2 * np.arctan2(length(q[..., 1:]), np.abs(q[..., 0]))
