"""The networks of S3 (Cheng et al., Occlusion-Aware Networks, ICCV 2019): a 2D and a 3D temporal network in series.

The 2D network smooths the points in sight and leaves the others alone; the 3D network completes the pose. Both are
residual temporal convolutions in the manner of VideoPose3D (Pavllo et al., CVPR 2019). Beyond the paper, the 3D network
has two halves: the first lifts what is seen, with the gaps bridged by straight lines; the second learns what is to be
added to that where a joint is hidden. So joints in sight cost nothing for those that are not.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..inference.sight_features import FEATURES
from ..models.skeletons import JOINTS, POINTS

_PER_POINT = 6
# What the second half is told of each joint: place, distance from the line, two ways onward, and three of time.
_PER_JOINT = 15
# Frames for which a joint is taken to go on as it went when it was last seen.
_ONWARD = 10.0
# Frames on each side over which the body's axes and the amount of its motion are averaged.
_STEADY = 7
_STILL = 0.01
_AXES = 9
_DILATIONS = (1, 3, 9, 27)
# Channels between what the network knows and the spread that it tells, and the logarithm of the usual spread in metres.
_DOUBT = 64
_USUAL_SPREAD = -3.5
_LONG_DILATIONS = (1, 3, 9, 27, 9, 3)


@dataclass(frozen=True, slots=True)
class NetworkSettings:
    """Widths, and the parts that an ablation takes away.

    width: channels of the 3D network. smoothing_width: those of the 2D network. dropout: share of channels.
    smooth: with the 2D network. complete: with the 3D network's second half; without it gaps stay bridged in 2D.
    """

    width: int = 320
    smoothing_width: int = 96
    dropout: float = 0.1
    smooth: bool = True
    complete: bool = True


@dataclass(frozen=True, slots=True)
class Gaps:
    """`inference.sightings.Neighbors` as tensors: before and after int64, share float32, all `[B, T, P]`."""

    before: Tensor
    after: Tensor
    share: Tensor

    def to(self, device: torch.device) -> Gaps:
        """The same on another device."""
        return Gaps(self.before.to(device), self.after.to(device), self.share.to(device))

    @staticmethod
    def at(values: Tensor, frames: Tensor) -> Tensor:
        """`values` `[B, T, P, D]` at the frames `[B, T, P]`."""
        return values.gather(1, frames[..., None].expand(-1, -1, -1, values.shape[-1]))

    def bridge(self, values: Tensor) -> Tensor:
        """`values` `[B, T, P, D]` with every gap replaced by the straight line between its neighbors in time."""
        first, last = self.at(values, self.before), self.at(values, self.after)
        return first + self.share[..., None] * (last - first)


class Temporal(nn.Module):
    """Residual block over time: a dilated convolution of three frames and one of a single frame; `[B, C, T]`."""

    def __init__(self, width: int, dilation: int, dropout: float) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(width)
        self.wide = nn.Conv1d(width, width, 3, dilation=dilation, padding=dilation)
        self.point = nn.Conv1d(width, width, 1)
        self.dropout = nn.Dropout1d(dropout)
        _clear(self.point)

    def forward(self, x: Tensor) -> Tensor:
        """The input plus what the block adds."""
        return x + self.point(self.dropout(functional.relu(self.wide(self.norm(x)))))


class Stack(nn.Module):
    """Temporal blocks of growing reach between two projections: `[B, T, inputs]` to `[B, C, T]`."""

    def __init__(self, inputs: int, width: int, dropout: float, dilations: tuple[int, ...] = _DILATIONS) -> None:
        super().__init__()
        self.enter = nn.Conv1d(inputs, width, 1)
        self.blocks = nn.Sequential(*(Temporal(width, dilation, dropout) for dilation in dilations))
        self.norm = nn.BatchNorm1d(width)

    def forward(self, x: Tensor, beside: Tensor | None = None) -> Tensor:
        """Features of every frame with its surroundings; `beside` `[B, C, T]` is added to what enters."""
        entered = self.enter(x.transpose(1, 2))
        return functional.relu(self.norm(self.blocks(entered if beside is None else entered + beside)))


class Lifter(nn.Module):
    """Net 2 and net 3 of S3."""

    def __init__(self, settings: NetworkSettings) -> None:
        super().__init__()
        width, told = settings.width, 4 * len(POINTS) + FEATURES - _PER_POINT * len(POINTS)
        self.settings = settings
        if settings.smooth:
            self.smoother = Stack(told, settings.smoothing_width, 0.0, (1, 3, 9))
            self.shift = _head(settings.smoothing_width, 2 * len(POINTS))
        self.trunk = Stack(told, width, settings.dropout)
        self.lift = _head(width, 3 * len(JOINTS))
        if settings.complete:
            self.completer = Stack(_PER_JOINT * len(JOINTS) + _AXES, width, settings.dropout, _LONG_DILATIONS)
            self.beside = nn.Conv1d(width, width, 1, bias=False)
            self.correct = _head(width, 4 * len(JOINTS))
            self.doubt = nn.Sequential(nn.Conv1d(2 * width, _DOUBT, 1), nn.ReLU(), _head(_DOUBT, 3 * len(JOINTS)))

    def lifting(self) -> list[nn.Module]:
        """The parts that work without a gap: the 2D network and the first half of the 3D network."""
        return [self.trunk, self.lift, *([self.smoother, self.shift] if self.settings.smooth else [])]

    def answering(self) -> list[nn.Module]:
        """The parts that find the joints: all but the one that tells their spread."""
        both = [self.completer, self.beside, self.correct] if self.settings.complete else []
        return self.lifting() + both

    def lift_seen(self, values: Tensor, point_gaps: Gaps) -> tuple[Tensor, Tensor, Tensor]:
        """The first half's joints `[B, T, 30, 3]`, its features `[B, C, T]`, and the smoothed points `[B, T, 25, 2]`."""
        batch, frames, _ = values.shape
        per_point = values[..., : _PER_POINT * len(POINTS)].reshape(batch, frames, len(POINTS), _PER_POINT)
        overall = values[..., _PER_POINT * len(POINTS) :]
        seen = per_point[..., 2:3]
        ever = seen.amax(dim=1, keepdim=True).expand_as(seen)
        # confidence is bridged as the places are, so that a gap looks to the first half like any other stretch
        line = point_gaps.bridge(per_point[..., [0, 1, 3]])
        points = per_point[..., :2]
        if self.settings.smooth:
            shift = self.shift(self.smoother(_told(line, ever, overall))).transpose(1, 2).reshape(points.shape)
            points = (points + shift) * seen
            line = torch.cat([point_gaps.bridge(points), line[..., 2:]], dim=-1)
        hidden = self.trunk(_told(line, ever, overall))
        first = _centered(self.lift(hidden).transpose(1, 2).reshape(batch, frames, len(JOINTS), 3))
        return first, hidden, points

    def forward(self, values: Tensor, point_gaps: Gaps, joint_gaps: Gaps) -> tuple[Tensor, Tensor, Tensor | None]:
        """Joints, smoothed points, and the logarithm of the joints' spread.

        values: `[B, T, FEATURES]`. Gives `[B, T, 30, 3]` metres about the pelvis in the turned view; `[B, T, 25, 2]`
        points in the form of `Features.points`, 0 where out of sight; `[B, T, 30, 3]` of standard deviations in metres
        along the same axes, None without the second half.
        """
        first, hidden, points = self.lift_seen(values, point_gaps)
        if not self.settings.complete:
            return first, points, None
        gaps = of_gaps(first, joint_gaps)
        axes = body_axes(first)
        told = torch.cat(
            [torch.cat([turn(part, axes) for part in gaps.ways] + [gaps.times], dim=-1).flatten(2), axes.flatten(2)],
            dim=-1,
        )
        surroundings = self.completer(told, self.beside(hidden))
        found = self.correct(surroundings).transpose(1, 2).reshape(*first.shape[:3], 4)
        spread = _USUAL_SPREAD + self.doubt(torch.cat([hidden, surroundings], dim=1)).transpose(1, 2)
        straight = torch.sigmoid(found[..., 3:]) * gaps.ways[1]
        change = straight + gaps.amount * turn(found[..., :3], axes.transpose(-1, -2))
        return _centered(first + change * gaps.out), points, spread.reshape(first.shape)


@dataclass(frozen=True, slots=True)
class Bridges:
    """What is known of joints in gaps.

    ways: four of `[B, T, 30, 3]` metres: the place by the line in 2D; from there to the line in 3D; where the joint would
    go on to from the gap's beginning, and where it would come from to its end. times: `[B, T, 30, 3]` how far in time the
    nearest sights are, and `out`. amount: `[B, T, 30, 1]` metres by which a joint may well be elsewhere, as it and the body
    move. out: `[B, T, 30, 1]` 1 in a gap.
    """

    ways: tuple[Tensor, Tensor, Tensor, Tensor]
    times: Tensor
    amount: Tensor
    out: Tensor


def of_gaps(first: Tensor, gaps: Gaps) -> Bridges:
    """What is known of the gaps in joints `first` `[B, T, 30, 3]`, which were lifted with straight lines across them."""
    aside = gaps.bridge(first) - first
    times = torch.arange(first.shape[1], device=first.device)[None, :, None]
    since, until = (times - gaps.before).to(first.dtype), (gaps.after - times).to(first.dtype)
    step = first[:, 1:] - first[:, :-1]
    none = torch.zeros_like(first[:, :1])
    leaving = gaps.at(torch.cat([none, step], dim=1), gaps.before) * since.clamp(0.0, _ONWARD)[..., None]
    coming = gaps.at(torch.cat([step, none], dim=1), gaps.after) * until.clamp(0.0, _ONWARD)[..., None]
    out = ((since != 0) | (until != 0)).to(first.dtype)[..., None]
    passed = torch.stack([torch.tanh(since / 20.0), torch.tanh(until / 20.0)], dim=-1)
    stir = (first - _steady(first)).square().sum(-1).mean(dim=-1, keepdim=True)[..., None]
    moves = sum((way.square().sum(-1, keepdim=True) for way in (aside, leaving, coming)), start=4.0 * stir)
    return Bridges((first, aside, leaving, coming), torch.cat([passed, out], dim=-1), (moves + _STILL**2).sqrt(), out)


def body_axes(joints: Tensor) -> Tensor:
    """Axes `[B, T, 3, 3]` of the trunk, rows: to its left, to its back, up; of joints `[B, T, 30, 3]`, steady in time.

    Seen in them a motion is the same from wherever the camera looks, and need not be learned for every direction.
    """
    pelvis, thorax, left_hip, right_hip, left_shoulder, right_shoulder = (
        joints[:, :, JOINTS.index(name)] for name in ("pelvis", "thorax", "hip.L", "hip.R", "shoulder.L", "shoulder.R")
    )
    lines = torch.stack([left_hip - right_hip + left_shoulder - right_shoulder, thorax - pelvis], dim=2)
    across, up = _steady(lines).unbind(2)
    up = functional.normalize(up, dim=-1, eps=1e-4)
    across = functional.normalize(across - (across * up).sum(-1, keepdim=True) * up, dim=-1, eps=1e-4)
    return torch.stack([across, torch.linalg.cross(up, across), up], dim=-2)


def turn(vectors: Tensor, axes: Tensor) -> Tensor:
    """Vectors `[B, T, N, 3]` as their components along the rows of `axes` `[B, T, 3, 3]`."""
    return vectors @ axes.transpose(-1, -2)


def _steady(values: Tensor) -> Tensor:
    """`values` `[B, T, N, D]` averaged over the frames around each, fewer at the ends."""
    flat = values.flatten(2).transpose(1, 2)
    mean = functional.avg_pool1d(flat, 2 * _STEADY + 1, 1, _STEADY, count_include_pad=False)
    return mean.transpose(1, 2).reshape(values.shape)


def without_completion(network: Lifter) -> Lifter:
    """The same network without the second half, which is a network that was trained without masks."""
    plain = Lifter(replace(network.settings, complete=False))
    plain.load_state_dict({key: value for key, value in network.state_dict().items() if key in plain.state_dict()})
    return plain


def _told(line: Tensor, ever: Tensor, overall: Tensor) -> Tensor:
    """Input `[B, T, ...]` of a stack: places and confidence without gaps, which points there are at all, and the rest."""
    return torch.cat([torch.cat([line, ever], dim=-1).flatten(2), overall], dim=-1)


def _head(width: int, outputs: int) -> nn.Conv1d:
    head = nn.Conv1d(width, outputs, 1)
    _clear(head)
    return head


def _clear(layer: nn.Conv1d) -> None:
    """Let a layer begin with next to nothing, so that what it adds is learned."""
    for parameter in layer.parameters():
        nn.init.normal_(parameter, std=1e-3)


def _centered(joints: Tensor) -> Tensor:
    """Joints about the pelvis."""
    return joints - joints[:, :, :1]
