"""What the bones of a target point at, whatever it rests like."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penumbra.inference import rotations as rot
from penumbra.inference.motion import Motion, bone_heads_and_tails
from penumbra.models.skeletons import BONE_NAMES
from penumbra.retarget.forward import Posed, posed
from penumbra.retarget.retarget import retarget
from penumbra.retarget.rig_map import RigFit
from penumbra.tests.retarget.figures import Places, fit_of, places, target_of, turned
from penumbra.tests.synthetic import random_motion

LIMBS = ("upper_arm", "forearm", "hand", "thigh", "shin")
_MOTION = random_motion(25, bend=0.7)


def hanging(degrees: float) -> Places:
    joints = turned(places(), "upper_arm1.L", (0, 1, 0), degrees)
    return turned(joints, "upper_arm1.R", (0, 1, 0), -degrees)


def limb_errors(motion: Motion, fit: RigFit, where: Posed) -> np.ndarray:
    """Degrees `[T, L]` between the limbs of subject and target."""
    heads, tails = bone_heads_and_tails(motion)
    found = []
    for kind in LIMBS:
        for side in "LR":
            name = f"{kind}.{side}"
            if name not in fit.chains:
                continue
            number = BONE_NAMES.index(name)
            bones, end = fit.chains[name], fit.ends.get(name, ())
            if not end:
                below = {"upper_arm": "forearm", "forearm": "hand", "thigh": "shin", "shin": "foot"}.get(kind)
                if below is None or f"{below}.{side}" not in fit.chains:
                    continue
                end = fit.chains[f"{below}.{side}"][:1]
            ours = where.heads[:, list(end)].mean(axis=1) - where.heads[:, bones[0]]
            found.append(angle(ours, tails[:, number] - heads[:, number]))
    return np.stack(found, axis=1)


def angle(one: np.ndarray, two: np.ndarray) -> np.ndarray:
    sine = np.linalg.norm(np.cross(one, two), axis=-1)
    return np.degrees(np.arctan2(sine, np.sum(one * two, axis=-1)))


@given(
    seed=st.integers(0, 10_000),
    scale=st.floats(0.01, 100.0),
    down=st.sampled_from([0.0, 45.0, 85.0]),
    without=st.sets(st.sampled_from(["spine2", "spine3", "neck", "shoulder", "upper_arm2", "forearm2", "toe"])),
)
@settings(max_examples=25, deadline=None)
def test_limbs_point_where_the_subjects_do_on_any_rig(seed: int, scale: float, down: float, without: set[str]):
    kept = set(places(sorted(without)))
    joints = {name: place for name, place in hanging(down).items() if name in kept}
    parents = {name: parent for name, (parent, _) in places(sorted(without)).items()}
    target = target_of({name: (parents[name], place) for name, (_, place) in joints.items()}, seed, scale)
    fit = fit_of(target)
    where = posed(target, retarget(_MOTION, target, fit))
    assert limb_errors(_MOTION, fit, where).max() < 1e-4


@pytest.mark.parametrize("without", [(), ("spine3",), ("spine2", "spine3")])
@pytest.mark.parametrize("down", [0.0, 45.0])
def test_shoulders_and_head_are_above_the_hips_as_the_subjects_are(without: tuple[str, ...], down: float):
    joints = {name: place for name, place in hanging(down).items() if name in places(without)}
    joints = {name: (places(without)[name][0], place) for name, (_, place) in joints.items()}
    target = target_of(joints, 4)
    fit = fit_of(target)
    where = posed(target, retarget(_MOTION, target, fit))
    heads, tails = bone_heads_and_tails(_MOTION)
    rest = {
        name: target.heads[target.bones.index(name)] for name in ("thigh.L", "thigh.R", "upper_arm1.L", "upper_arm1.R")
    }
    pelvis = where.carried(fit.chains["hips"][0], (rest["thigh.L"] + rest["thigh.R"]) / 2, target)
    thorax = where.carried(fit.chains["spine"][-1], (rest["upper_arm1.L"] + rest["upper_arm1.R"]) / 2, target)
    spine, neck = BONE_NAMES.index("spine"), BONE_NAMES.index("neck")
    assert angle(thorax - pelvis, tails[:, spine] - _MOTION.root).mean() < 0.3
    base = where.heads[:, fit.chains["head"][0]]
    assert angle(base - thorax, tails[:, neck] - heads[:, neck]).mean() < 0.3


def test_the_chest_keeps_the_subjects_own_turn_and_the_spine_shares_the_bend():
    target = target_of(places(), 2)
    fit = fit_of(target)
    where = posed(target, retarget(_MOTION, target, fit))
    lower, middle, chest = fit.chains["spine"]
    spine = _MOTION.rotations[:, BONE_NAMES.index("spine")]
    own = rot.multiply(rot.conjugate(spine), where.turns[:, chest])
    # one constant rotation: how the chest rests
    assert np.abs(np.abs(np.sum(own * own[:1], axis=-1)) - 1.0).max() < 1e-9
    bends = [
        np.mean(2 * np.arccos(np.clip(np.abs(np.sum(where.turns[:, a] * where.turns[:, b], axis=-1)), 0, 1)))
        for a, b in ((fit.chains["hips"][0], lower), (lower, middle), (middle, chest))
    ]
    assert min(bends) > 0.15 * sum(bends)


def twisting(kind: str, angle: float) -> Motion:
    """The subject in T-pose with what hangs on the left `kind` turned about the arm."""
    still = random_motion(4, bend=1e-6)
    rotations = still.rotations.copy()
    half = np.linspace(0.0, angle, 4) / 2
    turn = np.stack([np.cos(half), np.sin(half), np.zeros(4), np.zeros(4)], axis=1)
    kinds = ("upper_arm", "forearm", "hand")
    for name in kinds[kinds.index(kind) :]:
        rotations[:, BONE_NAMES.index(f"{name}.L")] = turn
    return replace(still, rotations=rotations)


@pytest.mark.parametrize(
    ("kind", "shares"), [("upper_arm", (0.0, 1.0, 1.0, 1.0, 1.0)), ("hand", (0.0, 0.0, 0.0, 1.0, 1.0))]
)
def test_bones_of_one_limb_share_its_twist_and_stay_in_line(kind: str, shares: tuple[float, ...]):
    target = target_of(places(), 6)
    fit = fit_of(target)
    where = posed(target, retarget(twisting(kind, 1.2), target, fit))
    bones = [*fit.chains["upper_arm.L"], *fit.chains["forearm.L"], *fit.chains["hand.L"]]
    for bone, share in zip(bones, shares, strict=True):
        found = 2 * np.arctan2(where.turns[-1, bone, 1], where.turns[-1, bone, 0])
        start = 2 * np.arctan2(where.turns[0, bone, 1], where.turns[0, bone, 0])
        assert (found - start + np.pi) % (2 * np.pi) - np.pi == pytest.approx(1.2 * share, abs=1e-3)


def test_a_turn_of_the_forearm_past_half_a_turn_twists_on():
    target = target_of(places(), 6)
    fit = fit_of(target)
    still = random_motion(60, bend=1e-6)
    rotations = still.rotations.copy()
    half = np.linspace(-2.0, 4.0, 60) / 2
    rotations[:, BONE_NAMES.index("hand.L"), :2] = np.stack([np.cos(half), np.sin(half)], axis=1)
    moved = retarget(replace(still, rotations=rotations), target, fit)
    twist = moved.rotations[:, moved.bones.index("forearm2.L")]
    assert np.sum(twist[1:] * twist[:-1], axis=-1).min() > np.cos(0.06)
