"""Goals and poles bring inverse kinematics to the pose that the bones would have been keyed in."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penumbra.inference import rotations as rot
from penumbra.inference.motion import Motion
from penumbra.models.skeletons import BONE_NAMES
from penumbra.retarget.forward import posed
from penumbra.retarget.retarget import retarget
from penumbra.retarget.rig_map import RigFit
from penumbra.retarget.settings import RetargetSettings
from penumbra.retarget.target import TargetRest
from penumbra.tests.retarget.figures import Places, fit_of, places, target_of, turned
from penumbra.tests.synthetic import standing
from penumbra.tests.walking import walk

LIMBS = {"arm": ("upper_arm1", "forearm1", "hand"), "leg": ("thigh", "shin", "foot")}


def controls(joints: Places, goal_parent: str = "root", pole_parent: str = "root") -> Places:
    """The joints with goals beside hands and feet, and poles behind elbows and before knees, a little aside."""
    result = dict(joints)
    for side in "LR":
        for limb, way in (("arm", 0.45), ("leg", -0.5)):
            _, middle, end = (joints[f"{name}.{side}"][1] for name in LIMBS[limb])
            result[f"{limb} goal.{side}"] = (goal_parent, end + np.array([0.01, 0.02, -0.03]))
            result[f"{limb} pole.{side}"] = (pole_parent, middle + np.array([0.05, way, 0.1]))
    return result


def rig(joints: Places, seed: int) -> tuple[TargetRest, RigFit]:
    target = target_of(joints, seed)
    index = target.bones.index
    limbs = [f"{limb}.{side}" for limb in LIMBS for side in "LR"]
    ik = {name: tuple(index(f"{name[:3]} {part}{name[3:]}") for part in ("goal", "pole")) for name in limbs}
    return target, replace(fit_of(target), ik=ik)


def bent_rest() -> Places:
    """A rest pose with its elbows and knees a little bent, as control rigs have it."""
    joints = places()
    for side, sign in (("L", 1), ("R", -1)):
        joints = turned(joints, f"forearm1.{side}", (0, 0, sign), -6.0)
        joints = turned(joints, f"shin.{side}", (1, 0, 0), 4.0)
        joints = turned(joints, f"upper_arm1.{side}", (0, sign, 0), 40.0)
    return joints


def striding() -> Motion:
    """A walk with bent arms that swing."""
    still, going = standing(90), walk(90).poses
    rotations = going.rotations.copy()
    swing = 0.6 * np.sin(np.arange(90) / 5.0)
    for side, sign in (("L", 1.0), ("R", -1.0)):
        fold = 0.9 + 0.4 * np.sin(np.arange(90) / 7.0 + sign)
        hang = about((0.0, 1.0, 0.0), np.full(90, 1.3 * sign))
        upper = rot.multiply(about((1.0, 0.0, 0.0), swing * sign), hang)
        lower = rot.multiply(upper, about((0.0, 0.0, -1.0), fold * sign))
        for name, turn in (("upper_arm", upper), ("forearm", lower), ("hand", lower)):
            rotations[:, BONE_NAMES.index(f"{name}.{side}")] = turn
    return replace(still, rotations=rotations, root=going.root)


def about(axis: tuple[float, float, float], angle: np.ndarray) -> np.ndarray:
    return np.concatenate([np.cos(angle / 2)[:, None], np.sin(angle / 2)[:, None] * np.array(axis)], axis=1)


@given(
    seed=st.integers(0, 10_000),
    goal_parent=st.sampled_from(["root", "hips", "spine3"]),
    pole_parent=st.sampled_from(["root", "hips", "spine3"]),
)
@settings(max_examples=12, deadline=None)
def test_goals_carry_the_hands_and_poles_lie_in_the_plane_of_the_bend(seed: int, goal_parent: str, pole_parent: str):
    target, fit = rig(controls(bent_rest(), goal_parent, pole_parent), seed)
    motion = striding()
    keyed = posed(target, retarget(motion, target, fit))
    reached = posed(target, retarget(motion, target, fit, RetargetSettings(limbs="ik")))
    for limb, names in LIMBS.items():
        for side in "LR":
            start, middle, end, goal, pole = (
                target.bones.index(f"{name}.{side}") for name in (*names, f"{limb} goal", f"{limb} pole")
            )
            assert np.abs(reached.heads[:, goal] - keyed.carried(end, target.heads[goal], target)).max() < 1e-9
            assert np.abs(np.sum(reached.turns[:, goal] * keyed.turns[:, end], axis=-1)).min() > 1 - 1e-9
            heads, own = keyed.heads, target.heads[None]
            rest = aside(own[:, start], own[:, middle], own[:, end], own[:, pole])
            found = aside(heads[:, start], heads[:, middle], heads[:, end], reached.heads[:, pole])
            assert np.abs((found - rest + np.pi) % (2 * np.pi) - np.pi).max() < 0.02


def aside(start: np.ndarray, middle: np.ndarray, end: np.ndarray, pole: np.ndarray) -> np.ndarray:
    """`[T]` radians about the limb from where it bends to its pole."""
    line = rot.normalize(end - start)
    bend, out = (way - np.sum(way * line, axis=-1, keepdims=True) * line for way in (middle - start, pole - start))
    return np.arctan2(np.sum(np.cross(bend, out) * line, axis=-1), np.sum(bend * out, axis=-1))


def test_bones_that_inverse_kinematics_move_are_not_keyed_themselves():
    target, fit = rig(controls(bent_rest()), 3)
    moved = retarget(striding(), target, fit, RetargetSettings(limbs="ik"))
    kinds = ("upper_arm", "forearm", "hand", "thigh", "shin", "foot")
    assert not any(name.startswith(kinds) for name in moved.bones)
    assert {"arm goal.L", "arm pole.R", "leg goal.L", "hips"} <= set(moved.locations)
    pole = moved.rotations[:, moved.bones.index("leg pole.L")]
    assert np.abs(pole[:, 0]).min() > 1 - 1e-12


def test_poles_of_limbs_that_are_straightened_do_not_jump():
    target, fit = rig(controls(bent_rest()), 3)
    motion = standing(61)
    rotations = motion.rotations.copy()
    # an elbow that goes from bent to over-stretched and back
    fold = 0.5 * np.cos(np.linspace(0, 2 * np.pi, 61)) + 0.42
    for name in ("forearm.L", "hand.L"):
        rotations[:, BONE_NAMES.index(name)] = about((0.0, 0.0, -1.0), fold)
    where = posed(target, retarget(replace(motion, rotations=rotations), target, fit, RetargetSettings(limbs="ik")))
    pole = where.heads[:, target.bones.index("arm pole.L")]
    assert np.linalg.norm(np.diff(pole, axis=0), axis=-1).max() < 0.03


def test_limbs_without_goals_and_goals_without_poles_will_do():
    target, fit = rig(controls(bent_rest()), 3)
    fit = replace(fit, ik={"leg.L": (fit.ik["leg.L"][0], None)})
    moved = retarget(striding(), target, fit, RetargetSettings(limbs="ik"))
    assert "leg goal.L" in moved.bones
    assert "leg pole.L" not in moved.bones
    assert "shin.R" in moved.bones
    assert moved.confidence[:, moved.bones.index("leg goal.L")] == pytest.approx(1.0)
