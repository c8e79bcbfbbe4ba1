"""Rest poses other than a T: what the target's palms, knees and feet do when the subject stands in one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penumbra.inference import rotations as rot
from penumbra.retarget.alignment import align
from penumbra.retarget.body import body_joints
from penumbra.retarget.figure import figure_of
from penumbra.retarget.forward import posed
from penumbra.retarget.retarget import retarget
from penumbra.tests.retarget.figures import Places, fit_of, places, target_of, turned
from penumbra.tests.synthetic import standing

_NONE = [1.0, 0.0, 0.0, 0.0]


def rotated(joints: Places, *turns: tuple[str, tuple[int, int, int], float]) -> Places:
    """The joints turned below each bone about an axis by degrees, one after the other; bones without a side on both."""
    for bone, axis, degrees in turns:
        if bone in joints:
            joints = turned(joints, bone, axis, degrees)
            continue
        joints = turned(joints, f"{bone}.L", axis, degrees)
        joints = turned(joints, f"{bone}.R", (axis[0], -axis[1], -axis[2]), degrees)
    return joints


# Each is the T-pose whose arms and legs were turned about their joints: a subject in T-pose must bring the target to the T.
ODD = {
    "A": (("upper_arm1", (0, 1, 0), 50.0),),
    "hanging": (("upper_arm1", (0, 1, 0), 88.0),),
    "arms forward": (("upper_arm1", (0, 0, 1), -85.0),),
    "one arm up": (("upper_arm1.L", (0, 1, 0), -85.0),),
    "elbows bent": (("forearm1", (0, 0, 1), -70.0), ("upper_arm1", (0, 1, 0), 45.0)),
    "hands up": (("forearm1", (0, 0, 1), -90.0), ("upper_arm1", (1, 0, 0), -90.0)),
    "palms inward": (("forearm2", (1, 0, 0), -70.0), ("upper_arm1", (0, 1, 0), 60.0)),
    "legs apart": (("foot", (0, 1, 0), 35.0), ("thigh", (0, 1, 0), -35.0)),
    "sitting": (("shin", (1, 0, 0), 80.0), ("thigh", (1, 0, 0), -80.0)),
}


@pytest.mark.parametrize("name", list(ODD))
def test_a_subject_in_the_t_pose_brings_any_rest_pose_to_it(name: str):
    plain = target_of(places(), 3)
    target = target_of(rotated(places(), *ODD[name]), 8)
    first, second = (posed(each, retarget(standing(), each, fit_of(each))) for each in (plain, target))
    for bone in ("hand.L", "hand.R", "index1.L", "pinky1.L", "index1.R", "pinky1.R", "shin.L", "foot.L", "shin.R"):
        number = plain.bones.index(bone)
        assert np.abs(second.heads[0, number] - first.heads[0, number]).max() < 0.02, bone


@given(yaw=st.floats(-60, 60), down=st.floats(0, 80), forward=st.floats(-60, 60), twist=st.floats(-80, 80))
@settings(max_examples=40, deadline=None)
def test_palms_face_down_in_the_t_pose_however_the_hands_rest(yaw: float, down: float, forward: float, twist: float):
    joints = rotated(
        places(),
        ("hand", (0, 0, 1), yaw),
        ("forearm2", (1, 0, 0), twist),
        ("upper_arm1", (0, 1, 0), down),
        ("upper_arm1", (0, 0, 1), forward),
    )
    target = target_of(joints, 1)
    where = posed(target, retarget(standing(), target, fit_of(target)))
    for side in "LR":
        index, pinky, wrist = (where.heads[0, target.bones.index(f"{n}.{side}")] for n in ("index1", "pinky1", "hand"))
        along = rot.normalize((index + pinky) / 2 - wrist)
        row = rot.normalize(index - pinky - ((index - pinky) @ along) * along)
        assert along @ [1.0 if side == "L" else -1.0, 0.0, 0.0] > 0.999
        assert row @ [0.0, -1.0, 0.0] > 0.999


def test_a_thumb_tells_the_palm_of_a_hand_without_other_fingers():
    joints = rotated(places(["index", "pinky"]), ("hand", (1, 0, 0), -80.0))
    target = target_of(joints, 1)
    where = posed(target, retarget(standing(), target, fit_of(target)))
    thumb, wrist = (where.heads[0, target.bones.index(name)] for name in ("thumb2.L", "hand.L"))
    assert rot.normalize((thumb - wrist)[1:]) @ [-1.0, 0.0] > 0.95


def test_a_hand_without_any_finger_turns_with_the_forearm():
    target = target_of(places(["index", "pinky", "thumb"]), 1)
    figure = figure_of(target, fit_of(target))
    own = rot.multiply(figure.alignment["hand.L"], rot.conjugate(figure.alignment["forearm.L"]))
    assert abs(own[0]) > 0.999


def test_a_slightly_over_stretched_elbow_is_not_twisted():
    figure = figure_of(*with_fit(rotated(places(), ("forearm1", (0, 0, 1), 8.0))))
    assert abs(figure.alignment["upper_arm.L"] @ figure_of(*with_fit(places())).alignment["upper_arm.L"]) > 0.995


def test_a_body_that_leans_as_a_whole_stands_upright_and_one_that_bends_stays_bent():
    leaning = figure_of(*with_fit(rotated(places(), ("root", (1, 0, 0), 16.0))))
    turn = leaning.alignment["hips"]
    assert 2 * np.degrees(np.arccos(abs(turn[0]))) == pytest.approx(16.0, abs=4.0)
    assert np.sign(turn[1] * turn[0]) < 0
    bowed = figure_of(*with_fit(rotated(places(), ("spine1", (1, 0, 0), 16.0))))
    assert bowed.alignment["hips"] == pytest.approx(_NONE)
    assert bowed.alignment["head"] == pytest.approx(_NONE)


def test_a_line_of_hips_that_is_turned_in_rest_is_turned_back():
    joints = places()
    for side, sign in (("L", 1.0), ("R", -1.0)):
        for name in ("thigh", "shin", "foot", "toe", "toe tip"):
            joints[f"{name}.{side}"][1][1] += 0.03 * sign
    figure = figure_of(*with_fit(joints))
    line = rot.rotate(figure.alignment["hips"], figure.joints["hip.L"] - figure.joints["hip.R"])
    assert line[1:] == pytest.approx([0.0, 0.0], abs=1e-9)


@pytest.mark.parametrize("outward", [0.0, 25.0, -15.0])
def test_soles_stay_flat_and_feet_face_forward(outward: float):
    target, fit = with_fit(rotated(places(), ("foot", (0, 0, 1), outward)))
    figure = figure_of(target, fit)
    turn = figure.alignment["foot.L"]
    assert turn[1:3] == pytest.approx([0.0, 0.0], abs=1e-9)
    way = rot.rotate(turn, figure.joints["toe.L"] - figure.joints["ankle.L"])
    assert way[0] == pytest.approx(0.0, abs=1e-9)


def test_feet_that_hang_are_pointed_and_steep_ones_on_flat_toes_are_not():
    hanging = figure_of(*with_fit(rotated(places(), ("foot", (1, 0, 0), 50.0))))
    way = rot.rotate(hanging.alignment["foot.L"], hanging.joints["toe.L"] - hanging.joints["ankle.L"])
    assert way / np.linalg.norm(way) == pytest.approx([0.0, -0.8, -0.6], abs=0.05)
    heels = figure_of(*with_fit(rotated(places(), ("foot", (1, 0, 0), 40.0), ("toe", (1, 0, 0), -35.0))))
    assert heels.alignment["foot.L"][1:3] == pytest.approx([0.0, 0.0], abs=1e-9)


def test_bones_that_a_target_lacks_are_passed_over():
    target = target_of(places(["neck", "shoulder", "hand", "index", "pinky", "thumb", "foot", "toe"]), 4)
    fit = fit_of(target)
    turns = align(fit, body_joints(target, fit.chains, fit.ends, fit.fingers))
    assert set(turns) == set(fit.chains)
    assert "hand.L" not in turns


def with_fit(joints: Places):
    target = target_of(joints, 3)
    return target, fit_of(target)
