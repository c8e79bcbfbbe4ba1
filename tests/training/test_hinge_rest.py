"""How a rig's limbs are turned in its T-pose is a convention, and is found."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

from penumbra.inference import rotations as rot
from penumbra.inference.poses import Poses
from penumbra.models.skeletons import BONE_NAMES, BONES
from penumbra.training.bodies import mean_body
from penumbra.training.hinge_rest import hinge_rest

_ARM = [BONE_NAMES.index(name) for name in ("upper_arm.L", "forearm.L")]


def _moving(bend: float, count: int = 60) -> Poses:
    """A left arm that bends by up to `bend` radians while it turns anyhow."""
    rotations = np.tile([1.0, 0.0, 0.0, 0.0], (count, len(BONE_NAMES), 1))
    turn = Rotation.from_quat(np.random.default_rng(0).standard_normal((count, 4)))
    fold = Rotation.from_rotvec(np.linspace(0.0, bend, count)[:, None] * (0.0, 0.0, -1.0))
    rotations[:, _ARM[0]] = np.roll(turn.as_quat(), 1, axis=-1)
    rotations[:, _ARM[1]] = np.roll((turn * fold).as_quat(), 1, axis=-1)
    return Poses(mean_body(), np.zeros((count, 3)), rotations)


def _turned(poses: Poses, angle: float) -> Poses:
    """The motion told from a rest pose whose left arm is turned about its length."""
    turn = np.roll(Rotation.from_rotvec(angle * np.array(BONES[_ARM[0]].rest)).as_quat(), 1)
    rotations = poses.rotations.copy()
    rotations[:, _ARM] = rot.multiply(rotations[:, _ARM], turn)
    return Poses(poses.offsets, poses.root, rotations)


def test_a_rests_turn_is_found_and_no_joint_moves() -> None:
    true = _moving(1.5)
    for angle in (-0.8, 0.0, 0.5):
        told = _turned(true, angle)
        result = hinge_rest(told)
        np.testing.assert_allclose(np.abs(np.sum(result.rotations * true.rotations, axis=-1)), 1.0, atol=1e-9)
        np.testing.assert_allclose(result.joints(), told.joints(), atol=1e-9)


def test_an_arm_that_never_bends_tells_nothing() -> None:
    told = _turned(_moving(0.1), 0.5)
    np.testing.assert_allclose(hinge_rest(told).rotations, told.rotations)
