from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penumbra.inference import rotations as rot
from penumbra.retarget.channels import rotation_channels

ORDERS = ("XYZ", "XZY", "YXZ", "YZX", "ZXY", "ZYX")


def about(axis: int, angle: np.ndarray) -> np.ndarray:
    quaternion = np.zeros((len(angle), 4))
    quaternion[:, 0], quaternion[:, 1 + axis] = np.cos(angle / 2), np.sin(angle / 2)
    return quaternion


def compose(angles: np.ndarray, order: str) -> np.ndarray:
    """What Blender makes of Euler angles `[T, 3]`: the first letter's turn first."""
    first, second, third = (about("XYZ".index(axis), angles[:, "XYZ".index(axis)]) for axis in order)
    return rot.multiply(third, rot.multiply(second, first))


def angle_between(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return 2 * np.arccos(np.clip(np.abs(np.sum(a * b, axis=-1)), 0, 1))


def wander(count: int, seed: int) -> np.ndarray:
    """`[T, 4]` a smooth way through all rotations, by at most a few degrees a step."""
    random = np.random.default_rng(seed)
    steps = rot.normalize(
        np.concatenate([np.full((count, 1), 40.0), random.normal(size=(1, 3)).repeat(count, 0)], axis=1)
    )
    steps[:, 1:] += random.normal(scale=0.003, size=(count, 3))
    steps = rot.normalize(steps)
    result = [np.array([1.0, 0.0, 0.0, 0.0])]
    for step in steps[1:]:
        result.append(rot.multiply(step, result[-1]))
    return np.array(result)


@given(st.sampled_from(ORDERS), st.integers(0, 10_000))
@settings(max_examples=60, deadline=None)
def test_euler_angles_give_the_rotation_back(order: str, seed: int):
    rotations = wander(120, seed)
    channel, angles = rotation_channels(rotations, order)
    assert channel == "rotation_euler"
    assert angle_between(compose(angles, order), rotations).max() < 1e-5


@pytest.mark.parametrize("order", ORDERS)
def test_euler_angles_turn_on_past_half_and_whole_turns(order: str):
    goal = np.zeros((200, 3))
    goal[:, "XYZ".index(order[0])] = np.linspace(0, 9.0, 200)
    goal[:, "XYZ".index(order[1])] = 0.4
    goal[:, "XYZ".index(order[2])] = np.linspace(1.0, -6.0, 200)
    _, angles = rotation_channels(compose(goal, order), order)
    assert np.abs(np.diff(angles, axis=0)).max() < 0.06


@pytest.mark.parametrize("order", ORDERS)
def test_the_middle_axis_swings_through_the_pole_without_a_jump(order: str):
    goal = np.full((101, 3), 0.2)
    goal[:, "XYZ".index(order[1])] = np.linspace(1.2, 1.9, 101)
    _, angles = rotation_channels(compose(goal, order), order)
    assert np.abs(np.diff(angles, axis=0)).max() < 0.05


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("pole", [np.pi / 2, -np.pi / 2])
def test_gimbal_lock_is_gone_through_without_a_jump(order: str, pole: float):
    goal = np.full((60, 3), 0.7)
    goal[:, "XYZ".index(order[0])] = np.linspace(0.3, 0.6, 60)
    # up to the pole, along it for a while, and on
    goal[:, "XYZ".index(order[1])] = (
        pole + np.clip(np.arange(60) - 40, 0, None) * 0.02 - np.clip(20 - np.arange(60), 0, None) * 0.02
    )
    _, angles = rotation_channels(compose(goal, order), order)
    assert np.abs(np.diff(angles, axis=0)).max() < 0.05
    assert angle_between(compose(angles, order), compose(goal, order)).max() < 1e-5


def test_gimbal_lock_from_the_first_frame_on_is_a_rotation_too():
    goal = np.tile([0.4, np.pi / 2, 0.1], (5, 1))
    _, angles = rotation_channels(compose(goal, "XYZ"), "XYZ")
    assert np.abs(np.diff(angles, axis=0)).max() < 1e-9
    assert angle_between(compose(angles, "XYZ"), compose(goal, "XYZ")).max() < 1e-5


@given(st.integers(0, 10_000))
@settings(max_examples=40, deadline=None)
def test_axis_and_angle_give_the_rotation_back(seed: int):
    rotations = wander(120, seed)
    channel, values = rotation_channels(rotations, "AXIS_ANGLE")
    half = values[:, :1] / 2
    back = np.concatenate([np.cos(half), np.sin(half) * values[:, 1:]], axis=1)
    assert channel == "rotation_axis_angle"
    assert angle_between(back, rotations).max() < 1e-5


def test_the_axis_keeps_its_side_through_no_rotation():
    rotations = about(2, np.linspace(-1, 1, 41))
    _, values = rotation_channels(rotations, "AXIS_ANGLE")
    assert np.abs(np.diff(values, axis=0)).max() < 0.06


def test_no_rotation_at_all_has_some_axis():
    _, values = rotation_channels(np.tile([1.0, 0.0, 0.0, 0.0], (3, 1)), "AXIS_ANGLE")
    assert values.tolist() == [[0.0, 0.0, 1.0, 0.0]] * 3


def test_quaternions_change_sign_only_with_the_rotation():
    rotations = about(0, np.linspace(0, 6, 50))
    rotations[::2] *= -1
    channel, values = rotation_channels(rotations, "QUATERNION")
    assert channel == "rotation_quaternion"
    assert np.sum(values[1:] * values[:-1], axis=1).min() > 0.99


@pytest.mark.parametrize("mode", ["QUATERNION", "XYZ", "AXIS_ANGLE"])
def test_no_frames_give_no_values(mode: str):
    _, values = rotation_channels(np.zeros((0, 4)), mode)
    assert len(values) == 0
