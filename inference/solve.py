"""Joint positions become bone rotations relative to the subject's rest pose."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..models.skeletons import BONE_NAMES, BONES, HINGES, JOINTS
from . import rotations as rot
from .measure import measured_body
from .poses import Poses, flat_soled

_LEFT = np.array([1.0, 0.0, 0.0])
_UP = np.array([0.0, 0.0, 1.0])
_FORWARD = np.array([0.0, -1.0, 0.0])


@dataclass(frozen=True, slots=True)
class SolveSettings:
    """straight and bent: sines of the bend at which a hinge begins to tell a limb's twist, and tells it alone.

    sure: belief in the hand's points from which the hand turns fully with them.
    """

    straight: float = 0.15
    bent: float = 0.5
    sure: float = 0.8


def solve(joints: np.ndarray, belief: np.ndarray, present: np.ndarray, settings: SolveSettings) -> Poses:
    """One body and its bones' rotations, from joints.

    joints: `[T, 30, 3]` metres in Blender's world. belief: `[T, 30]` how far each is believed. present: `[T]` bool.
    Directions come from the joints; the turn about them from the hips', shoulders' and ears' lines, from the fold of elbows
    and knees where they are bent, and from the knuckles. Raises ValueError where no frame is present.
    """
    if not present.any():
        raise ValueError("No frame holds the subject.")
    at = {name: joints[:, index] for index, name in enumerate(JOINTS)}
    sure = _with_knuckles(belief)
    for side in ("L", "R"):
        at[f"knuckles.{side}"] = (at[f"index.{side}"] + at[f"pinky.{side}"]) / 2
    turns = _trunk(at)
    for side in ("L", "R"):
        turns |= _arm(at, sure, turns["spine"], side, settings)
        turns |= _leg(at, turns["hips"], side, settings)
    rotations = rot.continuous(np.stack([turns[name] for name in BONE_NAMES], axis=1))
    trust = belief * present[:, None]
    return flat_soled(Poses(measured_body(joints, rotations, trust), at["pelvis"].astype(float), rotations))


def bone_confidence(confidence: np.ndarray) -> np.ndarray:
    """`[T, B]`: a bone is as sure as the less sure of its ends, of joints `[T, J]`."""
    sure = _with_knuckles(confidence)
    return np.stack([np.minimum(sure[bone.head], sure[bone.tail]) for bone in BONES], axis=1)


def _with_knuckles(values: np.ndarray) -> dict[str, np.ndarray]:
    """A number `[T]` for each joint by its name, of `values` `[T, J]`; knuckles have the lesser of their two joints'."""
    by_name = {name: values[:, index] for index, name in enumerate(JOINTS)}
    for side in ("L", "R"):
        by_name[f"knuckles.{side}"] = np.minimum(by_name[f"index.{side}"], by_name[f"pinky.{side}"])
    return by_name


def _turn(
    primary: np.ndarray, secondary: np.ndarray, rest_primary: np.ndarray, rest_secondary: np.ndarray
) -> np.ndarray:
    """Rotations `[T, 4]` that take the rest directions to the posed ones, the primary exactly."""
    posed = rot.frame(primary, secondary)
    return rot.from_matrix(posed @ np.swapaxes(rot.frame(rest_primary, rest_secondary), -1, -2))


def _trunk(at: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    shoulders = at["shoulder.L"] - at["shoulder.R"]
    ears = at["ear.L"] - at["ear.R"]
    halfway = rot.normalize(shoulders) + rot.normalize(ears)
    return {
        "hips": _turn(at["hip.L"] - at["hip.R"], at["spine"] - at["pelvis"], _LEFT, _UP),
        "spine": _turn(at["thorax"] - at["spine"], shoulders, _UP, _LEFT),
        "neck": _turn(at["neck"] - at["thorax"], halfway, _UP, _LEFT),
        "head": _turn(ears, at["head"] - at["neck"], _LEFT, _UP),
    }


def _swing(parent: np.ndarray, rest_direction: np.ndarray, direction: np.ndarray) -> np.ndarray:
    """The parent's rotation followed by the shortest turn that points the bone along `direction`."""
    return rot.multiply(rot.between(rot.rotate(parent, rest_direction), direction), parent)


def _hinge(upper: np.ndarray, lower: np.ndarray, fallback: np.ndarray, settings: SolveSettings) -> np.ndarray:
    """Axis `[T, 3]` about which a limb folds; the nearer the limb is to straight, the more the fallback counts."""
    fold = np.cross(rot.normalize(upper), rot.normalize(lower))
    bend = np.linalg.norm(fold, axis=-1, keepdims=True)
    share = np.clip((bend - settings.straight) / (settings.bent - settings.straight), 0.0, 1.0)
    share = share * share * (3.0 - 2.0 * share)
    # a fold the wrong way round is noise in a straight limb or an over-stretch, never a joint turned inside out
    agrees = np.sum(fold * fallback, axis=-1, keepdims=True) > -0.5 * bend
    share = np.where(agrees, share, 0.0)
    return share * rot.normalize(fold) + (1.0 - share) * fallback


def _arm(
    at: dict[str, np.ndarray], sure: dict[str, np.ndarray], spine: np.ndarray, side: str, settings: SolveSettings
) -> dict[str, np.ndarray]:
    outward = _LEFT if side == "L" else -_LEFT
    hinge_rest = np.array(HINGES[f"upper_arm.{side}"])
    clavicle = at[f"shoulder.{side}"] - at["thorax"]
    upper = at[f"elbow.{side}"] - at[f"shoulder.{side}"]
    lower = at[f"wrist.{side}"] - at[f"elbow.{side}"]
    shoulder = _swing(spine, outward, clavicle)
    hinge = _hinge(upper, lower, rot.rotate(_swing(spine, outward, upper), hinge_rest), settings)
    forearm = _turn(lower, hinge, outward, hinge_rest)
    knuckles = at[f"knuckles.{side}"] - at[f"wrist.{side}"]
    hand = _turn(knuckles, at[f"index.{side}"] - at[f"pinky.{side}"], outward, _FORWARD)
    trust = np.clip(sure[f"knuckles.{side}"] / settings.sure, 0.0, 1.0)
    return {
        f"shoulder.{side}": shoulder,
        f"upper_arm.{side}": _turn(upper, hinge, outward, hinge_rest),
        f"forearm.{side}": forearm,
        f"hand.{side}": rot.slerp(forearm, hand, trust),
    }


def _leg(at: dict[str, np.ndarray], hips: np.ndarray, side: str, settings: SolveSettings) -> dict[str, np.ndarray]:
    hinge_rest = np.array(HINGES[f"thigh.{side}"])
    upper = at[f"knee.{side}"] - at[f"hip.{side}"]
    lower = at[f"ankle.{side}"] - at[f"knee.{side}"]
    foot = at[f"toe.{side}"] - at[f"ankle.{side}"]
    # a straight leg turns half with the hips, half with its foot
    from_hips = rot.rotate(_swing(hips, -_UP, upper), hinge_rest)
    from_foot = rot.normalize(np.cross(foot, lower))
    hinge = _hinge(upper, lower, rot.normalize(from_hips + from_foot), settings)
    foot_rest = np.array(BONES[BONE_NAMES.index(f"foot.{side}")].rest)
    return {
        f"thigh.{side}": _turn(upper, hinge, -_UP, hinge_rest),
        f"shin.{side}": _turn(lower, hinge, -_UP, hinge_rest),
        f"foot.{side}": _turn(foot, hinge, foot_rest, hinge_rest),
    }
