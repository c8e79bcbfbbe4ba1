"""The refiner of S0 (Roy, Badanin, Honari and Fua, 2024, arXiv 2402.11036): a graph of all joints in all frames of a window.

A node that is masked sends nothing in any layer and shows nothing of itself, so that what comes out there was told by
others: the answer is added to a line between the joint's other frames, never to what the mask hides. A joint that the
lifter did not see but guessed is no masked node: its guess is read, and marked as one.

Every edge has weights of its own. All edges of a layer are then one convolution over time whose weights are nothing
wherever there is no edge, which is many times as fast as to gather what neighbors send.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..models.skeletons import JOINT_PARENTS, JOINTS
from .networks import body_axes, turn

# Numbers of a node: its place and its last step in the axes of the view and in those of the body, confidence, whether
# it was seen, how far the next sight is, and whether it is active.
_PER_NODE = 16
_STEP = 10.0
# Metres that one of an answer's changes stands for: what is to be added to a good answer is small, and steps of the
# optimizer that suit the layers would drown it.
_CHANGE = 0.1
# Of a node's answer: a change in the axes of the view, one in those of the body, and the logarithm of the spread.
_ANSWERS = 9


@dataclass(frozen=True, slots=True)
class GraphSettings:
    """Sizes.

    width: channels of a node. reach: occurrences of a joint on each side that a temporal edge set ties it to. strides:
    frames between those occurrences, for every layer; small ones see fast motion and large ones slow motion.
    """

    width: int = 16
    reach: int = 2
    strides: tuple[int, ...] = (1, 3, 9, 27, 9, 3)
    dropout: float = 0.05


class GraphLayer(nn.Module):
    """One residual graph convolution; nodes `[B, 30 C, T]`, the channels of a node side by side."""

    def __init__(self, settings: GraphSettings, stride: int) -> None:
        super().__init__()
        nodes, width, reach = len(JOINTS), settings.width, settings.reach
        whole = nodes * width
        self.width, self.stride, self.far = width, stride, reach * stride
        self.norm = nn.BatchNorm1d(whole)
        self.own = nn.Conv1d(whole, whole, 1, groups=nodes)
        self.between = nn.Parameter(torch.empty(whole, whole, 2 * reach + 1))
        self.mix = nn.Conv1d(whole, whole, 1, groups=nodes)
        self.dropout = nn.Dropout1d(settings.dropout)
        edges = _edges(reach)
        self.register_buffer("edges", edges, persistent=False)
        bound = (width * float(edges.sum(dim=(1, 2)).mean())) ** -0.5
        nn.init.uniform_(self.between, -bound, bound)
        nn.init.normal_(self.mix.weight, std=1e-2)

    def forward(self, nodes: Tensor, active: Tensor) -> Tensor:
        """Nodes after the layer. active: `[B, 30, T]` 1 where a node sends."""
        normal = functional.relu(self.norm(nodes))
        edges = self.get_buffer("edges")
        # as if all neighbors had sent, however few did
        share = self._along(torch.ones_like(active), edges) / self._along(active, edges).clamp_min(1.0)
        weights = self.between * edges.repeat_interleave(self.width, 0).repeat_interleave(self.width, 1)
        told = self._weighed(self._along(self._weighed(normal, active), weights), share)
        return nodes + self.dropout(self.mix(functional.relu(self.own(normal) + told)))

    def _along(self, values: Tensor, weights: Tensor) -> Tensor:
        return functional.conv1d(values, weights, padding=self.far, dilation=self.stride)

    def _weighed(self, values: Tensor, share: Tensor) -> Tensor:
        """Channels `[B, 30 C, T]` by a number `[B, 30, T]` for every node."""
        return (values.unflatten(1, (-1, self.width)) * share[:, :, None].to(values.dtype)).flatten(1, 2)


class GraphRefiner(nn.Module):
    """Joints to better joints and the logarithm of their spread, metres about the pelvis in the same axes."""

    def __init__(self, settings: GraphSettings) -> None:
        super().__init__()
        self.settings = settings
        nodes, whole = len(JOINTS), len(JOINTS) * settings.width
        self.enter = nn.Conv1d(nodes * _PER_NODE, whole, 1, groups=nodes)
        self.layers = nn.ModuleList(GraphLayer(settings, stride) for stride in settings.strides)
        self.leave = nn.BatchNorm1d(whole)
        self.head = nn.Conv1d(whole, nodes * _ANSWERS, 1, groups=nodes)
        nn.init.normal_(self.head.weight, std=1e-3)

    def forward(
        self, joints: Tensor, confidence: Tensor, seen: Tensor, near: Tensor, active: Tensor
    ) -> tuple[Tensor, Tensor]:
        """The refined joints and their log spread, `[B, T, 30, 3]` each.

        joints: `[B, T, 30, 3]`, in which nodes that are not active are bridged by those that are. confidence, seen,
        near, active: `[B, T, 30]`; seen, active 0 or 1; near: 0 in sight to 1 far from any sight.
        """
        axes = body_axes(joints)
        sends = active[..., None]
        step = _STEP * functional.pad(joints[:, 1:] - joints[:, :-1], (0, 0, 0, 0, 1, 0))
        facts = torch.stack([confidence * active, seen * active, near, active], dim=-1)
        given = torch.cat([joints, step, turn(joints, axes), turn(step, axes)], dim=-1) * sends
        nodes = self.enter(torch.cat([given, facts], dim=-1).flatten(2).transpose(1, 2))
        for layer in self.layers:
            nodes = layer(nodes, active.transpose(1, 2))
        found = self.head(functional.relu(self.leave(nodes))).transpose(1, 2).unflatten(-1, (len(JOINTS), _ANSWERS))
        in_view, in_body, spread = found.float().split(3, dim=-1)
        refined = joints + _CHANGE * (in_view + turn(in_body, axes.transpose(-1, -2)))
        return refined - refined[:, :, :1], spread


def _edges(reach: int) -> Tensor:
    """`[30, 30, 2 reach + 1]` 1 where the second joint sends to the first: over bones at once, to itself over time."""
    edges = torch.zeros(len(JOINTS), len(JOINTS), 2 * reach + 1)
    for joint, parent in enumerate(JOINT_PARENTS):
        edges[joint, joint] = 1.0
        edges[joint, joint, reach] = 0.0
        if parent >= 0:
            edges[joint, parent, reach] = edges[parent, joint, reach] = 1.0
    return edges
