"""What can be hidden together: the points that go as one, limbs with all that hangs on them, and parts of the body."""

from __future__ import annotations

import numpy as np

from ..models.skeletons import JOINTS, POINTS

_STEMS = {
    "shoulder": ("shoulder",), "elbow": ("elbow",), "wrist": ("wrist", "index", "pinky", "thumb"),
    "hip": ("hip",), "knee": ("knee",), "ankle": ("ankle",), "foot": ("heel", "toe"),
}  # fmt: skip
_HEAD = ("nose", "ear.L", "ear.R")
UNITS: dict[str, tuple[str, ...]] = {name: (name,) for name in _HEAD} | {
    f"{stem}.{side}": tuple(f"{point}.{side}" for point in points) for stem, points in _STEMS.items() for side in "LR"
}
"""The 17 things that a published protocol calls a joint, and the points of each: knuckles go with their wrist."""

_CHAINS = (("shoulder", "elbow", "wrist"), ("hip", "knee", "ankle", "foot"))


def _descendants(unit: str) -> tuple[str, ...]:
    """A unit and all units that hang on it."""
    stem, _, side = unit.partition(".")
    for chain in _CHAINS:
        if stem in chain:
            return tuple(f"{child}.{side}" for child in chain[chain.index(stem) :])
    return (unit,)


def points_mask(*units: str) -> np.ndarray:
    """`[25]` bool: the points of some units."""
    names = {point for unit in units for point in UNITS[unit]}
    return np.array([point in names for point in POINTS])


ALONE = np.stack([points_mask(unit) for unit in UNITS])
"""`[17, 25]` bool: the points of each unit."""
WITH_DESCENDANTS = np.stack([points_mask(*_descendants(unit)) for unit in UNITS])
"""`[17, 25]` bool: the points of each unit and of all units that hang on it."""
UNIT_OF = ALONE.argmax(axis=0)
"""`[25]` the unit that each point belongs to."""

_LIMBS = {
    f"{side_name} {limb}": _descendants(f"{root}.{side}")
    for side_name, side in (("left", "L"), ("right", "R"))
    for limb, root in (("arm", "shoulder"), ("leg", "hip"))
}
PARTS: dict[str, np.ndarray] = {name: points_mask(*units) for name, units in _LIMBS.items()} | {
    "both legs": points_mask(*_LIMBS["left leg"], *_LIMBS["right leg"]),
    "upper body": points_mask(*_HEAD, *_LIMBS["left arm"], *_LIMBS["right arm"]),
}
"""Parts of the body as `[25]` bool; a limb goes with its shoulder or hip."""

LIMB_UNITS = tuple(name for name in UNITS if name not in _HEAD)
"""Units of the limbs, which a detector may take for their partners of the other side."""

MADE_OF = {
    "pelvis": ("hip.L", "hip.R"),
    "spine": ("hip.L", "hip.R", "shoulder.L", "shoulder.R"),
    "thorax": ("shoulder.L", "shoulder.R"),
    "neck": ("ear.L", "ear.R"),
    "head": ("ear.L", "ear.R"),
}
"""The points that the joints without a landmark of their own are made of."""


def _sources() -> np.ndarray:
    """`[30, 4]` index of the points that each joint is made of, the last repeated."""
    rows = [[POINTS.index(name) for name in MADE_OF.get(joint, (joint,))] for joint in JOINTS]
    return np.array([row + row[-1:] * (4 - len(row)) for row in rows])


_SOURCES = _sources()


def joint_hidden(hidden: np.ndarray) -> np.ndarray:
    """Which of the 30 joints are hidden, `[..., 30]` bool: those of which any point is, `hidden` `[..., 25]` bool."""
    return hidden[..., _SOURCES].any(axis=-1)
