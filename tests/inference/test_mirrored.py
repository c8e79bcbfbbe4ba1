"""Limbs mirrored in depth, and the course between both ways."""

from __future__ import annotations

import numpy as np

from penumbra.inference import rotations as rot
from penumbra.inference import turns
from penumbra.inference.fitting.kinematics import State
from penumbra.inference.fitting.mirrored import mirrored_limbs
from tests.fitting import Told, joint, told

_ARM = [joint("elbow.L"), joint("wrist.L")]


def _state(count: int) -> tuple[State, Told]:
    made = told(count)
    state = State.of(made.truth.offsets, made.truth.root, np.ascontiguousarray(turns.to_matrix(made.truth.rotations)))
    return state, made


def test_a_limb_is_mirrored_where_that_explains_more_and_only_there() -> None:
    state, made = _state(30)
    wanted = np.zeros(30, bool)
    wanted[10:22] = True
    depth = made.view.to_camera(state.joints + state.root[:, None])[..., 2]

    def energies(other: State) -> np.ndarray:
        now = made.view.to_camera(other.joints + other.root[:, None])[..., 2]
        moved = np.abs(now - depth)[:, _ARM].max(axis=1) > 0.01
        return np.where(moved == wanted, 0.0, 10.0) + 50.0 * (np.abs(now - depth).max(axis=1) > 0.01) * ~moved

    found = mirrored_limbs(state, made.view, energies)
    assert found is not None
    changed = np.abs(found.joints - state.joints)[:, _ARM].max(axis=(1, 2)) > 0.01
    np.testing.assert_array_equal(changed, wanted)
    lengths = [np.linalg.norm(one.segments(), axis=-1) for one in (state, found)]
    np.testing.assert_allclose(*lengths, atol=1e-9)
    # the other way looks alike: it is mirrored at the plane across the ray to the shoulder
    shoulder = state.joints[:, joint("shoulder.L")]
    ray = rot.normalize(shoulder + state.root - made.view.positions)
    arms = [one.joints[wanted][:, _ARM[0]] - shoulder[wanted] for one in (state, found)]
    np.testing.assert_allclose(
        *(np.sum(arm * ray[wanted], axis=-1) * sign for arm, sign in zip(arms, (1, -1), strict=True)), atol=1e-9
    )


def test_a_short_gain_is_no_reason_to_flicker() -> None:
    state, made = _state(10)

    def energies(other: State) -> np.ndarray:
        gain = np.zeros(10)
        gain[4] = 15.0
        return np.where(np.abs(other.joints - state.joints).max(axis=(1, 2)) > 1e-6, 3.0 - gain, 0.0)

    assert mirrored_limbs(state, made.view, energies) is None
