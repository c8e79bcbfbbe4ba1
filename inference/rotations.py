"""Quaternions (wxyz) on numpy arrays; every function broadcasts over leading axes."""

from __future__ import annotations

import numpy as np

# Sine below which a turn has no axis to speak of.
_TINY = 1e-9


def normalize(vectors: np.ndarray) -> np.ndarray:
    """Vectors `[..., N]` scaled to length one; zero vectors stay zero."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.divide(vectors, length, out=np.zeros_like(vectors, dtype=float), where=length > 0)


def multiply(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Hamilton product of quaternions `[..., 4]`: the rotation b, then a."""
    aw, av = a[..., :1], a[..., 1:]
    bw, bv = b[..., :1], b[..., 1:]
    w = aw * bw - np.sum(av * bv, axis=-1, keepdims=True)
    return np.concatenate([w, aw * bv + bw * av + np.cross(av, bv)], axis=-1)


def conjugate(q: np.ndarray) -> np.ndarray:
    """The inverse of unit quaternions `[..., 4]`."""
    return q * np.array([1.0, -1.0, -1.0, -1.0])


def rotate(q: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """Vectors `[..., 3]` turned by unit quaternions `[..., 4]`."""
    w, v = q[..., :1], q[..., 1:]
    v, vectors = np.broadcast_arrays(v, vectors)
    twice = 2.0 * np.cross(v, vectors)
    return vectors + w * twice + np.cross(v, twice)


def to_matrix(q: np.ndarray) -> np.ndarray:
    """Rotation matrices `[..., 3, 3]` of unit quaternions `[..., 4]`."""
    axes = np.broadcast_to(np.eye(3), (*q.shape[:-1], 3, 3))
    return np.swapaxes(rotate(q[..., None, :], axes), -1, -2)


def from_matrix(matrix: np.ndarray) -> np.ndarray:
    """Unit quaternions `[..., 4]` of rotation matrices `[..., 3, 3]`.

    Takes the largest of the four components first, so it is stable for every rotation (Shepperd, 1978).
    """
    m = np.asarray(matrix, dtype=float)
    xx, yy, zz = m[..., 0, 0], m[..., 1, 1], m[..., 2, 2]
    squares = np.stack([1 + xx + yy + zz, 1 + xx - yy - zz, 1 - xx + yy - zz, 1 - xx - yy + zz], axis=-1)
    best = np.argmax(squares, axis=-1)
    a, b, c = m[..., 2, 1] - m[..., 1, 2], m[..., 0, 2] - m[..., 2, 0], m[..., 1, 0] - m[..., 0, 1]
    d, e, f = m[..., 1, 0] + m[..., 0, 1], m[..., 0, 2] + m[..., 2, 0], m[..., 2, 1] + m[..., 1, 2]
    rows = np.stack(
        [
            np.stack([squares[..., 0], a, b, c], axis=-1),
            np.stack([a, squares[..., 1], d, e], axis=-1),
            np.stack([b, d, squares[..., 2], f], axis=-1),
            np.stack([c, e, f, squares[..., 3]], axis=-1),
        ],
        axis=-2,
    )
    return normalize(np.take_along_axis(rows, best[..., None, None], axis=-2)[..., 0, :])


def to_vector(q: np.ndarray) -> np.ndarray:
    """Rotation vectors `[..., 3]`, the axis times the angle in radians up to half a turn, of unit quaternions `[..., 4]`."""
    q = np.where(q[..., :1] < 0, -q, q)
    sine = np.linalg.norm(q[..., 1:], axis=-1, keepdims=True)
    angle = 2.0 * np.arctan2(sine, q[..., :1])
    return q[..., 1:] * np.where(sine > _TINY, angle / np.maximum(sine, _TINY), 2.0)


def between(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The shortest rotation `[..., 4]` that takes direction a to direction b, both `[..., 3]` of any length."""
    a, b = np.broadcast_arrays(normalize(a), normalize(b))
    dot = np.sum(a * b, axis=-1, keepdims=True)
    # for opposite directions any axis across a will do
    helper = np.where(np.abs(a[..., :1]) < 0.9, [1.0, 0.0, 0.0], [0.0, 1.0, 0.0])
    across = normalize(np.cross(a, helper))
    q = np.concatenate([1.0 + dot, np.cross(a, b)], axis=-1)
    flipped = np.concatenate([np.zeros_like(dot), across], axis=-1)
    return normalize(np.where(dot < -1.0 + 1e-9, flipped, q))


def frame(primary: np.ndarray, secondary: np.ndarray) -> np.ndarray:
    """Rotation matrices `[..., 3, 3]` whose first column is `primary` and whose second lies towards `secondary`."""
    first = normalize(primary)
    third = normalize(np.cross(first, secondary))
    return np.stack([first, np.cross(third, first), third], axis=-1)


def slerp(a: np.ndarray, b: np.ndarray, t: np.ndarray | float) -> np.ndarray:
    """Spherical interpolation between unit quaternions `[..., 4]` along the shorter arc; `t` is `[...]`, 0 gives a."""
    t = np.asarray(t)[..., None]
    dot = np.sum(a * b, axis=-1, keepdims=True)
    b = np.where(dot < 0, -b, b)
    angle = np.arccos(np.clip(np.abs(dot), 0.0, 1.0))
    sine = np.sin(angle)
    near = sine < 1e-6
    safe = np.where(near, 1.0, sine)
    wa = np.where(near, 1.0 - t, np.sin((1.0 - t) * angle) / safe)
    wb = np.where(near, t, np.sin(t * angle) / safe)
    return normalize(wa * a + wb * b)


def continuous(q: np.ndarray) -> np.ndarray:
    """The same rotations `[T, ..., 4]` with signs chosen so that neighbours in time lie on one half of the sphere."""
    signs = np.sign(np.sum(q[1:] * q[:-1], axis=-1))
    signs = np.cumprod(np.where(signs == 0, 1.0, signs), axis=0)
    return np.concatenate([q[:1], q[1:] * signs[..., None]], axis=0)
