from __future__ import annotations

import time

import numpy as np
import pytest

from penumbra.models.skeletons import JOINTS, POINTS, mirrored
from penumbra.tests.training.mannequin import arms_down, joint, point_names, seen_from, t_pose
from penumbra.training.capsules import DEPTHS, LIMBS, clearances
from penumbra.training.cylinders import virtual_views, visible


def _hidden(joints: np.ndarray) -> set[str]:
    return point_names(~visible(joints))


def test_all_is_in_sight_from_the_front():
    assert _hidden(seen_from(t_pose(), 0)) == set()


def test_the_far_side_is_hidden_from_the_side():
    right_side = _hidden(seen_from(arms_down(), 90))
    assert {"ear.L", "shoulder.L", "elbow.L", "hip.L", "knee.L"} <= right_side
    # the near arm hangs before the near hip
    assert {name for name in right_side if name.endswith(".R")} == {"hip.R"}
    assert "nose" not in right_side
    left_side = _hidden(seen_from(arms_down(), -90))
    assert left_side == {mirrored(name) for name in right_side}


def test_the_face_is_hidden_from_behind():
    hidden = _hidden(seen_from(arms_down(), 180))
    assert {"nose", "ear.L", "ear.R"} <= hidden
    assert not {"shoulder.L", "elbow.L", "hip.L", "knee.L", "ankle.L", "heel.L"} & hidden


@pytest.mark.parametrize(("depth", "gone"), [(0.35, {"wrist.L", "index.L"}), (-0.35, set())])
def test_a_hand_behind_the_trunk_is_hidden_and_one_before_it_is_not(depth: float, gone: set[str]):
    joints = arms_down()
    joints[JOINTS.index("elbow.L")] = (0.25, depth, 0.25)
    for name in ("wrist.L", "index.L", "pinky.L", "thumb.L"):
        joints[JOINTS.index(name)] = (0.0, depth, 0.25)
    assert _hidden(seen_from(joints, 0)) & {"wrist.L", "index.L"} == gone


def test_an_arm_before_the_trunk_hides_what_lies_behind_it():
    joints = arms_down()
    joints[JOINTS.index("elbow.L")] = (-0.05, -0.35, 0.1)
    joints[JOINTS.index("wrist.L")] = (-0.25, -0.35, -0.1)
    # the ray to the right hip at 4 m crosses the forearm's depth of 3.65 m at 0.12 × 3.65 / 4 = 0.11 m from the middle
    assert "hip.R" in _hidden(seen_from(joints, 0))
    assert "hip.R" not in _hidden(seen_from(arms_down(), 0))


@pytest.mark.parametrize(("offset", "gone"), [(0.035, {"knee.R"}), (0.055, set())])
def test_a_forearm_hides_up_to_its_radius(offset: float, gone: set[str]):
    joints = arms_down()
    # the forearm stands upright half way to the camera, and the ray to the right knee passes it sideways by `offset`
    knee = joint(joints, "knee.R")
    for name, height in (("elbow.L", 0.3), ("wrist.L", -0.3)):
        joints[JOINTS.index(name)] = (knee[0] / 2 + offset, -2.0, knee[2] / 2 + height)
    assert _hidden(seen_from(joints, 0)) & {"knee.R"} == gone


def test_the_closed_form_is_what_a_search_along_ray_and_axis_finds():
    rng = np.random.default_rng(8)
    poses = virtual_views(arms_down() + rng.normal(0, 0.08, (3, 30, 3)), rng, 2).joints.reshape(-1, 30, 3).astype(float)
    ways, axis = np.linspace(0.5, 1.0, 400)[:, None, None], np.linspace(0.0, 1.0, 80)[None, :, None]
    judged = 0
    for pose in poses:
        trunk, shoulders = (
            joint(pose, "thorax") - joint(pose, "pelvis"),
            joint(pose, "shoulder.L") - joint(pose, "shoulder.R"),
        )
        clear = clearances(pose.T[..., None], np.asarray, lambda parts: np.concatenate(parts, axis=1))
        scale = float(clear.scale[0])
        depth = np.cross(trunk, shoulders + joint(pose, "hip.L") - joint(pose, "hip.R"))
        depth /= np.linalg.norm(depth)
        neck, crown = joint(pose, "neck"), joint(pose, "head")
        flat = np.eye(3) + (1 / 0.6 - 1) * np.outer(depth, depth)
        solids = [(joint(pose, start), joint(pose, end), radius * scale, np.eye(3)) for start, end, radius in LIMBS]
        solids.append((neck + 0.2 * (crown - neck), neck + 0.4 * (crown - neck), 0.1 * scale, np.eye(3)))
        pelvis = joint(pose, "pelvis")
        solids.append((pelvis, pelvis + 0.8 * trunk, 0.375 * float(np.linalg.norm(shoulders)), flat))
        for row, name in enumerate(POINTS):
            place = joint(pose, name)
            for column, (start, end, radius, stretch) in enumerate(solids):
                apart = np.linalg.norm((ways * place - start - axis * (end - start)) @ stretch, axis=-1)
                nearest = apart.min()
                way = float(ways[np.unravel_index(apart.argmin(), apart.shape)[0]].squeeze())
                if not 0.5 < way < 1.0:
                    continue  # the nearest place is not on the way to the point: nothing to compare
                judged += 1
                assert clear.inside[row, column, 0] == pytest.approx(radius - nearest, abs=0.006)
                flesh = DEPTHS[name.partition(".")[0]] * scale
                behind = (1 - way) * np.linalg.norm(place) - flesh
                if radius > nearest:
                    assert clear.behind[row, column, 0] == pytest.approx(behind, abs=0.06)
    assert judged > 300


def test_labels_do_not_know_the_size_of_things():
    rng = np.random.default_rng(3)
    joints = seen_from(arms_down(), 50) + rng.normal(0, 0.05, (200, 30, 3))
    labels = visible(joints)
    assert 0.1 < (~labels).mean() < 0.6
    assert np.mean(visible(joints * 3.0) == labels) > 0.999
    assert np.mean(visible(joints * 0.01) == labels) > 0.999


def test_a_mirrored_pose_has_mirrored_labels():
    rng = np.random.default_rng(4)
    joints = seen_from(arms_down(), 30) + rng.normal(0, 0.05, (200, 30, 3))
    partners = [JOINTS.index(mirrored(name)) for name in JOINTS]
    points = [POINTS.index(mirrored(name)) for name in POINTS]
    assert np.mean(visible(joints[:, partners] * (-1, 1, 1)) == visible(joints)[:, points]) > 0.999


def test_any_leading_shape_will_do():
    joints = np.stack([seen_from(arms_down(), turn) for turn in (0, 90, 180)])
    assert visible(joints[None]).shape == (1, 3, 25)
    assert np.array_equal(visible(joints[None])[0, 1], visible(joints[1]))
    assert visible(joints[:0]).shape == (0, 25)


def test_labels_are_fast_enough_to_make_while_training():
    joints = np.repeat(seen_from(arms_down(), 30)[None].astype(np.float32), 20_000, axis=0)
    began = time.perf_counter()
    visible(joints)
    # 200 000 a second on one core that has nothing else to do
    assert len(joints) / (time.perf_counter() - began) > 20_000


def test_virtual_cameras_see_the_pose_upright_and_from_all_around():
    views = virtual_views(arms_down() + np.array([3.0, -2.0, 0.9]), np.random.default_rng(5), 400)
    assert views.joints.shape == (400, 30, 3)
    assert views.visible.shape == (400, 25)
    pelvis = joint(views.joints, "pelvis")
    assert np.allclose(pelvis[:, :2], 0.0, atol=1e-5)
    assert pelvis[:, 2].min() > 1.99
    assert pelvis[:, 2].max() < 10.01
    assert np.mean(joint(views.joints, "head")[:, 1] < 0) > 0.99  # the crown is above, where y is less
    lengths = np.linalg.norm(joint(views.joints, "knee.L") - joint(views.joints, "hip.L"), axis=-1)
    assert np.allclose(lengths, 0.43, atol=1e-4)
    # the face is in sight from a half of all directions
    assert 0.4 < views.visible[:, POINTS.index("nose")].mean() < 0.6


def test_virtual_cameras_do_not_mirror():
    joints = arms_down()
    views = virtual_views(joints, np.random.default_rng(6), 50)

    def handedness(places: np.ndarray) -> np.ndarray:
        left = joint(places, "hip.L") - joint(places, "hip.R")
        up = joint(places, "thorax") - joint(places, "pelvis")
        ahead = joint(places, "nose") - joint(places, "neck")
        return np.sum(np.cross(left, up) * ahead, axis=-1)

    assert np.all(np.sign(handedness(views.joints)) == np.sign(handedness(joints)))


def test_virtual_cameras_repeat_with_their_seed():
    first = virtual_views(t_pose(), np.random.default_rng(7), 10)
    again = virtual_views(t_pose(), np.random.default_rng(7), 10)
    assert np.array_equal(first.joints, again.joints)
