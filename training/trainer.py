"""One training run of S3's networks, in three parts: to lift, to complete, and to tell how far off it may be."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from torch import Tensor, nn

from ..models.skeletons import POINT_JOINTS
from . import losses
from .loop import Errors, Loop, device, rise_and_fall
from .networks import Lifter, turn
from .sampler import Batch
from .settings import TrainingSettings
from .soft_cylinders import hiding_loss


class Sampler(Protocol):
    """Where batches come from; the same generator gives the same batches."""

    def batch(self, rng: np.random.Generator, *, masked: bool) -> Batch:
        """The next batch, with points hidden or with all that the detector knows in sight."""
        ...


class Trainer(Loop[Lifter]):
    """The state of a run of S3 in `folder`."""

    def __init__(self, settings: TrainingSettings, sampler: Sampler, held_out: list[Batch], folder: Path) -> None:
        torch.manual_seed(settings.seed)
        network = Lifter(settings.network).to(device())
        optimizer = torch.optim.AdamW(
            network.parameters(), settings.rate, weight_decay=settings.decay, betas=(0.9, 0.98)
        )
        super().__init__(settings, network, optimizer, folder)
        self.settings = settings
        self.judge = losses.Discriminator().to(self.device)
        self._sampler = sampler
        self._held_out = [batch.to(self.device) for batch in held_out]
        self._judging = torch.optim.AdamW(self.judge.parameters(), 3e-4)
        self._weights = losses.joint_weights().to(self.device)
        self._resume()
        if self.step > settings.lifting:
            self._rest()

    @property
    def _completing(self) -> bool:
        """Whether the run is beyond its first part."""
        return self.step >= self.settings.lifting

    @property
    def _spreading(self) -> bool:
        """Whether the run is in its last part."""
        return self.step >= self.settings.answering

    def _loss(self) -> Tensor:
        settings = self.settings
        if self.step in {settings.lifting, settings.answering}:
            self._come_to_rest()
        self.network.train()
        if self._spreading:
            return self._spread(self._sampler.batch(self._rng, masked=bool(self._rng.random() < 0.7)).to(self.device))
        batch = self._sampler.batch(self._rng, masked=self._completing).to(self.device)
        if self._completing:
            for part in self.network.lifting():
                part.eval()
        with self._autocast():
            if self._completing:
                joints, points, _ = self.network(batch.values, batch.point_gaps, batch.joint_gaps)
            else:
                joints, _, points = self.network.lift_seen(batch.values, batch.point_gaps)
        joints, points = joints.float(), points.float()
        loss = self._completed(batch, joints) if self._completing else self._supervised(batch, joints, points)
        loss = loss + self._anatomical(joints)
        if settings.unlabelled:
            loss = loss + self._unlabelled(batch, joints)
        if (
            not self._completing
            and settings.losses.adversarial > 0
            and self.step >= settings.losses.adversarial_from * settings.lifting
        ):
            self._teach_judge(batch, joints.detach())
            loss = loss + settings.losses.adversarial * losses.judged_real(self.judge(joints))
        return loss

    def _come_to_rest(self) -> None:
        """Begin the next part: the averaged weights become the network's, and what is learned is no longer trained."""
        self.network.load_state_dict(self.average.module.state_dict())
        self._rest()

    def _rest(self) -> None:
        parts = self.network.lifting() if not self._spreading else self.network.answering()
        for part in parts:
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
        with torch.no_grad(), self._autocast():
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

    def _spread(self, batch: Batch) -> Tensor:
        """The term of the last part: how likely the errors are by the spread that the network tells."""
        for part in self.network.answering():
            part.eval()
        with self._autocast():
            joints, _, spread = self.network(batch.values, batch.point_gaps, batch.joint_gaps)
        if spread is None:
            raise ValueError("A network without its second half tells no spread.")
        return losses.unlikeliness(spread.float(), joints.float().detach() - batch.joints)

    def _rate(self) -> float:
        """Learning rate: in each part a straight rise, then half a cosine."""
        settings = self.settings
        if self._spreading:
            return rise_and_fall(
                self.step - settings.answering, settings.spreading, settings.fine_rate, settings.warmup
            )
        if self._completing:
            return rise_and_fall(self.step - settings.lifting, settings.completing, settings.fine_rate, settings.warmup)
        return rise_and_fall(self.step, settings.lifting, settings.rate, settings.warmup)

    @torch.no_grad()
    def _errors(self) -> tuple[float, float, float]:
        self.average.eval()
        found = Errors()
        for batch in self._held_out:
            joints, *_ = self.average(batch.values, batch.point_gaps, batch.joint_gaps)
            found.add(joints, batch.joints, batch.hidden)
        return found.means()

    def _parts(self) -> tuple[dict[str, nn.Module], dict[str, torch.optim.Optimizer]]:
        modules, optimizers = super()._parts()
        return modules | {"judge": self.judge}, optimizers | {"judging": self._judging}
