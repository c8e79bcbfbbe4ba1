"""Training batches: clips become windows of motion, seen by virtual cameras through a detector's eyes, partly hidden."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
import torch
from torch import Tensor

from ..inference.sight_features import Features, features, joints_seen, seen_as
from ..inference.sightings import Neighbors
from .networks import Gaps


@dataclass(frozen=True, slots=True)
class Clear:
    """A batch as it looks where nothing is hidden on purpose.

    values, point_gaps: the network's input. turn: `[B, T, 3, 3]` from the axes of its view to those of the batch's.
    """

    values: Tensor
    point_gaps: Gaps
    turn: Tensor

    def to(self, device: torch.device) -> Clear:
        """The same on another device."""
        return Clear(self.values.to(device), self.point_gaps.to(device), self.turn.to(device))


@dataclass(frozen=True, slots=True)
class Batch:
    """One batch for the trainer; B windows of T frames, everything in the turned view (`Features.views`).

    values, point_gaps, joint_gaps: the network's input. sighted: `[B, T, 25, 2]` the points in it. seen: `[B, T, 25]` 0
    or 1. hidden: `[B, T, 30]` 1 where a joint is out of sight. points: `[B, T, 25, 2]` the true points in the input's form. joints: `[B, T, 30, 3]` metres about
    the pelvis. size: `[B, T]` slopes to one of the input's units. labelled: `[B]` 1 where `joints` may be used.
    clear: the same without what was hidden on purpose, where anything was.
    """

    values: Tensor
    sighted: Tensor
    point_gaps: Gaps
    joint_gaps: Gaps
    seen: Tensor
    hidden: Tensor
    points: Tensor
    joints: Tensor
    size: Tensor
    labelled: Tensor
    clear: Clear | None = None

    def to(self, device: torch.device) -> Batch:
        """The same batch on another device."""
        if device.type == "cpu":
            return self
        parts = {item.name: getattr(self, item.name) for item in fields(self)}
        return replace(self, **{name: part.to(device) for name, part in parts.items() if part is not None})


@dataclass(frozen=True, slots=True)
class Windows:
    """Windows of motion as a detector saw them and as they are; B windows of T frames.

    points: `[B, T, 25, 2]` slopes as detected, confidence and seen `[B, T, 25]`. joints: `[B, T, 30, 3]` metres in the
    camera frame. truth: `[B, T, 25, 2]` slopes of the true points. labelled: `[B]` bool. known: `[B, T, 25]` bool, what
    would be seen if nothing were hidden on purpose; None where nothing is.
    """

    points: np.ndarray
    confidence: np.ndarray
    seen: np.ndarray
    joints: np.ndarray
    truth: np.ndarray
    labelled: np.ndarray
    known: np.ndarray | None = None


def network_batch(windows: Windows) -> Batch:
    """The batch for S3's networks."""
    points, confidence, seen = windows.points, windows.confidence, windows.seen
    given = features(points, confidence, seen)
    return Batch(
        values=torch.from_numpy(given.values),
        sighted=torch.from_numpy(given.points),
        point_gaps=gaps(given.point_gaps),
        joint_gaps=gaps(given.joint_gaps),
        seen=torch.from_numpy(seen.astype(np.float32)),
        hidden=torch.from_numpy(1.0 - joints_seen(seen).astype(np.float32)),
        points=torch.from_numpy(seen_as(windows.truth, given).astype(np.float32)),
        joints=torch.from_numpy(in_view(windows.joints, given.views)),
        size=torch.from_numpy(given.size.astype(np.float32)),
        labelled=torch.from_numpy(windows.labelled.astype(np.float32)),
        clear=None if windows.known is None else _clear(features(points, confidence, windows.known), given),
    )


def _clear(whole: Features, given: Features) -> Clear:
    turn = given.views @ np.swapaxes(whole.views, -1, -2)
    return Clear(torch.from_numpy(whole.values), gaps(whole.point_gaps), torch.from_numpy(turn.astype(np.float32)))


def in_view(joints: np.ndarray, views: np.ndarray) -> np.ndarray:
    """Joints `[..., T, 30, 3]` of the camera frame about the pelvis, in the axes of `views` `[..., T, 3, 3]`."""
    about = joints - joints[..., :1, :]
    return (about @ np.swapaxes(views, -1, -2)).astype(np.float32)


def gaps(near: Neighbors) -> Gaps:
    """The nearest sights as tensors."""
    return Gaps(
        torch.from_numpy(np.ascontiguousarray(near.before, dtype=np.int64)),
        torch.from_numpy(np.ascontiguousarray(near.after, dtype=np.int64)),
        torch.from_numpy(near.share.astype(np.float32)),
    )
