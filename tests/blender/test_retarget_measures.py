"""What the retargeting benchmark asks of Blender: whether it agrees with the numbers, and rigs as pictures show them."""

from __future__ import annotations

import numpy as np
import pytest

from penumbra.benchmarks.retarget_blender import agreement, evaluated_bones, first_frames
from penumbra.benchmarks.retarget_clips import Source
from penumbra.benchmarks.rig_figures import draw_bones
from penumbra.benchmarks.rigs.armature import build_armature
from penumbra.benchmarks.rigs.build import family_rest
from penumbra.retarget.rig_map import choose_rig_map
from penumbra.scene.armature import read_rest
from penumbra.tests.synthetic import random_motion


def test_blender_puts_bones_where_the_numbers_do():
    figures = agreement([Source("made", random_motion(4), np.zeros((4, 30, 3)))], ["daz_genesis8"], frames=4)
    assert {figure.name: figure.verdict for figure in figures}["blender_apart"] == "ok"


def test_a_bone_that_is_moved_is_where_it_was_moved_to():
    target = build_armature(family_rest("mixamo"))
    before = evaluated_bones(target, ["mixamorig:Hips"], [1])
    target.pose.bones["mixamorig:Hips"].location = (0.0, 0.5, 0.0)
    moved = evaluated_bones(target, ["mixamorig:Hips"], [1]) - before
    assert np.linalg.norm(moved, axis=-1) == pytest.approx(0.5, abs=1e-5)


def test_a_motions_beginning_has_all_of_its_arrays():
    motion = first_frames(random_motion(6), 2)
    assert {len(motion.times), len(motion.root), len(motion.rotations), len(motion.confidence)} == {2}


def test_left_bones_are_drawn_blue_and_right_ones_orange():
    target = build_armature(family_rest("unreal_ue4", roll_seed=3))
    shape = draw_bones(target, choose_rig_map(read_rest(target)))
    names = [material.name for material in shape.data.materials]
    across = {
        name: [face.center.x for face in shape.data.polygons if names[face.material_index] == name] for name in names
    }
    # bones that begin in the middle are as thick as others
    assert min(across["Left"]) > -0.03
    assert max(across["Left"]) > 0.5
    assert max(across["Right"]) < 0.03
    assert min(across["Right"]) < -0.5
    assert max(map(abs, across["Middle"])) < 0.1
    highest = max(vertex.co.z for vertex in shape.data.vertices)
    assert highest == pytest.approx(max(bone.tail_local.z for bone in target.data.bones), abs=0.02)


def test_a_root_bone_that_lies_on_the_floor_is_not_drawn():
    target = build_armature(family_rest("unreal_ue4"))
    assert target.data.bones["root"].tail_local.y == pytest.approx(0.3)
    shape = draw_bones(target, choose_rig_map(read_rest(target)))
    assert max(vertex.co.y for vertex in shape.data.vertices) < 0.2
