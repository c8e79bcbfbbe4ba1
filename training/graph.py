"""The refiner of S0 (Roy, Badanin, Honari and Fua, 2024, arXiv 2402.11036): a graph of all joints in all frames of a window.

A node that is masked sends nothing in any layer and shows nothing of itself, so that what comes out there was told by
others: the answer is added to the input only where that is in sight, and to a line across the gap where it is not.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..models.skeletons import JOINT_PARENTS, JOINTS

_PER_NODE = 6
"""Numbers of a node: x, y, z, confidence, whether it is in sight, and how far the next sight is."""


@dataclass(frozen=True, slots=True)
class GraphSettings:
    """Sizes.

    reach: occurrences of a joint on each side that a temporal edge set ties it to. strides: frames between those
    occurrences, one edge set each; small ones see fast motion and large ones slow motion.
    """

    width: int = 128
    layers: int = 4
    reach: int = 3
    strides: tuple[int, ...] = (1, 3, 9)
    dropout: float = 0.1


class GraphLayer(nn.Module):
    """One residual graph convolution with weights of its own for each kind of edge; nodes `[B, T, 30, C]`."""

    def __init__(self, settings: GraphSettings) -> None:
        super().__init__()
        width = settings.width
        self.settings = settings
        self.norm = nn.LayerNorm(width)
        self.own = nn.Linear(width, width)
        self.bones = nn.Linear(width, width, bias=False)
        self.times = nn.ModuleList(nn.Linear(width, width, bias=False) for _ in settings.strides)
        self.mix = nn.Linear(width, width)
        self.dropout = nn.Dropout(settings.dropout)
        self.register_buffer("adjacent", _adjacency(), persistent=False)

    def forward(self, nodes: Tensor, active: Tensor) -> Tensor:
        """Nodes after the layer. active: `[B, T, 30, 1]` 1 where a node sends."""
        normal = self.norm(nodes)
        sent = normal * active
        found = self.own(normal) + self.bones(_mean(self._along_bones(sent), self._along_bones(active)))
        for weigh, stride in zip(self.times, self.settings.strides, strict=True):
            found = found + weigh(_mean(self._along_time(sent, stride), self._along_time(active, stride)))
        return nodes + self.dropout(self.mix(functional.gelu(found)))

    def _along_bones(self, values: Tensor) -> Tensor:
        return torch.einsum("ij,btjc->btic", self.get_buffer("adjacent").to(values.dtype), values)

    def _along_time(self, values: Tensor, stride: int) -> Tensor:
        """Sum over a joint's other occurrences up to `reach` strides away."""
        frames, far = values.shape[1], self.settings.reach * stride
        padded = functional.pad(values, (0, 0, 0, 0, far, far))
        steps = [step * stride for step in range(-self.settings.reach, self.settings.reach + 1) if step]
        return torch.stack([padded[:, far + step : far + step + frames] for step in steps]).sum(dim=0)


class GraphRefiner(nn.Module):
    """Joints `[B, T, 30, 3]` to joints and the logarithm of their spread, metres about the pelvis in the same axes."""

    def __init__(self, settings: GraphSettings) -> None:
        super().__init__()
        self.settings = settings
        self.enter = nn.Linear(_PER_NODE, settings.width)
        self.joint = nn.Parameter(torch.randn(len(JOINTS), settings.width) * 0.02)
        self.layers = nn.ModuleList(GraphLayer(settings) for _ in range(settings.layers))
        self.leave = nn.LayerNorm(settings.width)
        self.head = nn.Linear(settings.width, 6)

    def forward(
        self, joints: Tensor, confidence: Tensor, seen: Tensor, filled: Tensor, near: Tensor
    ) -> tuple[Tensor, Tensor]:
        """The refined joints and their log spread.

        joints: `[B, T, 30, 3]`, not read where unseen. confidence, seen: `[B, T, 30]`, seen 0 or 1. filled: `[B, T, 30, 3]`
        the joints with gaps bridged by what is seen alone. near: `[B, T, 30]` 0 in sight to 1 far from any sight.
        """
        active = seen[..., None]
        given = torch.cat([filled * active, torch.stack([confidence * seen, seen, near], dim=-1)], dim=-1)
        nodes = self.enter(given) + self.joint
        for layer in self.layers:
            nodes = layer(nodes, active)
        change, spread = self.head(self.leave(nodes)).split(3, dim=-1)
        refined = torch.where(active > 0, joints, filled) + change
        return refined - refined[:, :, :1], spread


def _adjacency() -> Tensor:
    adjacent = torch.zeros(len(JOINTS), len(JOINTS))
    for joint, parent in enumerate(JOINT_PARENTS):
        if parent >= 0:
            adjacent[joint, parent] = adjacent[parent, joint] = 1.0
    return adjacent


def _mean(total: Tensor, count: Tensor) -> Tensor:
    """Sums over how many sent; nothing where none did."""
    return total / count.clamp_min(1.0)
