"""Smoothing by confidence: what is sure stays, what trembles in doubt does not."""

from __future__ import annotations

from dataclasses import replace

import bpy
import numpy as np
import pytest

from penumbra.inference import rotations as rot
from penumbra.inference.motion import Motion
from penumbra.inference.progress import finish
from penumbra.models.skeletons import BONE_NAMES
from penumbra.scene.bake import BakeSettings, bake
from penumbra.scene.editing.bone_curves import bone_curves, rotation_values, to_quaternions
from penumbra.scene.editing.key_points import read_keys
from penumbra.scene.editing.smooth_keys import SmoothSettings, smooth_keys
from penumbra.tests.blender.rigs import mixamo_rig
from penumbra.tests.synthetic import random_motion

FRAMES = np.arange(1, 91)
SETTINGS = BakeSettings("Walk", lock_feet=False)


def trembling(sure: np.ndarray) -> tuple[Motion, Motion]:
    """A motion that trembles by some degrees, with confidence `[T]`, and the same without the trembling."""
    still = random_motion(90)
    random = np.random.default_rng(3)
    half = random.normal(scale=0.04, size=(90, len(BONE_NAMES), 3))
    shake = rot.normalize(np.concatenate([np.ones((90, len(BONE_NAMES), 1)), half], axis=2))
    confidence = sure[:, None] * np.ones(len(BONE_NAMES))
    shaken = replace(still, rotations=rot.continuous(rot.multiply(still.rotations, shake)), confidence=confidence)
    return shaken, replace(still, confidence=confidence)


def turns(target: bpy.types.Object, name: str) -> np.ndarray:
    bone = target.pose.bones[name]
    return to_quaternions(rotation_values(bone, bone_curves(target)[name], FRAMES), bone.rotation_mode)


def between(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.degrees(2 * np.arccos(np.clip(np.abs(np.sum(a * b, axis=1)), 0, 1)))


@pytest.mark.parametrize("mode", ["QUATERNION", "ZYX"])
def test_trembling_goes_where_the_capture_guessed_and_stays_where_it_is_sure(mode: str):
    sure = np.where(FRAMES <= 45, 0.98, 0.1)
    shaken, still = trembling(sure)
    name = "mixamorig:LeftArm"
    goal_rig, target = mixamo_rig(), mixamo_rig()
    for rig in (goal_rig, target):
        rig.pose.bones[name].rotation_mode = mode
    bake(still, goal_rig, SETTINGS)
    bake(shaken, target, SETTINGS)
    goal, before = turns(goal_rig, name), turns(target, name)
    finish(smooth_keys(target, SmoothSettings(keep_contacts=False)))
    after = turns(target, name)
    assert between(after, before)[:40].max() < 0.1
    assert between(after, goal)[50:88].mean() < 0.5 * between(before, goal)[50:88].mean()


def test_smoothing_comes_neither_late_nor_early():
    shaken, still = trembling(np.full(90, 0.1))
    goal_rig, target = mixamo_rig(), mixamo_rig()
    bake(still, goal_rig, SETTINGS)
    bake(shaken, target, SETTINGS)
    finish(smooth_keys(target, SmoothSettings(keep_contacts=False)))
    goal, after = turns(goal_rig, "mixamorig:RightUpLeg"), turns(target, "mixamorig:RightUpLeg")
    errors = [between(after[10 + lag : 80 + lag], goal[10:80]).mean() for lag in range(-3, 4)]
    assert np.argmin(errors) == 3


def test_only_the_chosen_keys_move_and_none_in_time():
    target = bake(trembling(np.full(90, 0.1))[0], None, SETTINGS).object
    keys = {
        (name, index): read_keys(fcurve).values["co"]
        for name, curves in bone_curves(target).items()
        for index, fcurve in curves.rotation.items()
    }
    done = finish(smooth_keys(target, SmoothSettings(bones=frozenset({"hand.L"}), first=30, last=60)))
    assert done.bones == 1
    assert done.turned > np.radians(1)
    for (name, index), before in keys.items():
        after = read_keys(bone_curves(target)[name].rotation[index]).values["co"]
        assert np.array_equal(after[:, 0], before[:, 0])
        inside = (name == "hand.L") & (FRAMES >= 30) & (FRAMES <= 60)
        assert np.array_equal(after[~inside], before[~inside])


def test_feet_that_stand_keep_their_place_unless_told_otherwise():
    shaken, _ = trembling(np.full(90, 0.1))
    rotations, root = shaken.rotations.copy(), shaken.root.copy()
    rotations[30:60], root[30:60] = rotations[30], root[30]
    # the trunk goes on trembling, the legs stand
    trunk = [BONE_NAMES.index(name) for name in ("spine", "neck", "upper_arm.L")]
    rotations[30:60, trunk] = shaken.rotations[30:60, trunk]
    moved = {}
    for keep in (True, False):
        target = bake(replace(shaken, rotations=rotations, root=root), None, SETTINGS).object
        places = _feet(target)
        finish(smooth_keys(target, SmoothSettings(keep_contacts=keep)))
        moved[keep] = np.linalg.norm(_feet(target) - places, axis=2)[32:58].max()
    assert moved[True] < 1e-4
    assert moved[False] > 1e-3


def test_absent_frames_are_not_smoothed_across():
    shaken, _ = trembling(np.full(90, 0.1))
    present = np.ones(90, dtype=bool)
    present[40:50] = False
    gone = replace(shaken, present=present, confidence=np.where(present[:, None], shaken.confidence, 0.0))
    target = bake(gone, None, SETTINGS).object
    before = turns(target, "spine")
    finish(smooth_keys(target, SmoothSettings(keep_contacts=False)))
    after = turns(target, "spine")
    assert between(after, before)[[39, 50]].max() < 0.05
    assert between(after, before)[20:38].max() > 1.0


def _feet(target: bpy.types.Object) -> np.ndarray:
    places = []
    for frame in FRAMES.tolist():
        bpy.context.scene.frame_set(frame)
        places.append([np.array(target.pose.bones[f"foot.{side}"].tail) for side in "LR"])
    return np.array(places)
