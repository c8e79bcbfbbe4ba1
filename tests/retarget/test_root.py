"""The root's heading, and where the captured world lies in an armature's space."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from penumbra.inference import rotations as rot
from penumbra.inference.motion import Motion
from penumbra.models.skeletons import BONE_NAMES
from penumbra.retarget.floor import own_floor, world_floor
from penumbra.retarget.root import heading
from penumbra.tests.synthetic import standing

COUNT = 90


def about(axis: str, angle: np.ndarray) -> np.ndarray:
    """`[T, 4]` turns by `angle` `[T]` radians."""
    turns = np.zeros((len(angle), 4))
    turns[:, 0], turns[:, 1 + "xyz".index(axis)] = np.cos(angle / 2), np.sin(angle / 2)
    return turns


def with_hips(turns: np.ndarray) -> Motion:
    motion = standing(len(turns))
    rotations = motion.rotations.copy()
    rotations[:, BONE_NAMES.index("hips")] = turns
    return replace(motion, rotations=rotations)


def angles(turns: np.ndarray) -> np.ndarray:
    return np.unwrap(2 * np.arctan2(turns[:, 3], turns[:, 0]))


def test_the_heading_follows_a_turn_and_not_every_step() -> None:
    turn = np.linspace(2.5, 4.5, COUNT)
    swing = 0.15 * np.sin(2 * np.pi * np.arange(COUNT) / 30.0)
    found = angles(heading(with_hips(about("z", turn + swing))))
    inside = slice(30, -30)
    found += 2 * np.pi * np.round((turn - found)[inside].mean() / (2 * np.pi))
    assert np.abs(found - turn)[inside].max() < 0.03


def test_bending_over_and_lying_down_do_not_turn_the_heading() -> None:
    bend = np.linspace(0.0, np.pi / 2, COUNT)
    turned = rot.multiply(about("z", np.full(COUNT, 0.7)), about("x", bend))
    assert angles(heading(with_hips(turned))) == pytest.approx(np.full(COUNT, 0.7), abs=1e-6)


def test_a_somersault_leaves_the_heading_without_jumps() -> None:
    over = np.linspace(0.0, 2 * np.pi, COUNT)
    turned = rot.multiply(about("z", np.full(COUNT, 0.7)), about("x", over))
    assert np.abs(np.diff(angles(heading(with_hips(turned))))).max() < 0.2


def test_frames_without_the_subject_do_not_count() -> None:
    turn = np.where(np.arange(COUNT) < 60, 0.5, 2.5)
    motion = with_hips(about("z", turn))
    motion.present[60:] = False
    assert angles(heading(motion))[:60] == pytest.approx(np.full(60, 0.5), abs=1e-3)


def test_the_world_floor_is_the_worlds_and_heights_go_with_the_target() -> None:
    angle, unit = 0.4, 0.01
    turn = rot.to_matrix(about("x", np.array([angle])))[0]
    placed = np.eye(4)
    placed[:3, :3], placed[:3, 3] = unit * turn, [3.0, -2.0, 1.0]
    floor = world_floor("Figure", placed, ratio=120.0, rise=5.0)
    captured = np.array([[0.3, 0.4, 0.9], [2.0, -1.0, 0.0]])
    world = floor.to_armature(floor.along(captured)) @ placed[:3, :3].T + placed[:3, 3]
    assert world == pytest.approx(captured * [1.0, 1.0, 1.2] + [0.0, 0.0, 0.05])
    assert floor.from_armature(floor.to_armature(captured)) == pytest.approx(captured)


def test_the_own_floor_takes_captured_points_by_one_similarity() -> None:
    basis = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]])
    floor = own_floor(basis, ratio=50.0, rise=2.0)
    captured = np.array([0.3, 0.4, 0.9])
    assert (floor.from_capture @ [*captured, 1.0])[:3] == pytest.approx(floor.to_armature(floor.along(captured)))
    assert np.linalg.det(floor.from_capture[:3, :3]) == pytest.approx(50.0**3)
