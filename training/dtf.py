"""The network of S4, Dual Transformer Fusion (Ghafoor, Mahmood and Bilal, IEEE TMM 2024, arXiv 2410.04574).

Tokens of the first stage are channels of points over the whole window (x, y and confidence), so their width is its
length; cascaded views of the window come of it, two in the paper. The second stage looks along time, refines each view
by itself and all together, and fuses them. All frames of the window are answered at once. Beyond the paper the second
stage reads the distances to the nearest sights (`inference.guidance`), the subject's size and its motion in the picture,
and the answer has a spread.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ..inference.guided import CHANNELS, VALUES
from ..models.skeletons import JOINTS, POINTS

# Of a point's channels, those that are tokens: x, y and confidence; the distances to the nearest sights are not.
_TOKENS = 3


@dataclass(frozen=True, slots=True)
class DtfSettings:
    """Sizes, the paper's unless a recipe says otherwise.

    frames: of a window, divisible by `heads`. views: how many the generator makes. width: of the second stage. depth:
    blocks of a view's generator. refinements: self-refinements. path: largest share of a generator's blocks that are left out in training, rising with
    depth (stochastic depth, Huang et al., ECCV 2016).
    """

    frames: int = 27
    views: int = 2
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
        return self.attending(x, other)[0]

    def attending(self, x: Tensor, other: Tensor) -> tuple[Tensor, Tensor]:
        """The same, and how much every token of `x` attends to every one of `other`, `[B, heads, N, N]`."""
        query, value = (self._split(part) for part in self.ask(x).chunk(2, dim=-1))
        key = self._split(self.key(other))
        # written out, because torch's own is several times as slow backward with 16-bit numbers on a processor
        weights = (query * query.shape[-1] ** -0.5 @ key.transpose(-1, -2)).softmax(dim=-1)
        return self.out((weights @ value).transpose(1, 2).flatten(2)), weights

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
        return self.attending(x)[0]

    def attending(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The same, and how much every token attends to every other, `[B, heads, N, N]`."""
        normal = self.before(x)
        found, weights = self.attention.attending(normal, normal)
        x = x + self.skip(found)
        return x + self.skip(self.mlp(self.between(x))), weights


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
    """Each view looks along its own time, then all go through one MLP together; views are `[B, F, C]` each."""

    def __init__(self, settings: DtfSettings, *, across: bool) -> None:
        super().__init__()
        width, views = settings.width, settings.views
        self.across = across
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(views))
        self.attention = nn.ModuleList(Attention(width, settings.time_heads) for _ in range(views))
        self.norm = nn.LayerNorm(views * width)
        self.mlp = _mlp(views * width, views * width, settings.dropout)

    def forward(self, views: Sequence[Tensor]) -> list[Tensor]:
        """All views.

        With `across` each is told by the one before it, whose queries and values meet its own keys; the first by the last
        as it was.
        """
        views = list(views)
        for index, (norm, attention) in enumerate(zip(self.norms, self.attention, strict=True)):
            own = norm(views[index])
            asking = self.norms[index - 1](views[index - 1]) if self.across else own
            views[index] = views[index] + attention(asking, own)
        whole = torch.cat(views, dim=-1)
        return list((whole + self.mlp(self.norm(whole))).chunk(len(views), dim=-1))


class Dtf(nn.Module):
    """Guided points `[B, F, VALUES]` to joints and the logarithm of their spread, `[B, F, 30, 3]` each, metres."""

    def __init__(self, settings: DtfSettings) -> None:
        super().__init__()
        self.settings = settings
        width, count = settings.width, settings.views
        tokens = _TOKENS * len(POINTS)
        beside = VALUES - tokens
        self.views = nn.ModuleList(Generator(tokens, settings) for _ in range(count))
        self.embed = nn.ModuleList(nn.Linear(tokens + beside, width) for _ in range(count))
        self.position = nn.ParameterList(nn.Parameter(torch.zeros(1, settings.frames, width)) for _ in range(count))
        self.refine = nn.ModuleList(Refinement(settings, across=False) for _ in range(settings.refinements))
        self.fuse = Refinement(settings, across=True)
        self.norm = nn.LayerNorm(count * width)
        self.head = nn.Linear(count * width, 2 * 3 * len(JOINTS))
        nn.init.normal_(self.head.weight, std=1e-3)
        nn.init.zeros_(self.head.bias)

    def forward(self, values: Tensor) -> tuple[Tensor, Tensor]:
        """Joints about the pelvis in the axes of the points' view, and log spread along the same axes."""
        points = values[..., : CHANNELS * len(POINTS)].unflatten(-1, (len(POINTS), CHANNELS))
        tokens = points[..., :_TOKENS].flatten(2).transpose(1, 2)
        beside = torch.cat([points[..., _TOKENS:].flatten(2), values[..., CHANNELS * len(POINTS) :]], dim=-1)
        seen = []
        for view, embed, position in zip(self.views, self.embed, self.position, strict=True):
            tokens = view(tokens)
            seen.append(embed(torch.cat([tokens.transpose(1, 2), beside], dim=-1)) + position)
        for part in (*self.refine, self.fuse):
            seen = part(seen)
        found = self.head(self.norm(torch.cat(seen, dim=-1))).unflatten(-1, (len(JOINTS), 6))
        joints, spread = found.split(3, dim=-1)
        return joints - joints[:, :, :1], spread
