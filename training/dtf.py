"""The network of S4, Dual Transformer Fusion (Ghafoor, Mahmood and Bilal, IEEE TMM 2024, arXiv 2410.04574).

Tokens of the first stage are channels of points over the whole window, so their width is its length; two cascaded views of
the window come of it. The second stage looks along time, refines each view by itself and both together, and fuses
them. All frames of the window are answered at once. Beyond the paper the two distances to the nearest sights
(`inference.guidance`) are channels too, and the answer has a spread.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..models.skeletons import JOINTS, POINTS

CHANNELS = 5
"""Channels of a point: x, y, confidence, and the distances to the sight before and after."""


@dataclass(frozen=True, slots=True)
class DtfSettings:
    """Sizes. frames: of a window, divisible by `heads`. width: of the second stage. depth: blocks of a view's generator.

    refinements: self-refinements. path: largest share of a generator's blocks that are left out in training, rising with
    depth (stochastic depth, Huang et al., ECCV 2016).
    """

    frames: int = 27
    width: int = 512
    depth: int = 4
    heads: int = 9
    time_heads: int = 8
    refinements: int = 2
    dropout: float = 0.1
    path: float = 0.2


class Skip(nn.Module):
    """Leaves a residual branch out, for whole windows and only in training."""

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share

    def forward(self, x: Tensor) -> Tensor:
        """The branch's `[B, ...]`, or zeros."""
        if not self.training or self.share == 0.0:
            return x
        kept = torch.rand(x.shape[0], *[1] * (x.dim() - 1), device=x.device) >= self.share
        return x * kept.to(x.dtype) / (1.0 - self.share)


class Attention(nn.Module):
    """Multi-head attention whose values come with the queries, as DTF and MHFormer have it across views."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.ask = nn.Linear(width, 2 * width)
        self.key = nn.Linear(width, width)
        self.out = nn.Linear(width, width)

    def forward(self, x: Tensor, other: Tensor) -> Tensor:
        """Queries and values of `x`, keys of `other`, both `[B, N, C]`."""
        query, value = (self._split(part) for part in self.ask(x).chunk(2, dim=-1))
        found = functional.scaled_dot_product_attention(query, self._split(self.key(other)), value)
        return self.out(found.transpose(1, 2).flatten(2))

    def _split(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)


def _mlp(width: int, hidden: int, dropout: float) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(width, hidden), nn.GELU(), nn.Dropout(dropout), nn.Linear(hidden, width), nn.Dropout(dropout)
    )


class Block(nn.Module):
    """Pre-norm transformer block `[B, N, C]`."""

    def __init__(self, width: int, heads: int, hidden: int, dropout: float, path: float) -> None:
        super().__init__()
        self.before, self.between = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = Attention(width, heads)
        self.mlp = _mlp(width, hidden, dropout)
        self.skip = Skip(path)

    def forward(self, x: Tensor) -> Tensor:
        """The tokens after the block."""
        normal = self.before(x)
        x = x + self.skip(self.attention(normal, normal))
        return x + self.skip(self.mlp(self.between(x)))


class Generator(nn.Module):
    """One view: what a transformer over channel tokens `[B, tokens, F]` adds to them."""

    def __init__(self, tokens: int, settings: DtfSettings) -> None:
        super().__init__()
        width = settings.frames
        self.enter = nn.LayerNorm(width)
        self.position = nn.Parameter(torch.zeros(1, tokens, width))
        shares = torch.linspace(0.0, settings.path, settings.depth).tolist()
        self.blocks = nn.Sequential(
            *(Block(width, settings.heads, 2 * width, settings.dropout, share) for share in shares)
        )
        self.leave = nn.LayerNorm(width)

    def forward(self, x: Tensor) -> Tensor:
        """The next view of the tokens."""
        return x + self.leave(self.blocks(self.enter(x) + self.position))


class Refinement(nn.Module):
    """Each view looks along its own time, then both go through one MLP together; `[B, F, C]` each."""

    def __init__(self, settings: DtfSettings, *, across: bool) -> None:
        super().__init__()
        width = settings.width
        self.across = across
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(2))
        self.attention = nn.ModuleList(Attention(width, settings.time_heads) for _ in range(2))
        self.norm = nn.LayerNorm(2 * width)
        self.mlp = _mlp(2 * width, 2 * width, settings.dropout)

    def forward(self, one: Tensor, two: Tensor) -> tuple[Tensor, Tensor]:
        """Both views. With `across` each takes its keys from the other, the second from the first's new state."""
        for index in range(2):
            views = (one, two)
            own, other = self.norms[index](views[index]), self.norms[1 - index](views[1 - index])
            changed = views[index] + self.attention[index](own, other if self.across else own)
            one, two = (changed, two) if index == 0 else (one, changed)
        both = torch.cat([one, two], dim=-1)
        return (both + self.mlp(self.norm(both))).chunk(2, dim=-1)


class Dtf(nn.Module):
    """Guided points `[B, F, 25, CHANNELS]` to joints and the logarithm of their spread, `[B, F, 30, 3]` each, metres."""

    def __init__(self, settings: DtfSettings) -> None:
        super().__init__()
        self.settings = settings
        tokens, width = CHANNELS * len(POINTS), settings.width
        self.views = nn.ModuleList(Generator(tokens, settings) for _ in range(2))
        self.embed = nn.ModuleList(nn.Linear(tokens, width) for _ in range(2))
        self.position = nn.ParameterList(nn.Parameter(torch.zeros(1, settings.frames, width)) for _ in range(2))
        self.refine = nn.ModuleList(Refinement(settings, across=False) for _ in range(settings.refinements))
        self.fuse = Refinement(settings, across=True)
        self.norm = nn.LayerNorm(2 * width)
        self.head = nn.Linear(2 * width, 2 * 3 * len(JOINTS))

    def forward(self, points: Tensor) -> tuple[Tensor, Tensor]:
        """Joints about the pelvis in the axes of the points' view, and log spread along the same axes."""
        tokens = points.flatten(2).transpose(1, 2)
        seen = []
        for view, embed, position in zip(self.views, self.embed, self.position, strict=True):
            tokens = view(tokens)
            seen.append(embed(tokens.transpose(1, 2)) + position)
        one, two = seen
        for part in (*self.refine, self.fuse):
            one, two = part(one, two)
        found = self.head(self.norm(torch.cat([one, two], dim=-1))).unflatten(-1, (len(JOINTS), 6))
        joints, spread = found.split(3, dim=-1)
        return joints - joints[:, :, :1], spread
