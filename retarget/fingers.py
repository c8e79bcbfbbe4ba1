"""Fingers as the hands' stage tells them, on phalanges of any number, rest pose and roll."""

from __future__ import annotations

import numpy as np

from ..inference import rotations as rot
from ..inference.hands import DIGITS, PHALANGES, THUMB, Hands
from ..models.skeletons import BONE_NAMES, BONES
from .figure import Figure

_HAND = {bone.name.partition(".")[2]: np.array(bone.rest) for bone in BONES if bone.name.startswith("hand")}
# Share of a digit's length below which a bone is too short to tell where it points.
_SHORT = 0.02


def finger_turns(
    rotations: np.ndarray, hands: Hands, figure: Figure
) -> tuple[dict[int, np.ndarray], dict[int, np.ndarray]]:
    """By target bone, its turn `[T, 4]` from rest to pose in the product's axes, and how sure it is, `[T]` 0 to 1.

    rotations: `[T, 18, 4]` the subject's, as in `Motion`. Hands that were never seen and digits that the target lacks have
    none. A digit of fewer or more phalanges than the product's shares out the bend along its length.
    """
    turns: dict[int, np.ndarray] = {}
    confidence: dict[int, np.ndarray] = {}
    for hand, side in enumerate(("L", "R")):
        if f"hand.{side}" not in figure.fit.chains or not hands.confidence[:, hand].any():
            continue
        for digit, name in enumerate(DIGITS):
            chain = figure.fit.fingers.get(f"{name}.{side}", ())
            bends = [rotations[:, BONE_NAMES.index(f"hand.{side}")]]
            for phalanx in range(PHALANGES):
                bends.append(rot.multiply(bends[-1], hands.turns[:, hand, digit, phalanx]))
            shared = _shared(bends[1:], len(chain))
            for bone, bend, rest in zip(chain, shared, _aligned(chain, name, side, figure), strict=True):
                turns[bone] = rot.multiply(bend, rest)
                confidence[bone] = hands.confidence[:, hand]
    return turns, confidence


def _shared(bends: list[np.ndarray], count: int) -> list[np.ndarray]:
    """The turns of `count` bones along a digit whose phalanges have the turns `bends`, each `[T, 4]`."""
    result = []
    for bone in range(count):
        place = np.clip((bone + 0.5) * len(bends) / count - 0.5, 0.0, len(bends) - 1.0)
        before = min(int(place), len(bends) - 2)
        result.append(rot.slerp(bends[before], bends[before + 1], place - before))
    return result


def _aligned(chain: tuple[int, ...], name: str, side: str, figure: Figure) -> list[np.ndarray]:
    """For each bone of a digit the rotation `[4]` from its rest pose to the product's: along the hand, the thumb aside.

    About its own length a phalanx turns as the hand does, so that it curls toward the palm whatever its roll.
    """
    along = _HAND[side]
    goal = along if name != "thumb" else rot.normalize(np.array(THUMB) * [along[0], 1.0, 1.0])
    places = [*figure.heads[list(chain)], *figure.tails[list(chain[-1:])]]
    ways = np.diff(places, axis=0) if chain else np.zeros((0, 3))
    long = _SHORT * np.linalg.norm(ways, axis=-1).sum()
    turn, result = figure.alignment[f"hand.{side}"], []
    for way in ways:
        if np.linalg.norm(way) > long:
            turn = rot.multiply(rot.between(rot.rotate(turn, way), goal), turn)
        result.append(turn)
    return result
