"""The Cylinder Man's geometry: which of a body's points its own limbs hide from a camera.

The idea is that of Cheng et al., ICCV 2019: a body of ten solids hides its own joints, so that any 3D pose comes with
labels of visibility. The solids here are capsules and the test is exact for a perspective camera: the ray through a
point is hidden where it passes nearer to a capsule's axis than its radius, in front of the point. The trunk is wider
than it is deep, so its rays are tested in a space stretched along its depth until its section is round. Points of the
face are hidden, too, where the face is turned away.

The formulas use only what NumPy's arrays and PyTorch's tensors have in common; `cylinders` holds the hard labels and
`soft_cylinders` the soft ones. Coordinates come first and poses last, so that every step is one pass over memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..models.skeletons import JOINTS, POINTS


def _joint(name: str) -> int:
    return JOINTS.index(name)


LIMBS = tuple(
    (f"{head}.{side}", f"{tail}.{side}", radius)
    for head, tail, radius in (
        ("shoulder", "elbow", 0.055),
        ("elbow", "wrist", 0.045),
        ("hip", "knee", 0.085),
        ("knee", "ankle", 0.060),
    )
    for side in "LR"
)
"""Capsules between two joints: start, end, radius in metres on a body of the reference size."""
HEAD_RADIUS = 0.10
_HEAD_FROM, _HEAD_TO = 0.2, 0.4
"""Ends of the head's axis between the neck and the crown: with its round ends it reaches from the chin to the crown."""
TRUNK_SHARE = 0.375
"""Half the trunk's width over the distance between the shoulder joints."""
TRUNK_FLATNESS = 0.6
"""Depth of the trunk over its width."""
_TRUNK_TO = 0.8
"""Upper end of the trunk's axis between pelvis and thorax: with its round end it just reaches the shoulders."""

DEPTHS = {
    "nose": 0.02, "ear": 0.02, "shoulder": 0.055, "elbow": 0.05, "wrist": 0.04, "index": 0.02, "pinky": 0.02,
    "thumb": 0.02, "hip": 0.085, "knee": 0.07, "ankle": 0.05, "heel": 0.03, "toe": 0.03,
}  # fmt: skip
"""Flesh before each point, metres on a body of the reference size: a solid hides it only from farther in front."""

REFERENCE_SIZE = 1.36
"""Metres of a body of 1.75 m from ankle over knee and hip to the thorax: trunk 0.50, thigh 0.43, shin 0.43."""

FACE = ("nose", "ear.L", "ear.R")

# A point at a capsule's end says nothing about it, and the heel is as good as in the ankle. Fingers and toes stand off
# their capsule, so a forearm or a shin may hide them.
_OWN = {
    "shoulder": ("shoulder",), "elbow": ("shoulder", "elbow"), "wrist": ("elbow",), "hip": ("hip",),
    "knee": ("hip", "knee"), "ankle": ("knee",), "heel": ("knee",),
}  # fmt: skip
_EAR_FORWARD = 0.5
"""How far an ear's normal leans to the face: an ear is in sight from the front and hidden from straight behind."""
_NOSE_OUT = 0.2
"""Cosine by which the face may turn away before the cheek hides the nose, which stands out of it: 12 degrees."""

_POINTS = [_joint(name) for name in POINTS]
_STARTS = [_joint(start) for start, _, _ in LIMBS]
_ENDS = [_joint(end) for _, end, _ in LIMBS]
RADII = np.array([radius for *_, radius in LIMBS], np.float32)
POINT_DEPTHS = np.array([DEPTHS[name.partition(".")[0]] for name in POINTS], np.float32)


def _tested() -> np.ndarray:
    """`[25, 8]` bool: whether a limb may hide a point."""
    tested = np.ones((len(POINTS), len(LIMBS)), bool)
    for row, point in enumerate(POINTS):
        stem, _, side = point.partition(".")
        for column, (start, _, _) in enumerate(LIMBS):
            limb, _, limb_side = start.partition(".")
            tested[row, column] = not (side == limb_side and limb in _OWN.get(stem, ()))
    return tested


TESTED = _tested()
"""`[25, 8]` bool: whether a limb may hide a point."""
HEADED = np.array([name not in FACE for name in POINTS])
"""`[25]` bool: whether the head may hide a point; the points of the face have their own rule."""


@dataclass(frozen=True, slots=True)
class Clearances:
    """How every point stands to every solid, for N poses; arrays or tensors.

    inside: `[25, C, N]` metres by which the ray to a point passes within a solid, below zero outside of it.
    behind: `[25, C, N]` metres by which a point lies farther than the ray's nearest place to the solid's axis, less the
    flesh before the point. Both above zero: hidden. C is 10: `LIMBS`, head, trunk. facing: `[N]` each, cosines
    by which nose, left and right ear face the camera more than they must to be seen; below zero: hidden. scale: `[N]` size of
    the body over the reference body's.
    """

    inside: Any
    behind: Any
    facing: tuple[Any, Any, Any]
    scale: Any


def clearances(joints: Any, like: Any, join: Any) -> Clearances:
    """How the points of N poses stand to their own solids.

    joints: `[3, 30, N]` in the camera frame (x right, y down, z forward), any unit of length; every coordinate first.
    like: makes a constant array of the same kind and type as `joints` from a NumPy array. join: puts `[25, *, N]` parts
    together along their second axis.
    """
    scale = _size(joints) / REFERENCE_SIZE
    points = joints[:, _POINTS]
    radii = like(RADII)[:, None] * scale
    limb_inside, limb_behind = _pass(points, joints[:, _STARTS], joints[:, _ENDS], radii)
    neck, crown = joints[:, [_joint("neck")]], joints[:, [_joint("head")]]
    head = (neck + _HEAD_FROM * (crown - neck), neck + _HEAD_TO * (crown - neck))
    head_inside, head_behind = _pass(points, *head, HEAD_RADIUS * scale[None])
    trunk_inside, trunk_behind = _trunk(joints, points)
    distance = _length(points)
    flesh = like(POINT_DEPTHS)[:, None] * scale
    inside = join((limb_inside, head_inside, trunk_inside))
    behind = join((limb_behind, head_behind, trunk_behind)) * distance[:, None] - flesh[:, None]
    return Clearances(inside, behind, _facing(joints), scale)


def _pass(points: Any, start: Any, end: Any, radius: Any) -> tuple[Any, Any]:
    """How the rays from the camera to `points` `[3, P, N]` pass capsules from `start` to `end` `[3, C, N]`.

    Gives radius − distance `[P, C, N]` between ray and axis, and the share of the way to the point that lies beyond the
    ray's nearest place to the axis. The distance is the least over the axis of a quadratic in the place along it.
    """
    unit = points / _length(points)
    along = end - start
    to_start = _dots(unit, start)
    slope = _dots(unit, along)
    # squared distance from the ray: constant, half linear and quadratic coefficient in the place along the axis
    constant = _dot(start, start) - to_start * to_start
    linear = _dot(start, along) - to_start * slope
    quadratic = _dot(along, along) - slope * slope
    tiny = 1e-9 * _dot(start, start)
    place = (-linear / (quadratic + tiny)).clip(0.0, 1.0)
    squared = constant + place * (2.0 * linear + place * quadratic)
    distance = (squared.clip(0.0, None) + tiny) ** 0.5
    beyond = 1.0 - (to_start + place * slope) / _length(points)[:, None]
    return radius - distance, beyond


def _trunk(joints: Any, points: Any) -> tuple[Any, Any]:
    """`_pass` for the elliptic trunk: `[25, 1, N]` each.

    The space is stretched about the camera along the trunk's depth, which keeps rays rays and shares of them shares.
    """
    pelvis, thorax = joints[:, _joint("pelvis")], joints[:, _joint("thorax")]
    shoulders = joints[:, _joint("shoulder.L")] - joints[:, _joint("shoulder.R")]
    hips = joints[:, _joint("hip.L")] - joints[:, _joint("hip.R")]
    depth = _cross(thorax - pelvis, shoulders + hips)
    depth = depth / _length(depth)
    stretch = 1.0 / TRUNK_FLATNESS - 1.0
    radius = TRUNK_SHARE * _length(shoulders)

    def stretched(places: Any) -> Any:
        return places + stretch * depth[:, None] * _dot(depth[:, None], places)

    start, end = pelvis[:, None], (pelvis + _TRUNK_TO * (thorax - pelvis))[:, None]
    return _pass(stretched(points), stretched(start), stretched(end), radius[None])


def _facing(joints: Any) -> tuple[Any, Any, Any]:
    """How far nose, left and right ear `[N]` each face the camera, as `Clearances.facing` tells."""
    left, right, nose = joints[:, _joint("ear.L")], joints[:, _joint("ear.R")], joints[:, _joint("nose")]
    middle = (left + right) * 0.5
    side = left - right
    side = side / _length(side)
    forward = nose - middle
    forward = forward - side * _dot(forward, side)
    forward = forward / _length(forward)
    camera = -middle / _length(middle)
    ahead, sideways = _dot(forward, camera), _dot(side, camera)
    normal = (1.0 + _EAR_FORWARD**2) ** 0.5
    left_ear = (_EAR_FORWARD * ahead + sideways) / normal
    right_ear = (_EAR_FORWARD * ahead - sideways) / normal
    return ahead + _NOSE_OUT, left_ear, right_ear


def _size(joints: Any) -> Any:
    """Metres `[N]` from the ankles over knees and hips to the thorax, the mean of both sides."""
    total = _length(joints[:, _joint("thorax")] - joints[:, _joint("pelvis")])
    for side in "LR":
        knee = joints[:, _joint(f"knee.{side}")]
        total = total + 0.5 * _length(joints[:, _joint(f"hip.{side}")] - knee)
        total = total + 0.5 * _length(joints[:, _joint(f"ankle.{side}")] - knee)
    return total


def _dot(a: Any, b: Any) -> Any:
    """Inner products over the first axis."""
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def _dots(a: Any, b: Any) -> Any:
    """Inner products `[P, C, N]` of every `a` `[3, P, N]` with every `b` `[3, C, N]`."""
    return _dot(a[:, :, None], b[:, None])


def _length(a: Any) -> Any:
    """Lengths over the first axis; never quite zero, so that a gradient exists."""
    return (_dot(a, a) + 1e-12) ** 0.5


def _cross(a: Any, b: Any) -> Any:
    """Cross products over the first axis."""
    return a[[1, 2, 0]] * b[[2, 0, 1]] - a[[2, 0, 1]] * b[[1, 2, 0]]
