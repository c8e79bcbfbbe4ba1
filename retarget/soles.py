"""Where a target's feet touch the floor, told by its rest pose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..inference import rotations as rot
from .figure import Figure

# Shares of the leg's length: how far above the floor, as in a body that sits, and how far below it the lowest bone of the feet
# may lie on an armature whose origin is on the floor; and how far above the floor it lies at most in a foot that stands.
_ABOVE, _BELOW, _STANDS = 0.6, 0.05, 0.08
# Share of the foot's length before the ankle by which the heel lies behind it (the product's mean body).
_BEHIND = 0.25
# Toes end at most so many times as far before the ankle as the ball of the foot; what is longer is no toe.
_LONGEST = 1.8
# Share of the leg's length from the ankle within which bones below it are the foot's.
_NEAR = 0.45
# Share of the leg's length by which an ankle without a foot is above the floor, and which its foot is long.
_ANKLE, _FOOT = 0.06, 0.18
# Share of that length below which what is said to be a foot's points nowhere.
_SHORT = 0.25


@dataclass(frozen=True, slots=True)
class Sole:
    """One foot's sole in the rest pose that has it flat: heel and toe `[3]` from the ankle along the product's axes.

    Armature units.
    """

    heel: np.ndarray
    toe: np.ndarray

    @property
    def ankle_height(self) -> float:
        """How high the ankle is above the floor when the foot stands flat."""
        return -float(self.toe[2])


def floor_level(figure: Figure) -> float:
    """The height of the floor that the target rests on, along the product's up, in armature units from the origin.

    That is the origin's, but for armatures whose feet are far from it: theirs is under the lowest foot.
    """
    low = min(_lowest(figure, side) for side in ("L", "R"))
    return 0.0 if -_BELOW * figure.leg < low < _ABOVE * figure.leg else low


def soles(figure: Figure) -> Mapping[str, Sole]:
    """The sole of each foot, "L" and "R", in the T-pose to which the alignment brings the target.

    The toe is where the longest bone of the toes ends, the heel behind the ankle, both as deep as the floor below a foot that
    stands in rest; a foot that does not is as thick as the other.
    """
    floor = floor_level(figure)
    thick = {side: _lowest(figure, side) - floor for side in ("L", "R")}
    standing = [depth for depth in thick.values() if depth < _STANDS * figure.leg]
    least = min(standing, default=0.0)
    return {side: _sole(figure, side, thick[side] if thick[side] in standing else least) for side in "LR"}


def _sole(figure: Figure, side: str, thick: float) -> Sole:
    """thick: armature units from the lowest bone to the ground."""
    points = _points(figure, side)
    if points is None:
        return Sole(*(np.array([0.0, forward, -_ANKLE]) * figure.leg for forward in (_BEHIND * _FOOT, -_FOOT)))
    about = points - figure.joints[f"ankle.{side}"]
    flat = rot.rotate(figure.alignment[f"foot.{side}"], about)
    ball = rot.rotate(figure.alignment[f"foot.{side}"], figure.joints[f"toe.{side}"] - figure.joints[f"ankle.{side}"])
    depth = float(flat[:, 2].min()) - max(thick, 0.0)
    reach = np.minimum(-flat[:, 1], _LONGEST * max(-ball[1], 0.0))
    longest = int(np.argmax(reach))
    toe = np.array([0.0, -max(reach[longest], _FOOT / 4 * figure.leg), depth])
    return Sole(np.array([0.0, -_BEHIND * toe[1], depth]), toe)


def _lowest(figure: Figure, side: str) -> float:
    points = _points(figure, side)
    if points is None:
        return float(figure.joints[f"ankle.{side}"][2]) - _ANKLE * figure.leg
    return float(points[:, 2].min())


def _points(figure: Figure, side: str) -> np.ndarray | None:
    """Where the bones of a foot begin and end, `[N, 3]` along the product's axes, its ball first; None without a foot."""
    chain = figure.fit.chains.get(f"foot.{side}")
    if chain is None:
        return None
    target = figure.target
    below = [bone for bone in range(len(target.bones)) if chain[0] in target.ancestors(bone)]
    toes = list(figure.fit.ends.get(f"foot.{side}", ()))
    inner = [bone for bone in below if bone in target.parents]
    ball, ankle = figure.joints[f"toe.{side}"], figure.joints[f"ankle.{side}"]
    points = np.concatenate([figure.heads[below], figure.tails[[*inner, *toes]]])
    near = np.linalg.norm(points - ankle, axis=-1) < _NEAR * figure.leg
    return np.concatenate([ball[None], points[near]])
