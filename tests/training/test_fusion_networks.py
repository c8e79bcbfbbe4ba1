"""The networks of S4, S0 and S1's prior: shapes, sizes, and that what is masked is not read."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from penumbra.inference.masks import MaskSettings, masksembles, structured_masks
from penumbra.models.skeletons import JOINT_PARENTS, JOINTS
from penumbra.training.dtf import Attention, Dtf, DtfSettings
from penumbra.training.graph import GraphRefiner, GraphSettings
from penumbra.training.ppt import PoseTransformer, PptSettings


def _size(network: torch.nn.Module) -> float:
    return sum(parameter.numel() for parameter in network.parameters()) / 1e6


def _stirred(network: torch.nn.Module) -> torch.nn.Module:
    torch.manual_seed(1)
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.05)
    return network.eval()


@pytest.mark.parametrize(("frames", "million"), [(27, 12.8), (81, 13.2)])
def test_dtf_is_of_the_papers_size(frames: int, million: float) -> None:
    assert _size(Dtf(DtfSettings(frames=frames))) == pytest.approx(million, rel=0.03)


def test_dtf_answers_all_frames_about_the_pelvis() -> None:
    network = Dtf(DtfSettings(frames=27, width=64)).train()
    points = torch.randn(2, 27, 25, 5)
    joints, spread = network(points)
    assert joints.shape == spread.shape == (2, 27, 30, 3)
    assert (joints[:, :, 0] == 0).all()
    joints.square().mean().backward()
    missed = [name for name, parameter in network.named_parameters() if parameter.grad is None]
    assert not missed


def test_dtf_skips_nothing_when_it_is_used() -> None:
    network = _stirred(Dtf(DtfSettings(frames=27, width=64)))
    points = torch.randn(3, 27, 25, 5)
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


def test_a_masked_node_tells_nothing_to_anybody() -> None:
    """The mask cuts the flow of information: through edges, through the node's own input, through the residual."""
    network = _stirred(GraphRefiner(GraphSettings(width=32, strides=(1, 3))))
    torch.manual_seed(4)
    joints, confidence, near = torch.randn(1, 20, 30, 3), torch.rand(1, 20, 30), torch.rand(1, 20, 30)
    seen = torch.ones(1, 20, 30)
    seen[:, 5:12, 13] = 0.0
    filled = torch.where(seen[..., None] > 0, joints, torch.zeros_like(joints))
    before = network(joints, confidence, seen, filled, near)
    joints[:, 5:12, 13], confidence[:, 5:12, 13] = 99.0, 0.123
    after = network(joints, confidence, seen, filled, near)
    assert all(torch.equal(one, two) for one, two in zip(before, after, strict=True))
    joints[:, 14, 13] += 0.5
    filled = torch.where(seen[..., None] > 0, joints, torch.zeros_like(joints))
    told = network(joints, confidence, seen, filled, near)[0]
    assert not torch.equal(told[:, 8, 13], after[0][:, 8, 13])


def test_a_masked_node_is_reached_over_bones_and_over_time() -> None:
    network = _stirred(GraphRefiner(GraphSettings(width=16, layers=1, reach=1, strides=(1, 4))))
    joints, ones = torch.zeros(1, 21, 30, 3), torch.ones(1, 21, 30)

    def refined(joint: int, frame: int) -> torch.Tensor:
        changed = joints.clone()
        changed[0, frame, joint] += 1.0
        return network(changed, ones, ones, changed, ones)[0] - changed

    still = refined(0, 0)[0, 10, 13] * 0 + (network(joints, ones, ones, joints, ones)[0])[0, 10, 13]
    elbow, wrist = JOINTS.index("elbow.L"), JOINTS.index("wrist.L")
    for joint, frame, reaches in ((elbow, 10, True), (elbow, 11, False), (wrist, 11, True), (wrist, 14, True),
                                  (wrist, 12, False), (JOINTS.index("shoulder.L"), 10, False)):  # fmt: skip
        differs = not torch.allclose(refined(joint, frame)[0, 10, wrist], still, atol=1e-6)
        assert differs == reaches, (joint, frame)


@pytest.mark.parametrize("form", ["relative", "absolute"])
def test_the_prior_reads_only_what_is_seen(form: str) -> None:
    network = _stirred(PoseTransformer(PptSettings(form=form)))  # type: ignore[arg-type]
    assert _size(network) == pytest.approx(2.12, rel=0.02)
    joints, seen = torch.randn(4, 30, 3), torch.ones(4, 30)
    seen[:, 10:15] = 0.0
    whole = network(joints, seen)
    joints[:, 10:15] = 77.0
    assert torch.equal(whole, network(joints, seen))
    moved = network(joints + 5.0, seen)
    assert torch.allclose(moved - 5.0, whole, atol=1e-4) == (form == "relative")
