"""The Cylinder Man's hard labels: which points of a pose its own body hides from a camera.

Also 100 virtual cameras about a pose (Cheng et al., ICCV 2019): each view brings labels of visibility of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..models.skeletons import JOINTS, POINTS
from .capsules import FACE, HEADED, TESTED, clearances

_CHUNK = 512
"""Poses worked on at once: their pairs of point and solid stay in the processor's cache."""
_FACE = [POINTS.index(name) for name in FACE]

PITCH_MEAN, PITCH_SPREAD, PITCH_LIMIT = np.radians(5.0), np.radians(22.5), np.radians(75.0)
NEAREST, FARTHEST = 2.0, 10.0
"""Metres from a virtual camera to the pelvis."""


def visible(joints: np.ndarray) -> np.ndarray:
    """Which of the 25 `POINTS` the body itself does not hide, `[..., 25]` bool.

    joints: `[..., 30, 3]` in the camera frame (x right, y down, z forward), the camera at the origin; metres, though the
    answer is the same in any unit.
    """
    flat = np.asarray(joints, np.float32).reshape(-1, len(JOINTS), 3)
    answer = np.empty((len(flat), len(POINTS)), bool)
    for start in range(0, len(flat), _CHUNK):
        part = np.ascontiguousarray(flat[start : start + _CHUNK].transpose(2, 1, 0))
        answer[start : start + _CHUNK] = _visible(part).T
    return answer.reshape(*joints.shape[:-2], len(POINTS))


def _visible(joints: np.ndarray) -> np.ndarray:
    """`[25, N]` bool of joints `[3, 30, N]`."""
    clear = clearances(joints, np.asarray, lambda parts: np.concatenate(parts, axis=1))
    hides = (clear.inside > 0) & (clear.behind > 0)
    hides[:, : TESTED.shape[1]] &= TESTED[..., None]
    hides[:, TESTED.shape[1]] &= HEADED[:, None]
    seen = ~hides.any(axis=1)
    seen[_FACE] &= np.stack(clear.facing) > 0
    return seen


@dataclass(frozen=True, slots=True)
class Views:
    """Views of poses by V virtual cameras each.

    joints: `[..., V, 30, 3]` float32 metres in each camera's frame (x right, y down, z forward).
    visible: `[..., V, 25]` bool, what the body itself does not hide.
    """

    joints: np.ndarray
    visible: np.ndarray


def virtual_views(joints: np.ndarray, rng: np.random.Generator, count: int = 100) -> Views:
    """Views of poses `[..., 30, 3]` (metres, world with z up) by `count` cameras that look at the pelvis.

    Yaw is anywhere; pitch as people film, a few degrees downward; no roll; 2 to 10 m away, evenly in the logarithm.
    """
    around = np.asarray(joints, np.float32) - joints[..., :1, :].astype(np.float32)
    shape = (*joints.shape[:-2], count)
    yaw = rng.uniform(0.0, 2.0 * np.pi, shape)
    pitch = np.clip(rng.normal(PITCH_MEAN, PITCH_SPREAD, shape), -PITCH_LIMIT, PITCH_LIMIT)
    distance = np.exp(rng.uniform(np.log(NEAREST), np.log(FARTHEST), shape))
    turned = around[..., None, :, :] @ np.swapaxes(_looking(yaw, pitch), -1, -2)
    turned[..., 2] += distance[..., None].astype(np.float32)
    return Views(turned, visible(turned))


def _looking(yaw: np.ndarray, pitch: np.ndarray) -> np.ndarray:
    """Rotations `[..., 3, 3]` float32 from a world with z up to the frame of a camera that looks along +y at yaw 0.

    pitch: radians by which the camera looks down.
    """
    cos_yaw, sin_yaw, cos_pitch, sin_pitch = np.cos(yaw), np.sin(yaw), np.cos(pitch), np.sin(pitch)
    right = np.stack([cos_yaw, sin_yaw, np.zeros_like(yaw)], axis=-1)
    forward = np.stack([-sin_yaw * cos_pitch, cos_yaw * cos_pitch, -sin_pitch], axis=-1)
    down = np.cross(forward, right)
    return np.stack([right, down, forward], axis=-2).astype(np.float32)
