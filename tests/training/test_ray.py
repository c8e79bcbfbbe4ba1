"""The lifting network of S0: exact along its rays, and wrong only sideways where a point is wrong."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from penumbra.inference.guidance import GuidanceSettings
from penumbra.inference.guided import guided
from penumbra.inference.sight_features import joint_shares
from penumbra.models.skeletons import JOINTS, POINT_JOINTS
from penumbra.training.ray import RayLifter, RaySettings, along_rays
from tests.synthetic import people_in_camera

WRIST = JOINTS.index("wrist.L")


def _people(frames: int = 12) -> tuple[Tensor, Tensor]:
    """Joints `[1, T, 30, 3]` about the pelvis in the axes of the view, and the network's input `[1, T, 128]`."""
    joints = people_in_camera(frames)
    points = (joints[..., :2] / joints[..., 2:])[:, list(POINT_JOINTS)]
    given = guided(points, np.ones(points.shape[:2]), np.ones(points.shape[:2], bool), GuidanceSettings())
    turned = np.einsum("tjd,ted->tje", joints, given.views).astype(np.float32)
    return torch.from_numpy(turned)[None], torch.from_numpy(given.values)[None]


def _network(**sizes: int) -> RayLifter:
    torch.manual_seed(3)
    network = RayLifter(RaySettings(**({"width": 64} | sizes)))
    torch.nn.init.normal_(network.head.weight, std=0.02)
    return network


def _truth(joints: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Slopes, the root's distance, and how much farther the joints are."""
    distance = joints[..., 2]
    return joints[..., :2] / joints[..., 2:], distance[..., 0], distance - distance[..., :1]


def test_right_distances_give_the_very_joints():
    joints, _ = _people()
    torch.testing.assert_close(along_rays(*_truth(joints)), joints - joints[:, :, :1], atol=1e-5, rtol=0)


def test_the_networks_rays_go_through_the_points_it_reads():
    joints, values = _people()
    slopes = _network().eval().distances(values)[0]
    own = list(POINT_JOINTS)
    torch.testing.assert_close(slopes[:, :, own], _truth(joints)[0][:, :, own], atol=1e-4, rtol=0)


def test_places_stay_exact_where_layers_work_with_16_bits():
    _, values = _people()
    network = _network().eval()
    with torch.autocast("cpu", torch.bfloat16):
        slopes = network.distances(values)[0]
    own = list(POINT_JOINTS)
    assert torch.equal(slopes[:, :, own], network.distances(values)[0][:, :, own])


def test_joints_without_a_point_begin_between_those_they_are_made_of():
    network = RayLifter(RaySettings(width=8)).eval()
    torch.nn.init.zeros_(network.head.weight)
    joints, values = _people()
    seen = _truth(joints)[0][:, :, list(POINT_JOINTS)]
    slopes = network.distances(values)[0]
    torch.testing.assert_close(slopes, torch.from_numpy(joint_shares()) @ seen, atol=1e-4, rtol=0)
    torch.nn.init.ones_(network.head.bias)
    moved = (network.distances(values)[0] - slopes).abs().amax(dim=(0, 1, 3)) > 1e-3
    assert {JOINTS[index] for index in moved.nonzero().flatten()} == {"pelvis", "spine", "thorax", "neck", "head"}


def test_a_wrong_point_moves_its_joint_sideways_alone():
    """With depth right, an error in the picture goes along the picture's axes, in proportion to the depth."""
    joints, _ = _people()
    slopes, root, relative = _truth(joints)
    wrong = slopes.clone()
    wrong[:, :, WRIST, 0] += 0.01
    error = along_rays(wrong, root, relative) - along_rays(slopes, root, relative)
    torch.testing.assert_close(error[:, :, WRIST, 0], 0.01 * joints[:, :, WRIST, 2], atol=1e-5, rtol=0)
    assert (error[:, :, WRIST, 1:] == 0).all()
    assert (error[:, :, [joint for joint in range(len(JOINTS)) if joint != WRIST]] == 0).all()


def test_a_wrong_pelvis_moves_everything_else():
    joints, _ = _people()
    slopes, root, relative = _truth(joints)
    wrong = slopes.clone()
    wrong[:, :, 0, 1] += 0.01
    error = along_rays(wrong, root, relative) - along_rays(slopes, root, relative)
    assert (error[:, :, 0] == 0).all()
    torch.testing.assert_close(error[:, :, 1:], error[:, :, 1:2].expand_as(error[:, :, 1:]), atol=1e-5, rtol=0)


def test_the_root_is_before_the_camera_and_nearer_where_the_subject_is_larger():
    _, values = _people()
    network = RayLifter(RaySettings(width=8)).eval()
    _, root, relative, _ = network.distances(values)
    # people_in_camera stands four metres away
    assert ((root > 2.5) & (root < 6.0)).all()
    assert (relative[..., 0] == 0).all()
    values[..., -3] += np.log(2.0)
    torch.testing.assert_close(network.distances(values)[1], root / 2, rtol=0.02, atol=0)
    torch.nn.init.normal_(network.head.bias, std=5.0)
    assert (network.distances(10.0 * torch.randn(50, 4, 128))[1] > 0).all()


def test_it_is_of_the_size_that_its_layers_have():
    width, heads = 1024, 1 + 29 + 2 * 5 + 3 * 30
    layers = [(128, width), *[(width, width)] * 4]
    expected = sum(before * after + 3 * after for before, after in layers) + width * heads + heads
    assert sum(parameter.numel() for parameter in RayLifter(RaySettings()).parameters()) == expected
    assert expected == pytest.approx(4.47e6, rel=0.01)


def test_everything_is_taught():
    network = _network().train()
    joints, spread = network(_people()[1].expand(2, -1, -1))
    assert joints.shape == spread.shape == (2, 12, 30, 3)
    assert (joints[:, :, 0] == 0).all()
    (joints.square().mean() + spread.square().mean()).backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name
        assert parameter.grad.any(), name


@pytest.mark.parametrize("shape", [(1, 1), (1, 12), (12, 1), (3, 4)])
def test_every_frame_is_lifted_alone(shape: tuple[int, int]):
    network = _network().eval()
    values = _people()[1]
    cut = values[0, : shape[0] * shape[1]].unflatten(0, shape)
    for found, whole in zip(network(cut), network(values), strict=True):
        assert found.shape == (*shape, 30, 3)
        torch.testing.assert_close(found.flatten(0, 1), whole[0, : shape[0] * shape[1]])


def test_it_learns_depth_from_examples():
    """A few steps on one clip bring the joints to within centimetres, as no place of the mean body does."""
    joints, values = _people(40)
    goal = joints - joints[:, :, :1]
    network = _network(width=128).train()
    optimizer = torch.optim.AdamW(network.parameters(), 3e-3)
    for _ in range(150):
        optimizer.zero_grad()
        torch.linalg.vector_norm(network(values)[0] - goal, dim=-1).mean().backward()
        optimizer.step()
    error = torch.linalg.vector_norm(network.eval()(values)[0] - goal, dim=-1).mean()
    assert error < 0.04
