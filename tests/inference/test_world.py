"""Gravity, the floor and the heading, found from the motion, by hand or from a known camera."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from penumbra.inference import rotations as rot
from penumbra.inference.camera import CameraTrack
from penumbra.inference.placing.world import World, world_view
from penumbra.inference.settings import CameraSettings
from penumbra.models.skeletons import JOINTS, POINTS
from penumbra.tests.filming import Film, camera, film

_HAND = "by hand under Camera"


def _world(seen: Film, settings: CameraSettings | None = None) -> World:
    return world_view(
        seen.joints, seen.root, seen.belief, seen.slopes, seen.present, seen.times, settings or CameraSettings()
    )


def _off(world: World, seen: Film) -> float:
    """Degrees between the found and the true up."""
    found, true = (view.rotations[0].T @ (0.0, 0.0, 1.0) for view in (world.view, seen.view))
    return float(np.degrees(np.arccos(np.clip(found @ true, -1.0, 1.0))))


def _without(seen: Film, *names: str) -> Film:
    belief = seen.belief.copy()
    belief[:, [index for index, point in enumerate(POINTS) if point.split(".")[0] in names]] = 0.0
    return replace(seen, belief=belief)


@pytest.mark.parametrize(
    ("tilt", "height", "roll"), [(0.0, 1.5, 0.0), (20.0, 2.5, 4.0), (-15.0, 0.4, -3.0), (55.0, 5.0, 0.0)]
)
def test_a_walk_tells_gravity_and_the_floor(tilt: float, height: float, roll: float):
    seen = film(camera(tilt, height, distance=5.0, roll=roll))
    world = _world(seen)
    assert _off(world, seen) < 2.5
    assert world.floored
    feet = [JOINTS.index(f"{name}.{side}") for name in ("heel", "toe") for side in "LR"]
    placed = world.view.to_world(seen.joints[:, feet] + seen.root[:, None])
    assert abs(np.quantile(placed[..., 2].min(axis=1), 0.3)) < 0.05
    np.testing.assert_allclose(world.view.to_world(seen.root[:, None])[0, 0, :2], 0.0, atol=1e-9)


def test_the_camera_looks_along_y():
    world = _world(film(camera(12.0, 1.6, 5.0, heading=70.0)))
    forward = world.view.rotations[0] @ (0.0, 0.0, 1.0)
    assert abs(forward[0]) < 1e-9
    assert forward[1] > 0.9
    np.testing.assert_allclose(
        world.view.rotations @ np.swapaxes(world.view.rotations, -1, -2)[0], np.eye(3)[None].repeat(120, 0), atol=1e-9
    )
    assert np.linalg.det(world.view.rotations[0]) > 0


def test_a_camera_straight_above_is_told_by_the_feet_and_warned_of():
    seen = film(camera(80.0, 6.0, distance=1.0))
    world = _world(seen)
    assert _off(world, seen) < 4.0
    assert any("steeply" in note and _HAND in note for note in world.notes)


def test_tilt_and_height_by_hand_are_obeyed():
    seen = film(camera(10.0, 1.5, 5.0))
    world = _world(seen, CameraSettings(tilt=10.0, height=1.5))
    assert _off(world, seen) < 1.0
    assert world.view.positions[0, 2] == pytest.approx(1.5, abs=0.05)
    assert not world.notes


def test_a_height_by_hand_tells_the_tilt_of_a_subject_who_stands_still():
    seen = film(camera(12.0, 1.5, 5.0), count=60)
    joints, root, slopes, belief = (
        np.repeat(array[:1], 60, axis=0) for array in (seen.joints, seen.root, seen.slopes, seen.belief)
    )
    standing = replace(seen, joints=joints, root=root, slopes=slopes, belief=belief)
    # the lifter leans what it lifts by six degrees
    half = np.radians(6.0) / 2
    lean = rot.to_matrix(np.array([np.cos(half), np.sin(half), 0.0, 0.0]))
    leaning = replace(standing, joints=standing.joints @ lean.T)
    assert _off(_world(leaning, CameraSettings(height=1.5)), seen) < _off(_world(leaning), seen) / 2


def test_a_straight_look_down_by_hand_has_the_picture_s_top_ahead():
    seen = film(camera(90.0, 5.0, 0.5))
    world = _world(seen, CameraSettings(tilt=90.0, height=5.0))
    ahead = world.view.rotations[0] @ (0.0, -1.0, 0.0)
    assert ahead[1] > 0.99


def test_heights_that_disagree_are_told():
    world = _world(film(camera(10.0, 1.5, 5.0)), CameraSettings(tilt=10.0, height=3.0))
    assert any("3.00 m" in note and "check" in note for note in world.notes)


def test_feet_that_are_never_seen_leave_the_floor_to_the_legs():
    seen = film(camera(5.0, 1.5, 5.0))
    world = _world(_without(seen, "ankle", "heel", "toe"))
    assert not world.floored
    assert any("feet are never seen" in note and _HAND in note for note in world.notes)
    pelvis = world.view.to_world(seen.root[:, None])[:, 0, 2]
    assert 0.75 < pelvis.mean() < 1.05


def test_an_upper_body_alone_is_told_as_such():
    world = _world(_without(film(camera(5.0, 1.5, 5.0)), "knee", "ankle", "heel", "toe"))
    assert not world.floored
    assert any("Only the upper body" in note for note in world.notes)


def test_a_second_of_footage_says_what_it_does_not_know():
    world = _world(film(camera(5.0, 1.5, 5.0), count=25))
    assert any(_HAND in note for note in world.notes)


def test_a_subject_who_leaves_is_told():
    seen = film(camera(5.0, 1.5, 5.0))
    present = seen.present.copy()
    present[70:] = False
    slopes = np.where(present[:, None, None], seen.slopes, np.nan)
    world = _world(replace(seen, present=present, slopes=slopes))
    assert any("after it leaves" in note for note in world.notes)


def test_somebody_who_lies_leaves_the_camera_level():
    seen = film(camera(0.0, 1.5, 5.0))
    lying = seen.joints[..., [1, 0, 2]]
    still = np.repeat(lying[:1], len(lying), axis=0)
    root = np.repeat(seen.root[:1], len(lying), axis=0)
    world = _world(replace(seen, joints=still, root=root, belief=0.3 * seen.belief))
    assert abs(world.view.rotations[0, 2] @ (1.0, 0.0, 0.0)) < np.sin(np.radians(12.0))
    assert world.notes


def test_steps_are_no_tilted_floor():
    seen = film(camera(0.0, 1.5, 5.0, heading=90.0))
    # the way rises by a third as it goes to the side, and the body stays upright
    world_places = seen.view.to_world(seen.root[:, None])[:, 0]
    rise = 0.4 * (world_places[:, 1] - world_places[0, 1])
    root = seen.root - np.stack([0 * rise, -rise, 0 * rise], axis=-1)
    shifted = seen.slopes + np.stack([0 * rise, rise / root[:, 2]], axis=-1)[:, None]
    world = _world(replace(seen, root=root, slopes=shifted))
    assert _off(world, seen) < 12.0


def test_a_known_camera_keeps_the_user_s_world():
    seen = film(camera(10.0, 1.5, 5.0, heading=30.0))
    track = CameraTrack(np.zeros(1), seen.view.rotations[:1].copy(), seen.view.positions[:1].copy(), np.full(1, 35.0))
    world = _world(seen, CameraSettings(track=track))
    np.testing.assert_allclose(world.view.rotations, seen.view.rotations, atol=1e-9)
    np.testing.assert_allclose(world.view.positions, seen.view.positions, atol=1e-9)
    assert world.floored
    assert world.doubt == 0.0


def test_nobody_has_no_world():
    seen = film(camera(0.0, 1.5, 5.0))
    with pytest.raises(ValueError, match="No frame"):
        _world(replace(seen, present=~seen.present))


def test_doubt_is_greater_where_less_is_told():
    seen = film(camera(5.0, 1.5, 5.0))
    sure, blind = _world(seen), _world(_without(seen, "hip", "knee", "ankle", "heel", "toe"))
    assert blind.doubt > 2 * sure.doubt
