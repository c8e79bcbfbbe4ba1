"""Rotations from joints: the T-pose is the rest, a turned body turns every bone, hinges tell the twist."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from penumbra.inference.motion import rest_of
from penumbra.inference.poses import Poses
from penumbra.inference.solve import SolveSettings, bone_confidence, solve
from penumbra.models.skeletons import BONE_NAMES, BONES, JOINT_PARENTS, JOINTS

_T_POSE = {
    "hip.L": (0.1, 0, 0), "knee.L": (0, 0, -0.42), "ankle.L": (0, 0, -0.41), "heel.L": (0, 0.05, -0.07),
    "toe.L": (0, -0.16, -0.07), "spine": (0, 0, 0.25), "thorax": (0, 0, 0.25), "neck": (0, 0, 0.12), "head": (0, 0, 0.2),
    "shoulder.L": (0.18, 0, 0), "elbow.L": (0.27, 0, 0), "wrist.L": (0.25, 0, 0), "index.L": (0.09, -0.03, 0),
    "pinky.L": (0.09, 0.03, 0), "thumb.L": (0.04, -0.05, 0), "nose": (0, -0.12, 0.05), "ear.L": (0.08, 0, 0.02),
}  # fmt: skip


@pytest.fixture
def t_pose() -> np.ndarray:
    """`[1, J, 3]` joints of a T-pose facing -y, soles on the floor."""
    joints = np.zeros((len(JOINTS), 3))
    for index, name in enumerate(JOINTS[1:], start=1):
        offset = np.array(_T_POSE.get(name) or _T_POSE[name.replace(".R", ".L")], float)
        if name.endswith(".R"):
            offset[0] *= -1
        joints[index] = joints[JOINT_PARENTS[index]] + offset
    joints[:, 2] -= joints[:, 2].min()
    return joints[None]


def _solve(joints: np.ndarray, belief: float | np.ndarray = 0.9) -> Poses:
    belief = np.broadcast_to(belief, joints.shape[:2])
    return solve(joints, belief, np.ones(len(joints), bool), SolveSettings())


def _angles(rotations: np.ndarray, expected: np.ndarray) -> np.ndarray:
    return 2 * np.degrees(np.arccos(np.clip(np.abs(np.sum(rotations * expected, axis=-1)), 0, 1)))


def _turn_below(joints: np.ndarray, joint: str, rotvec: tuple[float, float, float]) -> np.ndarray:
    """The pose with everything below `joint` turned about it."""
    turned, pivot = joints.copy(), JOINTS.index(joint)
    for index in range(len(JOINTS)):
        above = JOINT_PARENTS[index]
        while above not in (-1, pivot):
            above = JOINT_PARENTS[above]
        if above == pivot:
            turned[:, index] = joints[:, pivot] + Rotation.from_rotvec(rotvec).apply(
                joints[:, index] - joints[:, pivot]
            )
    return turned


def test_the_t_pose_is_the_rest(t_pose: np.ndarray) -> None:
    solved = _solve(t_pose)
    assert _angles(solved.rotations, np.array([1.0, 0, 0, 0])).max() < 0.5
    rest = rest_of(solved)
    foot = BONE_NAMES.index("foot.L")
    measured = t_pose[0, JOINTS.index("toe.L")] - t_pose[0, JOINTS.index("ankle.L")]
    np.testing.assert_allclose(rest.tails[foot] - rest.heads[foot], measured, atol=1e-6)


def test_a_turned_body_turns_every_bone_alike(t_pose: np.ndarray) -> None:
    turn = Rotation.from_rotvec([0.0, 0.0, 2.0])
    solved = _solve(turn.apply(t_pose[0])[None])
    assert _angles(solved.rotations, np.roll(turn.as_quat(), 1)).max() < 0.5


def test_forward_kinematics_gives_the_joints_back(t_pose: np.ndarray) -> None:
    posed = _turn_below(t_pose, "shoulder.L", (0.3, 1.0, 0.2))
    posed = _turn_below(posed, "elbow.L", (0.0, 0.0, -1.2))
    posed = _turn_below(posed, "hip.R", (-0.8, 0.1, 0.0))
    posed = _turn_below(posed, "knee.R", (0.9, 0.0, 0.0))
    solved = _solve(posed)
    joints = solved.joints()
    for bone in BONES:
        if bone.tail in JOINTS:
            place = JOINTS.index(bone.tail)
            np.testing.assert_allclose(joints[0, place], posed[0, place], atol=2e-3, err_msg=bone.name)


def test_a_bent_elbow_tells_the_upper_arms_twist(t_pose: np.ndarray) -> None:
    twist = np.array([0.7, 0.0, 0.0])  # about the left arm, which points to +x
    posed = _turn_below(t_pose, "elbow.L", (0.0, 0.0, -1.3))
    posed = _turn_below(posed, "shoulder.L", tuple(twist))
    upper = _solve(posed).rotations[:, BONE_NAMES.index("upper_arm.L")]
    assert _angles(upper, np.roll(Rotation.from_rotvec(twist).as_quat(), 1)).max() < 1.0


def test_a_hanging_arm_folds_forward(t_pose: np.ndarray) -> None:
    hanging = _turn_below(t_pose, "shoulder.L", (0.0, np.pi / 2, 0.0))
    folded = _turn_below(hanging, "elbow.L", (-1.0, 0.0, 0.0))
    assert folded[0, JOINTS.index("wrist.L"), 1] < -0.1
    straight, bent = (_solve(pose).rotations[:, BONE_NAMES.index("upper_arm.L")] for pose in (hanging, folded))
    assert _angles(straight, bent).max() < 1.0


def test_bending_a_knee_does_not_twist_the_thigh(t_pose: np.ndarray) -> None:
    raised = _turn_below(t_pose, "hip.L", (-1.0, 0.0, 0.0))
    angles = []
    for bend in (0.0, 0.3, 0.8, 1.4):
        thigh = _solve(_turn_below(raised, "knee.L", (bend, 0.0, 0.0))).rotations[:, BONE_NAMES.index("thigh.L")]
        angles.append(_angles(thigh, np.roll(Rotation.from_rotvec([-1.0, 0.0, 0.0]).as_quat(), 1)).max())
    assert max(angles) < 1.0


def test_an_overstretched_elbow_does_not_turn_the_arm_over(t_pose: np.ndarray) -> None:
    over = _solve(_turn_below(t_pose, "elbow.L", (0.0, 0.0, 0.25)))
    assert _angles(over.rotations[:, BONE_NAMES.index("upper_arm.L")], np.array([1.0, 0, 0, 0])).max() < 1.0


def test_rotations_are_continuous_in_time(t_pose: np.ndarray) -> None:
    spin = Rotation.from_rotvec(np.outer(np.linspace(0, 7, 80), [0, 0, 1]))
    solved = _solve(np.stack([turn.apply(t_pose[0]) for turn in spin]))
    assert np.sum(solved.rotations[1:] * solved.rotations[:-1], axis=-1).min() > 0.99


def test_a_bone_is_as_sure_as_the_less_sure_of_its_ends() -> None:
    confidence = np.full((1, len(JOINTS)), 0.9)
    confidence[:, JOINTS.index("wrist.R")] = 0.2
    confidence[:, JOINTS.index("pinky.L")] = 0.1
    found = dict(zip(BONE_NAMES, bone_confidence(confidence)[0], strict=True))
    unsure = {name for name, value in found.items() if value != 0.9}
    assert unsure == {"forearm.R", "hand.R", "hand.L"}
    assert (found["forearm.R"], found["hand.R"], found["hand.L"]) == (0.2, 0.2, 0.1)


def test_a_hand_that_is_not_believed_follows_the_forearm(t_pose: np.ndarray) -> None:
    posed = _turn_below(t_pose, "wrist.R", (0.0, 0.0, 0.8))
    belief = np.full((1, len(JOINTS)), 0.9)
    belief[:, JOINTS.index("index.R")] = 0.0
    solved = _solve(posed, belief)
    forearm, hand = (solved.rotations[:, BONE_NAMES.index(f"{name}.R")] for name in ("forearm", "hand"))
    assert _angles(hand, forearm).max() < 1e-3
    assert _angles(_solve(posed).rotations[:, BONE_NAMES.index("hand.R")], forearm).max() > 30.0


def test_frames_without_the_subject_do_not_count(t_pose: np.ndarray) -> None:
    joints = np.repeat(t_pose, 5, axis=0)
    joints[1:3] *= 2.0
    present = np.array([True, False, False, True, True])
    solved = solve(joints, np.full(joints.shape[:2], 0.9), present, SolveSettings())
    np.testing.assert_allclose(solved.joints()[present], joints[present], atol=1e-6)
    with pytest.raises(ValueError, match="No frame"):
        solve(joints, np.full(joints.shape[:2], 0.9), np.zeros(5, bool), SolveSettings())
