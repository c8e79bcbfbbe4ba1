"""Training batches: what they hold, and that a few labelled clips are not drowned by the others."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from penumbra.training.bodies import mean_body
from penumbra.training.clips import Clip
from penumbra.training.motion_sampler import MotionSampler
from penumbra.training.settings import TrainingSettings
from tests.synthetic import random_motion

SETTINGS = TrainingSettings(batch=64, frames=20)


def _clips(count: int) -> list[Clip]:
    clips = []
    for index in range(count):
        moving = random_motion(60, seed=index)
        arrays = (moving.rotations.astype(np.float32), moving.root.astype(np.float32), mean_body().astype(np.float32))
        clips.append(Clip(f"made/{index}", "made", f"made/{index}", "walk", "CC0", *arrays))
    return clips


def test_the_same_seed_gives_the_same_batch() -> None:
    sampler = MotionSampler(_clips(3), SETTINGS)
    first, second = (sampler.batch(np.random.default_rng(2), masked=True) for _ in range(2))
    assert torch.equal(first.values, second.values)
    assert torch.equal(first.joints, second.joints)


def test_half_of_the_windows_are_labelled_however_few_the_clips() -> None:
    sampler = MotionSampler(_clips(10), replace(SETTINGS, labelled=0.1, unlabelled=True))
    rng = np.random.default_rng(1)
    share = np.mean([float(sampler.batch(rng, masked=False).labelled.mean()) for _ in range(8)])
    assert 0.4 < share < 0.6


def test_only_masked_batches_have_gaps_in_what_is_ever_seen() -> None:
    sampler = MotionSampler(_clips(3), SETTINGS)
    rng = np.random.default_rng(1)
    plain, masked = (sampler.batch(rng, masked=masked) for masked in (False, True))
    for batch, gaps in ((plain, False), (masked, True)):
        ever = batch.seen.amax(dim=1, keepdim=True)
        assert bool(((batch.seen == 0) & (ever == 1)).any()) is gaps


def test_bodies_are_about_the_pelvis_and_of_human_size() -> None:
    batch = MotionSampler(_clips(3), SETTINGS).batch(np.random.default_rng(1), masked=False)
    assert (batch.joints[:, :, 0] == 0).all()
    farthest = torch.linalg.vector_norm(batch.joints, dim=-1).amax(dim=(1, 2))
    assert (farthest > 0.5).all()
    assert (farthest < 1.5).all()
