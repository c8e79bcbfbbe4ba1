"""The pose transformer of S1 (Wan et al., RSB-Pose, arXiv 2311.14242): joints of one frame as tokens, some of them masked.

Ours has a learned token for what is masked instead of a point ten metres up, a mark for what a lifter only guessed, and
an answer that is added to what it reads, so that a pose nobody doubts passes unchanged.
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
    """Sizes as in the paper, and its two forms.

    path: largest share of blocks left out in training. form: relative takes joints about the pelvis, absolute where they
    are before the camera. fill: joints that an iteration of the pre-training fills.
    """

    width: int = 128
    depth: int = 16
    heads: int = 8
    path: float = 0.1
    form: Literal["relative", "absolute"] = "relative"
    fill: int = 2


USUAL_PLACE = (0.0, 0.0, 4.0)
"""Metres from the camera at which the absolute form takes a pelvis to be that nobody knows the place of, view axes."""


def placed_usually(joints: Tensor, settings: PptSettings) -> Tensor:
    """Joints `[N, 30, 3]` about the pelvis as a network of `settings` reads them where nobody knows their place."""
    return joints if settings.form == "relative" else joints + torch.tensor(USUAL_PLACE, device=joints.device)


class PoseTransformer(nn.Module):
    """Joints `[N, 30, 3]` in metres, of which some are masked, to the whole pose."""

    def __init__(self, settings: PptSettings) -> None:
        super().__init__()
        self.settings = settings
        width = settings.width
        self.enter = nn.Linear(3, width)
        self.masked = nn.Parameter(torch.zeros(width))
        self.guess = nn.Parameter(torch.zeros(width))
        self.position = nn.Parameter(torch.randn(1, len(JOINTS), width) * 0.02)
        shares = torch.linspace(0.0, settings.path, settings.depth).tolist()
        *others, self.last = (Block(width, settings.heads, 2 * width, 0.0, share) for share in shares)
        self.blocks = nn.ModuleList(others)
        self.norm = nn.LayerNorm(width)
        self.head = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, 3))

    def forward(self, joints: Tensor, seen: Tensor, guessed: Tensor) -> Tensor:
        """The pose `[N, 30, 3]`.

        seen, guessed: `[N, 30]` 0 or 1, at most one of them 1: joints that were seen, and joints that were not but have a
        lifter's guess. Joints that are neither are not read.
        """
        return self.attending(joints, seen, guessed)[0]

    def attending(self, joints: Tensor, seen: Tensor, guessed: Tensor) -> tuple[Tensor, Tensor]:
        """The pose, and how much attention each joint gets `[N, 30]` in the last block, over all heads and askers."""
        root = joints[:, :1] if self.settings.form == "relative" else torch.zeros_like(joints[:, :1])
        shown = (seen + guessed)[..., None]
        about = (joints - root) * shown
        tokens = self.enter(about) * shown + self.masked * (1.0 - shown) + self.guess * guessed[..., None]
        tokens = tokens + self.position
        for block in self.blocks:
            tokens = self.norm(block(tokens))
        tokens, weights = self.last.attending(tokens)
        return about + self.head(self.norm(tokens)) + root, weights.sum(dim=(1, 2))

    def filled_once(self, joints: Tensor, seen: Tensor) -> tuple[Tensor, Tensor]:
        """Two passes of the pre-training by iterative masking, the pose after each.

        Between them the masked joints that get most attention are filled with their answers, and the joints in sight are
        replaced by theirs, as in the paper's code.
        """
        first, received = self.attending(joints, seen, torch.zeros_like(seen))
        best = received.detach().masked_fill(seen > 0, -1.0).topk(self.settings.fill, dim=-1).indices
        chosen = torch.zeros_like(seen).scatter(-1, best, 1.0) * (1.0 - seen)
        return first, self(first, seen, chosen)
