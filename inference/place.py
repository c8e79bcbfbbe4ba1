"""Where the subject stands: the root in camera space by reprojection, then upright in Blender's world."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..models.skeletons import JOINTS
from . import rotations as rot
from .camera import Camera
from .lift import Lift

# Camera axes (x right, y down, z forward) as seen in Blender's world for a level camera that looks along +y.
_LEVEL = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]])
# The points that stand for the body's place: the torso and the limbs' large joints, not hands and face.
_ANCHORS = [
    JOINTS.index(name)
    for name in ("hip.L", "hip.R", "knee.L", "knee.R", "ankle.L", "ankle.R", "shoulder.L", "shoulder.R", "elbow.L",
                 "elbow.R", "wrist.L", "wrist.R")
]  # fmt: skip

# Rounds of reweighting, after which the weights hardly change.
_ROUNDS = 8
# Least spread of the neighbors in time, in squared sigmas, that tells a line from a point.
_LEVER = 1e-4


@dataclass(frozen=True, slots=True)
class PlaceSettings:
    """How the root is placed.

    smoothing: seconds of the Gaussian over which the distance to the camera, which one picture tells poorly, is
    averaged. least_depth: metres that the subject is at least away. outlier: share of the subject's size at which a
    point's reprojection error halves its say. straight: radians by which a standing leg may bend at the knee.
    tilt: largest tilt of the camera, in radians, that standing poses may claim.
    """

    smoothing: float = 0.15
    least_depth: float = 0.3
    outlier: float = 0.05
    straight: float = np.radians(25.0)
    tilt: float = np.radians(45.0)


@dataclass(frozen=True, slots=True)
class Placement:
    """joints: `[T, J, 3]` metres in Blender's world. rotation `[3, 3]` and position `[3]`: world from camera axes."""

    joints: np.ndarray
    rotation: np.ndarray
    position: np.ndarray


def toward_view(world: np.ndarray, centers: np.ndarray, camera: Camera) -> np.ndarray:
    """World landmarks `[T, N, 3]` turned from the region's own view into the camera's axes.

    The detector reads a square cut out around the subject as if the camera looked straight at it; the turn is the one
    from the optical axis to the ray through the square's middle, `centers` `[T, 2]` in pixels.
    """
    slopes = camera.rays(centers)
    rays = np.concatenate([slopes, np.ones((len(slopes), 1))], axis=-1)
    turn = rot.between(np.array([0.0, 0.0, 1.0]), rays)
    return rot.rotate(turn[:, None], world)


def root_in_camera(
    lifted: Lift,
    points: np.ndarray,
    present: np.ndarray,
    times: np.ndarray,
    camera: Camera,
    settings: PlaceSettings,
) -> np.ndarray:
    """Position `[T, 3]` of the pelvis in metres in the camera frame by reprojection; absent frames keep the last one.

    points: `[T, J, 2]` pixels. present: `[T]` bool. times: `[T]` seconds.
    Minimises the weighted algebraic reprojection error, linear in the position, with weights re-drawn to make it robust
    (iteratively reweighted least squares, Cauchy weights).
    """
    body, slopes = lifted.joints[present][:, _ANCHORS], camera.rays(points[present][:, _ANCHORS])
    trust = np.maximum(lifted.belief[present][:, _ANCHORS], 1e-3)
    extent = np.ptp(slopes, axis=1).max(axis=-1, keepdims=True)
    weights = trust
    root = np.zeros((len(body), 3))
    for _ in range(_ROUNDS):
        root = _solve_root(body, slopes, weights)
        place = body + root[:, None]
        error = np.linalg.norm(place[..., :2] / np.maximum(place[..., 2:], settings.least_depth) - slopes, axis=-1)
        weights = trust / (1.0 + (error / np.maximum(settings.outlier * extent, 1e-6)) ** 2)
    depth = np.maximum(root[:, 2], settings.least_depth)
    depth = np.exp(_smooth(np.log(depth), times[present], weights.sum(axis=1), settings.smoothing))
    return _slide_to_depth(body, slopes, weights, depth)[_last_present(present)]


def upright(lifted: Lift, root: np.ndarray, present: np.ndarray, settings: PlaceSettings) -> Placement:
    """The subject, its pelvis at `root` `[T, 3]` in the camera frame, set upright on the floor of Blender's world.

    Up is the usual direction from the feet to the neck over frames in which the subject stands straight, or the
    camera's own up where there are too few. The floor (z = 0) is where the feet are in all but the lowest tenth of
    frames; the subject starts at x = y = 0.
    """
    last = _last_present(present)
    joints = lifted.joints[present][last] + root[:, None]
    up = _standing_up(joints, lifted.belief, present, settings)
    level = rot.to_matrix(rot.between(up, np.array([0.0, -1.0, 0.0])))
    rotation = _LEVEL @ level
    world = joints @ rotation.T
    feet = [JOINTS.index(name) for name in ("heel.L", "heel.R", "toe.L", "toe.R")]
    lowest = world[present][:, feet, 2].min(axis=1)
    start = world[present][0, JOINTS.index("pelvis")]
    position = -np.array([start[0], start[1], np.quantile(lowest, 0.1)])
    return Placement(world + position, rotation, position)


def _last_present(present: np.ndarray) -> np.ndarray:
    """`[T]` indices into the present frames: each frame's own, or that of the last one before it (else the first)."""
    return np.maximum(np.cumsum(present) - 1, 0)


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


def _smooth(values: np.ndarray, times: np.ndarray, weights: np.ndarray, sigma: float) -> np.ndarray:
    """`values` `[T]` smoothed by a weighted local line under a Gaussian of `sigma` seconds (Cleveland, 1979).

    A line, unlike a mean, neither lags at the ends nor flattens a steady approach. Cost grows with T, not its square.
    """
    step = float(np.median(np.diff(times))) if len(times) > 1 else sigma
    reach = max(1, round(3 * sigma / max(step, 1e-6)))
    moments = np.zeros((5, len(values)))
    for shift in range(-reach, reach + 1):
        here = slice(max(0, -shift), len(values) - max(0, shift))
        there = slice(max(0, shift), len(values) - max(0, -shift))
        if here.start >= here.stop:
            continue
        away = (times[there] - times[here]) / sigma
        share = weights[there] * np.exp(-0.5 * away**2)
        moments[:, here] += share * np.stack([np.ones_like(away), away, away**2, values[there], away * values[there]])
    weight, first, second, total, leaning = moments
    spread = second * weight - first**2
    tells = spread > _LEVER * weight**2
    return np.where(tells, (second * total - first * leaning) / np.where(tells, spread, 1.0), total / weight)


def _standing_up(joints: np.ndarray, belief: np.ndarray, present: np.ndarray, settings: PlaceSettings) -> np.ndarray:
    """Direction `[3]` in the camera frame that is up for the subject."""
    camera_up = np.array([0.0, -1.0, 0.0])
    at = {name: joints[:, JOINTS.index(name)] for name in JOINTS}
    trunk = rot.normalize(at["pelvis"] - at["thorax"])
    standing = present.copy()
    for side in ("L", "R"):
        thigh = rot.normalize(at[f"knee.{side}"] - at[f"hip.{side}"])
        shin = rot.normalize(at[f"ankle.{side}"] - at[f"knee.{side}"])
        standing &= np.sum(thigh * shin, axis=-1) > np.cos(settings.straight)
        standing &= np.sum(thigh * trunk, axis=-1) > np.cos(settings.straight)
        standing &= belief[:, JOINTS.index(f"ankle.{side}")] > 0.5
    up = rot.normalize(at["thorax"] - (at["ankle.L"] + at["ankle.R"]) / 2)
    standing &= up @ camera_up > np.cos(settings.tilt)
    if standing.sum() < max(5, 0.05 * present.sum()):
        return camera_up
    return rot.normalize(np.median(up[standing], axis=0))
