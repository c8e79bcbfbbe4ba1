from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from penumbra.inference import rotations as rot
from penumbra.inference.body import joints_of
from penumbra.inference.poses import Poses, flat_soled
from penumbra.models.skeletons import BONE_NAMES, BONE_PARENTS, BONES
from penumbra.tests.synthetic import random_motion
from penumbra.training.bodies import mean_body
from penumbra.training.metrics import rotation

QUATERNION = arrays(float, 4, elements=st.floats(-1.0, 1.0, width=32)).filter(lambda q: np.linalg.norm(q) > 0.1)
_FOREARM, _HAND = BONE_NAMES.index("forearm.L"), BONE_NAMES.index("hand.L")


def _about(axis: tuple[float, float, float], degrees: float) -> np.ndarray:
    half = np.radians(degrees) / 2
    return np.array([np.cos(half), *(np.sin(half) * np.array(axis))])


def _still(frames: int = 2) -> np.ndarray:
    return np.tile([1.0, 0.0, 0.0, 0.0], (frames, len(BONES), 1))


def test_angles_by_hand():
    turned = _still()
    turned[:, _HAND] = _about((0.0, 0.0, 1.0), 90.0)
    assert rotation.angles(turned, _still())[:, _HAND] == pytest.approx([90.0, 90.0])
    assert rotation.mpjae(turned, _still()) == pytest.approx(90.0 / 18)
    assert rotation.mpjae(-turned, _still()) == pytest.approx(90.0 / 18)
    mask = np.zeros((2, 18), bool)
    mask[0, [0, _HAND]] = True
    assert rotation.mpjae(turned, _still(), mask) == pytest.approx(45.0)


def test_a_left_forearm_turned_about_itself_is_twist_and_bent_is_swing():
    # the left arm rests along x
    twisted, bent = _still(), _still()
    twisted[:, _FOREARM] = _about((1.0, 0.0, 0.0), 30.0)
    bent[:, _FOREARM] = _about((0.0, 0.0, 1.0), -40.0)
    swing, twist = rotation.swings(twisted, _still()), rotation.twists(twisted, _still())
    assert swing[:, _FOREARM] == pytest.approx([0.0, 0.0], abs=1e-6)
    assert twist[:, _FOREARM] == pytest.approx([30.0, 30.0])
    swing, twist = rotation.swings(bent, _still()), rotation.twists(bent, _still())
    assert swing[:, _FOREARM] == pytest.approx([40.0, 40.0])
    assert twist[:, _FOREARM] == pytest.approx([0.0, 0.0], abs=1e-6)
    # of twelve limb bones the forearm is off by 30°, and locally so is the hand that did not turn with it
    assert rotation.twist_error(twisted, _still()) == pytest.approx(60.0 / 12)
    assert rotation.twist_error(twisted, _still(), parents=False) == pytest.approx(30.0 / 12)
    assert rotation.swing_error(bent, _still(), parents=False) == pytest.approx(40.0 / 12)
    only = np.zeros((2, 18), bool)
    only[:, [_FOREARM, 0]] = True
    assert rotation.twist_error(twisted, _still(), only) == pytest.approx(30.0)
    assert rotation.swing_error(bent, _still(), only) == pytest.approx(40.0)


@given(q=QUATERNION, off=QUATERNION, direction=arrays(float, 3, elements=st.floats(-1.0, 1.0, width=32)))
def test_swing_then_twist_is_the_whole_error(q: np.ndarray, off: np.ndarray, direction: np.ndarray):
    assume(np.linalg.norm(direction) > 0.1)
    truth = rot.normalize(q)
    predicted = rot.multiply(rot.normalize(off), truth)
    swing = rotation.swings(predicted, truth, direction)
    assume(swing < 179.0)
    twist = rotation.twists(predicted, truth, direction)
    # the swing's axis lies across the bone, so half angles multiply: cos(whole/2) = cos(swing/2) cos(twist/2)
    whole = np.cos(np.radians(swing / 2)) * np.cos(np.radians(twist / 2))
    assert np.cos(np.radians(rotation.angles(predicted, truth) / 2)) == pytest.approx(whole, abs=1e-6)


def test_local_rotations_forget_where_the_body_turns():
    moving = random_motion(12, bend=1.2)
    turned = rot.multiply(_about((0.0, 0.0, 1.0), 70.0), moving.rotations)
    local, other = rotation.local(moving.rotations), rotation.local(turned)
    np.testing.assert_allclose(rotation.angles(local, other)[:, 1:], 0.0, atol=1e-5)
    again = rot.multiply(moving.rotations[:, BONE_PARENTS[_HAND]], local[:, _HAND])
    np.testing.assert_allclose(again, moving.rotations[:, _HAND], atol=1e-12)


def test_feet_are_compared_by_their_soles():
    # the mean body's feet rest on the toes' tips; told from flat soles the same motion has other rotations
    moving = random_motion(8, bend=0.8)
    poses = Poses(mean_body().astype(float), moving.root, moving.rotations)
    flat = flat_soled(poses)
    np.testing.assert_allclose(
        joints_of(flat.rotations, flat.offsets), joints_of(poses.rotations, poses.offsets), atol=1e-9
    )
    assert rotation.swing_error(flat.rotations, flat_soled(flat).rotations) == pytest.approx(0.0, abs=1e-5)
