"""Elbows and knees hinge about one axis, and no joint of the chain moves for it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from penumbra.inference import rotations as rot
from penumbra.inference.hinges import hinged
from penumbra.inference.poses import Poses
from penumbra.models.skeletons import BONE_NAMES, BONES, HINGED, HINGES, JOINTS
from penumbra.training.bodies import mean_body

_CHAIN = [JOINTS.index(f"{name}.{side}") for name in ("elbow", "wrist", "knee", "ankle") for side in "LR"]


def _pairs() -> list[tuple[int, int, np.ndarray]]:
    found = []
    for upper, axis in HINGES.items():
        found.append((BONE_NAMES.index(upper), BONE_NAMES.index(HINGED[upper]), np.array(axis)))
    return found


def _poses(bend: float, count: int = 40, twist: float = 0.0, seed: int = 0) -> Poses:
    """Limbs anyhow in space, their lower bones bent by `bend` radians and twisted by `twist` about their length."""
    random = np.random.default_rng(seed)
    rotations = np.tile([1.0, 0.0, 0.0, 0.0], (count, len(BONE_NAMES), 1))
    for upper, lower, axis in _pairs():
        turn = Rotation.from_quat(random.standard_normal((count, 4)))
        about = Rotation.from_rotvec(twist * np.array(BONES[upper].rest))
        rotations[:, upper] = np.roll(turn.as_quat(), 1, axis=-1)
        rotations[:, lower] = np.roll((turn * Rotation.from_rotvec(bend * axis) * about).as_quat(), 1, axis=-1)
    return Poses(mean_body(), np.zeros((count, 3)), rotations)


def _axes_apart(poses: Poses) -> np.ndarray:
    """`[T, 4]` degrees between the hinge as the upper and as the lower bone has it."""
    apart = []
    for upper, lower, axis in _pairs():
        one, two = (rot.rotate(poses.rotations[:, bone], axis) for bone in (upper, lower))
        apart.append(np.degrees(np.arccos(np.clip(np.sum(one * two, axis=-1), -1.0, 1.0))))
    return np.stack(apart, axis=1)


@pytest.mark.parametrize("bend", [0.02, 0.4, 1.2, 2.5])
def test_both_bones_have_one_axis_and_no_joint_of_the_chain_moves(bend: float) -> None:
    poses = _poses(bend, twist=0.4)
    assert _axes_apart(poses).max() > 1.0
    result = hinged(poses)
    # what a bend out of the plane takes that is too small to tell it
    assert _axes_apart(result).max() < (0.5 if bend < 0.1 else 1e-4)
    np.testing.assert_allclose(result.joints()[:, _CHAIN], poses.joints()[:, _CHAIN], atol=1e-9)


@pytest.mark.parametrize("bend", [0.0, 0.02, 0.4, 1.2])
def test_what_hinges_stays(bend: float) -> None:
    poses = _poses(bend)
    angles = np.abs(np.sum(hinged(poses).rotations * poses.rotations, axis=-1))
    np.testing.assert_allclose(angles, 1.0, atol=1e-9)


def test_a_bent_limb_tells_the_axis() -> None:
    true = _poses(1.0)
    rotations = true.rotations.copy()
    for upper, lower, _ in _pairs():
        for bone, way in ((upper, 0.5), (lower, 0.3)):
            along = np.array(BONES[bone].rest)
            turn = np.roll(Rotation.from_rotvec(way * along).as_quat(), 1)
            rotations[:, bone] = rot.multiply(rotations[:, bone], turn)
    result = hinged(Poses(true.offsets, true.root, rotations))
    angles = np.abs(np.sum(result.rotations * true.rotations, axis=-1))
    np.testing.assert_allclose(angles, 1.0, atol=1e-9)


def test_a_straight_limb_does_not_flip() -> None:
    """Noise bends a straight limb to all sides; its twist does not follow."""
    straight = _poses(0.0, count=1)
    count = 60
    rotations = np.repeat(straight.rotations, count, axis=0)
    random = np.random.default_rng(1)
    for _, lower, _ in _pairs():
        noise = np.roll(Rotation.from_rotvec(0.02 * random.standard_normal((count, 3))).as_quat(), 1, axis=-1)
        rotations[:, lower] = rot.multiply(rotations[:, lower], noise)
    result = hinged(Poses(straight.offsets, np.zeros((count, 3)), rotations))
    for upper, _, axis in _pairs():
        axes = rot.rotate(result.rotations[:, upper], axis)
        assert np.degrees(np.arccos(np.clip(axes @ rot.normalize(axes.mean(axis=0)), -1.0, 1.0))).max() < 8.0


def test_backwards_becomes_straight() -> None:
    poses = _poses(-0.3)
    result = hinged(poses)
    for upper, lower, _ in _pairs():
        rest = np.array(BONES[upper].rest)
        one, two = (rot.rotate(result.rotations[:, bone], rest) for bone in (upper, lower))
        np.testing.assert_allclose(one, two, atol=1e-9)
        np.testing.assert_allclose(one, rot.rotate(poses.rotations[:, upper], rest), atol=1e-9)


def test_other_bones_and_the_body_stay() -> None:
    poses = _poses(0.7, twist=0.2)
    result = hinged(poses)
    limbs = {bone for upper, lower, _ in _pairs() for bone in (upper, lower)}
    others = [bone for bone in range(len(BONE_NAMES)) if bone not in limbs]
    np.testing.assert_array_equal(result.rotations[:, others], poses.rotations[:, others])
    np.testing.assert_array_equal(result.root, poses.root)
    np.testing.assert_array_equal(result.offsets, poses.offsets)
