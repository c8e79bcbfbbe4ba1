"""Armatures to put motion on, made from tables, and how far they are from the motion."""

from __future__ import annotations

from collections.abc import Mapping

import bpy
import numpy as np

from penumbra.inference import rotations as rot
from penumbra.inference.motion import Motion, bone_heads_and_tails
from penumbra.models.skeletons import BONE_NAMES
from penumbra.tests.synthetic import standing

# Name, parent and head in metres of a T-pose that faces -y; the right side mirrors the left. Fingers are two here.
_MIXAMO = (
    ("Hips", None, (0.0, 0.0, 1.0)),
    ("Spine", "Hips", (0.0, 0.012, 1.1)),
    ("Spine1", "Spine", (0.0, 0.02, 1.22)),
    ("Spine2", "Spine1", (0.0, 0.018, 1.35)),
    ("Neck", "Spine2", (0.0, 0.02, 1.5)),
    ("Head", "Neck", (0.0, -0.01, 1.6)),
    ("LeftShoulder", "Spine2", (0.06, 0.01, 1.44)),
    ("LeftArm", "LeftShoulder", (0.18, 0.03, 1.44)),
    ("LeftForeArm", "LeftArm", (0.46, 0.03, 1.44)),
    ("LeftHand", "LeftForeArm", (0.74, 0.03, 1.44)),
    ("LeftHandIndex1", "LeftHand", (0.84, 0.0, 1.44)),
    ("LeftHandPinky1", "LeftHand", (0.82, 0.06, 1.44)),
    ("LeftUpLeg", "Hips", (0.09, 0.0, 0.94)),
    ("LeftLeg", "LeftUpLeg", (0.09, -0.005, 0.52)),
    ("LeftFoot", "LeftLeg", (0.09, 0.02, 0.1)),
    ("LeftToeBase", "LeftFoot", (0.11, -0.11, 0.02)),
)
_ARM = ("Arm", "ForeArm", "Hand", "HandIndex1", "HandPinky1")
# Product bones and the Mixamo joints, without side and prefix, that they run between.
_LIMBS = {
    "upper_arm": (("Arm",), ("ForeArm",)),
    "forearm": (("ForeArm",), ("Hand",)),
    "hand": (("Hand",), ("HandIndex1", "HandPinky1")),
    "thigh": (("UpLeg",), ("Leg",)),
    "shin": (("Leg",), ("Foot",)),
}
SIDES = {"L": "Left", "R": "Right"}


def mixamo_rig(
    *, arms_down: float = 0.0, prefix: str = "mixamorig:", axes: np.ndarray | None = None, seed: int = 3
) -> bpy.types.Object:
    """An armature with Mixamo's names, its arms lowered by `arms_down` degrees, every bone with a random roll.

    axes: rotation from the table's axes to the armature's own.
    """
    joints = _both_sides(arms_down)
    axes = np.eye(3) if axes is None else axes
    random = np.random.default_rng(seed)
    armature = bpy.data.armatures.new("Figure")
    target = bpy.data.objects.new("Figure", armature)
    bpy.context.scene.collection.objects.link(target)
    bpy.context.view_layer.objects.active = target
    bpy.ops.object.mode_set(mode="EDIT")
    for name, (parent, head) in joints.items():
        children = [position for child, position in joints.values() if child == name]
        tail = np.mean(children, axis=0) if children else head + 0.1 * (head - joints[parent or name][1])
        bone = armature.edit_bones.new(prefix + name)
        bone.head, bone.tail = (axes @ head).tolist(), (axes @ tail).tolist()
        bone.roll = random.uniform(-np.pi, np.pi)
        if parent is not None:
            bone.parent = armature.edit_bones[prefix + parent]
    bpy.ops.object.mode_set(mode="OBJECT")
    return target


def _both_sides(arms_down: float) -> dict[str, tuple[str | None, np.ndarray]]:
    angle = np.radians(arms_down)
    lower = np.array([[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]])
    shoulder = np.array(next(head for name, _, head in _MIXAMO if name == "LeftArm"))
    joints: dict[str, tuple[str | None, np.ndarray]] = {}
    for name, parent, place in _MIXAMO:
        head = np.array(place)
        if name.removeprefix("Left") in _ARM:
            head = shoulder + lower @ (head - shoulder)
        joints[name] = (parent, head)
        if name.startswith("Left"):
            right = parent.replace("Left", "Right") if parent is not None else None
            joints[name.replace("Left", "Right")] = (right, head * [-1, 1, 1])
    return joints


def mixamo_limbs(prefix: str = "mixamorig:") -> dict[str, tuple[list[str], list[str]]]:
    """By product bone, the target bones whose heads are, on average, its two ends."""
    return {
        f"{bone}.{side}": ([prefix + word + name for name in starts], [prefix + word + name for name in ends])
        for bone, (starts, ends) in _LIMBS.items()
        for side, word in SIDES.items()
    }


def direction_errors(
    target: bpy.types.Object,
    limbs: Mapping[str, tuple[list[str], list[str]]],
    motion: Motion,
    frame_start: int,
    axes: np.ndarray | None = None,
) -> np.ndarray:
    """`[T, limbs]` degrees between the motion's bones and the target's, as Blender evaluates them."""
    axes = np.eye(3) if axes is None else axes
    heads, tails = bone_heads_and_tails(motion)
    goals = rot.normalize(tails - heads) @ axes.T
    errors = np.zeros((len(motion), len(limbs)))
    for step in range(len(motion)):
        bpy.context.scene.frame_set(frame_start + step)
        place = {bone.name: np.array(bone.head) for bone in target.pose.bones}
        for column, (bone, (starts, ends)) in enumerate(limbs.items()):
            found = np.mean([place[name] for name in ends], axis=0) - np.mean([place[name] for name in starts], axis=0)
            cosine = rot.normalize(found) @ goals[step, BONE_NAMES.index(bone)]
            errors[step, column] = np.degrees(np.arccos(np.clip(cosine, -1, 1)))
    return errors


def moving(count: int = 10) -> Motion:
    """Somebody who bends and turns, whose knees and elbows fold their own way and who never overstretches."""
    motion = standing(count)
    wave = np.sin(np.linspace(0.0, 3.0, count))

    def turned(bones: tuple[str, ...], axis: tuple[float, float, float], angles: np.ndarray) -> None:
        about = np.array(axis) / np.linalg.norm(axis)
        turn = np.concatenate([np.cos(angles / 2)[:, None], np.sin(angles / 2)[:, None] * about], axis=1)
        for bone in bones:
            row = BONE_NAMES.index(bone)
            motion.rotations[:, row] = rot.multiply(turn, motion.rotations[:, row])

    for side, sign in (("L", 1.0), ("R", -1.0)):
        arm = (f"upper_arm.{side}", f"forearm.{side}", f"hand.{side}")
        turned(arm[1:], (0.0, 0.0, -sign), 0.6 + 0.5 * wave)
        turned(arm, (0.0, sign, 0.3), 0.9 + 0.3 * wave)
        leg = (f"thigh.{side}", f"shin.{side}", f"foot.{side}")
        turned(leg[1:], (1.0, 0.0, 0.0), 0.5 + 0.4 * wave)
        turned(leg, (-1.0, 0.2 * sign, 0.1), 0.4 + 0.3 * sign * wave)
        turned(leg[2:], (0.3, 0.0, 1.0), 0.2 * wave)
    turned(("neck", "head"), (0.2, 0.1, 1.0), 0.5 * wave)
    trunk = tuple(name for name in BONE_NAMES if name.partition(".")[0] not in {"hips", "thigh", "shin", "foot"})
    turned(trunk, (1.0, 0.2, 0.5), 0.4 * wave)
    turned(tuple(BONE_NAMES), (0.1, 0.1, 1.0), 0.8 * wave)
    motion.root[:] += np.stack([0.4 * wave, -0.6 * wave, -0.2 + 0.05 * wave], axis=1)
    return motion
