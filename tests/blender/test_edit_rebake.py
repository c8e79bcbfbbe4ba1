"""A part of a take baked again: what it writes, and what it leaves alone to the bit."""

from __future__ import annotations

from dataclasses import replace

import bpy
import numpy as np
import pytest

from penumbra.errors import RigError
from penumbra.inference.motion import Motion
from penumbra.inference.progress import finish
from penumbra.scene.actions import read_curves
from penumbra.scene.bake import BakeSettings, bake
from penumbra.scene.editing.bone_curves import bone_curves, rotation_values, to_quaternions
from penumbra.scene.editing.key_points import read_keys, write_keys
from penumbra.scene.editing.rebake import RebakeSettings, rebake
from penumbra.tests.blender.rigs import mixamo_rig
from penumbra.tests.synthetic import random_motion

SETTINGS = BakeSettings("Walk")
ARM = "upper_arm.L"


@pytest.fixture
def motion() -> Motion:
    return random_motion(60)


def all_keys(target: bpy.types.Object) -> dict[tuple[str, int], np.ndarray]:
    return {
        (fcurve.data_path, fcurve.array_index): read_keys(fcurve).values["co"]
        for curves in bone_curves(target).values()
        for group in (curves.rotation, curves.location, dict(enumerate(curves.confidence)))
        for fcurve in group.values()
    }


def turns(target: bpy.types.Object, name: str, frames: np.ndarray) -> np.ndarray:
    bone = target.pose.bones[name]
    return to_quaternions(rotation_values(bone, bone_curves(target)[name], frames), bone.rotation_mode)


def degrees_between(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.degrees(2 * np.arccos(np.clip(np.abs(np.sum(a * b, axis=1)), 0, 1)))


def spoil(target: bpy.types.Object, name: str, first: int, last: int) -> None:
    """Set the bone's rotation to nothing from one frame to another, as an animator might."""
    curves = bone_curves(target)[name]
    for index, fcurve in curves.rotation.items():
        keys = read_keys(fcurve)
        inside = (keys.frames >= first) & (keys.frames <= last)
        keys.values["co"][inside, 1] = 1.0 if index == 0 and len(curves.rotation) == 4 else 0.0
        write_keys(fcurve, keys)


def test_only_the_range_and_the_chosen_bones_change(motion: Motion):
    target = bake(motion, None, SETTINGS).object
    frames = np.arange(1, 61)
    fresh = turns(target, ARM, frames)
    for name in (ARM, "shin.R"):
        spoil(target, name, 10, 50)
    spoiled = all_keys(target)
    done = finish(rebake(target, motion, SETTINGS, RebakeSettings(20, 30, frozenset({ARM}))))
    assert (done.bones, done.first, done.last) == ((ARM,), 20, 30)
    for path, keys in all_keys(target).items():
        before = spoiled[path]
        if ARM not in path[0]:
            assert keys.tobytes() == before.tobytes()
            continue
        outside = (keys[:, 0] < 20) | (keys[:, 0] > 30)
        assert keys[outside].tobytes() == before[(before[:, 0] < 20) | (before[:, 0] > 30)].tobytes()
    now = turns(target, ARM, frames)
    assert degrees_between(now, fresh)[19:30].max() < 0.01
    assert degrees_between(now, [[1.0, 0.0, 0.0, 0.0]])[9:19].max() < 0.01


@pytest.mark.parametrize("mode", ["QUATERNION", "ZXY", "AXIS_ANGLE"])
def test_half_the_influence_turns_half_the_way_in_every_rotation_mode(motion: Motion, mode: str):
    target = mixamo_rig()
    name = "mixamorig:LeftArm"
    target.pose.bones[name].rotation_mode = mode
    bake(motion, target, SETTINGS)
    frames = np.arange(1, 61)
    fresh = turns(target, name, frames)
    spoil(target, name, 1, 60)
    spoiled = turns(target, name, frames)
    finish(rebake(target, motion, SETTINGS, RebakeSettings(influence=0.5)))
    now = turns(target, name, frames)
    whole = degrees_between(spoiled, fresh)
    assert whole.max() > 20
    assert degrees_between(spoiled, now) == pytest.approx(whole / 2, abs=0.05)
    assert degrees_between(now, fresh) == pytest.approx(whole / 2, abs=0.05)


def test_it_fades_from_the_present_keys_to_the_bake_and_back(motion: Motion):
    target = bake(motion, None, SETTINGS).object
    frames = np.arange(1, 61)
    fresh = turns(target, ARM, frames)
    spoil(target, ARM, 1, 60)
    finish(rebake(target, motion, SETTINGS, RebakeSettings(20, 40, fade=5)))
    share = degrees_between(turns(target, ARM, frames), [[1.0, 0.0, 0.0, 0.0]]) / degrees_between(
        fresh, [[1.0, 0.0, 0.0, 0.0]]
    )
    assert share[18] == pytest.approx(0.0, abs=0.01)
    assert share[40] == pytest.approx(0.0, abs=0.01)
    assert np.all(np.diff(share[18:25]) > 0)
    assert np.all(np.diff(share[34:41]) < 0)
    assert share[24:35] == pytest.approx(1.0, abs=1e-3)


def test_it_does_not_fade_where_nothing_is_keyed_beyond(motion: Motion):
    target = bake(motion, None, SETTINGS).object
    fresh = turns(target, ARM, np.arange(1, 61))
    spoil(target, ARM, 1, 60)
    finish(rebake(target, motion, SETTINGS, RebakeSettings(1, 60, fade=10)))
    assert degrees_between(turns(target, ARM, np.arange(1, 61)), fresh).max() < 0.01


def test_the_curve_outside_stays_where_keys_were_deleted(motion: Motion):
    target = bake(motion, None, SETTINGS).object
    curves = bone_curves(target)[ARM]
    for fcurve in curves.rotation.values():
        keys = read_keys(fcurve)
        write_keys(fcurve, keys.taken(np.arange(0, len(keys), 12)))
    before = {index: [fcurve.evaluate(frame) for frame in range(1, 61)] for index, fcurve in curves.rotation.items()}
    kept = {index: read_keys(fcurve).values["co"] for index, fcurve in curves.rotation.items()}
    finish(rebake(target, motion, SETTINGS, RebakeSettings(20, 30)))
    for index, fcurve in bone_curves(target)[ARM].rotation.items():
        after = np.array([fcurve.evaluate(frame) for frame in range(1, 61)])
        outside = np.r_[0:19, 30:60]
        assert after[outside] == pytest.approx(np.array(before[index])[outside], abs=2e-6)
        keys = read_keys(fcurve).values["co"]
        assert {key.tobytes() for key in kept[index] if not 20 <= key[0] <= 30} <= {key.tobytes() for key in keys}


def test_keys_where_the_subject_is_absent_stay(motion: Motion):
    present = np.ones(60, dtype=bool)
    present[25:35] = False
    gone = replace(motion, present=present, confidence=np.where(present[:, None], motion.confidence, 0.0))
    target = bake(gone, None, SETTINGS).object
    fcurve = bone_curves(target)[ARM].rotation[1]
    fcurve.keyframe_points.insert(30, 0.25)
    spoil(target, ARM, 1, 20)
    finish(rebake(target, gone, SETTINGS, RebakeSettings()))
    keys = read_keys(bone_curves(target)[ARM].rotation[1])
    assert [frame for frame in keys.frames if 26 <= frame <= 35] == [30]
    assert keys.values["co"][keys.frames == 30, 1] == pytest.approx(0.25)


def test_channels_that_were_deleted_come_back(motion: Motion):
    target = bake(motion, None, SETTINGS).object
    whole = {(curve.data_path, curve.index): curve.values for curve in read_curves(target.animation_data.action)}
    path = f'pose.bones["{ARM}"].rotation_quaternion'
    _delete(target, path)
    finish(rebake(target, motion, SETTINGS, RebakeSettings(bones=frozenset({ARM}))))
    again = {(curve.data_path, curve.index): curve for curve in read_curves(target.animation_data.action)}
    assert again[path, 2].values == pytest.approx(whole[path, 2], abs=1e-6)
    assert again[path, 2].group == ARM


def test_whole_turns_of_euler_angles_stay_as_the_animator_left_them(motion: Motion):
    target = mixamo_rig()
    name = "mixamorig:LeftArm"
    target.pose.bones[name].rotation_mode = "XYZ"
    bake(motion, target, SETTINGS)
    for fcurve in bone_curves(target)[name].rotation.values():
        keys = read_keys(fcurve)
        keys.values["co"][:, 1] += 2 * np.pi
        write_keys(fcurve, keys)
    before = {index: read_keys(fcurve).values["co"] for index, fcurve in bone_curves(target)[name].rotation.items()}
    finish(rebake(target, motion, SETTINGS, RebakeSettings(20, 40, influence=0.5)))
    for index, fcurve in bone_curves(target)[name].rotation.items():
        assert read_keys(fcurve).values["co"] == pytest.approx(before[index], abs=1e-3)


def test_no_influence_changes_nothing(motion: Motion):
    target = bake(motion, None, SETTINGS).object
    spoil(target, ARM, 10, 50)
    before = all_keys(target)
    finish(rebake(target, motion, SETTINGS, RebakeSettings(influence=0.0)))
    assert {path: keys.tobytes() for path, keys in all_keys(target).items()} == {
        path: keys.tobytes() for path, keys in before.items()
    }


def test_what_cannot_be_baked_again_is_told(motion: Motion):
    target = bake(motion, None, SETTINGS).object
    with pytest.raises(RigError, match="none of the selected bones"):
        finish(rebake(target, motion, SETTINGS, RebakeSettings(bones=frozenset({"nothing"}))))
    with pytest.raises(RigError, match="between frames 1 and 60"):
        finish(rebake(target, motion, SETTINGS, RebakeSettings(100, 200)))
    with pytest.raises(RigError, match="has no action"):
        finish(rebake(mixamo_rig(), motion, SETTINGS, RebakeSettings()))


def _delete(target: bpy.types.Object, path: str) -> None:
    action = target.animation_data.action
    bags = (
        [action]
        if not hasattr(action, "layers")
        else [bag for layer in action.layers for strip in layer.strips for bag in strip.channelbags]
    )
    for bag in bags:
        for fcurve in [fcurve for fcurve in bag.fcurves if fcurve.data_path == path]:
            bag.fcurves.remove(fcurve)
