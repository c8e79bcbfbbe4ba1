"""The losses, against cases worked out by hand."""

from __future__ import annotations

import pytest
import torch

from penumbra.inference.body import rest_joints
from penumbra.models.skeletons import JOINTS
from penumbra.training import losses
from penumbra.training.bodies import mean_body


@pytest.fixture
def body() -> torch.Tensor:
    """`[1, 2, 30, 3]` the mean body at rest."""
    return torch.from_numpy(rest_joints(mean_body())).float().expand(1, 2, -1, -1).clone()


def test_pose_is_the_weighted_mean_distance():
    truth = torch.zeros(1, 1, 30, 3)
    joints = truth.clone()
    joints[..., 3, :] = torch.tensor([0.3, 0.0, 0.4])
    weights = torch.zeros(30)
    weights[3], weights[4] = 3.0, 1.0
    assert float(losses.pose(joints, truth, weights)) == pytest.approx(0.5 * 3 / 4)


def test_velocity_counts_steps_not_places():
    truth = torch.zeros(2, 3, 30, 3)
    shifted = truth + 5.0
    assert float(losses.velocity(shifted, truth, torch.ones(2))) == pytest.approx(0.0, abs=2e-6)
    moving = truth + 0.1 * torch.arange(3.0)[None, :, None, None] * torch.tensor([1.0, 0.0, 0.0])
    assert float(losses.velocity(moving, truth, torch.ones(2))) == pytest.approx(0.1, abs=1e-6)
    assert float(losses.velocity(moving, truth, torch.zeros(2))) == 0.0


def test_quiet_windows_count_more() -> None:
    joints = torch.zeros(2, 3, 30, 3)
    hidden = torch.zeros(2, 3, 30)
    hidden[:, 1, 5] = 1.0
    joints[:, :, 5, 0] = torch.tensor([[0.0, 0.0, 0.0], [-0.35, 0.0, 0.35]])  # spreads by 0 and by 0.35
    joints[:, :, 6, 0] = torch.tensor([0.0, 9.0, 0.0])  # in sight: does not count
    weights = losses.evenly(joints, hidden)
    assert weights.mean().item() == pytest.approx(1.0)
    assert (weights[0] / weights[1]).item() == pytest.approx((0.40 / 0.05) ** 0.5, rel=1e-4)


def test_smoothing_asks_only_for_points_in_sight():
    points, truth, seen = torch.zeros(1, 1, 25, 2), torch.zeros(1, 1, 25, 2), torch.ones(1, 1, 25)
    points[..., 0, 0], points[..., 1, 0] = 9.0, 0.5
    seen[..., 0] = 0.0
    assert float(losses.smoothing(points, truth, seen)) == pytest.approx(0.5 / 24, abs=2e-6)


def test_symmetry_is_the_absolute_difference_of_left_and_right(body: torch.Tensor):
    assert float(losses.symmetry(body)) == pytest.approx(0.0, abs=1e-6)
    toe = JOINTS.index("toe.L")
    ankle = JOINTS.index("ankle.L")
    for stretch in (0.1, -0.1):
        changed = body.clone()
        along = body[..., toe, :] - body[..., ankle, :]
        changed[..., toe, :] += stretch * along / along.norm(dim=-1, keepdim=True)
        sided = sum(name.endswith(".L") for name in JOINTS)
        assert float(losses.symmetry(changed)) == pytest.approx(0.1 / sided, abs=1e-4)


def test_a_body_that_stretches_is_not_steady(body: torch.Tensor):
    assert float(losses.steadiness(body)) == pytest.approx(0.0, abs=1e-6)
    changed = body.clone()
    changed[:, 1, JOINTS.index("nose")] *= 1.5
    assert float(losses.steadiness(changed)) > 1e-3


def test_the_root_is_found_again_and_projects(body: torch.Tensor):
    root = torch.tensor([[[0.3, -0.2, 4.0], [0.1, 0.4, 6.0]]])
    camera = body[..., [0, 2, 1]] * torch.tensor([1.0, -1.0, 1.0])
    places = camera + root[:, :, None]
    slopes = places[..., :2] / places[..., 2:]
    weights = torch.ones(slopes.shape[:-1])
    found = losses.root_by_reprojection(camera, slopes, weights)
    assert torch.allclose(found, root, atol=2e-3)
    assert float(losses.projection(camera, found, slopes, weights)) < 1e-3
    assert float(losses.projection(camera, root + 0.4, slopes, weights)) > 0.01


def test_projection_has_a_finite_gradient_everywhere(body: torch.Tensor):
    joints = body.clone().requires_grad_()
    slopes, weights = torch.zeros(1, 2, 30, 2), torch.zeros(1, 2, 30)
    root = losses.root_by_reprojection(joints, slopes, weights)
    (losses.projection(joints, root, slopes, weights) + losses.symmetry(joints)).backward()
    assert joints.grad is not None
    assert torch.isfinite(joints.grad).all()


def test_the_discriminator_sees_no_difference_in_where_and_how_a_body_is_turned(body: torch.Tensor):
    torch.manual_seed(0)
    judge = losses.Discriminator()
    turn = torch.tensor([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    assert torch.allclose(judge(body), judge(body @ turn.T + 3.0), atol=1e-4)
    assert not torch.allclose(judge(body), judge(body * 1.2), atol=1e-4)


def test_the_discriminator_learns_to_tell_broken_bodies(body: torch.Tensor):
    torch.manual_seed(0)
    judge = losses.Discriminator()
    optimizer = torch.optim.Adam(judge.parameters(), 3e-3)
    loss = torch.zeros(())
    for _ in range(60):
        broken = body + 0.1 * torch.randn(16, 2, 30, 3)
        loss = losses.told_apart(judge(body + 0.003 * torch.randn(16, 2, 30, 3)), judge(broken))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert float(loss.detach()) < 0.5
    assert losses.judged_real(judge(body)) < (losses.judged_real(judge(body + 0.1 * torch.randn(1, 2, 30, 3))))
