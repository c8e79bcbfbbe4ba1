"""A bake in steps: what is left where it is stopped between two of them."""

from __future__ import annotations

from collections.abc import Callable

import bpy
import pytest

from penumbra.inference.progress import finish
from penumbra.retarget.retarget import TargetMotion
from penumbra.scene.bake import BakeSettings, bake, baking
from penumbra.tests.blender.rigs import mixamo_rig, moving


def census() -> dict[str, list[str]]:
    return {
        "objects": sorted(bpy.data.objects.keys()),
        "armatures": sorted(bpy.data.armatures.keys()),
        "actions": sorted(bpy.data.actions.keys()),
    }


@pytest.mark.parametrize("onto", [None, mixamo_rig])
@pytest.mark.parametrize("stage", ["retarget", "write"])
def test_closing_it_leaves_all_as_it_was(onto: Callable | None, stage: str) -> None:
    target = onto() if onto else None
    if target is not None:
        bake(moving(), target, BakeSettings("Earlier"))
    before = census()
    playing = target.animation_data.action if target else None
    work = baking(moving(), target, BakeSettings("Walk"))
    while next(work).stage != stage:
        pass
    next(work)
    work.close()
    assert census() == before
    if target is not None:
        assert target.animation_data.action == playing


def test_the_target_changes_in_the_last_step_alone() -> None:
    target = mixamo_rig()
    bake(moving(), target, BakeSettings("Earlier"))
    earlier = target.animation_data.action
    work = baking(moving(), target, BakeSettings("Walk"))
    seen = set()
    while True:
        try:
            seen.add(next(work).stage)
        except StopIteration as stop:
            result = stop.value
            break
        assert target.animation_data.action == earlier
    assert seen == {"retarget", "write"}
    assert target.animation_data.action == result.action


def test_an_error_on_the_way_leaves_no_armature(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> TargetMotion:
        raise MemoryError

    monkeypatch.setattr("penumbra.scene.keyed.retarget", refuse)
    before = census()
    with pytest.raises(MemoryError):
        finish(baking(moving(), None, BakeSettings("Walk")))
    assert census() == before
