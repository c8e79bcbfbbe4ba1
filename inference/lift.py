"""From landmarks to the product skeleton with one set of bone lengths.

The first lift takes the detector's own world landmarks; a trained lifter's joints (`trained_lift`) are made one body by
the same code.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..models.skeletons import BLAZEPOSE, JOINT_PARENTS, JOINTS, partners
from . import rotations as rot
from .camera import Camera
from .settings import LiftSettings

# Each joint is the weighted sum of landmarks. The neck joint lies where the skull turns on the spine: between the ears
# and a little below them, along the line from the nose to the mouth.
_SOURCES: dict[str, dict[str, float]] = {
    "pelvis": {"hip.L": 0.5, "hip.R": 0.5},
    "spine": {"hip.L": 0.25, "hip.R": 0.25, "shoulder.L": 0.25, "shoulder.R": 0.25},
    "thorax": {"shoulder.L": 0.5, "shoulder.R": 0.5},
    "neck": {"ear.L": 0.5, "ear.R": 0.5, "mouth.L": 0.35, "mouth.R": 0.35, "nose": -0.7},
    # the top of the head is built from the face (`_crown`); its belief comes from these
    "head": {"ear.L": 0.5, "ear.R": 0.5},
}
# Metres from between the ears to the crown, and how far the nose lies below the ears' level as seen from the side:
# adult averages from craniofacial anthropometry (Farkas, 1994).
_CROWN_HEIGHT = 0.13
_NOSE_PITCH = np.radians(12.0)


@dataclass(frozen=True, slots=True)
class Lift:
    """The product skeleton about its pelvis.

    joints: `[T, 30, 3]` metres from the pelvis, camera axes (x right, y down, z forward).
    belief: `[T, 30]` 0 to 1, how far each joint's landmarks were believed, 0 where the subject is absent.
    lengths: `[30]` metres from each joint to its parent, the same in every frame; 0 for the pelvis.
    """

    joints: np.ndarray
    belief: np.ndarray
    lengths: np.ndarray


def combine(landmarks: np.ndarray) -> np.ndarray:
    """Product joints `[..., 30, D]` as weighted sums of landmarks `[..., 33, D]`, except for the crown's offset."""
    return np.einsum("jl,...ld->...jd", _weights(), landmarks)


def detected_joints(world: np.ndarray) -> np.ndarray:
    """Joints `[T, 30, 3]` from the detector's world landmarks `[T, 33, 3]`: the first lift, without a network."""
    world = world.astype(float)
    joints = combine(world)
    joints[:, JOINTS.index("head")] = _crown(world)
    return joints


def toward_view(world: np.ndarray, centers: np.ndarray, camera: Camera) -> np.ndarray:
    """World landmarks `[T, N, 3]` turned from the region's own view into the camera's axes.

    The detector reads a square cut out around the subject as if the camera looked straight at it; the turn is the one
    from the optical axis to the ray through the square's middle, `centers` `[T, 2]` in pixels.
    """
    slopes = camera.rays(centers)
    rays = np.concatenate([slopes, np.ones((len(slopes), 1))], axis=-1)
    turn = rot.between(np.array([0.0, 0.0, 1.0]), rays)
    return rot.rotate(turn[:, None], world)


def one_body(joints: np.ndarray, trusted: np.ndarray, settings: LiftSettings) -> Lift:
    """Joints `[T, 30, 3]` in metres as those of one body, whose bones keep their lengths.

    trusted: `[T, 30]` 0 to 1, how far each joint is believed, 0 where the subject is absent.
    """
    joints = joints.astype(float)
    lengths = _bone_lengths(joints, trusted, settings.sure)
    return Lift(_with_lengths(joints, lengths), trusted, lengths)


def joint_belief(belief: np.ndarray) -> np.ndarray:
    """`[T, 30]`: a joint is believed as far as the least believed of the landmarks `[T, 33]` that it is made of."""
    used = _weights() != 0
    return np.where(used[None], belief[:, None, :], np.inf).min(axis=-1)


def _weights() -> np.ndarray:
    """`[30, 33]` share of each landmark in each joint."""
    weights = np.zeros((len(JOINTS), len(BLAZEPOSE)))
    for row, joint in enumerate(JOINTS):
        for landmark, share in _SOURCES.get(joint, {joint: 1.0}).items():
            weights[row, BLAZEPOSE.index(landmark)] = share
    return weights


def _crown(world: np.ndarray) -> np.ndarray:
    """`[T, 3]` top of the head from the ears and the nose."""
    left, right, nose = (world[:, BLAZEPOSE.index(name)] for name in ("ear.L", "ear.R", "nose"))
    middle = (left + right) / 2
    # columns: towards the left ear, towards the nose, and their cross product, which points down the neck
    axes = rot.frame(left - right, nose - middle)
    up = -np.cos(_NOSE_PITCH) * axes[..., 2] + np.sin(_NOSE_PITCH) * axes[..., 1]
    return middle + _CROWN_HEIGHT * up


def _bone_lengths(joints: np.ndarray, belief: np.ndarray, sure: float) -> np.ndarray:
    """Median length of each bone over the frames that are sure of both its ends, the same on the left and the right."""
    parents = np.array(JOINT_PARENTS)
    measured = np.linalg.norm(joints - joints[:, parents], axis=-1)
    trust = np.minimum(belief, belief[:, parents])
    lengths = np.zeros(len(parents))
    for child in range(1, len(parents)):
        # where a limb is never sure, its least doubtful tenth has to do
        floor = min(sure, np.quantile(trust[:, child], 0.9))
        chosen = (trust[:, child] >= floor) & (belief.max(axis=-1) > 0)
        lengths[child] = np.median(measured[chosen, child])
    return (lengths + lengths[partners(JOINTS)]) / 2


def _with_lengths(joints: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """The same bone directions with the given lengths, walked out from the pelvis."""
    result = np.zeros_like(joints)
    for child, parent in enumerate(JOINT_PARENTS):
        if parent < 0:
            continue
        direction = rot.normalize(joints[:, child] - joints[:, parent])
        result[:, child] = result[:, parent] + lengths[child] * direction
    return result
