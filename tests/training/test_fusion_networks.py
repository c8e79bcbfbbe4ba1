"""The networks of S4, S0 and S1's prior: shapes, sizes, and that what is masked is not read."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import pytest
import torch

from penumbra.inference.guided import VALUES
from penumbra.inference.masks import MaskSettings, masksembles, structured_masks
from penumbra.inference.sightings import neighbors
from penumbra.models.skeletons import JOINT_PARENTS, JOINTS
from penumbra.training.dtf import Attention, Dtf, DtfSettings
from penumbra.training.graph import GraphLayer, GraphRefiner, GraphSettings
from penumbra.training.ppt import PoseTransformer, PptSettings
from penumbra.training.sampler import gaps

_Network = TypeVar("_Network", bound=torch.nn.Module)


def _size(network: torch.nn.Module) -> float:
    return sum(parameter.numel() for parameter in network.parameters()) / 1e6


def _stirred(network: _Network) -> _Network:
    torch.manual_seed(1)
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.05)
    return network.eval()


@pytest.mark.parametrize(("frames", "million"), [(27, 12.8), (81, 13.2)])
def test_dtf_is_of_the_papers_size(frames: int, million: float) -> None:
    assert _size(Dtf(DtfSettings(frames=frames))) == pytest.approx(million, rel=0.03)


def test_dtf_answers_all_frames_about_the_pelvis() -> None:
    network = Dtf(DtfSettings(frames=27, width=64)).train()
    points = torch.randn(2, 27, VALUES)
    joints, spread = network(points)
    assert joints.shape == spread.shape == (2, 27, 30, 3)
    assert (joints[:, :, 0] == 0).all()
    joints.square().mean().backward()
    missed = [name for name, parameter in network.named_parameters() if parameter.grad is None]
    assert not missed


@pytest.mark.parametrize("views", [1, 3])
def test_dtf_may_have_other_numbers_of_views(views: int) -> None:
    network = Dtf(DtfSettings(frames=27, views=views, width=32, depth=1))
    joints, _ = network(torch.randn(2, 27, VALUES))
    joints.square().mean().backward()
    assert not [name for name, parameter in network.named_parameters() if parameter.grad is None]


def test_dtf_skips_nothing_when_it_is_used() -> None:
    network = _stirred(Dtf(DtfSettings(frames=27, width=64)))
    points = torch.randn(3, 27, VALUES)
    whole = network(points)[0]
    assert torch.allclose(whole, network(points)[0])
    assert torch.allclose(whole[1:2], network(points[1:2])[0], atol=1e-5)


def test_values_come_with_the_queries() -> None:
    torch.manual_seed(2)
    attention = Attention(8, 2)
    x, other = torch.randn(1, 5, 8), torch.randn(1, 5, 8)
    # keys that are all alike weigh all values alike: the mean of x's own values, whatever the other view holds
    attention.key.weight.data.zero_()
    assert torch.allclose(attention(x, other), attention(x, 3.0 * other), atol=1e-6)
    value = attention.ask(x).chunk(2, dim=-1)[1].mean(dim=1, keepdim=True)
    assert torch.allclose(attention(x, other), attention.out(value).expand(1, 5, 8), atol=1e-5)


@pytest.mark.parametrize(("scale", "iou"), [(1.5, 0.5), (2.0, 1 / 3), (3.0, 0.2)])
def test_masks_keep_and_share_what_the_scale_says(scale: float, iou: float) -> None:
    masks = masksembles(np.random.default_rng(1), 60, 8, scale)
    assert masks.shape == (8, 60)
    assert masks.any(axis=0).all()
    assert len(set(masks.sum(axis=1))) == 1
    assert masks.mean() == pytest.approx(1 / scale, rel=0.1)
    shared = [(a & b).sum() / (a | b).sum() for index, a in enumerate(masks) for b in masks[:index]]
    assert np.mean(shared) == pytest.approx(iou, rel=0.15)


def test_a_scale_of_one_masks_nothing_and_less_is_refused() -> None:
    assert masksembles(np.random.default_rng(1), 30, 4, 1.0).all()
    with pytest.raises(ValueError, match="below 1"):
        masksembles(np.random.default_rng(1), 30, 4, 0.5)


def test_structured_masks_are_fixed_last_for_a_while_and_take_what_hangs_on_a_joint() -> None:
    settings = MaskSettings(count=6, shortest=4)
    masks = structured_masks(3, 40, settings)
    assert np.array_equal(masks, structured_masks(3, 40, settings))
    assert not np.array_equal(masks, structured_masks(4, 40, settings))
    for joint, parent in enumerate(JOINT_PARENTS):
        if parent > 0:
            assert (masks[:, :, joint] >= masks[:, :, parent]).all()
    changes = np.diff(np.pad(masks, ((0, 0), (1, 1), (0, 0))).astype(int), axis=1)
    starts, ends = np.nonzero(changes.transpose(0, 2, 1) == 1)[2], np.nonzero(changes.transpose(0, 2, 1) == -1)[2]
    assert (ends - starts >= 4).all()
    assert structured_masks(3, 2, settings).shape == (6, 2, len(JOINTS))


def _bridged(joints: torch.Tensor, active: torch.Tensor) -> torch.Tensor:
    return gaps(neighbors(active.numpy() > 0)).bridge(joints)


def test_a_masked_node_tells_nothing_to_anybody() -> None:
    """The mask cuts the flow of information: through edges, through the node's own input, through the residual."""
    network = _stirred(GraphRefiner(GraphSettings(width=8, strides=(1, 3))))
    torch.manual_seed(4)
    joints, confidence, near = torch.randn(1, 20, 30, 3), torch.rand(1, 20, 30), torch.rand(1, 20, 30)
    seen, active = torch.ones(1, 20, 30), torch.ones(1, 20, 30)
    active[:, 5:12, 13] = 0.0
    before = network(_bridged(joints, active), confidence, seen, near, active)
    joints[:, 5:12, 13], confidence[:, 5:12, 13], seen[:, 5:12, 13] = 99.0, 0.123, 0.0
    after = network(_bridged(joints, active), confidence, seen, near, active)
    assert all(torch.equal(one, two) for one, two in zip(before, after, strict=True))
    joints[:, 14, 13] += 0.5
    told = network(_bridged(joints, active), confidence, seen, near, active)[0]
    assert not torch.equal(told[:, 8, 13], after[0][:, 8, 13])


def test_an_unmasked_guess_is_read() -> None:
    network = _stirred(GraphRefiner(GraphSettings(width=8, strides=(1,))))
    joints, ones = torch.randn(1, 9, 30, 3), torch.ones(1, 9, 30)
    unseen = ones.clone()
    unseen[:, 4, 13] = 0.0
    before = network(joints, ones, unseen, ones, ones)[0]
    joints[:, 4, 13] += 1.0
    assert not torch.equal(before[:, 4, 12], network(joints, ones, unseen, ones, ones)[0][:, 4, 12])


def test_however_few_neighbors_send_they_count_as_much() -> None:
    layer = GraphLayer(GraphSettings(width=4, reach=1), 1).eval()
    torch.nn.init.ones_(layer.between)
    nodes, active = torch.ones(1, 120, 5), torch.ones(1, 30, 5)
    whole = layer(nodes, active)
    active[:, JOINTS.index("elbow.L")] = 0.0
    wrist = slice(4 * JOINTS.index("wrist.L"), 4 * JOINTS.index("wrist.L") + 4)
    assert torch.allclose(whole[:, wrist, 2], layer(nodes, active)[:, wrist, 2], atol=1e-6)


@pytest.mark.parametrize(
    ("stride", "joint", "frame", "reached"),
    [
        (1, "elbow.L", 10, True),
        (1, "elbow.L", 11, False),
        (1, "wrist.L", 11, True),
        (1, "wrist.L", 12, False),
        (4, "wrist.L", 14, True),
        (4, "wrist.L", 12, False),
        (1, "ankle.L", 10, False),
    ],
)
def test_a_node_is_reached_over_bones_and_over_time(stride: int, joint: str, frame: int, *, reached: bool) -> None:
    network = _stirred(GraphRefiner(GraphSettings(width=8, reach=1, strides=(stride,))))
    torch.manual_seed(6)
    joints, ones = torch.randn(1, 21, 30, 3), torch.ones(1, 21, 30)
    before = network(joints, ones, ones, ones, ones)[0][0, 10, JOINTS.index("wrist.L")]
    joints[0, frame, JOINTS.index(joint)] += 1.0
    after = network(joints, ones, ones, ones, ones)[0][0, 10, JOINTS.index("wrist.L")]
    assert torch.equal(before, after) != reached


@pytest.mark.parametrize("form", ["relative", "absolute"])
def test_the_prior_reads_only_what_is_seen_or_guessed(form: str) -> None:
    network = _stirred(PoseTransformer(PptSettings(form=form)))  # type: ignore[arg-type]
    assert _size(network) == pytest.approx(2.12, rel=0.02)
    joints, seen, none = torch.randn(4, 30, 3), torch.ones(4, 30), torch.zeros(4, 30)
    seen[:, 10:15] = 0.0
    whole, guess = network(joints, seen, none), network(joints, seen, 1.0 - seen)
    joints[:, 10:15] = 77.0
    assert torch.equal(whole, network(joints, seen, none))
    assert not torch.equal(guess, network(joints, seen, 1.0 - seen))
    moved = network(joints + 5.0, seen, none)
    assert torch.allclose(moved - 5.0, whole, atol=1e-4) == (form == "relative")


def test_an_iteration_fills_the_joints_that_get_most_attention() -> None:
    network = _stirred(PoseTransformer(PptSettings(width=32, depth=2, path=0.0, fill=2)))
    joints, seen = torch.randn(3, 30, 3), torch.ones(3, 30)
    seen[:, 8:14] = 0.0
    first, received = network.attending(joints, seen, torch.zeros_like(seen))
    chosen = torch.zeros_like(seen)
    for row, attention in enumerate(received.detach()):
        best = sorted(range(8, 14), key=lambda joint: -float(attention[joint]))[:2]
        chosen[row, best] = 1.0
    twice = network.filled_once(joints, seen)
    assert torch.equal(twice[0], first)
    assert torch.allclose(twice[1], network(first, seen, chosen), atol=1e-6)
