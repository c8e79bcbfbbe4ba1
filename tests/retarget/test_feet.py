"""Feet that stand on the subject stand on targets with legs of any length."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from penumbra.inference import rotations as rot
from penumbra.inference.motion import Motion, rest_of
from penumbra.models.skeletons import BONE_NAMES
from penumbra.retarget.figure import figure_of
from penumbra.retarget.forward import Posed, posed
from penumbra.retarget.placing import place
from penumbra.retarget.retarget import retarget
from penumbra.retarget.rig_map import RigFit
from penumbra.retarget.settings import RetargetSettings
from penumbra.retarget.soles import floor_level, soles
from penumbra.retarget.target import TargetRest
from penumbra.tests.retarget.figures import fit_of, places, scaled_legs, target_of, turned
from penumbra.tests.walking import RATE, walk

_WALK = walk(120)
_LEGS = ((0.6, 0.6), (1.0, 1.0), (1.6, 1.6), (1.3, 0.7), (0.7, 1.3))


def walking(sliding: float = 0.0) -> Motion:
    """The walk as motion; `sliding` adds a drift of so many meters a second, as captures have before feet are locked."""
    poses, count = _WALK.poses, len(_WALK.times)
    drift = sliding * _WALK.times[:, None] * [1.0, 0.0, 0.0]
    return Motion(
        times=_WALK.times,
        present=_WALK.present,
        root=poses.root + drift,
        rotations=poses.rotations,
        confidence=np.ones((count, len(BONE_NAMES))),
        rest=rest_of(poses),
        fps=RATE,
        contacts=_WALK.contacts.probability,
    )


def sole_points(target: TargetRest, fit: RigFit, where: Posed) -> np.ndarray:
    """`[T, 4, 3]` heel and toe of the left and the right foot along the product's axes, in armature units."""
    figure = figure_of(target, fit)
    found = []
    for side, sole in soles(figure).items():
        flat = rot.conjugate(figure.alignment[f"foot.{side}"])
        for end in (sole.heel, sole.toe):
            rest = figure.joints[f"ankle.{side}"] + rot.rotate(flat, end)
            found.append(where.carried(figure.bone(f"foot.{side}"), figure.basis @ rest, target) @ figure.basis)
    return np.stack(found, axis=1)


def skating(points: np.ndarray) -> float:
    """Mean way a frame of the points while they stand."""
    held = _WALK.stands[1:] & _WALK.stands[:-1]
    return float(np.linalg.norm(np.diff(points, axis=0), axis=-1)[held].mean())


def jolt(points: np.ndarray) -> float:
    """The largest change of speed from frame to frame, in meters a frame."""
    return float(np.linalg.norm(np.diff(points, n=2, axis=0), axis=-1).max())


def knee_bends(fit: RigFit, where: Posed) -> np.ndarray:
    """`[T, 2]` degrees by which knees fold, negative where they are bent the wrong way round; the walk goes toward -y."""
    found = []
    for side in "LR":
        hip, knee, ankle = (where.heads[:, fit.chains[f"{bone}.{side}"][0]] for bone in ("thigh", "shin", "foot"))
        fold = np.cross(knee - hip, ankle - knee)[:, 0]
        along = np.linalg.norm(knee - hip, axis=-1) * np.linalg.norm(ankle - knee, axis=-1)
        found.append(np.degrees(np.arcsin(np.clip(fold / along, -1.0, 1.0))))
    return np.stack(found, axis=1)


@pytest.mark.parametrize(("thigh", "shin"), _LEGS)
@pytest.mark.parametrize("scale", [0.01, 1.0])
def test_feet_stand_on_legs_of_any_length(thigh: float, shin: float, scale: float):
    target = target_of(scaled_legs(places(), thigh, shin), 5, scale)
    fit = fit_of(target)
    where = posed(target, retarget(walking(0.1), target, fit))
    points = sole_points(target, fit, where) / scale
    assert 1000 * skating(points) < 2.0
    assert points[..., 2].min() > -0.01
    standing = points[..., 2][_WALK.stands]
    assert np.abs(standing).max() < 0.01
    assert knee_bends(fit, where).min() > -1.0
    # nothing pops: no point is thrown about more than by the walk's own swings
    free = posed(target, retarget(walking(0.1), target, fit, RetargetSettings(feet=False)))
    assert jolt(points) < 1.3 * jolt(sole_points(target, fit, free) / scale)


def test_without_the_lock_the_same_feet_slide():
    target = target_of(scaled_legs(places(), 0.7, 1.3), 5)
    fit = fit_of(target)
    for motion, settings in (
        (walking(0.1), RetargetSettings(feet=False)),
        (replace(walking(0.1), contacts=None), RetargetSettings()),
    ):
        points = sole_points(target, fit, posed(target, retarget(motion, target, fit, settings)))
        assert 1000 * skating(points) > 3.0


def test_a_target_with_the_subjects_own_legs_is_left_as_it_is():
    motion = walking(0.1)
    joints = places()
    for side in "LR":
        thigh, shin, foot = (BONE_NAMES.index(f"{name}.{side}") for name in ("thigh", "shin", "foot"))
        for name, where in (
            ("thigh", motion.rest.heads[thigh]),
            ("shin", motion.rest.heads[shin]),
            ("foot", motion.rest.heads[foot]),
            ("toe", motion.rest.tails[foot]),
            ("toe tip", motion.rest.tails[foot] - [0.0, 0.05, 0.0]),
        ):
            joints[f"{name}.{side}"] = (joints[f"{name}.{side}"][0], where - [0.0, 0.0, motion.rest.tails[foot][2]])
    target = target_of(joints, 1)
    fit = fit_of(target)
    held, free = (retarget(motion, target, fit, RetargetSettings(feet=feet)) for feet in (True, False))
    assert np.array_equal(held.rotations, free.rotations)


@pytest.mark.parametrize("scale", [0.8, 1.2])
def test_feet_stand_in_blenders_world_although_the_steps_are_not_the_targets_own(scale: float):
    target = target_of(places(), 5, scale)
    fit = fit_of(target)
    where = posed(target, retarget(walking(), target, fit, RetargetSettings(placed=np.eye(4))))
    points = sole_points(target, fit, where)
    assert 1000 * skating(points) < 2.0
    way = where.heads[-1, fit.chains["hips"][0]] - where.heads[0, fit.chains["hips"][0]]
    assert way[1] == pytest.approx(_WALK.poses.root[-1, 1] - _WALK.poses.root[0, 1], abs=0.15)


@pytest.mark.parametrize("low", [0.0, -0.95, -3.0])
def test_the_floor_is_the_origins_or_under_the_feet_where_these_are_far_from_it(low: float):
    joints = {name: (parent, head + np.array([0.0, 0.0, low])) for name, (parent, head) in places().items()}
    target = target_of(joints, 2)
    figure = figure_of(target, fit_of(target))
    assert floor_level(figure) == pytest.approx(low if low == 0.0 else low + 0.01)
    both = soles(figure)
    assert both["L"].ankle_height == pytest.approx(0.1 if low == 0.0 else 0.09)
    assert -both["L"].toe[1] > 0.17


def test_a_foot_that_hangs_or_is_lifted_has_a_flat_sole_too():
    joints = turned(turned(places(), "foot.L", (1, 0, 0), 60.0), "thigh.L", (1, 0, 0), -50.0)
    target = target_of(joints, 2)
    figure = figure_of(target, fit_of(target))
    left, right = soles(figure).values()
    assert left.ankle_height == pytest.approx(right.ankle_height, abs=0.04)
    assert -left.toe[1] > 0.15


def test_legs_without_feet_have_soles_too():
    target = target_of(places(["foot", "toe"]), 2)
    fit = fit_of(target)
    assert "foot.L" not in fit.chains
    moved = retarget(walking(), target, fit)
    assert np.isfinite(moved.rotations).all()
    figure = figure_of(target, fit)
    assert place(walking().rest, figure, soles(figure), None).ratio > 0


def test_in_place_the_body_treads_without_going():
    target = target_of(places(), 5)
    moved = retarget(walking(), target, fit_of(target), RetargetSettings(root="in-place"))
    hips = posed(target, moved).heads[:, target.bones.index("hips")]
    assert np.ptp(hips[:, :2], axis=0).max() < 0.05
