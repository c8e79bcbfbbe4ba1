"""The pose transformer of S1 (Wan et al., RSB-Pose, arXiv 2311.14242): joints of one frame as tokens, some of them masked.

The paper's relative form is about the pelvis. Ours is that, with a learned token for what is masked instead of a point
ten metres up, and an answer that is added to what is in sight, so that a pose nobody doubts passes unchanged.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from ..models.skeletons import JOINTS
from .dtf import Block


@dataclass(frozen=True, slots=True)
class PptSettings:
    """Sizes as in the paper; path: largest share of blocks left out in training. form: whether about the pelvis."""

    width: int = 128
    depth: int = 16
    heads: int = 8
    path: float = 0.1
    form: Literal["relative", "absolute"] = "relative"
    passes: int = 2
    fill: int = 2


class PoseTransformer(nn.Module):
    """Joints `[N, 30, 3]` in metres, of which some are masked, to the whole pose."""

    def __init__(self, settings: PptSettings) -> None:
        super().__init__()
        self.settings = settings
        width = settings.width
        self.enter = nn.Linear(3, width)
        self.masked = nn.Parameter(torch.zeros(width))
        self.position = nn.Parameter(torch.randn(1, len(JOINTS), width) * 0.02)
        shares = torch.linspace(0.0, settings.path, settings.depth).tolist()
        self.blocks = nn.ModuleList(Block(width, settings.heads, 2 * width, 0.0, share) for share in shares)
        self.norm = nn.LayerNorm(width)
        self.head = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, 3))

    def forward(self, joints: Tensor, seen: Tensor) -> Tensor:
        """The pose `[N, 30, 3]`; seen: `[N, 30]` 0 or 1, joints that are not are not read."""
        root = joints[:, :1] if self.settings.form == "relative" else torch.zeros_like(joints[:, :1])
        shown = seen[..., None]
        about = (joints - root) * shown
        tokens = self.enter(about) * shown + self.masked * (1.0 - shown) + self.position
        for block in self.blocks:
            tokens = self.norm(block(tokens))
        return about + self.head(tokens) + root
