"""The product's motion as local rotations of a target armature's bones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from ..inference import rotations as rot
from ..inference.motion import Motion, RestPose
from ..models.skeletons import BONE_NAMES
from .alignment import align
from .body import body_basis, body_joints
from .floor import Floor, own_floor, world_floor
from .rig_map import RigFit
from .root import heading, root_bone
from .settings import RetargetSettings
from .target import TargetRest

_STILL = np.array([1.0, 0.0, 0.0, 0.0])


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
    where the settings place it in Blender's world.
    Whatever the root, all bones together make the same pose, but for the travel that "in-place" leaves away. Raises
    RigError when the armature's rest pose does not tell which way the body faces, or it has no root bone.
    """
    settings = settings or RetargetSettings()
    joints = body_joints(target, fit.chains, fit.ends)
    basis = body_basis(target.name, joints)
    upright = {name: basis.T @ position for name, position in joints.items()}
    ratio, rise = _size(motion.rest, upright)
    floor = _floor(target, basis, ratio, rise, settings.placed)
    facing = rot.from_matrix(basis.T @ floor.axes)
    turned = replace(motion, rotations=rot.multiply(facing, motion.rotations))
    turns = _to_armature_axes(_chain_turns(turned, fit, align(fit, upright)), basis)
    product = {bone: BONE_NAMES.index(name) for name, chain in fit.chains.items() for bone in chain}

    hips = fit.chains["hips"][0]
    pelvis = floor.along(_hips_middle(motion))
    if settings.root == "in-place":
        pelvis[:, :2] = floor.from_armature(joints["pelvis"])[:2]
    heads = {hips: floor.to_armature(pelvis) - rot.rotate(turns[hips], joints["pelvis"] - target.heads[hips])}
    if settings.root == "root":
        carrier = root_bone(target, hips)
        turn = heading(motion)
        turns |= _to_armature_axes({carrier: rot.multiply(facing, turn)}, basis)
        heads[carrier] = floor.to_armature(
            _over_floor(pelvis, turn, basis.T @ target.heads[carrier], upright["pelvis"])
        )
        product[carrier] = BONE_NAMES.index("hips")

    bones = sorted(turns)
    rests = rot.from_matrix(target.matrices[:, :3, :3])
    local = [_local(turns[bone], _parent_turn(bone, turns, target), rests[bone]) for bone in bones]
    return TargetMotion(
        bones=tuple(target.bones[bone] for bone in bones),
        rotations=rot.continuous(np.stack(local, axis=1)),
        locations={target.bones[bone]: _location(bone, turns, heads, target) for bone in sorted(heads)},
        confidence=motion.confidence[:, [product[bone] for bone in bones]],
        present=motion.present,
        from_capture=floor.from_capture,
        stride=ratio / float(floor.scale[0]),
    )


def _floor(target: TargetRest, basis: np.ndarray, ratio: float, rise: float, placed: np.ndarray | None) -> Floor:
    return own_floor(basis, ratio, rise) if placed is None else world_floor(target.name, placed, ratio, rise)


def leg_length(joints: Mapping[str, np.ndarray]) -> float:
    """Mean length of both legs from hip over knee to ankle."""
    thighs = [np.linalg.norm(joints[f"knee.{side}"] - joints[f"hip.{side}"]) for side in ("L", "R")]
    shins = [np.linalg.norm(joints[f"ankle.{side}"] - joints[f"knee.{side}"]) for side in ("L", "R")]
    return float(np.mean(thighs) + np.mean(shins))


def _chain_turns(motion: Motion, fit: RigFit, alignment: Mapping[str, np.ndarray]) -> dict[int, np.ndarray]:
    """By target bone, its turn `[T, 4]` from rest to pose in the product's axes; a chain shares its bend evenly."""
    goals = {name: rot.multiply(motion.rotations[:, BONE_NAMES.index(name)], alignment[name]) for name in fit.chains}
    turns: dict[int, np.ndarray] = {}
    for name, chain in fit.chains.items():
        parent = fit.parent_of(name)
        start = goals[parent] if parent is not None else goals[name]
        for step, bone in enumerate(chain, start=1):
            turns[bone] = rot.slerp(start, goals[name], step / len(chain))
    return turns


def _to_armature_axes(turns: Mapping[int, np.ndarray], basis: np.ndarray) -> dict[int, np.ndarray]:
    """The same turns about axes given in armature space."""
    return {bone: np.concatenate([turn[:, :1], turn[:, 1:] @ basis.T], axis=-1) for bone, turn in turns.items()}


def _parent_turn(bone: int, turns: Mapping[int, np.ndarray], target: TargetRest) -> np.ndarray:
    """The turn that the bone inherits: that of the nearest bone above that is turned, through bones that inherit."""
    while target.turns_along(bone) and (bone := target.carrier(bone)) >= 0:
        if bone in turns:
            return turns[bone]
    return _STILL


def _local(turn: np.ndarray, inherited: np.ndarray, rest: np.ndarray) -> np.ndarray:
    """`turn` `[T, 4]` without what the bone inherits, in the axes of its rest matrix."""
    own = rot.multiply(rot.conjugate(inherited), turn)
    return rot.multiply(rot.multiply(rot.conjugate(rest), own), rest)


def _size(rest: RestPose, joints: Mapping[str, np.ndarray]) -> tuple[float, float]:
    """By how much the target is larger than the subject, and how much higher it then stands, in armature units.

    The first is the ratio of the legs' lengths. The second brings the target's ankles to where they are in its rest pose
    when the subject's are where they are above its soles: then the target stands on whatever floor it was made for.
    """
    subject = _rest_joints(rest)
    ratio = leg_length(joints) / leg_length(subject)
    subject_ankle = _ankle_level(subject) - min(subject["toe.L"][2], subject["toe.R"][2])
    return ratio, _ankle_level(joints) - ratio * subject_ankle


def _hips_middle(motion: Motion) -> np.ndarray:
    """Where `[T, 3]` the middle between the subject's hips is, in meters."""
    rest = _rest_joints(motion.rest)
    hips = motion.rotations[:, BONE_NAMES.index("hips")]
    return motion.root + rot.rotate(hips, (rest["hip.L"] + rest["hip.R"]) / 2)


def _over_floor(pelvis: np.ndarray, turn: np.ndarray, carrier: np.ndarray, rest_pelvis: np.ndarray) -> np.ndarray:
    """Where `[T, 3]` the root bone's head goes: it keeps its height, and its rest place about the pelvis as it turns.

    pelvis: `[T, 3]`, turn: `[T, 4]` about the vertical, carrier and rest_pelvis: `[3]` rest places along the product's axes.
    """
    about = carrier - rest_pelvis * np.array([1.0, 1.0, 0.0])
    return rot.rotate(turn, about) + pelvis * np.array([1.0, 1.0, 0.0])


def _location(
    bone: int, turns: Mapping[int, np.ndarray], heads: Mapping[int, np.ndarray], target: TargetRest
) -> np.ndarray:
    """The bone's `location` `[T, 3]` that brings its head to where it belongs, whatever the bones above it do."""
    turn, head = _posed(target.carrier(bone), turns, heads, target)
    carried = head + rot.rotate(turn, target.heads[bone] - _rest_head(target.carrier(bone), target))
    return rot.rotate(rot.conjugate(turn), heads[bone] - carried) @ target.location_axes(bone)


def _posed(
    bone: int, turns: Mapping[int, np.ndarray], heads: Mapping[int, np.ndarray], target: TargetRest
) -> tuple[np.ndarray, np.ndarray]:
    """A bone's turn `[..., 4]` and head `[..., 3]` in armature space; bones that are not keyed rest on their parents."""
    if bone < 0:
        return _STILL, np.zeros(3)
    if bone in heads:
        return turns[bone], heads[bone]
    above = target.carrier(bone)
    turn, head = _posed(above, turns, heads, target)
    head = head + rot.rotate(turn, target.heads[bone] - _rest_head(above, target))
    return (turn if target.turns_along(bone) else _STILL), head


def _rest_head(bone: int, target: TargetRest) -> np.ndarray:
    return target.heads[bone] if bone >= 0 else np.zeros(3)


def _rest_joints(rest: RestPose) -> dict[str, np.ndarray]:
    """The joints `[3]` of the subject's legs."""
    joints = {}
    for side in ("L", "R"):
        thigh, shin, foot = (BONE_NAMES.index(f"{bone}.{side}") for bone in ("thigh", "shin", "foot"))
        joints |= {f"hip.{side}": rest.heads[thigh], f"knee.{side}": rest.heads[shin]}
        joints |= {f"ankle.{side}": rest.heads[foot], f"toe.{side}": rest.tails[foot]}
    return joints


def _ankle_level(joints: Mapping[str, np.ndarray]) -> float:
    return float(joints["ankle.L"][2] + joints["ankle.R"][2]) / 2
