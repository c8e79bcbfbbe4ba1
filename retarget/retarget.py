"""The product's motion as local rotations of a target armature's bones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from ..inference import rotations as rot
from ..inference.motion import Motion
from ..models.skeletons import BONE_NAMES
from .chains import chain_turns
from .feet import hold_feet
from .figure import Figure, figure_of
from .fingers import finger_turns
from .floor import Floor
from .hold_hands import hold_hands
from .ik_goals import ik_goals
from .local import local_location, local_rotation
from .placing import Placing, place
from .rig_map import RigFit
from .root import Root, heading, root_bone
from .settings import RetargetSettings
from .soles import soles
from .target import TargetRest


@dataclass(frozen=True, slots=True)
class TargetMotion:
    """What to key on a target's pose bones.

    bones: `[B]` names, parents first. rotations: `[T, B, 4]` unit quaternions wxyz in each pose bone's own space
    (Blender's `rotation_quaternion`), without jumps of sign. locations: `[T, 3]` the `location` in armature units of each
    bone that moves, by its name. confidence: `[T, B]` 0 to 1. present: `[T]` bool as in `Motion`. from_capture: `[4, 4]`
    from the motion's world in meters to armature space, the way that the path went. stride: length of
    the target's steps for the way it goes; 1 where the path was scaled with the legs, so that planted feet do not slide.
    """

    bones: tuple[str, ...]
    rotations: np.ndarray
    locations: Mapping[str, np.ndarray]
    confidence: np.ndarray
    present: np.ndarray
    from_capture: np.ndarray
    stride: float


def retarget(motion: Motion, target: TargetRest, fit: RigFit, settings: RetargetSettings | None = None) -> TargetMotion:
    """`motion` on the armature that `fit` was chosen for, in that armature object's own space.

    The path is scaled by the legs' lengths and raised so that the target stands on the floor that it was made for, but
    where the settings place it in Blender's world. Feet that stand, and hands where they are asked for, are held where the
    target's then stand.
    Whatever the root, all bones together make the same pose, but for the travel that "in-place" leaves away. Raises
    RigError when the armature's rest pose does not tell which way the body faces, or it has no root bone.
    """
    settings = settings or RetargetSettings()
    figure = figure_of(target, fit)
    feet = soles(figure)
    placing = place(motion.rest, figure, feet, settings.placed)
    pelvis = placing.pelvis(motion)
    if settings.feet:
        pelvis, rotations = hold_feet(motion, pelvis, figure, feet, placing)
        motion = replace(motion, rotations=rotations)
    if settings.hands:
        motion = replace(motion, rotations=hold_hands(motion, pelvis, figure, placing))
    facing = rot.from_matrix(figure.basis.T @ placing.floor.axes)
    turned = rot.multiply(facing, motion.rotations)
    posed = _Posed(chain_turns(turned, motion.rest, figure), {}, _chain_confidence(motion, fit))
    if settings.fingers and motion.hands is not None:
        fingers, sure = finger_turns(turned, motion.hands, figure)
        posed.turns |= fingers
        posed.confidence |= sure
    posed.turns = _to_armature_axes(posed.turns, figure.basis)
    _add_path(posed, motion, pelvis, figure, placing.floor, settings.root)
    if settings.limbs == "ik":
        goals = ik_goals(turned, posed.turns, posed.heads, figure)
        posed.turns |= goals.turns
        posed.heads |= goals.heads
        posed.confidence |= {bone: motion.confidence[:, BONE_NAMES.index(name)] for bone, name in goals.product.items()}
        posed.confidence = {bone: sure for bone, sure in posed.confidence.items() if bone not in goals.replaced}
    return _keyed(motion, posed, figure, placing)


@dataclass(slots=True)
class _Posed:
    """By target bone, in armature space: its turn `[T, 4]`, where its head is `[T, 3]` if it moves, and how sure it is `[T]`.

    Only bones that have a confidence are keyed.
    """

    turns: dict[int, np.ndarray]
    heads: dict[int, np.ndarray]
    confidence: dict[int, np.ndarray]


def _chain_confidence(motion: Motion, fit: RigFit) -> dict[int, np.ndarray]:
    return {bone: motion.confidence[:, BONE_NAMES.index(name)] for name, chain in fit.chains.items() for bone in chain}


def _add_path(posed: _Posed, motion: Motion, pelvis: np.ndarray, figure: Figure, floor: Floor, root: Root) -> None:
    """Place the hips' bone, and the root bone where that is asked for; pelvis: `[T, 3]` along the world's axes."""
    target, hips = figure.target, figure.bone("hips")
    resting = figure.basis @ figure.joints["pelvis"]
    if root == "in-place":
        over = floor.from_armature(resting)[:2]
        pelvis = np.concatenate([np.broadcast_to(over, (len(pelvis), 2)), pelvis[:, 2:]], axis=1)
    posed.heads[hips] = floor.to_armature(pelvis) - rot.rotate(posed.turns[hips], resting - target.heads[hips])
    if root == "root":
        carrier = root_bone(target, hips)
        turn = heading(motion)
        facing = rot.from_matrix(figure.basis.T @ floor.axes)
        posed.turns |= _to_armature_axes({carrier: rot.multiply(facing, turn)}, figure.basis)
        below = _over_floor(pelvis, turn, figure.heads[carrier], figure.joints["pelvis"])
        posed.heads[carrier] = floor.to_armature(below)
        posed.confidence[carrier] = motion.confidence[:, BONE_NAMES.index("hips")]


def _keyed(motion: Motion, posed: _Posed, figure: Figure, placing: Placing) -> TargetMotion:
    target = figure.target
    bones = sorted(posed.confidence)
    rests = rot.from_matrix(target.matrices[:, :3, :3])
    local = np.empty((len(motion), len(bones), 4))
    for number, bone in enumerate(bones):
        local[:, number] = local_rotation(bone, posed.turns, target, rests[bone])
    moving = [bone for bone in bones if bone in posed.heads]
    return TargetMotion(
        bones=tuple(target.bones[bone] for bone in bones),
        rotations=rot.continuous(local),
        locations={target.bones[bone]: local_location(bone, posed.turns, posed.heads, target) for bone in moving},
        confidence=np.stack([posed.confidence[bone] for bone in bones], axis=1),
        present=motion.present,
        from_capture=placing.floor.from_capture,
        stride=placing.ratio / placing.unit,
    )


def _to_armature_axes(turns: Mapping[int, np.ndarray], basis: np.ndarray) -> dict[int, np.ndarray]:
    """The same turns about axes given in armature space."""
    return {bone: np.concatenate([turn[:, :1], turn[:, 1:] @ basis.T], axis=-1) for bone, turn in turns.items()}


def _over_floor(pelvis: np.ndarray, turn: np.ndarray, carrier: np.ndarray, rest_pelvis: np.ndarray) -> np.ndarray:
    """Where `[T, 3]` the root bone's head goes: it keeps its height, and its rest place about the pelvis as it turns.

    pelvis: `[T, 3]`, turn: `[T, 4]` about the vertical, carrier and rest_pelvis: `[3]` rest places along the product's axes.
    """
    about = carrier - rest_pelvis * np.array([1.0, 1.0, 0.0])
    return rot.rotate(turn, about) + pelvis * np.array([1.0, 1.0, 0.0])
