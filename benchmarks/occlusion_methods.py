"""The ways of getting through an occlusion: lifters that fill by themselves, refiners, and the usual fills beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from ..inference.lifted import Lifted, Lifter, Refiner
from ..inference.sightings import Sightings, bridge, hold, neighbors
from ..inference.systems import NONE

Fill = Literal["own", "hold", "line", "answer"]
"""How the gap is closed.

own: the lifter is told what is hidden and fills it itself. hold, line: hidden points are held where they were last, or
led in a straight line from the last sight to the next, and the lifter is told that all of them are seen. answer: the
hidden joints of its answer to the 2D line are replaced by the straight line between its answers before and after the gap.
"""


@dataclass(frozen=True, slots=True)
class Method:
    """One row of the tables: a lifter that is told of the gap or has it filled, and a refiner after it, by their names.

    baseline: whether the bounds compare with it.
    """

    name: str
    lifter: str
    fill: Fill
    refiner: str = NONE
    baseline: bool = False


@dataclass(frozen=True, slots=True)
class Networks:
    """The lifters and refiners that methods ask, by name."""

    lifters: Mapping[str, Lifter]
    refiners: Mapping[str, Refiner] = field(default_factory=dict)

    def refined(self, lifted: Lifted, refiner: str) -> Lifted:
        """What the refiner makes of a lifter's answer; `NONE` leaves it as it is."""
        return lifted if refiner == NONE else self.refiners[refiner](lifted)


METHODS = (
    Method("S3", "s3", "own"),
    Method("2D held", "unmasked", "hold", baseline=True),
    Method("2D line", "unmasked", "line", baseline=True),
    Method("3D line", "unmasked", "answer", baseline=True),
)
"""The baselines use S3's own first half, which is the same network trained without masks."""


def lift_clean(methods: Sequence[Method], networks: Networks, sightings: Sightings) -> dict[str, Lifted]:
    """The answers of every method's networks to the same sightings, whatever its fill; by the method's name."""
    asked = {name: networks.lifters[name](sightings) for name in {method.lifter for method in methods}}
    refined = {
        pair: networks.refined(asked[pair[0]], pair[1]) for pair in {(item.lifter, item.refiner) for item in methods}
    }
    return {method.name: refined[method.lifter, method.refiner] for method in methods}


def lift_all(
    methods: Sequence[Method], networks: Networks, sightings: Sightings, hidden: np.ndarray
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
    asked: dict[tuple[str, str], Lifted] = {}
    answers: dict[str, np.ndarray] = {}
    for method in methods:
        straight = method.fill == "answer"
        key = method.lifter, "line" if straight else method.fill
        if key not in asked:
            asked[key] = networks.lifters[method.lifter](inputs[key[1]])
        joints = networks.refined(asked[key], method.refiner).joints
        answers[method.name] = bridge(joints, neighbors(~hidden)) if straight else joints
    return answers
