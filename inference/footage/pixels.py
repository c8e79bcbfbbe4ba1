"""Pixel arithmetic that video and pictures share."""

from __future__ import annotations

import cv2
import numpy as np


def over_black(rgba: np.ndarray) -> np.ndarray:
    """`[H, W, 3]` uint8: a `[H, W, 4]` uint8 picture with straight alpha, composited on black."""
    alpha = cv2.merge([rgba[..., 3]] * 3)
    return cv2.multiply(np.ascontiguousarray(rgba[..., :3]), alpha, scale=1 / 255)
