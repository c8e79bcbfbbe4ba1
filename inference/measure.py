"""The subject's body, measured: where every joint lies about its parent, the same in every frame."""

from __future__ import annotations

import numpy as np

from ..models.skeletons import JOINT_CARRIERS, JOINT_PARENTS, JOINTS, partners
from . import rotations as rot

_SIDEWAYS = np.array([-1.0, 1.0, 1.0])
# What a joint that is never believed still counts.
_LEAST = 1e-3


def measured_body(joints: np.ndarray, rotations: np.ndarray, trust: np.ndarray) -> np.ndarray:
    """Offsets `[30, 3]` in metres (`inference.body`) of a body alike on both sides.

    joints: `[T, 30, 3]` metres, world axes. rotations: `[T, 18, 4]` global rotations of the bones. trust: `[T, 30]`, 0 for what
    does not count. The direction is a mean as the carrying bone sees it, and the length a median, which turning about
    does not shorten.
    """
    parents = list(JOINT_PARENTS)
    seen = rot.rotate(rot.conjugate(rotations[:, JOINT_CARRIERS]), joints - joints[:, parents])
    weight = np.minimum(trust, trust[:, parents]) ** 2 + _LEAST * (trust.max(axis=1, keepdims=True) > 0)
    mean = np.einsum("tj,tja->ja", weight, seen)
    offsets = rot.normalize(mean) * _medians(np.linalg.norm(seen, axis=-1), weight)[:, None]
    offsets[0] = 0.0
    return (offsets + offsets[partners(JOINTS)] * _SIDEWAYS) / 2


def _medians(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The weighted median of each column of `values` `[T, N]`."""
    order = values.argsort(axis=0)
    summed = np.take_along_axis(weights, order, axis=0).cumsum(axis=0)
    middle = (summed < summed[-1:] / 2).sum(axis=0)
    return np.take_along_axis(np.take_along_axis(values, order, axis=0), middle[None], axis=0)[0]
