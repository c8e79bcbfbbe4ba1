"""One training run of S3's networks: steps, checks against held-out clips, checkpoints that a later run goes on from."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from ..models.skeletons import POINT_JOINTS
from . import checkpoint, losses
from .networks import Lifter, turn
from .sampler import Batch
from .settings import TrainingSettings
from .soft_cylinders import hiding_loss

CHECKPOINT = "checkpoint.safetensors"
# Gradients longer than this are shortened, so that one odd batch does no harm.
_LONGEST_GRADIENT = 1.0


class Sampler(Protocol):
    """Where batches come from; the same generator gives the same batches."""

    def batch(self, rng: np.random.Generator, *, masked: bool) -> Batch:
        """The next batch, with points hidden or with all that the detector knows in sight."""
        ...


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


class Trainer:
    """The state of a run in `folder`. It goes on from the checkpoint there, if any."""

    def __init__(self, settings: TrainingSettings, sampler: Sampler, held_out: list[Batch], folder: Path) -> None:
        torch.manual_seed(settings.seed)
        self.settings = settings
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.network = Lifter(settings.network).to(self.device)
        self.average = AveragedModel(
            self.network, multi_avg_fn=get_ema_multi_avg_fn(settings.average), use_buffers=True
        )
        self.judge = losses.Discriminator().to(self.device)
        self.step = 0
        self.checks: list[Check] = []
        self._sampler = sampler
        self._held_out = [batch.to(self.device) for batch in held_out]
        self._rng = np.random.default_rng(settings.seed)
        self._optimizer = torch.optim.AdamW(
            self.network.parameters(), settings.rate, weight_decay=settings.decay, betas=(0.9, 0.98)
        )
        self._judging = torch.optim.AdamW(self.judge.parameters(), 3e-4)
        self._weights = losses.joint_weights().to(self.device)
        self._file = folder / CHECKPOINT
        # matrix units for 16-bit numbers are many times as fast where there are any
        self._half = self.device.type == "cuda" or torch.backends.mkldnn.is_available()
        folder.mkdir(parents=True, exist_ok=True)
        if self._file.exists():
            self._resume()

    def run(self, check_every: int, say: Callable[[Check], None]) -> None:
        """Train to the last step; every `check_every` steps check, save, and hand the check to `say`."""
        began, total, since = time.monotonic(), 0.0, self.step
        while self.step < self.settings.steps:
            total += self._train_step()
            if self.step % check_every == 0 or self.step == self.settings.steps:
                frames = (self.step - since) * self.settings.batch * self.settings.frames
                speed = frames / (time.monotonic() - began)
                self.checks.append(self._check(total / (self.step - since), speed))
                self._save()
                say(self.checks[-1])
                began, total, since = time.monotonic(), 0.0, self.step

    def _train_step(self) -> float:
        settings = self.settings
        if self.step == settings.lifting:
            self._come_to_rest()
        for group in self._optimizer.param_groups:
            group["lr"] = self._rate()
        batch = self._sampler.batch(self._rng, masked=self._completing).to(self.device)
        self.network.train()
        if self._completing:
            for part in self.network.lifting():
                part.eval()
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self._half):
            if self._completing:
                joints, points = self.network(batch.values, batch.point_gaps, batch.joint_gaps)
            else:
                joints, _, points = self.network.lift_seen(batch.values, batch.point_gaps)
        joints, points = joints.float(), points.float()
        loss = self._completed(batch, joints) if self._completing else self._supervised(batch, joints, points)
        loss = loss + self._anatomical(joints)
        if settings.unlabelled:
            loss = loss + self._unlabelled(batch, joints)
        judged = (
            not self._completing
            and settings.losses.adversarial > 0
            and self.step >= settings.losses.adversarial_from * settings.lifting
        )
        if judged:
            loss = loss + settings.losses.adversarial * losses.judged_real(self.judge(joints))
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), _LONGEST_GRADIENT)
        self._optimizer.step()
        if judged:
            self._teach_judge(batch, joints.detach())
        self.average.update_parameters(self.network)
        self.step += 1
        return float(loss.detach())

    @property
    def _completing(self) -> bool:
        """Whether the run is in its second part."""
        return self.step >= self.settings.lifting

    def _come_to_rest(self) -> None:
        """Begin the second part: the averaged weights become the network's, and what lifts is no longer trained."""
        self.network.load_state_dict(self.average.module.state_dict())
        self._freeze()

    def _freeze(self) -> None:
        for part in self.network.lifting():
            part.requires_grad_(requires_grad=False)

    def _supervised(self, batch: Batch, joints: Tensor, points: Tensor) -> Tensor:
        """The terms of the first part against the truth, over labelled windows."""
        weigh = self.settings.losses
        loss = losses.pose(joints, batch.joints, self._weights * batch.labelled[:, None, None])
        loss = loss + weigh.velocity * losses.velocity(joints, batch.joints, batch.labelled)
        if self.settings.network.smooth:
            loss = loss + weigh.smoothing * losses.smoothing(
                points, batch.points, batch.seen * batch.labelled[:, None, None]
            )
        return loss

    def _completed(self, batch: Batch, joints: Tensor) -> Tensor:
        """The terms of the second part: hidden joints against what the first half says of them where they are seen.

        The truth differs from that by errors of lifting, which nobody could guess from a gap's surroundings and which
        are larger than most of what there is to learn. Nor is a label needed.
        """
        if batch.clear is None:
            raise ValueError("A batch for the second part tells what it looks like with nothing hidden.")
        with torch.no_grad(), torch.autocast(self.device.type, torch.bfloat16, enabled=self._half):
            goal = self.network.lift_seen(batch.clear.values, batch.clear.point_gaps)[0].float()
        goal = turn(goal, batch.clear.turn)
        windows = losses.evenly(goal, batch.hidden)
        loss = losses.pose(joints, goal, self._weights * windows[:, None, None] * batch.hidden)
        return loss + self.settings.losses.velocity * losses.velocity(joints, goal, windows)

    def _anatomical(self, joints: Tensor) -> Tensor:
        """The terms that ask for a body: they hold with and without labels."""
        weigh = self.settings.losses
        return weigh.symmetry * losses.symmetry(joints) + weigh.steadiness * losses.steadiness(joints)

    def _unlabelled(self, batch: Batch, joints: Tensor) -> Tensor:
        """The terms for windows without labels (Cheng et al., 2019): reprojection, and hiding behind the body."""
        weigh = self.settings.losses
        chosen = 1.0 - batch.labelled[:, None, None]
        points = joints[:, :, list(POINT_JOINTS)]
        slopes = batch.sighted * batch.size[..., None, None]
        seen = batch.seen * chosen
        root = losses.root_by_reprojection(points, slopes, batch.seen + 1e-3)
        loss = weigh.projection * losses.projection(points, root, slopes, seen)
        if self._completing and weigh.hiding > 0:
            unreliable = (batch.seen < 0.5) & (chosen > 0.5)
            loss = loss + weigh.hiding * hiding_loss(joints + root[:, :, None], unreliable)
        return loss

    def _teach_judge(self, batch: Batch, joints: Tensor) -> None:
        loss = losses.told_apart(self.judge(batch.joints), self.judge(joints))
        self._judging.zero_grad(set_to_none=True)
        loss.backward()
        self._judging.step()

    def _rate(self) -> float:
        """Learning rate: in each part a straight rise, then half a cosine."""
        settings = self.settings
        part = settings.completing if self._completing else settings.lifting
        done = self.step - settings.lifting if self._completing else self.step
        peak = settings.fine_rate if self._completing else settings.rate
        warm = min(settings.warmup, part // 2)
        if done < warm:
            return peak * (done + 1) / warm
        share = (done - warm) / max(part - warm, 1)
        return peak * (0.01 + 0.99 * 0.5 * (1.0 + math.cos(math.pi * share)))

    @torch.no_grad()
    def _check(self, loss: float, speed: float) -> Check:
        self.average.eval()
        clean, masked, hidden = [], [], []
        for batch in self._held_out:
            joints, _ = self.average(batch.values, batch.point_gaps, batch.joint_gaps)
            error = torch.linalg.vector_norm(joints - batch.joints, dim=-1)[..., :17]
            out = batch.hidden[..., :17] > 0
            if out.any():
                masked.append(error.mean())
                hidden.append(error[out].mean())
            else:
                clean.append(error.mean())
        return Check(self.step, loss, _mean(clean), _mean(masked), _mean(hidden), speed)

    def _parts(self) -> tuple[dict[str, torch.nn.Module], dict[str, torch.optim.Optimizer]]:
        modules = {"network": self.network, "average": self.average, "judge": self.judge}
        return modules, {"optimizer": self._optimizer, "judging": self._judging}

    def _save(self) -> None:
        facts = {"step": self.step, "checks": [asdict(check) for check in self.checks], "run": asdict(self.settings)}
        checkpoint.save(self._file, *self._parts(), self._rng, facts)

    def _resume(self) -> None:
        facts: dict[str, Any] = checkpoint.load(self._file, *self._parts(), self._rng)
        self.step = facts["step"]
        self.checks = [Check(**check) for check in facts["checks"]]
        if self.step > self.settings.lifting:
            self._freeze()


def _mean(values: list[Tensor]) -> float:
    return float(torch.stack(values).mean()) if values else math.nan
