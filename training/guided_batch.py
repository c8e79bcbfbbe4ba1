"""Batches for networks that read windows with their gaps filled (`inference.guided`)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..inference.guidance import GuidanceSettings
from ..inference.guided import guided
from ..inference.sight_features import joints_seen
from .sampler import Windows, in_view


@dataclass(frozen=True, slots=True)
class GuidedBatch:
    """N windows of F frames. values: `[N, F, VALUES]`. joints: `[N, F, 30, 3]` metres about the pelvis in the view's axes.

    hidden: `[N, F, 30]` 1 where a joint is out of sight.
    """

    values: Tensor
    joints: Tensor
    hidden: Tensor

    def to(self, device: torch.device) -> GuidedBatch:
        """The same batch on another device."""
        return GuidedBatch(self.values.to(device), self.joints.to(device), self.hidden.to(device))


def guided_batch(windows: Windows, frames: int, settings: GuidanceSettings) -> GuidedBatch:
    """The batch, in which gaps are filled before windows of `frames` are cut, so that a sight outside one still counts."""
    given = guided(windows.points, windows.confidence, windows.seen, settings)
    hidden = 1.0 - joints_seen(windows.seen).astype(np.float32)
    arrays = (given.values, in_view(windows.joints, given.views), hidden)
    return GuidedBatch(*(torch.from_numpy(_cut(array, frames)) for array in arrays))


def _cut(values: np.ndarray, frames: int) -> np.ndarray:
    """`[B, T, ...]` as `[B * (T // frames), frames, ...]`."""
    count = values.shape[1] // frames
    return np.ascontiguousarray(values[:, : count * frames].reshape(-1, frames, *values.shape[2:]))
