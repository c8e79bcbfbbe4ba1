"""Metrics of motion of joints `[T, J, 3]` in metres at `rate` frames per second.

`mask` `[T, J]` bool picks what counts; a difference over time counts where the mask picks every frame that it is made of.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...models.skeletons import JOINT_PARENTS, JOINTS, mirrored
from .position import MILLIMETRES, masked_mean

_BODY = list(range(1, 17))
_PARENTS = [JOINT_PARENTS[child] for child in _BODY]
_LEFT = [child for child in range(1, 17) if JOINTS[child].endswith(".L")]
_RIGHT = [JOINTS.index(mirrored(JOINTS[child])) for child in _LEFT]

CONTACT_SPEED = 0.15
"""Metres per second: below it, an ankle or toe of the truth stands on the floor."""
SKATING_SPEED = 0.10
ANKLE_HEIGHT, TOE_HEIGHT = 0.15, 0.10
"""Metres above the clip's lowest place below which an ankle and a toe are by the floor."""
PENETRATION_DEPTH = 0.05
"""Metres below the floor from which a toe counts as sunk in."""
_FEET = [JOINTS.index(name) for name in ("ankle.L", "toe.L", "ankle.R", "toe.R")]
_ANKLES = [JOINTS.index(name) for name in ("ankle.L", "ankle.R")]
_TOES = [JOINTS.index(name) for name in ("toe.L", "toe.R")]


def velocity_error(
    predicted: np.ndarray, truth: np.ndarray, rate: float, mask: np.ndarray | None = None, root: int | None = 0
) -> float:
    """Mean length in mm/s of the difference of velocities (MPJVE); about the root, or in space with `root=None`."""
    difference = np.diff(_about(predicted, root) - _about(truth, root), axis=0)
    together = None if mask is None else mask[1:] & mask[:-1]
    return masked_mean(np.linalg.norm(difference, axis=-1), together) * rate * MILLIMETRES


def acceleration_error(
    predicted: np.ndarray, truth: np.ndarray, rate: float, mask: np.ndarray | None = None, root: int | None = 0
) -> float:
    """Mean length in m/s² of the difference of accelerations; about the root, or in space with `root=None`."""
    difference = np.diff(_about(predicted, root) - _about(truth, root), n=2, axis=0)
    together = None if mask is None else mask[2:] & mask[1:-1] & mask[:-2]
    return masked_mean(np.linalg.norm(difference, axis=-1), together) * rate**2


def per_frame_squared(acceleration: float, rate: float) -> float:
    """An acceleration in m/s² as the mm/frame² that older papers print."""
    return acceleration / rate**2 * MILLIMETRES


@dataclass(frozen=True, slots=True)
class Hits:
    """What became of a truth's hits. left: sum of what a prediction has of them, size: their own sum, both m/frame²."""

    left: float
    size: float

    @property
    def damping(self) -> float:
        """Share by which they are damped, below 0 where they are overdone; NaN where nothing moves."""
        return 1.0 - self.left / self.size if self.size > 0 else float("nan")


def hits(
    predicted: np.ndarray, truth: np.ndarray, share: float = 0.05, mask: np.ndarray | None = None, root: int | None = 0
) -> Hits:
    """What a prediction has of the truth's hits: its `share` largest accelerations of every joint.

    What it has of a hit is the part of its acceleration along the true one, so that noise neither hides damping nor counts
    as it. About the root, or in space with `root=None`.
    """
    ours, theirs = (np.diff(_about(joints, root), n=2, axis=0) for joints in (predicted, truth))
    size = np.linalg.norm(theirs, axis=-1)
    counted = np.ones(size.shape, bool) if mask is None else mask[2:] & mask[1:-1] & mask[:-2]
    least = np.quantile(np.where(counted, size, 0.0), 1.0 - share, axis=0)
    chosen = counted & (size >= least) & (size > 0)
    along = np.sum(ours * theirs, axis=-1)[chosen] / size[chosen]
    return Hits(float(along.sum()), float(size[chosen].sum()))


def jitter(joints: np.ndarray, rate: float) -> float:
    """Mean length of the third difference in m/s³; it needs no truth. Divide by 10 for the figure that papers print."""
    return masked_mean(np.linalg.norm(np.diff(joints, n=3, axis=0), axis=-1)) * rate**3


def bone_lengths(joints: np.ndarray) -> np.ndarray:
    """Metres `[..., 16]` of the bones between the 17 joints of Human3.6M, joints `[..., 30, 3]`."""
    return np.linalg.norm(joints[..., _BODY, :] - joints[..., _PARENTS, :], axis=-1)


def bone_spread(joints: np.ndarray) -> float:
    """How much bones change their length over a clip `[T, 30, 3]`: standard deviation over mean, the bones' mean, in %."""
    lengths = bone_lengths(joints)
    return float(np.mean(lengths.std(axis=0) / lengths.mean(axis=0))) * 100.0


def symmetry_error(joints: np.ndarray) -> float:
    """Mean difference in mm between left and right bones of the same name, joints `[..., 30, 3]`."""
    lengths = np.zeros((*joints.shape[:-2], len(JOINTS)))
    lengths[..., _BODY] = bone_lengths(joints)
    return float(np.abs(lengths[..., _LEFT] - lengths[..., _RIGHT]).mean()) * MILLIMETRES


def foot_sliding(predicted: np.ndarray, truth: np.ndarray, rate: float) -> float:
    """Mean way in mm per frame that ankles and toes move while those of the truth stand.

    Both `[T, 30, 3]` in a world that stands still, not about the root. NaN for a truth whose feet never stand.
    """
    standing = np.linalg.norm(np.diff(truth[:, _FEET], axis=0), axis=-1) * rate < CONTACT_SPEED
    ways = np.linalg.norm(np.diff(predicted[:, _FEET], axis=0), axis=-1)
    return masked_mean(ways, standing) * MILLIMETRES


def skating_ratio(joints: np.ndarray, rate: float) -> float:
    """Share of steps between frames, 0 to 1, in which a foot slides: joints `[T, 30, 3]` in a world with z up.

    A foot slides where its ankle and its toe both move faster than `SKATING_SPEED` over the floor while both are by it.
    RoHM counts a frame only where both feet slide; here one is enough, because one is seen.
    """
    sliding = np.ones((len(joints) - 1, 2), bool)
    for feet, height in ((_ANKLES, ANKLE_HEIGHT), (_TOES, TOE_HEIGHT)):
        places = joints[:, feet]
        speed = np.linalg.norm(np.diff(places[..., :2], axis=0), axis=-1) * rate
        sliding &= (speed > SKATING_SPEED) & (places[1:, :, 2] - places[..., 2].min() < height)
    return float(sliding.any(axis=1).mean())


def ground_penetration(joints: np.ndarray, floor: float = 0.0) -> float:
    """Share of toes, 0 to 1, deeper than `PENETRATION_DEPTH` below the floor: joints `[T, 30, 3]`, world with z up."""
    return float((joints[:, _TOES, 2] < floor - PENETRATION_DEPTH).mean())


def _about(joints: np.ndarray, root: int | None) -> np.ndarray:
    return joints if root is None else joints - joints[:, root : root + 1]
