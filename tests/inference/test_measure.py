"""The subject's body, measured."""

from __future__ import annotations

import numpy as np

from penumbra.inference.measure import measured_body
from penumbra.models.skeletons import JOINTS, partners
from tests.fitting import told


def test_a_body_is_measured_from_its_own_motion() -> None:
    made = told(60)
    found = measured_body(made.truth.joints(), made.truth.rotations, np.ones((60, len(JOINTS))))
    np.testing.assert_allclose(found, made.truth.offsets, atol=1e-9)


def test_it_is_alike_on_both_sides() -> None:
    made = told(60)
    joints = made.truth.joints() + 0.02 * np.random.default_rng(1).standard_normal((60, len(JOINTS), 3))
    found = measured_body(joints, made.truth.rotations, np.ones((60, len(JOINTS))))
    np.testing.assert_allclose(found[partners(JOINTS)] * [-1, 1, 1], found, atol=1e-12)


def test_what_is_not_trusted_does_not_count() -> None:
    made = told(60)
    joints, trust = made.truth.joints(), np.ones((60, len(JOINTS)))
    joints[20:, JOINTS.index("wrist.L")] += 0.3
    trust[20:, JOINTS.index("wrist.L")] = 0.0
    found = measured_body(joints, made.truth.rotations, trust)
    np.testing.assert_allclose(found, made.truth.offsets, atol=0.01)
