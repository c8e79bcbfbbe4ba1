from __future__ import annotations

import bpy
import numpy as np
import pytest

from penumbra.errors import WriteError
from penumbra.scene.actions import Curve, new_action, read_curves, write_curves


def empty() -> bpy.types.Object:
    target = bpy.data.objects.new("Thing", None)
    bpy.context.scene.collection.objects.link(target)
    return target


def test_curves_come_back_as_they_were_written():
    target = empty()
    frames = np.arange(1.0, 101.0)
    written = [
        Curve("location", 0, "Place", frames, np.sin(frames / 9)),
        Curve("location", 1, "Place", frames[::3], np.cos(frames[::3] / 9)),
        Curve("scale", 2, "Size", frames, frames / 50, "LINEAR"),
    ]
    action = new_action(target, "Motion")
    write_curves(action, written)
    read = read_curves(action)
    assert [(c.data_path, c.index, c.group, c.interpolation) for c in read] == [
        (c.data_path, c.index, c.group, c.interpolation) for c in written
    ]
    for there, here in zip(read, written, strict=True):
        assert there.frames.tolist() == here.frames.tolist()
        assert there.values == pytest.approx(here.values, abs=1e-6)


def test_the_owner_follows_the_new_action():
    target = empty()
    write_curves(
        new_action(target, "Motion"), [Curve("location", 2, "Place", np.array([1.0, 11.0]), np.array([0.0, 5.0]))]
    )
    bpy.context.scene.frame_set(11)
    assert target.location.z == pytest.approx(5.0)
    bpy.context.scene.frame_set(1)
    assert target.location.z == pytest.approx(0.0)


def test_bezier_curves_do_not_overshoot_between_keys():
    target = empty()
    frames, values = np.array([1.0, 11.0, 21.0]), np.array([0.0, 1.0, 1.0])
    write_curves(new_action(target, "Motion"), [Curve("location", 0, "Place", frames, values)])
    seen = []
    for frame in range(1, 22):
        bpy.context.scene.frame_set(frame)
        seen.append(target.location.x)
    assert max(seen) <= 1.0 + 1e-5
    assert seen[3] < 0.3 - 0.02, "the start eases in; a straight line would be at 0.3"


def test_the_earlier_action_is_kept_with_a_fake_user():
    target = empty()
    first = new_action(target, "Motion")
    second = new_action(target, "Motion")
    assert target.animation_data.action == second
    assert first.use_fake_user
    assert second.name != first.name


def test_tweak_mode_is_refused():
    target = empty()
    action = new_action(target, "Motion")
    write_curves(action, [Curve("location", 0, "Place", np.array([1.0, 5.0]), np.array([0.0, 1.0]))])
    animation = target.animation_data
    animation.nla_tracks.new().strips.new("Motion", 1, action)
    animation.action = None
    animation.nla_tracks[0].select = True
    animation.nla_tracks.active = animation.nla_tracks[0]
    animation.use_tweak_mode = True
    assert animation.use_tweak_mode
    with pytest.raises(WriteError, match="tweak mode"):
        new_action(target, "Other")
