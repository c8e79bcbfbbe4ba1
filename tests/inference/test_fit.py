"""The robust fit of a body in motion."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from penumbra.inference import rotations as rot
from penumbra.inference.contacts import Contacts
from penumbra.inference.fitting.fit import FitSettings, Fitted, fit
from penumbra.inference.fitting.sizes import GROUPS, resized
from penumbra.inference.poses import Poses
from penumbra.models.skeletons import BONE_NAMES, JOINT_PARENTS, JOINTS, POINTS, partners
from tests.fitting import Told, errors, joint, told, turned
from tests.walking import FEET, shaken


def _fit(made: Told, start: Poses, settings: FitSettings | None = None) -> Fitted:
    return fit(start, made.path_sigma, made.observed, made.view, made.contacts, settings or FitSettings())


def _seen(made: Told, **changes: np.ndarray) -> Told:
    return replace(made, observed=replace(made.observed, **changes))


def test_a_shaken_start_comes_near_the_truth_and_the_energy_falls() -> None:
    made = told()
    start = shaken(made.truth, turn=0.1, way=0.03)
    found = _fit(made, start)
    assert found.energy < found.start_energy
    assert errors(found.poses, made.truth).mean() < 0.3 * errors(start, made.truth).mean()
    assert found.clutter.max() < 0.05


def test_more_steps_are_never_worse() -> None:
    made = told()
    start = shaken(made.truth, turn=0.1, way=0.03)
    energies = [_fit(made, start, FitSettings(steps=steps)).energy for steps in (1, 2, 4, 8)]
    assert all(later <= earlier for earlier, later in itertools.pairwise(energies))
    assert energies[-1] < energies[0]


def test_bones_keep_one_length_through_the_clip() -> None:
    made = told()
    joints = _fit(made, shaken(made.truth, turn=0.1, way=0.03)).poses.joints()
    lengths = np.linalg.norm(joints - joints[:, JOINT_PARENTS], axis=-1)[:, 1:]
    assert np.ptp(lengths, axis=0).max() < 1e-9


@pytest.mark.parametrize("group", ["thigh", "upper_arm", "trunk"])
def test_a_body_that_was_measured_wrongly_is_put_right(group: str) -> None:
    made = told(60)
    sizes = np.zeros(len(GROUPS))
    sizes[list(GROUPS).index(group)] = -0.12
    start = replace(made.truth, offsets=resized(made.truth.offsets, sizes))
    found = _fit(made, start)
    joints = [JOINTS.index(f"{name}.L") if f"{name}.L" in JOINTS else JOINTS.index(name) for name in GROUPS[group]]
    lengths = [np.linalg.norm(poses.offsets[joints], axis=-1).sum() for poses in (found.poses, made.truth)]
    assert lengths[0] == pytest.approx(lengths[1], rel=0.03)
    np.testing.assert_allclose(found.poses.offsets[partners(JOINTS)] * [-1, 1, 1], found.poses.offsets, atol=1e-9)


def test_a_joint_that_is_not_seen_goes_along_with_those_that_are() -> None:
    made = told()
    slopes, belief = made.observed.slopes.copy(), made.observed.belief.copy()
    joints, spread = made.observed.joints.copy(), made.observed.spread.copy()
    # the lifter leans the upper body away; the hidden arm leans with it
    arm = [joint(f"{name}.L") for name in ("elbow", "wrist", "index", "pinky", "thumb")]
    belief[:, [POINTS.index(JOINTS[number]) for number in arm]] = 0.0
    spread[:, arm] = 0.1
    up = [number for number, name in enumerate(JOINTS) if joints[0, number, 1] < -0.1]
    joints[:, up, 0] += 0.05
    found = _fit(_seen(made, slopes=slopes, belief=belief, joints=joints, spread=spread), made.truth)
    assert errors(found.poses, made.truth)[:, arm[0]].mean() < 0.04


def test_a_confident_wrong_point_is_clutter_and_does_not_pull() -> None:
    made = told()
    wrist = POINTS.index("wrist.L")
    slopes = made.observed.slopes.copy()
    slopes[12:26, wrist] += np.array([0.08, -0.06])
    wrong = _seen(made, slopes=slopes)
    start = shaken(made.truth, turn=0.03)
    usual, found = _fit(made, start), _fit(wrong, start)
    assert found.clutter[12:26, wrist].min() > 0.95
    assert np.delete(found.clutter, wrist, axis=1).max() < 0.1
    pulled = np.linalg.norm(found.poses.joints() - usual.poses.joints(), axis=-1)
    assert pulled.max() < 0.02


def test_a_point_that_is_moved_a_little_does_pull() -> None:
    made = told()
    slopes = made.observed.slopes.copy()
    slopes[:, POINTS.index("wrist.L")] += 0.006
    usual, found = _fit(made, made.truth), _fit(_seen(made, slopes=slopes), made.truth)
    pulled = np.linalg.norm(found.poses.joints() - usual.poses.joints(), axis=-1)
    assert pulled[:, joint("wrist.L")].mean() > 0.01


def test_a_limb_flipped_in_depth_is_turned_back() -> None:
    made = told()
    start = _mirrored_arm(made)
    wrist = joint("wrist.L")
    assert errors(start, made.truth)[:, wrist].max() > 0.5
    assert _fit(made, start, FitSettings(steps=1)).mirrored
    assert errors(_fit(made, start, FitSettings(steps=6)).poses, made.truth)[:, wrist].max() < 0.1


def test_absent_frames_keep_their_start_and_are_clutter() -> None:
    made = told()
    present = np.ones(len(made.truth.root), bool)
    present[[0, 10, 11, 12]] = False
    start = shaken(made.truth, turn=0.05)
    found = _fit(_seen(made, present=present), start)
    np.testing.assert_array_equal(found.poses.root[~present], start.root[~present])
    same = np.abs(np.sum(found.poses.rotations[~present] * start.rotations[~present], axis=-1))
    np.testing.assert_allclose(same, 1.0, atol=1e-12)
    assert (found.clutter[~present] == 1.0).all()
    assert errors(found.poses, made.truth)[present].mean() < errors(start, made.truth)[present].mean()


def test_nobody_present_is_left_alone() -> None:
    made = told()
    found = _fit(_seen(made, present=np.zeros(len(made.truth.root), bool)), made.truth)
    np.testing.assert_array_equal(found.poses.rotations, made.truth.rotations)
    assert (found.clutter == 1.0).all()


@pytest.mark.parametrize("count", [1, 2])
def test_few_frames_work(count: int) -> None:
    made = told(count)
    start = shaken(made.truth, turn=0.1)
    found = _fit(made, start)
    assert np.isfinite(found.poses.joints()).all()
    assert errors(found.poses, made.truth).mean() < errors(start, made.truth).mean()


def test_an_unknown_spread_does_not_spoil_anything() -> None:
    made = told()
    spread = np.full_like(made.observed.spread, np.nan)
    found = _fit(_seen(made, spread=spread), shaken(made.truth, turn=0.1))
    assert np.isfinite(found.poses.joints()).all()
    assert errors(found.poses, made.truth).mean() < 0.03


def test_knees_bent_backwards_are_brought_back() -> None:
    made = told()
    start = turned(made.truth, "shin.L", (-0.9, 0.0, 0.0))
    joints = (start.joints() - start.root[:, None]) @ made.view.rotations[0]
    found = _fit(_seen(made, joints=joints, spread=2 * made.observed.spread), start)
    assert _knee(start).min() < -0.3
    assert _knee(found.poses).min() > -0.1


def test_standing_feet_keep_their_place() -> None:
    made = told(60)
    loose = replace(made, contacts=Contacts(np.zeros_like(made.contacts.probability)))
    # the feet that a detector sees tremble
    slopes = made.observed.slopes + 0.004 * np.random.default_rng(2).standard_normal(made.observed.slopes.shape)
    start = shaken(made.truth, turn=0.03, way=0.01)
    slid = [_slide(_fit(_seen(one, slopes=slopes), start).poses, made) for one in (made, loose)]
    assert slid[0] < 0.8 * slid[1]


def test_it_is_the_same_each_time() -> None:
    made = told(20)
    start = shaken(made.truth, turn=0.1)
    one, two = _fit(made, start), _fit(made, start)
    np.testing.assert_array_equal(one.poses.rotations, two.poses.rotations)


def _slide(poses: Poses, made: Told) -> float:
    stands = made.contacts.probability[:, :4] > 0.5
    moved = np.linalg.norm(np.diff(poses.joints()[:, FEET], axis=0), axis=-1)
    return float(moved[stands[1:] & stands[:-1]].mean())


def _knee(poses: Poses) -> np.ndarray:
    """Sine by which the left knee bends, backwards below 0."""
    joints = poses.joints()
    thigh, shin = (
        joints[:, joint(f"{end}.L")] - joints[:, joint(f"{head}.L")]
        for head, end in (("hip", "knee"), ("knee", "ankle"))
    )
    lengths = np.linalg.norm(thigh, axis=-1) * np.linalg.norm(shin, axis=-1)
    return np.cross(thigh, shin)[:, 0] / lengths


def _mirrored_arm(made: Told) -> Poses:
    """The truth with the left arm mirrored at the plane across the camera's axis, told by directions alone."""
    joints, rotations = made.truth.joints(), made.truth.rotations.copy()
    names = ("shoulder.L", "elbow.L", "wrist.L", "index.L")
    for bone, head, tail in zip(("upper_arm.L", "forearm.L", "hand.L"), names, names[1:], strict=False):
        along = joints[:, joint(tail)] - joints[:, joint(head)]
        index = BONE_NAMES.index(bone)
        rotations[:, index] = rot.multiply(rot.between(along, along * [1.0, -1.0, 1.0]), rotations[:, index])
    return replace(made.truth, rotations=rotations)
