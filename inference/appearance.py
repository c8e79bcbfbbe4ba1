"""How a person looks, to tell one from another: the colors of the trunk and the thighs."""

from __future__ import annotations

import cv2
import numpy as np

from ..models.skeletons import BLAZEPOSE

_HUES, _SATURATIONS, _VALUES = 12, 4, 4
# Least count of pixels that tells anything.
_ENOUGH = 16


def body_colors(image: np.ndarray, landmarks: np.ndarray) -> np.ndarray | None:
    """Histogram `[192]` of hue, saturation and value over the trunk and the thighs, summing to 1.

    image: `[H, W, 3]` uint8 RGB. landmarks: `[33, 2 or more]` pixels. Colors are read along the body itself, so the
    background counts little whatever the pose. None where hardly any of the body lies in the picture.
    """
    height, width = image.shape[:2]
    points = np.rint(_places(landmarks[:, :2])).astype(int)
    inside = (points >= 0).all(axis=1) & (points < (width, height)).all(axis=1)
    if inside.sum() < _ENOUGH:
        return None
    pixels = image[points[inside, 1], points[inside, 0]][None]
    hsv = cv2.cvtColor(pixels, cv2.COLOR_RGB2HSV)
    counts = cv2.calcHist([hsv], [0, 1, 2], None, [_HUES, _SATURATIONS, _VALUES], [0, 180, 0, 256, 0, 256])
    # neighboring bins share, so that a small change of light does not make a stranger
    smooth = cv2.GaussianBlur(counts.reshape(_HUES, -1), (3, 3), 0.6).ravel().astype(float)
    return smooth / smooth.sum()


def likeness(a: np.ndarray, b: np.ndarray) -> float:
    """Bhattacharyya coefficient of two histograms: 1 for the same colors, 0 for none in common."""
    return float(np.sum(np.sqrt(a * b)))


def _places(points: np.ndarray) -> np.ndarray:
    """`[N, 2]` places spread over the trunk and along the thighs, away from their edges."""
    at = {name: points[index] for index, name in enumerate(BLAZEPOSE)}
    across, down = (
        grid.ravel()[:, None] for grid in np.meshgrid(np.linspace(0.15, 0.85, 8), np.linspace(0.1, 0.9, 12))
    )
    shoulders = (1 - across) * at["shoulder.L"] + across * at["shoulder.R"]
    hips = (1 - across) * at["hip.L"] + across * at["hip.R"]
    along = np.linspace(0.1, 0.7, 16)[:, None]
    thighs = [at[f"hip.{side}"] + along * (at[f"knee.{side}"] - at[f"hip.{side}"]) for side in ("L", "R")]
    return np.concatenate([(1 - down) * shoulders + down * hips, *thighs])
