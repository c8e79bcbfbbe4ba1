"""Where the search for the root's path starts: each frame by itself, by least squares."""

from __future__ import annotations

import numpy as np

from .path_clip import PLACE, UNKNOWNS, PathClip
from .path_settings import PathSettings


def path_start(clip: PathClip, settings: PathSettings) -> np.ndarray:
    """`[T, 7]` unknowns from each frame by itself; frames that see too little take the nearest one that sees more."""
    root = _solve_root(clip.body, clip.slopes, clip.trust)
    total = clip.trust.sum(axis=1)
    seen = np.nonzero(total >= min(2.0, total.max()))[0]
    usual = max(float(np.median(root[seen, 2])), settings.least_depth)
    root[:, 2] = np.clip(root[:, 2], usual / 2, usual * 2)
    root = _slide_to_depth(clip.body, clip.slopes, np.maximum(clip.trust, 1e-9), root[:, 2])
    state = np.zeros((len(root), UNKNOWNS))
    nearest = seen[np.round(np.interp(np.arange(len(root)), seen, np.arange(len(seen)))).astype(int)]
    state[:, PLACE] = np.einsum("tij,tj->ti", clip.turns, root[nearest]) + clip.centers
    return state


def _solve_root(body: np.ndarray, slopes: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """`[T, 3]` least-squares positions: x + tx = u (z + tz) and y + ty = v (z + tz) for every point."""
    count = body.shape[:2]
    rows = np.zeros((*count, 2, 3))
    rows[..., 0, 0] = rows[..., 1, 1] = 1.0
    rows[..., 2] = -slopes
    goal = slopes * body[..., 2:] - body[..., :2]
    left = np.einsum("tj,tjka,tjkb->tab", weights, rows, rows)
    right = np.einsum("tj,tjka,tjk->ta", weights, rows, goal)
    return np.linalg.solve(left + 1e-9 * np.eye(3), right[..., None])[..., 0]


def _slide_to_depth(body: np.ndarray, slopes: np.ndarray, weights: np.ndarray, depth: np.ndarray) -> np.ndarray:
    """`[T, 3]` positions with the given depth `[T]` that reproject best."""
    goal = slopes * (body[..., 2:] + depth[:, None, None]) - body[..., :2]
    across = np.einsum("tj,tjk->tk", weights, goal) / weights.sum(axis=1, keepdims=True)
    return np.concatenate([across, depth[:, None]], axis=-1)
