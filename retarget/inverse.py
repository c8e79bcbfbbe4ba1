"""From a target that an animator has posed by hand back to a pose of the product's rig."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..inference import rotations as rot
from ..inference.motion import Motion
from ..models.skeletons import BONE_NAMES, BONE_PARENTS
from .chains import chain_turns
from .figure import Figure
from .placing import subject_joints

# Radians and parts of a leg's length within which what is posed is what was baked: single precision is not better.
_SAME_TURN, _SAME_PLACE = 1e-3, 1e-4
# How often what the bones lack is added, and the radians that are not worth it.
_ROUNDS, _ENOUGH = 12, 1e-5


@dataclass(frozen=True, slots=True)
class TargetPose:
    """One pose of a target, in armature space.

    turns: by target bone, the unit quaternion `[4]` from rest to pose. pelvis: `[3]` armature units, where the middle between its
    hips' joints is carried to by the hips' bone.
    """

    turns: Mapping[int, np.ndarray]
    pelvis: np.ndarray


def read_pose(figure: Figure, turns: Mapping[int, np.ndarray], hips_head: np.ndarray) -> TargetPose:
    """The pose of a target whose bones are turned by `turns`, and whose hips' bone has its head at `hips_head` `[3]`."""
    hips = figure.bone("hips")
    offset = figure.basis @ figure.joints["pelvis"] - figure.target.heads[hips]
    return TargetPose(turns, hips_head + rot.rotate(turns[hips], offset))


def product_pose(
    motion: Motion, row: int, figure: Figure, from_capture: np.ndarray, baked: TargetPose, posed: TargetPose
) -> tuple[np.ndarray, np.ndarray]:
    """The pelvis `[3]` in meters and the rotations `[18, 4]` of the product's bones that go with a pose by hand.

    What an animator changed about the pose that the motion's frame `row` was baked to is what changes here: so nothing
    depends on what baking adds, such as feet that are held on other legs. from_capture: as `TargetMotion` has it.
    Bones that the target lacks go along with those above them.
    """
    scale = np.linalg.norm(from_capture[:3, :3], axis=0)
    axes = from_capture[:3, :3] / scale
    wanted = _wanted(figure, axes, baked, posed)
    rotations = _solved(motion, row, figure, axes, wanted)
    shift = (posed.pelvis - baked.pelvis) @ axes
    shift = np.where(np.linalg.norm(shift) > _SAME_PLACE * figure.leg, shift / scale, 0.0)
    rest = subject_joints(motion.rest)
    middle = (rest["hip.L"] + rest["hip.R"]) / 2
    moved = rot.rotate(rotations[0], middle) - rot.rotate(motion.rotations[row, 0], middle)
    return motion.root[row] + shift - moved, rotations


def _wanted(figure: Figure, axes: np.ndarray, baked: TargetPose, posed: TargetPose) -> np.ndarray:
    """`[18, 4]` by how much each product bone's last target bone was turned by hand, about the captured world's axes."""
    turns: list[np.ndarray] = []
    for name, parent in zip(BONE_NAMES, BONE_PARENTS, strict=True):
        if name in figure.fit.chains:
            last = figure.fit.chains[name][-1]
            turns.append(_along(axes, rot.multiply(posed.turns[last], rot.conjugate(baked.turns[last]))))
        else:
            turns.append(turns[parent])
    return np.stack(turns)


def _solved(motion: Motion, row: int, figure: Figure, axes: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """`[18, 4]` rotations by which the target's bones turn as `wanted` says.

    The trunk's chains bow with what hangs on them, so that what a bone lacks is added a few times over.
    """
    facing = rot.from_matrix(figure.basis.T @ axes)

    def turns(rotations: np.ndarray) -> np.ndarray:
        shared = chain_turns(rot.multiply(facing, rotations)[None], motion.rest, figure)
        return np.stack([shared[figure.fit.chains[name][-1]][0] for name in names])

    names = [name for name in BONE_NAMES if name in figure.fit.chains]
    mapped = [BONE_NAMES.index(name) for name in names]
    before = motion.rotations[row]
    rotations = rot.multiply(wanted, before)
    rotations = np.where(wanted[:, :1] == 1.0, before, rotations)
    start = turns(before)
    for _ in range(_ROUNDS):
        has = rot.multiply(
            rot.multiply(rot.conjugate(facing), rot.multiply(turns(rotations), rot.conjugate(start))), facing
        )
        lacks = rot.multiply(wanted[mapped], rot.conjugate(has))
        far = 2.0 * np.linalg.norm(lacks[:, 1:], axis=-1) > _ENOUGH
        if not far.any():
            break
        chosen = np.array(mapped)[far]
        rotations[chosen] = rot.multiply(lacks[far], rotations[chosen])
    return rotations


def _along(axes: np.ndarray, turn: np.ndarray) -> np.ndarray:
    """A turn `[4]` in armature space about the captured world's axes; none where it is too small to be meant."""
    vector = turn[1:] @ axes
    if 2.0 * np.arctan2(np.linalg.norm(vector), abs(turn[0])) < _SAME_TURN:
        return np.array([1.0, 0.0, 0.0, 0.0])
    return np.concatenate([turn[:1], vector])
