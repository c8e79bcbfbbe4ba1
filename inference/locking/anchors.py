"""Where what is held stays: every stretch of frames in which a heel, a toe or a hand stands has one anchor.

Anchors of a heel and a toe that stand together are as far apart as the foot is long. The floor, z = 0, is only believed
near it: what stands well above or below keeps its height.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...models.skeletons import BONE_NAMES, JOINTS
from .. import rotations as rot
from ..along_time import stretches
from ..contacts import CONTACTS, FEET, level_of
from ..poses import Poses
from ..settings import FootLock
from .holds import held_ends
from .settings import FootLockSettings

_ENDS = [JOINTS.index(name) for name in CONTACTS[FEET]]
# Rounds of reweighting after which an anchor hardly changes, and of fitting heels' and toes' anchors to the foot's length.
_ROUNDS = 4
_FITTING = 8


@dataclass(slots=True)
class Foot:
    """One foot of one stretch of frames.

    side: "L" or "R". heel, toe: `[3]` metres from the ankle in the rest pose. ankle: `[T, 3]`, turn: `[T, 4]`: the pose's.
    held: `[T, 2]` bool, whether heel and toe stand. anchors: `[T, 2, 3]` metres in the world, where they do.
    """

    side: str
    heel: np.ndarray
    toe: np.ndarray
    ankle: np.ndarray
    turn: np.ndarray
    held: np.ndarray
    anchors: np.ndarray

    @property
    def standing(self) -> np.ndarray:
        """`[T]` bool, whether the foot is held at all."""
        return self.held.any(axis=1)


def anchored_feet(
    poses: Poses,
    joints: np.ndarray,
    probability: np.ndarray,
    times: np.ndarray,
    mode: FootLock,
    settings: FootLockSettings,
) -> list[Foot]:
    """The left and the right foot, when they stand and where.

    joints: `[T, 30, 3]` metres in the world, those of the poses. probability: `[T, 6]` 0 to 1 that each of `CONTACTS`
    stands. times: `[T]` seconds, rising. With "grounding" anchors move along with the feet, and only their heights are held.
    """
    points = joints[:, _ENDS]
    held = held_ends(probability[:, FEET], points, times, mode, settings)
    feet = []
    for number, side in enumerate("LR"):
        heel, toe = (poses.offsets[JOINTS.index(f"{name}.{side}")] for name in ("heel", "toe"))
        own = slice(2 * number, 2 * number + 2)
        ankle = joints[:, JOINTS.index(f"ankle.{side}")]
        turn = poses.rotations[:, BONE_NAMES.index(f"foot.{side}")]
        foot = Foot(side, heel, toe, ankle, turn, held[:, own].copy(), points[:, own].copy())
        if mode == "grounding":
            _keep_length(foot)
        else:
            _anchor(foot, points[:, own], probability[:, own], times, settings)
        _level(foot, points[:, own])
        feet.append(foot)
    return feet


def within_reach(points: np.ndarray, times: np.ndarray, settings: FootLockSettings) -> list[tuple[int, int]]:
    """First frame and the frame after the last of stretches in which a point stays within reach of one anchor.

    points: `[T, 3]` metres, a point's places while it is held. times: `[T]` seconds, rising. Between the stretches is room
    to move from one anchor to the next.
    """
    found, start, count = [], 0, len(points)
    while start < count:
        far = np.nonzero(np.linalg.norm(points[start:] - points[start], axis=-1) > settings.strain)[0]
        stop = start + int(far[0]) if len(far) else count
        if times[stop - 1] - times[start] >= settings.shortest or stop - start == count:
            found.append((start, stop))
        start = max(int(np.searchsorted(times, times[stop - 1] + settings.blend)), stop)
    return found


def usual_place(places: np.ndarray, weight: np.ndarray, scale: float) -> np.ndarray:
    """`[2]` metres: robust mean of places `[N, 2]` with weights `[N]` 0 to 1 (Cauchy weights, reweighted).

    scale: metres from the mean at which a place counts half.
    """
    weight = np.maximum(weight, 1e-3) ** 2
    middle = np.median(places, axis=0)
    for _ in range(_ROUNDS):
        share = weight / (1.0 + np.sum((places - middle) ** 2, axis=-1) / scale**2)
        middle = share @ places / share.sum()
    return middle


def _anchor(
    foot: Foot, points: np.ndarray, probability: np.ndarray, times: np.ndarray, settings: FootLockSettings
) -> None:
    """Give every contact of the foot its anchor: the usual place of the point, as far as it probably stood there."""
    pieces: list[tuple[int, int, int]] = []
    for end in (0, 1):
        for start, stop in list(stretches(foot.held[:, end])):
            for first, last in within_reach(points[start:stop, end], times[start:stop], settings):
                pieces.append((start + first, start + last, end))
            foot.held[start:stop, end] = False
    for start, stop, end in pieces:
        foot.held[start:stop, end] = True
        place = usual_place(points[start:stop, end, :2], probability[start:stop, end], settings.robust)
        foot.anchors[start:stop, end, :2] = place
    _fit_length(foot, sorted(pieces))


def _fit_length(foot: Foot, pieces: list[tuple[int, int, int]]) -> None:
    """Move anchors of heels and toes that stand together apart by the foot's length: as little as it takes."""
    length = float(np.linalg.norm((foot.toe - foot.heel)[:2]))
    place = [foot.anchors[start, end, :2].copy() for start, _, end in pieces]
    pairs = [
        (one, two)
        for two, (start, _, end) in enumerate(pieces)
        for one in range(max(two - 3, 0), two)
        if pieces[one][1] > start and pieces[one][2] != end
    ]
    weight = [float(stop - start) for start, stop, _ in pieces]
    for turn in range(_FITTING + 1):
        for one, two in pairs:
            sign = 1.0 if pieces[two][2] == 1 else -1.0
            apart = place[two] - place[one]
            heading = _heading(foot, pieces[two][0]) * sign
            # two anchors in almost one place tell no direction
            heading = apart if apart @ heading > 0.5 * length * np.linalg.norm(heading) else heading
            lacking = length * heading / np.linalg.norm(heading) - apart
            # in the end every anchor is exactly where the one before it wants it
            share = 1.0 if turn == _FITTING else weight[one] / (weight[one] + weight[two])
            place[two] += share * lacking
            place[one] -= (1.0 - share) * lacking
    for (start, stop, end), where in zip(pieces, place, strict=True):
        foot.anchors[start:stop, end, :2] = where


def _heading(foot: Foot, frame: int) -> np.ndarray:
    """`[2]` the way from heel to toe over the floor in the pose, of unit length."""
    return rot.normalize(rot.rotate(foot.turn[frame], foot.toe - foot.heel)[:2])


def _keep_length(foot: Foot) -> None:
    """Lay the places of heel and toe apart by the foot's length where both stand, about their middle."""
    ahead = rot.rotate(foot.turn, foot.toe - foot.heel) * (1.0, 1.0, 0.0)
    half = rot.normalize(ahead) * np.linalg.norm(foot.toe - foot.heel) / 2
    flat = foot.held.all(axis=1)
    middle = foot.anchors.mean(axis=1)
    foot.anchors[flat, 0], foot.anchors[flat, 1] = (middle - half)[flat], (middle + half)[flat]


def _level(foot: Foot, points: np.ndarray) -> None:
    """Give every contact of the foot its height: the floor's, or where that is far its own; heel and toe alike."""
    for start, stop in stretches(foot.standing):
        held = foot.held[start:stop]
        heights = points[start:stop, :, 2][held]
        foot.anchors[start:stop, :, 2] = level_of(float(np.median(heights)))
