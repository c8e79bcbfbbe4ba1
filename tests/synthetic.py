"""Made-up motions of the product's rig."""

from __future__ import annotations

import numpy as np

from penumbra.inference import rotations as rot
from penumbra.inference.body import joints_of
from penumbra.inference.lifted import Lifted
from penumbra.inference.motion import Motion, RestPose
from penumbra.models.skeletons import BONE_NAMES, BONE_PARENTS, BONES
from penumbra.training.bodies import mean_body
from penumbra.training.clips import Clip

LENGTHS = {
    "hips": 0.12, "spine": 0.38, "neck": 0.12, "head": 0.2, "shoulder": 0.17, "upper_arm": 0.28, "forearm": 0.25,
    "hand": 0.09, "thigh": 0.42, "shin": 0.4, "foot": 0.17,
}  # fmt: skip


def rest_pose() -> RestPose:
    """An adult's proportions in the canonical rest pose, metres."""
    heads, tails = np.zeros((len(BONES), 3)), np.zeros((len(BONES), 3))
    for index, (bone, parent) in enumerate(zip(BONES, BONE_PARENTS, strict=True)):
        if bone.name.startswith("thigh"):
            heads[index] = [0.1 if bone.name.endswith("L") else -0.1, 0.0, 0.0]
        elif parent >= 0:
            heads[index] = tails[parent]
        tails[index] = heads[index] + LENGTHS[bone.name.partition(".")[0]] * np.array(bone.rest)
    return RestPose(heads, tails)


def random_motion(count: int = 40, fps: float = 30.0, seed: int = 7, bend: float = 0.9) -> Motion:
    """Smooth random motion: every joint swings by up to `bend` radians about its parent, and the root wanders."""
    random = np.random.default_rng(seed)
    seconds = np.arange(count)[:, None, None] / fps
    phases = random.uniform(0, 2 * np.pi, (3, len(BONES), 3))
    turns = sum(np.sin(2 * np.pi * 0.3 * (wave + 1) * seconds + phases[wave]) for wave in range(3)) * bend / 3
    angle = np.linalg.norm(turns, axis=-1, keepdims=True)
    local = np.concatenate([np.cos(angle / 2), np.sin(angle / 2) * turns / angle], axis=-1)
    rotations = np.zeros_like(local)
    for bone, parent in enumerate(BONE_PARENTS):
        rotations[:, bone] = local[:, bone] if parent < 0 else rot.multiply(rotations[:, parent], local[:, bone])
    path = np.stack([np.linspace(0, 1.2, count), 0.1 * np.sin(np.arange(count) / 5), np.full(count, 0.9)], axis=1)
    confidence = 0.5 + 0.5 * np.sin(np.arange(count)[:, None] / 4 + np.arange(len(BONES)))
    return Motion(
        times=np.arange(count) / fps,
        present=np.ones(count, dtype=bool),
        root=path,
        rotations=rot.continuous(rotations),
        confidence=confidence,
        rest=rest_pose(),
        fps=fps,
    )


def standing(count: int = 2) -> Motion:
    """The subject stands still in the rest pose, soles on the floor."""
    rest = rest_pose()
    height = -float(rest.tails[:, 2].min())
    identity = np.broadcast_to([1.0, 0.0, 0.0, 0.0], (count, len(BONES), 4)).copy()
    return Motion(
        times=np.arange(count) / 30.0,
        present=np.ones(count, dtype=bool),
        root=np.tile([0.0, 0.0, height], (count, 1)),
        rotations=identity,
        confidence=np.ones((count, len(BONES))),
        rest=rest,
        fps=30.0,
    )


def people_in_camera(frames: int, seed: int = 7, away: float = 4.0) -> np.ndarray:
    """`[T, 30, 3]` joints in metres of somebody who moves at random, `away` metres before a level camera, in its frame."""
    moving = random_motion(frames, seed=seed, bend=0.6)
    return _in_camera(joints_of(moving.rotations, mean_body()) + 0.2 * moving.root[:, None], away)


def walker_in_camera(frames: int, away: float = 4.0) -> np.ndarray:
    """`[T, 30, 3]` joints of somebody who walks on the spot at 30 frames a second, turned by 40 degrees, in its frame."""
    phase = 2 * np.pi * np.arange(frames) / 32.0
    local = np.tile([1.0, 0.0, 0.0, 0.0], (frames, len(BONES), 1))

    def turn(bone: str, axis: int, angle: np.ndarray) -> None:
        quaternion = np.zeros((frames, 4))
        quaternion[:, 0], quaternion[:, 1 + axis] = np.cos(angle / 2), np.sin(angle / 2)
        row = BONE_NAMES.index(bone)
        local[:, row] = rot.multiply(quaternion, local[:, row])

    for side, sign in (("L", 1.0), ("R", -1.0)):
        swing = 0.45 * np.sin(phase) * sign
        # arms hang, each swinging against its own leg; knees fold while their leg swings forward
        turn(f"upper_arm.{side}", 1, np.full(frames, 1.4 * sign))
        turn(f"upper_arm.{side}", 0, swing)
        turn(f"thigh.{side}", 0, -swing)
        turn(f"shin.{side}", 0, 0.15 + 0.4 * (1 + np.cos(phase) * sign))
    turn("hips", 2, np.full(frames, np.radians(40.0)))
    rotations = local.copy()
    for bone, parent in enumerate(BONE_PARENTS):
        if parent >= 0:
            rotations[:, bone] = rot.multiply(rotations[:, parent], local[:, bone])
    return _in_camera(joints_of(rotations, mean_body()), away)


def lifted_as(joints: np.ndarray, rate: float = 30.0) -> Lifted:
    """What a lifter says that sees all, tells no spread, and finds the joints `[T, 30, 3]` about the first of them."""
    everywhere = np.ones(joints.shape[:2], bool)
    return Lifted(
        joints=joints - joints[:, :1],
        spread=np.full(joints.shape, np.nan),
        seen=everywhere,
        confidence=everywhere * 1.0,
        views=np.tile(np.eye(3), (len(joints), 1, 1)),
        rate=rate,
    )


def training_clips(count: int = 4) -> list[Clip]:
    """Clips of four seconds for the trainers."""
    clips = []
    for index in range(count):
        moving = random_motion(120, seed=index)
        clips.append(
            Clip(f"made/{index}", "made", f"made/{index}", "walk", "CC0", moving.rotations.astype(np.float32),
                 moving.root.astype(np.float32), mean_body().astype(np.float32))
        )  # fmt: skip
    return clips


def _in_camera(world: np.ndarray, away: float) -> np.ndarray:
    """World joints as a level camera sees them that looks along +y from `away` metres before the origin."""
    return world[..., [0, 2, 1]] * np.array([1.0, -1.0, 1.0]) + np.array([0.0, 0.0, away])
