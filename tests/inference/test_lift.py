"""The first lift: one set of bone lengths, honest belief."""

from __future__ import annotations

import numpy as np
import pytest

from penumbra.inference.lift import Lift, LiftSettings, detected_joints, joint_belief, one_body
from penumbra.models.skeletons import BLAZEPOSE, JOINT_PARENTS, JOINTS, mirrored


@pytest.fixture
def body() -> np.ndarray:
    """`[40, 33, 3]` landmarks of a person who stands, with noise."""
    rng = np.random.default_rng(1)
    heights = {"nose": -0.65, "eye": -0.68, "ear": -0.66, "mouth": -0.6, "shoulder": -0.5, "elbow": -0.2, "wrist": 0.05,
               "pinky": 0.12, "index": 0.14, "thumb": 0.1, "hip": 0.0, "knee": 0.42, "ankle": 0.83, "heel": 0.88, "toe": 0.9}  # fmt: skip
    widths = {"ear": 0.08, "eye": 0.03, "mouth": 0.03, "shoulder": 0.18, "elbow": 0.25, "wrist": 0.27, "hip": 0.1}
    points = np.zeros((33, 3))
    for row, name in enumerate(BLAZEPOSE):
        kind, _, side = name.partition(".")
        base = kind.split("_")[0]
        across = widths.get(base, 0.27 if base in {"pinky", "index", "thumb"} else 0.1 if side else 0.0)
        # the subject faces the camera, so its left is on the picture's right
        points[row] = (across if side == "L" else -across if side == "R" else 0.0), heights[base], 0.0
    points[BLAZEPOSE.index("nose"), 2] = -0.12
    for side in ("L", "R"):
        points[BLAZEPOSE.index(f"toe.{side}"), 2] = -0.15
        points[BLAZEPOSE.index(f"pinky.{side}"), 2] = 0.03
    return points + rng.normal(scale=0.01, size=(40, 33, 3))


def lift(body: np.ndarray, belief: np.ndarray, present: np.ndarray) -> Lift:
    """The detector's own landmarks as one body."""
    return one_body(detected_joints(body), joint_belief(belief) * present[:, None], LiftSettings())


def _lengths(joints: np.ndarray) -> np.ndarray:
    return np.linalg.norm(joints - joints[:, list(JOINT_PARENTS)], axis=-1)[:, 1:]


def test_bone_lengths_are_constant_and_symmetric(body: np.ndarray) -> None:
    lifted = lift(body, np.full((40, 33), 0.9), np.ones(40, bool))
    spread = np.ptp(_lengths(lifted.joints), axis=0)
    assert spread.max() < 1e-9
    for index, name in enumerate(JOINTS):
        assert lifted.lengths[index] == pytest.approx(lifted.lengths[JOINTS.index(mirrored(name))])
    assert lifted.lengths[JOINTS.index("knee.L")] == pytest.approx(0.42, abs=0.01)


def test_a_few_wild_frames_do_not_change_the_lengths(body: np.ndarray) -> None:
    calm = lift(body, np.full((40, 33), 0.9), np.ones(40, bool))
    wild = body.copy()
    wild[::5] *= 3.0
    shaken = lift(wild, np.full((40, 33), 0.9), np.ones(40, bool))
    np.testing.assert_allclose(shaken.lengths, calm.lengths, atol=0.012)


def test_doubtful_frames_do_not_count_for_the_lengths(body: np.ndarray) -> None:
    belief = np.full((40, 33), 0.9)
    stretched = body.copy()
    stretched[:30] *= 2.0
    belief[:30] = 0.2
    lifted = lift(stretched, belief, np.ones(40, bool))
    assert lifted.lengths[JOINTS.index("ankle.R")] == pytest.approx(0.41, abs=0.02)


def test_nothing_is_believed_in_absent_frames(body: np.ndarray) -> None:
    present = np.ones(40, bool)
    present[10:20] = False
    lifted = lift(np.where(present[:, None, None], body, 0.0), np.full((40, 33), 0.9), present)
    assert (lifted.belief[10:20] == 0).all()
    assert (lifted.belief[~np.isin(np.arange(40), np.arange(10, 20))] > 0.8).all()
    assert np.isfinite(lifted.joints).all()


def test_a_joint_is_believed_as_far_as_its_least_believed_landmark(body: np.ndarray) -> None:
    belief = np.full((40, 33), 0.9)
    belief[:, BLAZEPOSE.index("hip.L")] = 0.3
    lifted = lift(body, belief, np.ones(40, bool))
    np.testing.assert_allclose(lifted.belief[:, JOINTS.index("pelvis")], 0.3)
    np.testing.assert_allclose(lifted.belief[:, JOINTS.index("thorax")], 0.9)


def test_the_head_points_up_for_somebody_who_looks_ahead(body: np.ndarray) -> None:
    lifted = lift(body.mean(axis=0, keepdims=True), np.full((1, 33), 0.9), np.ones(1, bool))
    neck, head = (lifted.joints[0, JOINTS.index(name)] for name in ("neck", "head"))
    assert (head - neck)[1] < -0.1  # y points down
