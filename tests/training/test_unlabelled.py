"""What several cameras teach: the subject as all of them see it, as tall as everybody, by how far that may be trusted."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from penumbra.errors import TrainingDataError
from penumbra.models.skeletons import BLAZEPOSE, JOINTS, POINT_JOINTS
from penumbra.tests.training.filmed import FRAMES, person, taught, views

WRIST = JOINTS.index("wrist.L")


@pytest.mark.parametrize("count", [2, 3, 4])
def test_what_perfect_views_agree_on_is_the_subject_itself(count: int):
    joints = person()
    first, second = taught(views(joints, count))
    about = joints - joints[:, :1]
    known = [joint for joint, name in enumerate(JOINTS) if joint in POINT_JOINTS or name in {"pelvis", "thorax"}]
    for part, own in ((first, about[::2]), (second, about[1::2])):
        assert part.sight.values.shape == (count, FRAMES // 2, 128)
        # the subject's own size is that of its bones, which the mean body's is by definition only about
        size = np.linalg.norm(own, axis=-1).mean() / part.target.norm(dim=-1).mean().item()
        assert size == pytest.approx(1.0, abs=0.04)
        np.testing.assert_allclose(part.target[:, known] * size, own[:, known], atol=0.04)
        # cameras that face each other tell little of what lies between them
        assert (part.weights[:, known] > 0.6).all()
        assert (part.weights[:, JOINTS.index("head")] == 0).all()


def test_tall_people_teach_what_small_ones_do():
    tall, small = (taught(views(person(size)))[0].target for size in (1.15, 0.8))
    torch.testing.assert_close(tall[:, :10], small[:, :10], atol=0.01, rtol=0)


def test_a_joint_that_one_view_does_not_see_is_taught_by_the_others():
    joints = person()
    found = views(joints)
    found[0].track.confidence[:, BLAZEPOSE.index("wrist.L")] = 0.1
    found[0].track.landmarks[:, BLAZEPOSE.index("wrist.L")] += 100.0
    footage = taught(found)[0]
    whole = taught(views(joints))[0]
    assert (footage.sight.seen[0, :, WRIST] == 0).all()
    assert (footage.weights[:, WRIST] > 0.7).all()
    torch.testing.assert_close(footage.target[:, WRIST], whole.target[:, WRIST], atol=0.005, rtol=0)


def test_views_without_the_subject_are_refused():
    found = views(person(), 2)
    for view in found:
        view.track.confidence[:, BLAZEPOSE.index("knee.L") :] = 0.0
    with pytest.raises(TrainingDataError, match="other cameras"):
        taught(found)
