"""When a character's feet stand, told by its own keys: edited actions have no other witness."""

from __future__ import annotations

import numpy as np

from ...inference.along_time import stretches
from ...retarget.rig_map import RigFit
from .posing import Posed, Poser, watched_points

_LEG = ("thigh", "shin", "foot")
# Leg lengths per second below which a point of a foot stands still, and frames for which it has to.
_STILL, _SHORTEST = 0.15, 3


def legs(poser: Poser, fit: RigFit | None) -> dict[str, tuple[int, ...]]:
    """By side ("L", "R"), the keyed bones of each leg from the hip down, by their places in `Poser.keyed`.

    Empty where no rig map tells which they are.
    """
    chains = {} if fit is None else fit.chains
    found = {}
    for side in ("L", "R"):
        bones = [bone for part in _LEG for bone in chains.get(f"{part}.{side}", ())]
        found[side] = tuple(poser.keyed.index(bone) for bone in bones if bone in poser.keyed)
    return {side: bones for side, bones in found.items() if bones}


def standing(poser: Poser, posed: Posed, leg: tuple[int, ...], rate: float) -> np.ndarray:
    """`[T]` bool, frames in which a point of the leg's lowest bone keeps its place, at `rate` frames a second."""
    speed = _STILL * poser.reach(leg[0]) / rate
    points = watched_points(poser, posed)[poser.carriers == leg[-1]] @ poser.world.T
    step = np.linalg.norm(np.diff(points, axis=1), axis=-1).min(axis=0) if points.shape[1] > 1 else np.zeros(0)
    still = step < speed
    result = np.zeros(points.shape[1], dtype=bool)
    for first, stop in stretches(still):
        if stop - first >= _SHORTEST:
            result[first : stop + 1] = True
    return result


def changes(stands: np.ndarray) -> list[int]:
    """Frames in which a foot is set down or is about to be lifted: first and last of every stretch in which it stands."""
    return [frame for first, stop in stretches(stands) for frame in (first, stop - 1)]
