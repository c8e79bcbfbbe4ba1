"""Metrics of position, in millimetres, of joints `[..., J, 3]` in metres; the leading axes are frames of any shape.

The definitions are the field's: root-relative errors as on Human3.6M, similarity without reflection for PA-MPJPE, one
scale for N-MPJPE (Rhodin et al., CVPR 2018), PCK and AUC with the thresholds of MPI-INF-3DHP. Means are over frames, not
over actions. `mask` `[..., J]` bool picks what counts: the visible joints, the hidden ones; None is all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

MILLIMETRES = 1000.0
PCK_THRESHOLD = 150.0
AUC_THRESHOLDS = np.arange(0.0, 151.0, 5.0)
"""Millimetres; 31 of them, with both ends."""


def errors(predicted: np.ndarray, truth: np.ndarray, root: int = 0) -> np.ndarray:
    """Distances `[..., J]` in mm after both roots are put at the origin."""
    return _distances(_rooted(predicted, root), _rooted(truth, root))


def n_errors(predicted: np.ndarray, truth: np.ndarray, root: int = 0) -> np.ndarray:
    """`errors` after each predicted frame is scaled to fit the truth best about the root."""
    rooted, goal = _rooted(predicted, root), _rooted(truth, root)
    fit = np.sum(rooted * goal, axis=(-2, -1), keepdims=True)
    own = np.sum(rooted * rooted, axis=(-2, -1), keepdims=True)
    return _distances(rooted * np.divide(fit, own, out=np.ones_like(fit), where=own > 0), goal)


def pa_errors(predicted: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Distances `[..., J]` in mm after the best similarity of each frame: scale, rotation without reflection, place."""
    return _distances(procrustes(predicted, truth), truth)


@dataclass(frozen=True, slots=True)
class Similarity:
    """Scale `[...]`, rotation `[..., 3, 3]` and the two middles `[..., 1, 3]` that lay points onto a goal."""

    scale: np.ndarray
    rotation: np.ndarray
    middle: np.ndarray
    goal_middle: np.ndarray

    def apply(self, points: np.ndarray) -> np.ndarray:
        """Points `[..., N, 3]`, moved."""
        return self.scale[..., None, None] * ((points - self.middle) @ self.rotation) + self.goal_middle


def fit_similarity(points: np.ndarray, goal: np.ndarray, *, scaled: bool = True) -> Similarity:
    """The similarity of least squares that takes points `[..., N, 3]` onto `goal` `[..., N, 3]`.

    Umeyama, PAMI 1991; a reflection is never used. Points that are all in one place stay unscaled; `scaled=False` leaves
    all as large as they are.
    """
    middle, goal_middle = points.mean(axis=-2, keepdims=True), goal.mean(axis=-2, keepdims=True)
    centered = points - middle
    u, strength, vh = np.linalg.svd(np.swapaxes(centered, -1, -2) @ (goal - goal_middle))
    sign = np.sign(np.linalg.det(u @ vh))
    signs = np.stack([np.ones_like(sign), np.ones_like(sign), sign], axis=-1)
    own = np.sum(centered * centered, axis=(-2, -1))
    fit = np.sum(strength * signs, axis=-1)
    scale = np.divide(fit, own, out=np.ones_like(fit), where=(own > 0) & scaled)
    return Similarity(scale, (u * signs[..., None, :]) @ vh, middle, goal_middle)


def procrustes(predicted: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Predicted joints `[..., J, 3]`, each frame moved onto the truth by its own best similarity."""
    return fit_similarity(predicted, truth).apply(predicted)


def masked_mean(values: np.ndarray, mask: np.ndarray | None = None) -> float:
    """Mean of the values that the mask picks; NaN where it picks none, for then there is nothing to tell."""
    picked = values if mask is None else values[np.broadcast_to(mask, values.shape)]
    return float(picked.mean()) if picked.size else float("nan")


def mpjpe(predicted: np.ndarray, truth: np.ndarray, mask: np.ndarray | None = None, root: int = 0) -> float:
    """Mean per-joint position error in mm, root-relative."""
    return masked_mean(errors(predicted, truth, root), mask)


def n_mpjpe(predicted: np.ndarray, truth: np.ndarray, mask: np.ndarray | None = None, root: int = 0) -> float:
    """MPJPE in mm after the best scale of each frame, which all its joints decide."""
    return masked_mean(n_errors(predicted, truth, root), mask)


def pa_mpjpe(predicted: np.ndarray, truth: np.ndarray, mask: np.ndarray | None = None) -> float:
    """MPJPE in mm after the best similarity of each frame, which all its joints decide."""
    return masked_mean(pa_errors(predicted, truth), mask)


def pck(
    predicted: np.ndarray,
    truth: np.ndarray,
    mask: np.ndarray | None = None,
    root: int = 0,
    threshold: float = PCK_THRESHOLD,
) -> float:
    """Share of joints, 0 to 1, whose root-relative error is below `threshold` mm."""
    return masked_mean(errors(predicted, truth, root) < threshold, mask)


def auc(predicted: np.ndarray, truth: np.ndarray, mask: np.ndarray | None = None, root: int = 0) -> float:
    """Mean of PCK, 0 to 1, over `AUC_THRESHOLDS`."""
    found = errors(predicted, truth, root)[..., None] < AUC_THRESHOLDS
    return masked_mean(found.mean(axis=-1), mask)


def reprojection_error(
    predicted: np.ndarray, slopes: np.ndarray, focal: float = 1000.0, mask: np.ndarray | None = None
) -> float:
    """Mean distance in pixels, for a lens of `focal` pixels, between joints as they are seen and where they should be.

    predicted: `[..., J, 3]` metres in the camera frame (x right, y down, z forward). slopes: `[..., J, 2]` (x/z, y/z).
    """
    seen = predicted[..., :2] / predicted[..., 2:]
    return masked_mean(np.linalg.norm(seen - slopes, axis=-1), mask) * focal


def _rooted(joints: np.ndarray, root: int) -> np.ndarray:
    return joints - joints[..., root : root + 1, :]


def _distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.linalg.norm(a - b, axis=-1) * MILLIMETRES
