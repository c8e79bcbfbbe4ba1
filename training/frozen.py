"""Trained lifters as part of another run: at rest, in batches, with the truth beside their answers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from ..errors import TrainingDataError
from ..inference.sight_features import features, joint_confidence, joints_seen
from . import checkpoint
from .dtf import Dtf
from .fusion_settings import DtfRun, RayRun
from .guided_batch import guided_batch
from .loop import CHECKPOINT, device
from .networks import Lifter
from .ray import RayLifter
from .sampler import Windows, in_view, network_batch
from .settings import TrainingSettings, recipe


@dataclass(frozen=True, slots=True)
class LiftedBatch:
    """What a lifter made of B windows of T frames, in the axes of their views, metres about the pelvis.

    joints, truth: `[B, T, 30, 3]`. seen: `[B, T, 30]` 0 or 1. confidence: `[B, T, 30]`.
    """

    joints: Tensor
    truth: Tensor
    seen: Tensor
    confidence: Tensor


class FrozenLifter:
    """The averaged network of a finished run, by the run's name in the trainer's folder."""

    def __init__(self, name: str, folder: Path) -> None:
        self._settings = _recipe(name)
        self._network = _network(self._settings).to(device()).eval().requires_grad_(requires_grad=False)
        path = folder / name / CHECKPOINT
        if not path.is_file():
            raise TrainingDataError(f"There is no finished run of {name} in {folder}. Train it first.")
        checkpoint.load_average(path, self._network)

    @torch.no_grad()
    def __call__(self, windows: Windows) -> LiftedBatch:
        """The lifter's answer to `windows`."""
        settings, place = self._settings, device()
        seen = joints_seen(windows.seen)
        if isinstance(settings, TrainingSettings):
            batch = network_batch(windows).to(place)
            joints = self._network(batch.values, batch.point_gaps, batch.joint_gaps)[0]
            truth = batch.joints
        else:
            whole = guided_batch(windows, seen.shape[1], settings.guidance).to(place)
            joints, truth = self._in_windows(whole.values), whole.joints
        confidence = joint_confidence(windows.confidence * windows.seen)
        told = (torch.from_numpy(part.astype(np.float32)).to(place) for part in (seen, confidence))
        return LiftedBatch(joints.float(), truth, *told)

    def _in_windows(self, values: Tensor) -> Tensor:
        """Windows of any length by a network that may read one length only; the last of its windows end with them."""
        frames, own = values.shape[1], getattr(self._network.settings, "frames", values.shape[1])
        starts = [*range(0, frames - own, own), frames - own]
        joints = torch.empty(*values.shape[:2], 30, 3, device=values.device)
        for start in starts:
            joints[:, start : start + own] = self._network(values[:, start : start + own])[0]
        return joints


def truth_of(windows: Windows) -> LiftedBatch:
    """The recorded poses themselves, as a lifter without faults would have them."""
    views = features(windows.points, windows.confidence, windows.seen).views
    truth = torch.from_numpy(in_view(windows.joints, views)).to(device())
    seen = torch.ones(truth.shape[:3], device=truth.device)
    return LiftedBatch(truth, truth, seen, seen)


def _recipe(name: str) -> TrainingSettings | DtfRun | RayRun:
    settings = recipe(name)
    if isinstance(settings, TrainingSettings | DtfRun | RayRun):
        return settings
    raise TrainingDataError(f"The recipe {name} is of no lifter.")


def _network(settings: TrainingSettings | DtfRun | RayRun) -> nn.Module:
    if isinstance(settings, TrainingSettings):
        return Lifter(settings.network)
    return Dtf(settings.network) if isinstance(settings, DtfRun) else RayLifter(settings.network)
