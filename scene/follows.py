"""With which control each control of a rig really moves, where constraints and drivers decide it and not the parents.

A rig such as Rigify's hangs its controls on bones that copy others, so that the parents say little. Here all controls in
question are turned and moved a little at once, each in its own random way, and the rig is evaluated: what carries a control
is the one whose whole motion the control's frame went along with.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import bpy
import numpy as np
from mathutils import Matrix, Vector

from ..errors import RigError
from ..retarget.target import TargetRest

# Radians, and shares of the armature's size, by which each control is turned and moved, and what of it may go astray:
# inverse kinematics come near their goals only.
_TURN, _MOVE = 0.1, 0.01
_ASTRAY = 0.03
_SAME = 1e-6
_CHANNELS = ("location", "rotation_quaternion", "rotation_euler", "rotation_axis_angle", "scale")


@dataclass(frozen=True, slots=True)
class Followed:
    """An armature with what carries each of its bones, and the names of bones that go along with others only partly."""

    rest: TargetRest
    partly: tuple[str, ...]


def follow(target: bpy.types.Object, rest: TargetRest, bones: Collection[int]) -> Followed:
    """`rest` with what carries `bones`, as Blender evaluates the rig with its custom properties as they are.

    The pose is as it was afterwards. An armature without constraints or drivers among the bones and those above them is given
    back as it is. Raises RigError when it has some and Blender does not evaluate it.
    """
    family = sorted({above for bone in bones for above in (bone, *rest.ancestors(bone))})
    if not _has_constraints(target, [rest.bones[bone] for bone in family]):
        return Followed(rest, ())
    names = [rest.bones[bone] for bone in sorted(bones)]
    with _at_rest(target, [rest.bones[bone] for bone in family]):
        before = _evaluated(target, names)
        _disturb(target, names, _MOVE * _size(rest))
        after = _evaluated(target, names)
    # a rig that was never evaluated has no places at all, which compare as neither more nor less
    if not (np.abs(after.poses - before.poses) > _SAME).any():
        raise RigError(
            f'"{target.name}" is hidden, so that Blender does not evaluate its constraints. Show it in the viewport, then '
            "try again."
        )
    return _matched(target, rest, names, _astray(before, after, _size(rest)))


def controls_above(target: bpy.types.Object, rest: TargetRest, bone: int) -> set[int]:
    """The bones that `bone` hangs on by parents or constraints, but for those that nobody can move by hand."""
    found: set[int] = set()
    waiting = [bone]
    while waiting:
        here = target.pose.bones[rest.bones[waiting.pop()]]
        parents = [here.parent.name] if here.parent is not None else []
        for name in (*parents, *_constrained_to(target, here)):
            number = rest.bones.index(name)
            if number not in found:
                found.add(number)
                waiting.append(number)
    return {above for above in found - {bone} if not _constraints(target.pose.bones[rest.bones[above]])}


def _constrained_to(target: bpy.types.Object, bone: bpy.types.PoseBone) -> list[str]:
    """Names of the armature's own bones that the bone's constraints read."""
    ends = []
    for constraint in _constraints(bone):
        ends += constraint.targets if constraint.type == "ARMATURE" else [constraint]
    names = [end.subtarget for end in ends if getattr(end, "target", None) == target]
    return [name for name in names if name in target.pose.bones]


def _constraints(bone: bpy.types.PoseBone) -> list[bpy.types.Constraint]:
    return [constraint for constraint in bone.constraints if not constraint.mute]


@dataclass(frozen=True, slots=True)
class _State:
    """Where controls are: poses `[C, 4, 4]` in armature space, and the frames `[C, 4, 4]` that their own values turn in."""

    poses: np.ndarray
    frames: np.ndarray


def _astray(before: _State, after: _State, size: float) -> np.ndarray:
    """`[C, C + 1]` how far each control was carried otherwise than each control went, and than nothing at all, which is last.

    1 is about as far as controls that have nothing to do with each other.
    """
    ways = np.concatenate([after.poses @ np.linalg.inv(before.poses), np.eye(4)[None]])
    carried = after.frames @ np.linalg.inv(before.frames)
    heads, after_heads = before.frames[:, :, 3], after.frames[:, :3, 3]
    turned = np.abs(ways[None, :, :3, :3] - carried[:, None, :3, :3]).max(axis=(2, 3)) / _TURN
    there = np.einsum("wij,cj->cwi", ways, heads)[..., :3]
    moved = np.abs(there - after_heads[:, None]).max(axis=2) / (_TURN * size)
    astray = np.maximum(turned, moved)
    np.fill_diagonal(astray, np.inf)
    return astray


def _matched(target: bpy.types.Object, rest: TargetRest, names: list[str], astray: np.ndarray) -> Followed:
    index = [rest.bones.index(name) for name in names]
    follows, partly = rest.parents.copy(), []
    for number, name in enumerate(names):
        # a constraint of its own hides a bone's frame; whoever keys it is warned of that
        if _constraints(target.pose.bones[name]):
            continue
        nearest = int(np.argmin(astray[number]))
        if astray[number, nearest] < _ASTRAY:
            follows[index[number]] = index[nearest] if nearest < len(index) else -1
        elif _inherits(rest, index[number]):
            partly.append(name)
    found = replace(rest, follows=follows)
    try:
        found.downward()
    except ValueError:
        # constraints on other constraints' bones can look like bones that carry each other
        return Followed(rest, tuple(names))
    return Followed(found, tuple(partly))


def _size(rest: TargetRest) -> float:
    return float(np.ptp(rest.heads, axis=0).max())


def _inherits(rest: TargetRest, bone: int) -> bool:
    """Whether the bone takes all of its parents' turns; one that does not goes along only partly by itself."""
    return bool(all(rest.inherit_rotation[above] for above in (bone, *rest.ancestors(bone))))


def _has_constraints(target: bpy.types.Object, names: list[str]) -> bool:
    """Whether anything but parents moves one of the bones."""
    if any(_constraints(target.pose.bones[name]) for name in names):
        return True
    drivers = target.animation_data.drivers if target.animation_data is not None else ()
    paths = tuple(f'pose.bones["{bpy.utils.escape_identifier(name)}"].' for name in names)
    return any(driver.data_path.startswith(paths) for driver in drivers)


@contextmanager
def _at_rest(target: bpy.types.Object, names: list[str]) -> Iterator[None]:
    """The bones are in no pose of their own inside, and in their own again afterwards, whatever happens."""
    bones = [target.pose.bones[name] for name in names]
    before = [[tuple(getattr(bone, channel)) for channel in _CHANNELS] for bone in bones]
    position = target.data.pose_position
    try:
        if position != "POSE":
            target.data.pose_position = "POSE"
        for bone in bones:
            bone.matrix_basis.identity()
        yield
    finally:
        for bone, values in zip(bones, before, strict=True):
            for channel, value in zip(_CHANNELS, values, strict=True):
                setattr(bone, channel, value)
        if position != "POSE":
            target.data.pose_position = position
        _update(target)


def _disturb(target: bpy.types.Object, names: list[str], move: float) -> None:
    """Turn and move every one of the bones in a way of its own."""
    random = np.random.default_rng(0)
    for name in names:
        axis, way = (vector / np.linalg.norm(vector) for vector in random.normal(size=(2, 3)))
        bone = target.pose.bones[name]
        # rigs may fall apart where what must not move does
        free = ~np.array(bone.lock_location)
        bone.matrix_basis = Matrix.Translation(move * way * free) @ Matrix.Rotation(_TURN, 4, Vector(axis))


def _evaluated(target: bpy.types.Object, names: list[str]) -> _State:
    _update(target)
    poses = np.array([target.pose.bones[name].matrix for name in names], dtype=float)
    with np.errstate(invalid="ignore"):
        poses[:, :3, :3] /= np.linalg.norm(poses[:, :3, :3], axis=1, keepdims=True)
    frames = poses.copy()
    for frame, name in zip(frames, names, strict=True):
        bone = target.pose.bones[name]
        frame[:3, :3] = frame[:3, :3] @ np.array(bone.matrix_basis.to_3x3()).T
        axes = frame[:3, :3]
        if not bone.bone.use_local_location and bone.parent is not None:
            axes = np.array(bone.parent.matrix.to_3x3().normalized())
        if not bone.bone.use_connect:
            frame[:3, 3] -= axes @ np.array(bone.location)
    return _State(poses, frames)


def _update(target: bpy.types.Object) -> None:
    # custom properties that drivers read do not tell Blender that they changed
    target.update_tag()
    bpy.context.view_layer.update()
