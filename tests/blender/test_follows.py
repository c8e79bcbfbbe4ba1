"""What carries a control where constraints decide it."""

from __future__ import annotations

from collections.abc import Mapping

import bpy
import numpy as np
import pytest

from penumbra.errors import RigError
from penumbra.scene.armature import read_rest
from penumbra.scene.follows import Followed, follow


def rig(parents: Mapping[str, str | None]) -> bpy.types.Object:
    """An armature of oblique bones, each where its place in the table puts it."""
    random = np.random.default_rng(5)
    armature = bpy.data.armatures.new("Rig")
    target = bpy.data.objects.new("Rig", armature)
    bpy.context.scene.collection.objects.link(target)
    bpy.context.view_layer.objects.active = target
    bpy.ops.object.mode_set(mode="EDIT")
    for name, parent in parents.items():
        bone = armature.edit_bones.new(name)
        bone.head = random.uniform(-1, 1, 3)
        bone.tail = bone.head + type(bone.head)(random.uniform(0.1, 0.3, 3))
        bone.roll = random.uniform(-3, 3)
        if parent is not None:
            bone.parent = armature.edit_bones[parent]
    bpy.ops.object.mode_set(mode="OBJECT")
    return target


def constrain(target: bpy.types.Object, bone: str, kind: str, other: str, influence: float = 1.0) -> None:
    constraint = target.pose.bones[bone].constraints.new(kind)
    constraint.target, constraint.subtarget, constraint.influence = target, other, influence
    if kind == "COPY_TRANSFORMS":
        return
    constraint.set_inverse_pending = True


def carriers(target: bpy.types.Object, names: list[str]) -> dict[str, str | None]:
    found = followed(target, names)
    return {name: _name(found, name) for name in names}


def followed(target: bpy.types.Object, names: list[str]) -> Followed:
    rest = read_rest(target)
    return follow(target, rest, [rest.bones.index(name) for name in names])


def _name(found: Followed, bone: str) -> str | None:
    carrier = found.rest.carrier(found.rest.bones.index(bone))
    return found.rest.bones[carrier] if carrier >= 0 else None


def test_a_rig_without_constraints_is_given_back_as_it_is():
    target = rig({"a": None, "b": "a", "c": "b"})
    assert followed(target, ["a", "b", "c"]).rest.follows is None


@pytest.mark.parametrize("local", [True, False])
def test_a_control_follows_what_its_parent_copies_and_not_the_parent(local: bool):  # noqa: FBT001
    target = rig({"hips": None, "chest": "hips", "helper": None, "held": "helper", "arm": "helper", "hand": "arm"})
    constrain(target, "helper", "CHILD_OF", "chest")
    for name in ("held", "arm"):
        target.data.bones[name].use_local_location = local
    names = ["hips", "chest", "held", "arm", "hand"]
    assert carriers(target, names) == {"hips": None, "chest": "hips", "held": "chest", "arm": "chest", "hand": "arm"}


def test_what_goes_along_only_partly_is_told():
    target = rig({"hips": None, "chest": "hips", "helper": "hips", "head": "helper", "ear": "head"})
    target.pose.bones["helper"].constraints.new("COPY_ROTATION")
    constraint = target.pose.bones["helper"].constraints[0]
    constraint.target, constraint.subtarget, constraint.influence = target, "chest", 0.5
    found = followed(target, ["hips", "chest", "head", "ear"])
    assert found.partly == ("head",)
    assert _name(found, "ear") == "head"


def test_a_bone_that_does_not_inherit_turns_is_no_puzzle():
    target = rig({"hips": None, "chest": "hips", "head": "chest", "hat": "head"})
    target.pose.bones["chest"].constraints.new("LIMIT_SCALE")
    target.data.bones["head"].use_inherit_rotation = False
    found = followed(target, ["hips", "chest", "head", "hat"])
    assert found.partly == ()
    assert _name(found, "hat") == "head"


def test_pose_action_and_properties_are_as_they_were_also_after_an_error(monkeypatch: pytest.MonkeyPatch):
    target = rig({"hips": None, "helper": None, "arm": "helper"})
    constrain(target, "helper", "CHILD_OF", "hips")
    modes = {"hips": "AXIS_ANGLE", "helper": "ZYX", "arm": "QUATERNION"}
    for name, mode in modes.items():
        bone = target.pose.bones[name]
        bone.rotation_mode = mode
        bone.location, bone.scale = (0.1, 0.2, 0.3), (1.1, 0.9, 1.0)
        bone.rotation_quaternion, bone.rotation_euler = (2.0, 0.1, -0.5, 0.3), (7.0, 0.2, 0.3)
        bone.rotation_axis_angle = (7.0, 0.0, 2.0, 0.1)
        bone.keyframe_insert("location", frame=1)
    target.data.pose_position = "REST"
    action = target.animation_data.action

    def state() -> list[tuple[float, ...]]:
        channels = ("location", "scale", "rotation_quaternion", "rotation_euler", "rotation_axis_angle")
        return [tuple(getattr(bone, channel)) for bone in target.pose.bones for channel in channels]

    before = state()
    assert carriers(target, ["hips", "arm"]) == {"hips": None, "arm": "hips"}
    assert state() == before
    monkeypatch.setattr("penumbra.scene.follows._disturb", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        followed(target, ["hips", "arm"])
    assert state() == before
    assert target.data.pose_position == "REST"
    assert target.animation_data.action == action


def test_an_action_that_plays_does_not_get_in_the_way():
    target = rig({"hips": None, "helper": None, "arm": "helper"})
    constrain(target, "helper", "CHILD_OF", "hips")
    for frame in (1, 10):
        target.pose.bones["hips"].rotation_quaternion = (1.0, 0.1 * frame, 0.0, 0.0)
        for name in ("hips", "arm"):
            target.pose.bones[name].keyframe_insert("rotation_quaternion", frame=frame)
    bpy.context.scene.frame_set(5)
    assert carriers(target, ["hips", "arm"]) == {"hips": None, "arm": "hips"}


def test_a_rig_that_blender_does_not_evaluate_is_told():
    target = rig({"hips": None, "helper": None, "arm": "helper"})
    constrain(target, "helper", "CHILD_OF", "hips")
    target.hide_viewport = True
    with pytest.raises(RigError, match=r'"Rig" is hidden.*Show it'):
        followed(target, ["hips", "arm"])
