"""The optical flow that a camera would measure at detected points, for clips that have no pictures.

A body of capsules moves before a background. At a point on the body's outline the picture shows the motion of the
front-most capsule there, elsewhere the background's. So a point that sits on the wrong limb, on an occluder's edge or on
nothing at all gets the flow of what it sits on, as in real footage, and a fast limb's point that is a little off the
limb gets the background's.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..models.skeletons import JOINTS
from .cameras import Cameras, slopes
from .capsules import LIMBS

# Further capsules, start, end, radius in metres: what `LIMBS` leaves out of a body's outline.
_REST = (
    *((f"wrist.{side}", f"{finger}.{side}", 0.035) for side in "LR" for finger in ("index", "pinky", "thumb")),
    *((f"{start}.{side}", f"toe.{side}", 0.04) for side in "LR" for start in ("ankle", "heel")),
    *((f"ear.{side}", "nose", 0.05) for side in "LR"),
    *((f"shoulder.{side}", f"hip.{side}", 0.09) for side in "LR"),
    ("thorax", "pelvis", 0.11),
    ("shoulder.L", "shoulder.R", 0.07),
    ("hip.L", "hip.R", 0.10),
    ("neck", "head", 0.09),
)
_CAPSULES = (*LIMBS, *_REST)
_STARTS = [JOINTS.index(start) for start, _, _ in _CAPSULES]
_ENDS = [JOINTS.index(end) for _, end, _ in _CAPSULES]
_RADII = np.array([radius for *_, radius in _CAPSULES], np.float32)
_NEAREST = 0.1
"""Metres before the camera at which a depth is cut off."""
_BACKGROUND = 1.6
"""Distance of the background over the subject's."""


@dataclass(frozen=True, slots=True)
class FlowNoise:
    """What measuring adds. `failed` is as on the real footage (4 to 7 %); the other two are assumed, not measured.

    spread: standard deviation of the flow as a share of the body's size. failed: share of points at which the flow is not
    known, because the picture has no texture there or is blurred. fooled: share at which it is the background's though
    the point is on the body.
    """

    spread: float = 0.003
    failed: float = 0.05
    fooled: float = 0.02


def simulated_flow(
    joints: np.ndarray,
    points: np.ndarray,
    background: np.ndarray,
    size: np.ndarray,
    noise: FlowNoise,
    random: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Flow and its error at detected points, as `inference.reliability.Evidence` takes them.

    joints: `[B, T, 30, 3]` metres in the camera frame, every one before the camera. points: `[B, T, P, 2]` detected places
    as slopes (x/z, y/z). background: `[B, T, 2]` slopes by which the background moved since the last frame; zeros for
    a camera that stands still. size: `[B, T]` the body's size in slopes.
    Gives the flow `[B, T, P, 2]` since the last frame at the last frame's points, in slopes, and the forward-backward error
    `[B, T, P]`, infinite where the flow is not known: in the first frame always.
    """
    flow = np.zeros(points.shape, np.float32)
    error = np.full(points.shape[:-1], np.inf, np.float32)
    joints, points = joints.astype(np.float32), points.astype(np.float32)
    ground = np.broadcast_to(background[:, 1:, None].astype(np.float32), flow[:, 1:].shape)
    shown, covered = _body_flow(joints[:, :-1], joints[:, 1:], points[:, :-1])
    covered &= random.random(covered.shape, np.float32) >= noise.fooled
    spread = (noise.spread * size[:, 1:, None, None]).astype(np.float32)
    flow[:, 1:] = np.where(covered[..., None], shown, ground)
    flow[:, 1:] += spread * random.standard_normal(ground.shape, np.float32)
    known = random.random(covered.shape, np.float32) >= noise.failed
    error[:, 1:] = np.where(known, spread[..., 0] * np.abs(random.standard_normal(covered.shape, np.float32)), np.inf)
    return flow, error


def background_flow(cameras: Cameras, joints: np.ndarray) -> np.ndarray:
    """How the background behind the subject moves, `[B, T, 2]` slopes since the last frame; joints `[B, T, 30, 3]`."""
    flow = np.zeros((*joints.shape[:2], 2), np.float32)
    rotations, positions = cameras.rotations, cameras.positions
    behind = _BACKGROUND * joints[:, :-1, 0]
    place = np.einsum("...ji,...j->...i", rotations[:, :-1], behind) + positions[:, :-1]
    after = np.einsum("...ij,...j->...i", rotations[:, 1:], place - positions[:, 1:])
    flow[:, 1:] = slopes(after) - slopes(behind)
    return flow


def _body_flow(before: np.ndarray, after: np.ndarray, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How the body moves at `points` `[..., P, 2]` in the picture before, `[..., P, 2]`, and whether it is there at all.

    before, after: `[..., 30, 3]`. One capsule after the other, so that the memory stays that of the points.
    """
    flow = np.zeros_like(points)
    nearest = np.full(points.shape[:-1], np.inf, np.float32)
    for start, end, radius in zip(_STARTS, _ENDS, _RADII, strict=True):
        a, b = before[..., None, start, :], before[..., None, end, :]
        share = _along(a, b, points)[..., None]
        axis = a + share * (b - a)
        depth = np.maximum(axis[..., 2], _NEAREST)
        aside = points - axis[..., :2] / depth[..., None]
        # the capsule's outline as a disk at the axis; good while the limb is thin before its distance
        height = np.square(radius) - np.square(aside * depth[..., None]).sum(axis=-1)
        front = depth - np.sqrt(np.maximum(height, 0.0))
        ahead = (height > 0) & (front < nearest)
        goal = after[..., None, start, :] + share * (after[..., None, end, :] - after[..., None, start, :])
        goal_depth = np.maximum(goal[..., 2:], _NEAREST)
        moved = goal[..., :2] / goal_depth + aside * (depth[..., None] / goal_depth)
        flow = np.where(ahead[..., None], moved - points, flow)
        nearest = np.where(ahead, front, nearest)
    return flow, np.isfinite(nearest)


def _along(start: np.ndarray, end: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Share `[..., P]` of the way from `start` to `end` `[..., 1, 3]` that lies nearest to `points` in the picture.

    The nearest place on the projected line, with the share taken back from the picture to space.
    """
    near, far = np.maximum(start[..., 2], _NEAREST), np.maximum(end[..., 2], _NEAREST)
    a, b = start[..., :2] / near[..., None], end[..., :2] / far[..., None]
    line = b - a
    place = ((points - a) * line).sum(axis=-1) / np.maximum(np.square(line).sum(axis=-1), 1e-9)
    place = np.clip(place, 0.0, 1.0)
    return place * near / (place * near + (1.0 - place) * far)
