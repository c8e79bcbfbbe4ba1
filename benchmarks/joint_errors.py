"""Distances of single joints, so that hidden and visible ones, known and unknown ones can be told apart."""

from __future__ import annotations

import numpy as np

MILLIMETRES = 1000.0


def rooted(answer: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Distances `[..., J]` in millimetres between joints `[..., J, 3]` in metres, each about its own joint 0."""
    return np.linalg.norm((answer - answer[..., :1, :]) - (truth - truth[..., :1, :]), axis=-1) * MILLIMETRES


def aligned(answer: np.ndarray, truth: np.ndarray, known: np.ndarray | None = None) -> np.ndarray:
    """Distances `[..., J]` in millimetres after the best similarity (rotation, scale, place) of every frame.

    known: `[..., J]` bool, the joints that the similarity is fitted to, at least three a frame; all where None.
    Umeyama, Least-squares estimation of transformation parameters (1991).
    """
    known = np.ones(truth.shape[:-1], bool) if known is None else known
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
