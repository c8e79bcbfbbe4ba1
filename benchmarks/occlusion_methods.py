"""The ways of getting through an occlusion: a lifter that fills by itself, and the usual fills before or after one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from ..inference.lifted import Lifter
from ..inference.sightings import Sightings, bridge, hold, neighbors

Fill = Literal["own", "hold", "line", "answer"]
"""How the gap is closed.

own: the lifter is told what is hidden and fills it itself. hold, line: hidden points are held where they were last, or
led in a straight line from the last sight to the next, and the lifter is told that all of them are seen. answer: the
hidden joints of its answer to the 2D line are replaced by the straight line between its answers before and after the gap.
"""


@dataclass(frozen=True, slots=True)
class Method:
    """One row of the tables. network: which of the lifters it asks. baseline: whether the bounds compare with it."""

    name: str
    network: str
    fill: Fill
    baseline: bool = True


METHODS = (
    Method("S3", "s3", "own", baseline=False),
    Method("2D held", "unmasked", "hold"),
    Method("2D line", "unmasked", "line"),
    Method("3D line", "unmasked", "answer"),
)
"""The baselines use S3's own first half, which is the same network trained without masks."""


def lift_all(
    methods: tuple[Method, ...], lifters: Mapping[str, Lifter], sightings: Sightings, hidden: np.ndarray
) -> dict[str, np.ndarray]:
    """Joints `[T, 30, 3]` by every method, by its name.

    sightings: with the occluded points unseen. hidden: `[T, 30]` bool, the joints that are occluded, which are those
    that "answer" replaces.
    """
    near = neighbors(sightings.seen)
    everywhere = np.ones_like(sightings.seen)
    inputs = {
        "own": sightings,
        "hold": replace(sightings, points=hold(sightings.points, near), seen=everywhere),
        "line": replace(sightings, points=bridge(sightings.points, near), seen=everywhere),
    }
    asked: dict[tuple[str, str], np.ndarray] = {}
    answers: dict[str, np.ndarray] = {}
    for method in methods:
        straight = method.fill == "answer"
        key = method.network, "line" if straight else method.fill
        if key not in asked:
            asked[key] = lifters[method.network](inputs[key[1]]).joints
        answers[method.name] = bridge(asked[key], neighbors(~hidden)) if straight else asked[key]
    return answers
