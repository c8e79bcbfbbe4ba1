"""What all training runs share: steps, checks against held-out clips, checkpoints that a later run goes on from."""

from __future__ import annotations

import math
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from . import checkpoint

CHECKPOINT = "checkpoint.safetensors"
# Gradients longer than this are shortened, so that one odd batch does no harm.
_LONGEST_GRADIENT = 1.0


Network = TypeVar("Network", bound=nn.Module)
"""What a run trains."""


class RunSettings(Protocol):
    """What every run has: the seed, its steps in all, windows a step and their frames, and the average's decay."""

    @property
    def seed(self) -> int: ...  # noqa: D102 - told above
    @property
    def steps(self) -> int: ...  # noqa: D102
    @property
    def batch(self) -> int: ...  # noqa: D102
    @property
    def frames(self) -> int: ...  # noqa: D102
    @property
    def average(self) -> float: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Check:
    """What the averaged network does on held-out clips.

    clean, masked: MPJPE in metres over the 17 joints in windows without and with hidden points. hidden: over the hidden
    joints of the latter. loss: the mean training loss since the last check. speed: frames a second.
    """

    step: int
    loss: float
    clean: float
    masked: float
    hidden: float
    speed: float


class Loop(ABC, Generic[Network]):
    """The state of a run in `folder`. It goes on from the checkpoint there, if any.

    A kind of run gives the loss of a step, the optimizer's rate at it, and what to check; what else it trains beside its
    network it adds to `_parts` before it calls `_resume`.
    """

    def __init__(self, settings: RunSettings, network: Network, optimizer: torch.optim.Optimizer, folder: Path) -> None:
        self.device = device()
        self.network = network
        self.average = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(settings.average), use_buffers=True)
        self.step = 0
        self.checks: list[Check] = []
        self._run = settings
        self._rng = np.random.default_rng(settings.seed)
        self._optimizer = optimizer
        self._file = folder / CHECKPOINT
        # matrix units for 16-bit numbers are many times as fast where there are any
        self._half = self.device.type == "cuda" or torch.backends.mkldnn.is_available()
        folder.mkdir(parents=True, exist_ok=True)

    def run(self, check_every: int, say: Callable[[Check], None]) -> None:
        """Train to the last step; every `check_every` steps check, save, and hand the check to `say`."""
        began, total, since = time.monotonic(), 0.0, self.step
        while self.step < self._run.steps:
            total += self._train_step()
            if self.step % check_every == 0 or self.step == self._run.steps:
                frames = (self.step - since) * self._run.batch * self._run.frames
                speed = frames / (time.monotonic() - began)
                clean, masked, hidden = self._errors()
                self.checks.append(Check(self.step, total / (self.step - since), clean, masked, hidden, speed))
                self._save()
                say(self.checks[-1])
                began, total, since = time.monotonic(), 0.0, self.step

    @abstractmethod
    def _loss(self) -> Tensor:
        """The loss of a batch that is drawn with `_rng`."""

    @abstractmethod
    def _rate(self) -> float:
        """The optimizer's rate at this step."""

    @abstractmethod
    def _errors(self) -> tuple[float, float, float]:
        """The averaged network's held-out errors as `Check` has them: clean, masked, hidden."""

    def _train_step(self) -> float:
        for group in self._optimizer.param_groups:
            group["lr"] = self._rate()
        loss = self._loss()
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()
        length = torch.nn.utils.clip_grad_norm_(self.network.parameters(), _LONGEST_GRADIENT)
        # one step without measure would end the run
        if torch.isfinite(length):
            self._optimizer.step()
            self.average.update_parameters(self.network)
        self.step += 1
        return float(loss.detach())

    def _autocast(self) -> torch.autocast:
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self._half)

    def _parts(self) -> tuple[dict[str, nn.Module], dict[str, torch.optim.Optimizer]]:
        return {"network": self.network, "average": self.average}, {"optimizer": self._optimizer}

    def _save(self) -> None:
        facts = {"step": self.step, "checks": [asdict(check) for check in self.checks]}
        checkpoint.save(self._file, *self._parts(), self._rng, facts)

    def _resume(self) -> None:
        """Go on from the folder's checkpoint, if there is one."""
        if not self._file.exists():
            return
        facts: dict[str, Any] = checkpoint.load(self._file, *self._parts(), self._rng)
        self.step = facts["step"]
        self.checks = [Check(**check) for check in facts["checks"]]


class Errors:
    """Gathers the errors that a check tells, batch by batch."""

    def __init__(self) -> None:
        self._clean: list[Tensor] = []
        self._masked: list[Tensor] = []
        self._hidden: list[Tensor] = []

    def add(self, joints: Tensor, truth: Tensor, hidden: Tensor) -> None:
        """Joints and truth `[B, T, 30, 3]` of one batch; hidden `[B, T, 30]` above 0 where out of sight."""
        error = torch.linalg.vector_norm(joints - truth, dim=-1)[..., :17]
        out = hidden[..., :17] > 0
        if out.any():
            self._masked.append(error.mean())
            self._hidden.append(error[out].mean())
        else:
            self._clean.append(error.mean())

    def means(self) -> tuple[float, float, float]:
        """Clean, masked and hidden errors in metres, NaN for what no batch had."""
        clean, masked, hidden = (
            float(torch.stack(values).mean()) if values else math.nan
            for values in (self._clean, self._masked, self._hidden)
        )
        return clean, masked, hidden


def device() -> torch.device:
    """The graphics card where there is one, else the processor."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def rise_and_fall(step: int, steps: int, peak: float, warmup: int) -> float:
    """Rate at `step` of `steps`: a straight rise to `peak`, then half a cosine."""
    warm = min(warmup, steps // 2)
    if step < warm:
        return peak * (step + 1) / warm
    share = (step - warm) / max(steps - warm, 1)
    return peak * (0.01 + 0.99 * 0.5 * (1.0 + math.cos(math.pi * share)))
