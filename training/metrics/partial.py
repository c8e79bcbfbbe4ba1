"""Errors of joints where the truth is known for some of them only."""

from __future__ import annotations

import numpy as np

from .position import MILLIMETRES


def aligned(answer: np.ndarray, truth: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Distances `[..., J]` in millimetres after the best similarity (rotation, scale, place) of every frame.

    known: `[..., J]` bool, the joints that the similarity is fitted to, at least three a frame; the others' distances
    mean nothing. Umeyama, Least-squares estimation of transformation parameters (1991).
    """
    weight = known[..., None] / np.maximum(known.sum(axis=-1), 1)[..., None, None]
    truth = np.where(known[..., None], truth, 0.0)
    middle, goal = ((weight * points).sum(axis=-2, keepdims=True) for points in (answer, truth))
    centered, wanted = answer - middle, truth - goal
    covariance = np.einsum("...ja,...jb->...ab", weight * wanted, centered)
    left, size, right = np.linalg.svd(covariance)
    sign = np.ones_like(size)
    sign[..., -1] = np.sign(np.linalg.det(left @ right))
    turn = (left * sign[..., None, :]) @ right
    spread = (weight * centered**2).sum(axis=(-2, -1))
    scale = (size * sign).sum(axis=-1) / np.maximum(spread, 1e-12)
    fitted = scale[..., None, None] * (centered @ np.swapaxes(turn, -1, -2))
    return np.linalg.norm(fitted - wanted, axis=-1) * MILLIMETRES
