"""Clothed people with Mixamo and CMU rigs, which lie beside the repository where it is developed."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np
import pytest

from penumbra.scene.bake import BakeSettings, bake
from penumbra.tests.blender.rigs import SIDES, direction_errors
from penumbra.tests.synthetic import random_motion, standing

PEOPLE = Path(__file__).resolve().parents[3] / "shared" / "people"
LIMBS = {
    "upper_arm": ("Arm", "ForeArm"),
    "forearm": ("ForeArm", "Hand"),
    "thigh": ("UpLeg", "Leg"),
    "shin": ("Leg", "Foot"),
}
# File, rig map, prefix of the bones' names.
RIGS = [("human_mixamo", "mixamo", "mixamorig:"), ("human_cmu_mb", "cmu", "")]


@pytest.fixture
def person(request: pytest.FixtureRequest) -> bpy.types.Object:
    path = PEOPLE / f"{request.param}.blend"
    if not path.is_file():
        pytest.skip(f"{path.name} is not in {PEOPLE}")
    bpy.ops.wm.open_mainfile(filepath=str(path))
    return next(item for item in bpy.data.objects if item.type == "ARMATURE")


@pytest.mark.parametrize(("person", "rig_map", "prefix"), RIGS, indirect=["person"])
def test_a_persons_limbs_point_where_the_motion_points(person: bpy.types.Object, rig_map: str, prefix: str):
    motion = random_motion(6)
    assert bake(motion, person, BakeSettings("Walk")).rig_map == rig_map
    limbs = {
        f"{bone}.{side}": ([f"{prefix}{word}{start}"], [f"{prefix}{word}{end}"])
        for bone, (start, end) in LIMBS.items()
        for side, word in SIDES.items()
    }
    assert direction_errors(person, limbs, motion, 1).max() < 0.1


@pytest.mark.parametrize(("person", "rig_map", "prefix"), RIGS, indirect=["person"])
def test_a_standing_persons_soles_are_on_the_floor_and_its_arms_are_level(
    person: bpy.types.Object, rig_map: str, prefix: str
):
    bake(standing(), person, BakeSettings("Stand", rig_map=rig_map))
    bpy.context.scene.frame_set(1)
    bones = person.pose.bones
    for word in SIDES.values():
        ball = bones[f"{prefix}{word}ToeBase"]
        assert ball.head.z == pytest.approx(ball.bone.head_local.z, abs=0.005)
        assert abs(bones[f"{prefix}{word}Foot"].vector.normalized().x) < 0.15
        arm = np.array(bones[f"{prefix}{word}Hand"].head - bones[f"{prefix}{word}Arm"].head)
        assert abs(arm[2]) < 0.01 * np.linalg.norm(arm)
