"""Bodies: the stature, the landmarks' definitions, symmetry and spread."""

from __future__ import annotations

import numpy as np
import pytest

from penumbra.inference.body import rest_joints
from penumbra.models.skeletons import JOINTS, STATURE, mirrored
from penumbra.training.bodies import BodyVariety, mean_body, sample_bodies, stature, training_bodies, vary

PARTNERS = [JOINTS.index(mirrored(name)) for name in JOINTS]


def at(offsets: np.ndarray, name: str) -> np.ndarray:
    return rest_joints(offsets)[..., JOINTS.index(name), :]


def test_mean_body_is_an_adult_of_the_stature():
    body = mean_body()
    assert stature(body) == pytest.approx(STATURE)
    assert 0.17 < at(body, "hip.L")[0] - at(body, "hip.R")[0] < 0.22
    assert 0.33 < at(body, "shoulder.L")[0] - at(body, "shoulder.R")[0] < 0.39
    assert 0.38 < at(body, "hip.L")[2] - at(body, "knee.L")[2] < 0.43
    assert 0.48 < at(body, "thorax")[2] - at(body, "pelvis")[2] < 0.56


def test_mean_body_faces_minus_y_with_its_left_at_plus_x():
    body = mean_body()
    assert at(body, "wrist.L")[0] > 0.6
    assert at(body, "nose")[1] < at(body, "ear.L")[1] - 0.08
    assert at(body, "toe.L")[1] < at(body, "heel.L")[1] - 0.15


def test_trunk_joints_are_defined_as_the_lift_defines_them():
    body = sample_bodies(np.random.default_rng(1), 20)
    hips = (at(body, "hip.L") + at(body, "hip.R")) / 2
    shoulders = (at(body, "shoulder.L") + at(body, "shoulder.R")) / 2
    np.testing.assert_allclose(at(body, "pelvis"), hips, atol=1e-6)
    np.testing.assert_allclose(at(body, "thorax"), shoulders, atol=1e-6)
    np.testing.assert_allclose(at(body, "spine"), (hips + shoulders) / 2, atol=1e-6)


def test_crown_is_where_the_lift_puts_it():
    body = mean_body()
    ears = (at(body, "ear.L") + at(body, "ear.R")) / 2
    assert np.linalg.norm(at(body, "head") - ears) == pytest.approx(0.13, rel=0.02)
    np.testing.assert_allclose(at(body, "head")[:2], at(body, "neck")[:2], atol=1e-6)


def test_sampled_bodies_are_symmetric_spread_and_of_one_stature():
    bodies = sample_bodies(np.random.default_rng(2), 400)
    np.testing.assert_allclose(stature(bodies), STATURE, atol=1e-5)
    np.testing.assert_allclose(bodies[:, PARTNERS] * (-1.0, 1.0, 1.0), bodies, atol=1e-6)
    hips = at(bodies, "hip.L")[:, 0]
    assert 0.07 <= hips.min() < 0.08
    assert 0.15 < hips.max() <= 0.16
    thigh = at(bodies, "hip.L")[:, 2] - at(bodies, "knee.L")[:, 2]
    upper_arm = at(bodies, "elbow.L")[:, 0] - at(bodies, "shoulder.L")[:, 0]
    assert thigh.std() / thigh.mean() > 0.04
    assert abs(np.corrcoef(thigh, upper_arm)[0, 1]) < 0.3


def test_varied_bodies_stay_near_their_performer():
    own = np.repeat(sample_bodies(np.random.default_rng(3), 1), 300, axis=0)
    varied = vary(own, np.random.default_rng(4), BodyVariety(blend=0.0))
    np.testing.assert_allclose(stature(varied), STATURE, atol=1e-5)
    lengths, expected = np.linalg.norm(varied, axis=-1), np.linalg.norm(own[0], axis=-1)
    assert np.abs(np.median(lengths, axis=0) - expected).max() < 0.01
    assert (lengths.std(axis=0)[1:] > 0).all()


def test_half_of_the_training_bodies_are_the_performers():
    own = np.repeat(mean_body()[None], 400, axis=0)
    plain = BodyVariety(limbs=0.0, ends=0.0, own=0.0, blend=0.0, hips=(0.15, 0.16))
    hips = training_bodies(own, np.random.default_rng(5), plain)[:, JOINTS.index("hip.L"), 0]
    assert 0.4 < (hips < 0.12).mean() < 0.6


def test_a_seed_gives_the_same_bodies():
    first, second = (sample_bodies(np.random.default_rng(6), 5) for _ in range(2))
    np.testing.assert_array_equal(first, second)
