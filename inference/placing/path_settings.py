"""How the root's path through a clip is found."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PathSettings:
    """How the root's path is found; lengths in metres, times in seconds.

    least_depth: that the subject is at least away. doubt: standard deviation of a lifted joint that tells none. noise:
    of a detector's point, at the subject. pelvis: share of the hips' spread by which all of the body is off. outlier:
    standard deviations at which a point's say halves. size and size_memory: standard deviation of the logarithm of the
    body's size as the lifter sees it, and how long it stays off; size_slow: the same of what stays off for longer, which
    no path can tell. lively and least_lively: squared acceleration in a hertz of bandwidth, m²/s³, that is expected at
    first and at least; unseen: at least where nothing is seen. window: over which it is measured. outward: share of it
    that the motion toward and away from the camera has. coasting: after which a subject out of sight at a clip's end has
    come to rest. still: speed in m/s at which a foot counts a third as standing. ankle: how far an ankle may speak for
    its foot. slip: growth of the squared error of a foot about the pelvis, m²/s. floor and floor_memory: standard
    deviation of a standing foot's height, and how long it stays off.
    """

    least_depth: float = 0.3
    doubt: float = 0.05
    noise: float = 0.015
    pelvis: float = 1.1
    outlier: float = 2.0
    size: float = 0.02
    size_memory: float = 0.3
    size_slow: float = 0.025
    lively: float = 2.0
    least_lively: float = 1e-4
    unseen: float = 0.05
    window: float = 0.5
    outward: float = 0.5
    coasting: float = 0.5
    still: float = 0.2
    ankle: float = 0.7
    slip: float = 0.0125
    floor: float = 0.025
    floor_memory: float = 0.2
