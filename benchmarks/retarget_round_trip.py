"""Round trip: motion capture through a take onto every rig family and back to directions, by the map found for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import PenumbraError
from ..retarget.forward import posed
from ..retarget.retarget import retarget
from ..retarget.rig_map import choose_rig_map
from ..retarget.settings import RetargetSettings
from .report import Figure
from .retarget_clips import Source
from .retarget_directions import DIRECTIONS, angles, family_marks, rig_directions, subject_directions
from .rigs.build import Pose, family_names, family_rest
from .rigs.human import canonical_points
from .tables import table

MOST = 1.0
"""Degrees by which directions may be off in the mean."""
POSES: tuple[Pose, ...] = ("T", "A", "odd")
"""Rest poses that are tried; the last, in which every limb is lifted and bent, has no bound."""
# By how many times at most legs, arms, head and everything are larger or smaller.
_SIZES = np.array([1.6, 1.4, 1.8, 4.0])
# Feet that are locked leave the subject's directions on purpose; what this measures is the rig.
_SETTINGS = RetargetSettings(feet=False)


@dataclass(frozen=True, slots=True)
class RoundTrip:
    """One family in one rest pose, over all clips, each with other proportions and bones rolled at random.

    rig_maps: the maps that were chosen. errors: `[T, D]` degrees off, all frames. refused: why no map was found, if so.
    """

    family: str
    pose: Pose
    rig_maps: frozenset[str]
    errors: np.ndarray
    refused: str = ""

    @property
    def mean(self) -> float:
        """Degrees over all frames and directions; infinite where no map was found."""
        return float(np.nanmean(self.errors)) if len(self.errors) else float("inf")

    @property
    def worst(self) -> tuple[str, float]:
        """The direction that is most off in the mean, and its degrees."""
        if not len(self.errors):
            return "-", float("inf")
        return worst_direction(self.errors)


def worst_direction(errors: np.ndarray) -> tuple[str, float]:
    """The direction that is most off in the mean of errors `[T, D]`, and its degrees; what no rig tells is left out."""
    means = np.nan_to_num(errors.mean(axis=0))
    return list(DIRECTIONS)[int(means.argmax())], float(means.max())


def round_trips(found: Sequence[Source], names: Sequence[str] | None = None) -> list[RoundTrip]:
    """Every family, or those of `names`, in every rest pose."""
    return [_round_trip(name, pose, found) for name in names or family_names() for pose in POSES]


def _round_trip(name: str, pose: Pose, found: Sequence[Source]) -> RoundTrip:
    errors, chosen = [], set()
    for seed, source in enumerate(found):
        legs, arms, head, scale = _proportions(seed)
        target = family_rest(name, pose, seed, legs, arms, scale, head=head)
        try:
            fit = choose_rig_map(target)
        except PenumbraError as error:
            return RoundTrip(name, pose, frozenset(), np.zeros((0, len(DIRECTIONS))), str(error))
        moved = retarget(source.motion, target, fit, _SETTINGS)
        points = {place: scale * point for place, point in canonical_points(pose, legs, arms, head).items()}
        ours = rig_directions(target, family_marks(name, target, points), posed(target, moved))
        errors.append(angles(ours, subject_directions(source.motion, source.joints)))
        chosen.add(fit.rig_map.name)
    return RoundTrip(name, pose, frozenset(chosen), np.concatenate(errors))


def _proportions(seed: int) -> tuple[float, float, float, float]:
    """How long legs and arms are for a grown human's, how large the head is, and everything; the first has a human's own."""
    if seed == 0:
        return 1.0, 1.0, 1.0, 1.0
    legs, arms, head, scale = np.exp(np.random.default_rng(seed).uniform(-1.0, 1.0, 4) * np.log(_SIZES))
    return float(legs), float(arms), float(head), float(scale)


def round_trip_figures(trips: Sequence[RoundTrip]) -> list[Figure]:
    """The mean error of every family in every rest pose."""
    return [
        Figure(f"round_trip_{trip.family}_{trip.pose}", trip.mean, "°", None if trip.pose == "odd" else MOST)
        for trip in trips
    ]


def round_trip_table(trips: Sequence[RoundTrip]) -> str:
    """A row a family."""
    rows = []
    for family in dict.fromkeys(trip.family for trip in trips):
        both = [trip for trip in trips if trip.family == family]
        bone, off = max((trip.worst for trip in both), key=lambda worst: worst[1])
        maps = ", ".join(sorted(frozenset().union(*(trip.rig_maps for trip in both)))) or both[0].refused
        rows.append((family, maps, *(f"{trip.mean:.2f}" for trip in both), f"{bone}: {off:.2f}"))
    return table(
        "Round trip by family",
        ("family", "map that was found", *(f"{pose}-pose (°)" for pose in POSES), "worst bone (°)"),
        rows,
        "Mean angles between the directions of the subject and of the rig, all frames of all clips.",
    )


def by_direction_table(trips: Sequence[RoundTrip]) -> str:
    """A row a direction: over all families."""
    rows = []
    known = [trip for trip in trips if len(trip.errors)]
    for number, name in enumerate(DIRECTIONS):
        columns = [trip.errors[:, number] for trip in known if not np.isnan(trip.errors[:, number]).any()]
        means = [float(column.mean()) for column in columns]
        largest = max(float(np.percentile(column, 95)) for column in columns)
        rows.append((name, f"{np.mean(means):.2f}", f"{max(means):.2f}", f"{largest:.2f}"))
    return table(
        "Round trip by direction",
        ("direction", "mean (°)", "worst family's mean (°)", "worst family's 95th percentile (°)"),
        rows,
    )
