"""S3's networks: the 2D one leaves hidden points alone, the 3D one starts from the straight line."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from penumbra.inference.sightings import bridge, neighbors
from penumbra.models.skeletons import JOINTS
from penumbra.training.networks import Gaps, Lifter, NetworkSettings, body_axes, of_gaps, turn, without_completion
from penumbra.training.sampler import Batch, Windows, network_batch
from tests.synthetic import people_in_camera

POINTS = [index for index, name in enumerate(JOINTS) if name not in {"pelvis", "spine", "thorax", "neck", "head"}]


def _batch(seen_share: float = 0.8, frames: int = 50) -> Batch:
    rng = np.random.default_rng(3)
    joints = np.stack([people_in_camera(frames, seed=seed) for seed in (1, 2)]).astype(np.float32)
    slopes = joints[:, :, POINTS, :2] / joints[:, :, POINTS, 2:]
    seen = rng.random(slopes.shape[:-1]) < seen_share
    return network_batch(Windows(slopes, np.ones(seen.shape, np.float32), seen, joints, slopes, np.ones(2, bool)))


def _network(**changes: object) -> Lifter:
    torch.manual_seed(5)
    network = Lifter(NetworkSettings(width=32, smoothing_width=16, dropout=0.0, **changes)).eval()  # type: ignore[arg-type]
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.05)
    return network


def test_the_smoother_gives_nothing_where_nothing_is_seen():
    batch = _batch()
    _, points, _ = _network()(batch.values, batch.point_gaps, batch.joint_gaps)
    assert (points[batch.seen == 0] == 0).all()
    assert (points[batch.seen == 1] != 0).any()


def test_without_the_smoother_points_pass_unchanged():
    batch = _batch()
    _, points, _ = _network(smooth=False)(batch.values, batch.point_gaps, batch.joint_gaps)
    assert torch.equal(points, batch.sighted)


def test_the_completer_starts_midway_between_the_lines() -> None:
    batch = _batch()
    network = _network()
    for parameter in network.correct.parameters():
        torch.nn.init.zeros_(parameter)
    joints, *_ = network(batch.values, batch.point_gaps, batch.joint_gaps)
    first, _, _ = network.lift_seen(batch.values, batch.point_gaps)
    midway = torch.where(batch.hidden[..., None] > 0, (first + batch.joint_gaps.bridge(first)) / 2, first)
    assert torch.allclose(joints, midway - midway[:, :, :1], atol=1e-5)


def test_what_is_told_of_a_gap() -> None:
    first = torch.zeros(1, 6, 30, 3)
    first[0, :, 5, 0] = torch.tensor([0.0, 0.1, 9.0, 9.0, 0.7, 0.5])
    seen = np.ones((1, 6, 30), bool)
    seen[0, 2:4, 5] = False
    near = neighbors(seen)
    gaps = Gaps(*(torch.from_numpy(np.ascontiguousarray(part)) for part in (near.before, near.after, near.share)))
    found = of_gaps(first, gaps)
    _, aside, leaving, coming = (way[0, :, 5, 0] for way in found.ways)
    assert found.out[0, :, 5, 0].tolist() == [0, 0, 1, 1, 0, 0]
    # in frame 3 the line in 3D is at 0.5; before the gap it went 0.1 a frame, two frames ago; after it goes -0.2
    assert aside[3].item() == pytest.approx(0.5 - 9.0)
    assert leaving[3].item() == pytest.approx(0.2)
    assert coming[3].item() == pytest.approx(-0.2)
    assert found.times[0, 3, 5].tolist() == pytest.approx([np.tanh(2 / 20), np.tanh(1 / 20), 1.0])


def test_how_far_a_joint_may_be_grows_with_how_the_body_moves() -> None:
    still = torch.from_numpy(_batch().joints.numpy()[:1, :1]).expand(1, 40, 30, 3)
    moving = still + 0.05 * torch.sin(torch.arange(40.0) / 3)[None, :, None, None]
    seen = np.ones((1, 40, 30), bool)
    seen[:, 10:30, 5] = False
    near = neighbors(seen)
    gaps = Gaps(*(torch.from_numpy(np.ascontiguousarray(part)) for part in (near.before, near.after, near.share)))
    assert torch.allclose(of_gaps(still, gaps).amount, torch.tensor(0.01), atol=1e-4)
    assert (of_gaps(moving, gaps).amount[0, 20] > 0.03).all()


def test_the_bodys_axes_turn_with_it() -> None:
    joints = _batch().joints
    axes = body_axes(joints)
    assert torch.allclose(axes @ axes.transpose(-1, -2), torch.eye(3), atol=1e-5)
    left, up = joints[:, :, JOINTS.index("hip.L")], joints[:, :, JOINTS.index("thorax")]
    assert (torch.einsum("btd,btd->bt", axes[:, :, 0], left) > 0).float().mean() > 0.9
    assert (torch.einsum("btd,btd->bt", axes[:, :, 2], up) > 0).all()
    angle = torch.tensor(0.7)
    turned = torch.tensor([[angle.cos(), 0, angle.sin()], [0, 1, 0], [-angle.sin(), 0, angle.cos()]])
    other = joints @ turned.T
    assert torch.allclose(turn(other, body_axes(other)), turn(joints, axes), atol=1e-4)


def test_joints_in_sight_are_the_first_halfs_own() -> None:
    batch = _batch()
    network = _network()
    joints, *_ = network(batch.values, batch.point_gaps, batch.joint_gaps)
    first, _, _ = network.lift_seen(batch.values, batch.point_gaps)
    rooted = (batch.hidden == 0) & (batch.hidden[..., :1] == 0)
    assert torch.allclose(joints[rooted], first[rooted], atol=1e-6)
    assert not torch.allclose(joints[batch.hidden == 1], first[batch.hidden == 1], atol=1e-3)


def test_without_its_second_half_it_is_a_network_that_met_no_masks() -> None:
    batch = _batch()
    network = _network()
    joints, *_ = without_completion(network).eval()(batch.values, batch.point_gaps, batch.joint_gaps)
    assert torch.equal(joints, network.lift_seen(batch.values, batch.point_gaps)[0])


def test_the_pelvis_is_the_origin() -> None:
    batch = _batch()
    joints, *_ = _network()(batch.values, batch.point_gaps, batch.joint_gaps)
    assert (joints[:, :, 0] == 0).all()


def test_frames_farther_than_the_reach_do_not_matter():
    batch = _batch(seen_share=2.0, frames=400)
    network = _network()
    near = network(batch.values, batch.point_gaps, batch.joint_gaps)[0][:, 200]
    cut = slice(100, 300)
    gaps = [Gaps(part.before[:, cut] - 100, part.after[:, cut] - 100, part.share[:, cut])
            for part in (batch.point_gaps, batch.joint_gaps)]  # fmt: skip
    assert torch.allclose(near, network(batch.values[:, cut], *gaps)[0][:, 100], atol=1e-5)


def test_the_line_of_tensors_is_that_of_arrays():
    rng = np.random.default_rng(0)
    seen, values = rng.random((2, 30, 25)) < 0.5, rng.normal(size=(2, 30, 25, 3)).astype(np.float32)
    near = neighbors(seen)
    gaps = Gaps(*(torch.from_numpy(np.ascontiguousarray(part)) for part in (near.before, near.after, near.share)))
    assert np.allclose(gaps.bridge(torch.from_numpy(values)).numpy(), bridge(values, near), atol=1e-6)


def test_joints_come_back_in_the_view_that_the_network_has():
    batch = _batch()
    length = torch.linalg.vector_norm(
        batch.joints[:, :, JOINTS.index("knee.L")] - batch.joints[:, :, JOINTS.index("hip.L")], dim=-1
    )
    assert float(length.std()) == pytest.approx(0.0, abs=1e-4)
    # whoever stands upright before a level camera is upright in its view: down is +y
    assert float((batch.joints[:, :, JOINTS.index("ankle.L"), 1] > 0.2).float().mean()) > 0.95


def test_what_is_hidden_on_purpose_is_also_told_clear_in_the_same_axes() -> None:
    joints = people_in_camera(40)[None].astype(np.float32)
    slopes = joints[:, :, POINTS, :2] / joints[:, :, POINTS, 2:]
    known = np.ones(slopes.shape[:-1], bool)
    seen = known.copy()
    seen[:, 10:30, :12] = False
    arrays = (slopes, np.ones(seen.shape, np.float32))
    truth = (joints, slopes, np.ones(1, bool))
    masked, whole = (network_batch(Windows(*arrays, told, *truth, known)) for told in (seen, known))
    assert masked.clear is not None
    assert torch.equal(masked.clear.values, whole.values)
    assert not torch.allclose(whole.joints, masked.joints, atol=1e-3)
    turned = whole.joints @ masked.clear.turn.transpose(-1, -2)
    assert torch.allclose(turned, masked.joints, atol=1e-4)
    assert network_batch(Windows(*arrays, seen, *truth)).clear is None
