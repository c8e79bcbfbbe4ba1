from __future__ import annotations

import numpy as np
import pytest

from penumbra.models.skeletons import JOINTS, POINTS
from penumbra.tests.training.mannequin import arms_down, seen_from
from penumbra.training.cylinders import virtual_views, visible

torch = pytest.importorskip("torch", reason="the networks' trainer needs PyTorch: see training/README.md")


@pytest.fixture
def poses() -> np.ndarray:
    rng = np.random.default_rng(1)
    return virtual_views(arms_down() + rng.normal(0, 0.05, (40, 30, 3)), rng, 40).joints.reshape(-1, 30, 3)


def test_soft_labels_are_the_hard_ones_away_from_borders(poses: np.ndarray):
    from penumbra.training.soft_cylinders import soft_visible

    soft, hard = soft_visible(torch.tensor(poses)).numpy(), visible(poses)
    assert soft.min() >= 0
    assert soft.max() <= 1
    assert np.mean((soft > 0.5) == hard) > 0.98
    sure = np.abs(soft - 0.5) > 0.3
    assert sure.mean() > 0.85
    assert np.mean((soft > 0.5)[sure] == hard[sure]) > 0.9995


def test_the_gradient_is_that_of_the_formulas(poses: np.ndarray):
    from penumbra.training.soft_cylinders import soft_visible

    joints = torch.tensor(poses[:2].astype(float), requires_grad=True)
    assert torch.autograd.gradcheck(soft_visible, (joints,), fast_mode=True)


def test_the_gradient_is_finite_where_limbs_have_no_length():
    from penumbra.training.soft_cylinders import hiding_loss

    joints = torch.tensor(np.tile([0.0, 0.0, 4.0], (3, 30, 1)), requires_grad=True)
    hiding_loss(joints, torch.ones(3, 25, dtype=torch.bool)).backward()
    assert torch.isfinite(joints.grad).all()


def test_the_regulariser_drives_an_unseen_hand_behind_the_body():
    from penumbra.training.soft_cylinders import hiding_loss

    joints = arms_down()
    for name, x in (("elbow.L", 0.2), ("wrist.L", 0.125), ("index.L", 0.1), ("pinky.L", 0.1), ("thumb.L", 0.1)):
        joints[JOINTS.index(name)] = (x, 0.25, 0.2)
    camera = torch.tensor(seen_from(joints, 0)[None], requires_grad=True)
    unreliable = torch.zeros(1, 25, dtype=torch.bool)
    unreliable[0, POINTS.index("wrist.L")] = True
    loss = hiding_loss(camera, unreliable)
    loss.backward()
    # the wrist is at the trunk's left edge, at the picture's right: to hide, it moves to the middle
    assert 0.02 < loss.item() < 0.98
    assert camera.grad[0, JOINTS.index("wrist.L"), 0] > 0


def test_the_regulariser_is_nothing_where_all_is_reliable(poses: np.ndarray):
    from penumbra.training.soft_cylinders import hiding_loss

    assert hiding_loss(torch.tensor(poses[:4]), torch.zeros(4, 25, dtype=torch.bool)).item() == 0.0
