"""How far feet slide that stand on the subject, on characters with shorter and longer legs, held and not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..models.skeletons import JOINTS
from ..retarget.figure import leg_length
from ..retarget.forward import Posed, posed
from ..retarget.placing import subject_joints
from ..retarget.retarget import retarget
from ..retarget.rig_map import RigFit, choose_rig_map
from ..retarget.settings import RetargetSettings
from ..retarget.target import TargetRest
from ..training.clips import RATE
from ..training.metrics.world import foot_skating, stands
from .report import Figure
from .retarget_clips import Source
from .retarget_directions import Marks, family_marks
from .rigs.build import family_rest
from .rigs.human import canonical_points
from .tables import table

LEGS = (0.6, 0.8, 1.0, 1.3, 1.6)
"""How many times as long as the subject's the characters' legs are."""
SKATING = 2.0
"""Millimeters a frame by which feet may slide."""
_FAMILY = "mixamo"
# The canonical human's heel and the tip of its foot, by the product's names: feet are judged without the add-on's own idea of soles.
_POINTS = {"heel": "heel", "toe": "toes"}


@dataclass(frozen=True, slots=True)
class Skating:
    """Millimeters a frame that standing heels and toes go, means over the clips in which any stands.

    legs: how long they are for the subject's. held, loose: with the lock and without. in_world: where the way over the floor
    stays the subject's own, instead of growing with the legs.
    """

    legs: float
    in_world: bool
    held: float
    loose: float


def skating(found: Sequence[Source], legs: Sequence[float] = LEGS) -> list[Skating]:
    """Characters with legs of every length, on a floor of their own size and in the subject's world."""
    return [_skating(found, share, in_world=in_world) for in_world in (False, True) for share in legs]


def _skating(found: Sequence[Source], legs: float, *, in_world: bool) -> Skating:
    ways: dict[bool, list[float]] = {True: [], False: []}
    for seed, source in enumerate(found):
        target, fit, marks = _character(source, legs, seed)
        standing = stands(source.joints, RATE)
        for held, kept in ways.items():
            settings = RetargetSettings(feet=held, placed=np.eye(4) if in_world else None)
            moved = retarget(source.motion, target, fit, settings)
            kept.append(foot_skating(_feet(target, marks, posed(target, moved)), standing))
    return Skating(legs, in_world, *(float(np.nanmean(ways[held])) for held in (True, False)))


def _character(source: Source, legs: float, seed: int) -> tuple[TargetRest, RigFit, Marks]:
    """A character whose legs are `legs` times as long as the subject's, and whose trunk and arms are a grown human's."""
    share = legs * leg_length(subject_joints(source.motion.rest)) / leg_length(canonical_points("A"))
    target = family_rest(_FAMILY, "A", roll_seed=seed, legs=share)
    return target, choose_rig_map(target), family_marks(_FAMILY, target, canonical_points("A", share))


def _feet(target: TargetRest, marks: Marks, where: Posed) -> np.ndarray:
    """Joints `[T, 30, 3]` in meters of which only heels and toes are told."""
    joints = np.zeros((len(where.heads), len(JOINTS), 3))
    for point, place in _POINTS.items():
        for side in ("L", "R"):
            name = f"{place}.{side}"
            joints[:, JOINTS.index(f"{point}.{side}")] = where.carried(marks.bones[name], marks.rest[name], target)
    return joints


def skating_figures(found: Sequence[Skating], truth: float) -> list[Figure]:
    """The worst length of legs against the bound, beside the same without the lock. truth: the subjects' own skating."""
    figures = [Figure("foot_skating_subject", truth, "mm/frame")]
    for in_world, name in ((False, "own_floor"), (True, "in_world")):
        own = [item for item in found if item.in_world == in_world]
        figures.append(Figure(f"foot_skating_{name}", max(item.held for item in own), "mm/frame", SKATING))
        figures.append(Figure(f"foot_skating_{name}_loose", max(item.loose for item in own), "mm/frame"))
    return figures


def subject_skating(found: Sequence[Source]) -> float:
    """Millimeters a frame that the subjects' own heels and toes go where they stand."""
    return float(np.nanmean([foot_skating(source.joints, stands(source.joints, RATE)) for source in found]))


def skating_table(found: Sequence[Skating]) -> str:
    """A row a length of legs."""
    rows = []
    for legs in dict.fromkeys(item.legs for item in found):
        own, world = ([item for item in found if item.legs == legs and item.in_world == here] for here in (False, True))
        rows.append((f"{legs:g}", *(f"{value:.2f}" for item in own + world for value in (item.held, item.loose))))
    return table(
        "Feet that stand, by the length of the legs",
        ("legs over the subject's", "held (mm/frame)", "loose", "in the subject's world, held", "loose"),
        rows,
        "How far heels and toes go a frame while the subject's stand; means over the clips in which any stands.",
    )
