"""The measures of retargeting on motion whose answers are known: what is right is right, and what is made wrong is seen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from penumbra.benchmarks.retarget_clips import Source, joined, sources
from penumbra.benchmarks.retarget_corrections import PROTOCOLS, Mended, correction_figures, correction_table
from penumbra.benchmarks.retarget_directions import (
    DIRECTIONS,
    angles,
    family_marks,
    rig_directions,
    subject_directions,
)
from penumbra.benchmarks.retarget_feet import Skating, skating, skating_figures
from penumbra.benchmarks.retarget_round_trip import RoundTrip, round_trip_figures, round_trip_table, round_trips
from penumbra.benchmarks.retarget_structure import Mapped, structure_figures, wrongly_told
from penumbra.benchmarks.rigs.build import family_rest
from penumbra.benchmarks.rigs.human import canonical_points
from penumbra.inference import rotations as rot
from penumbra.models.skeletons import BONE_NAMES, JOINTS
from penumbra.retarget.forward import posed
from penumbra.retarget.retarget import retarget
from penumbra.retarget.rig_map import choose_rig_map
from penumbra.retarget.settings import RetargetSettings
from penumbra.training.bodies import mean_body
from penumbra.training.clips import RATE, Clip

_FRAMES = 70
_FAMILY = "mixamo"


@pytest.fixture(scope="module")
def waving() -> Source:
    """Somebody who stands, bows a little, and waves both arms."""
    rotations = np.tile([1.0, 0.0, 0.0, 0.0], (_FRAMES, len(BONE_NAMES), 1))
    swing = 0.6 * np.sin(np.arange(_FRAMES) / 6.0)
    for bone, share in (("spine", 0.3), ("neck", 0.4), ("head", 0.5), ("upper_arm", 1.0), ("forearm", 1.5)):
        for name in (bone, f"{bone}.L", f"{bone}.R"):
            if name in BONE_NAMES:
                rotations[:, BONE_NAMES.index(name)] = _about_x(share * swing)
    root = np.tile([0.0, 0.0, 0.9], (_FRAMES, 1))
    clip = Clip("made/waving", "made", "made/1", "wave", "none", rotations, root, mean_body())
    return sources([clip], 1)[0]


def test_a_source_is_the_recording_with_its_joints_and_feet_that_stand(waving: Source):
    assert waving.joints.shape == (_FRAMES, len(JOINTS), 3)
    assert waving.motion.contacts is not None
    assert waving.motion.contacts[:, :4].min() > 0.5
    assert waving.motion.fps == RATE


def test_windows_are_joined_to_as_many_frames_as_asked(waving: Source):
    long = joined([waving, waving], 3 * _FRAMES + 5)
    assert len(long) == len(long.root) == 3 * _FRAMES + 5
    assert np.all(np.diff(long.times) > 0)
    np.testing.assert_array_equal(long.rotations[_FRAMES : 2 * _FRAMES], waving.motion.rotations)


def test_a_rig_with_the_subjects_motion_points_as_the_subject_does(waving: Source):
    trips = round_trips([waving], [_FAMILY])
    assert [trip.pose for trip in trips] == ["T", "A", "odd"]
    assert all(trip.mean < 0.1 for trip in trips)
    assert all(figure.verdict in {"ok", "told"} for figure in round_trip_figures(trips))
    assert "mixamo" in round_trip_table(trips)


def test_a_bone_that_is_turned_wrongly_is_told_and_no_other(waving: Source):
    target = family_rest(_FAMILY, "A", roll_seed=1)
    moved = retarget(waving.motion, target, choose_rig_map(target), RetargetSettings(feet=False))
    hand = moved.bones.index("mixamorig:LeftHand")
    rotations = moved.rotations.copy()
    rotations[:, hand] = rot.multiply(rotations[:, hand], _about_x(np.full(_FRAMES, 0.3)))
    ours = rig_directions(
        target, family_marks(_FAMILY, target, canonical_points("A")), posed(target, replace(moved, rotations=rotations))
    )
    off = dict(
        zip(DIRECTIONS, angles(ours, subject_directions(waving.motion, waving.joints)).mean(axis=0), strict=True)
    )
    assert off.pop("hand.L") + off.pop("palm.L") > 10.0
    assert max(off.values()) < 0.5


def test_a_family_without_a_map_is_short_and_says_why():
    trip = RoundTrip("made", "T", frozenset(), np.zeros((0, len(DIRECTIONS))), "There is none.")
    assert round_trip_figures([trip])[0].verdict == "short"
    assert "There is none." in round_trip_table([trip])


def test_feet_that_are_drawn_along_slide_and_feet_that_stand_do_not(waving: Source):
    drawn = waving.motion.root + np.linspace(0, 1.0, _FRAMES)[:, None] * [1.0, 0.0, 0.0]
    loose = replace(waving, motion=replace(waving.motion, root=drawn, contacts=np.zeros((_FRAMES, 6))))
    still, sliding = (skating([source], [1.2])[0] for source in (waving, loose))
    assert still.held < 0.1
    assert sliding.loose == pytest.approx(1000.0 * 1.2 / (_FRAMES - 1), rel=0.02)


def test_the_longest_slide_of_all_legs_is_what_counts():
    found = [Skating(1.0, in_world, held, 5.0) for in_world in (False, True) for held in (0.5, 2.5)]
    verdicts = {figure.name: figure.verdict for figure in skating_figures(found, 0.4)}
    assert verdicts["foot_skating_own_floor"] == verdicts["foot_skating_in_world"] == "short"


def test_bones_given_to_the_other_side_are_wrong_and_a_neck_bone_in_the_spine_is_not():
    truth = {"spine": ("a", "b"), "neck": ("c",), "hand.L": ("l",), "hand.R": ("r",)}
    assert wrongly_told({**truth, "spine": ("a", "b", "c")}, truth) == set()
    assert wrongly_told({**truth, "hand.L": ("r",), "hand.R": ("l",)}, truth) == {"hand.L", "hand.R"}


def test_a_family_counts_as_mapped_only_where_every_pose_is():
    found = [Mapped("one", "T", 18, 18, (), required=True), Mapped("one", "A", 18, 17, ("hand.L",), required=True)]
    counts = {figure.name: figure.value for figure in structure_figures(found)}
    assert counts["structure_right"] == 0
    assert counts["structure_families"] == 1


def _about_x(angle: np.ndarray) -> np.ndarray:
    turns = np.zeros((len(angle), 4))
    turns[:, 0], turns[:, 1] = np.cos(angle / 2), np.sin(angle / 2)
    return turns


def test_what_corrections_mend_is_told_over_all_stretches():
    mended = [
        Mended(PROTOCOLS[0].name, "a", 100.0, 40.0, 20.0, 60.0, 90.0, 30.0, 0.1, elsewhere=False),
        Mended(PROTOCOLS[-1].name, "b", 50.0, 60.0, 10.0, 40.0, 40.0, 50.0, 0.9, elsewhere=True),
    ]
    told = {figure.name: figure.value for figure in correction_figures(mended)}
    assert told["corrected_over_hidden"] == pytest.approx(100 / 150)
    assert told["corrected_over_hidden_own_body"] == pytest.approx(80 / 130)
    assert told["corrected_over_hidden_calm"] == pytest.approx(0.4)
    assert told["calm_stretches"] == 50.0
    assert told["corrected_thrice_over_hidden"] == pytest.approx(30 / 150)
    assert told["corrected_over_hidden_median"] == pytest.approx((0.4 + 1.2) / 2)
    assert (told["stretches_halved"], told["stretches_worse"], told["elsewhere_changed"]) == (50.0, 50.0, 1.0)
    assert f"| {PROTOCOLS[0].name}, 1 stretches | 100.0 | 40.0 |" in correction_table(mended)
