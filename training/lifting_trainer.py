"""Training runs of the networks that lift windows with filled gaps: S4's, and the first of S0."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from torch import Tensor, nn

from . import losses
from .dtf import Dtf
from .fusion_settings import DtfRun, RayRun
from .guided_batch import GuidedBatch, guided_batch
from .loop import Errors, Loop, device
from .motion_sampler import ANY, GAPS, NATURAL
from .occlusion_masks import MIXTURE, Mixture
from .ray import RayLifter
from .sampler import Windows
from .variety import MotionVariety

# A frame alone is one window; several stand together so that steps from frame to frame can be learned.
_TOGETHER = 27


class WindowSampler(Protocol):
    """Where windows come from; the same generator gives the same windows."""

    def windows(self, rng: np.random.Generator, variety: MotionVariety, masks: Mixture | None) -> Windows:
        """The next windows, partly hidden or all in sight."""
        ...


class LiftingTrainer(Loop[nn.Module]):
    """The state of a run in `folder`: `Adam` with AMSGrad, whose rate falls by epochs as in DTF's released training."""

    def __init__(
        self, settings: DtfRun | RayRun, sampler: WindowSampler, held_out: list[Windows], folder: Path
    ) -> None:
        torch.manual_seed(settings.seed)
        network = (Dtf(settings.network) if isinstance(settings, DtfRun) else RayLifter(settings.network)).to(device())
        optimizer = torch.optim.Adam(network.parameters(), settings.rate, amsgrad=True)
        super().__init__(settings, network, optimizer, folder)
        self.settings = settings
        self._sampler = sampler
        self._held_out = [self._guided(windows) for windows in held_out]
        self._weights = losses.joint_weights().to(self.device)
        self._resume()

    def _guided(self, windows: Windows) -> GuidedBatch:
        frames = self.settings.network.frames if isinstance(self.settings, DtfRun) else _TOGETHER
        return guided_batch(windows, frames, self.settings.guidance).to(self.device)

    def _loss(self) -> Tensor:
        # made-up poses teach to lift, recorded motion to complete
        variety = ANY if self._rng.random() < 0.5 else NATURAL
        batch = self._guided(self._sampler.windows(self._rng, variety, MIXTURE))
        self.network.train()
        with self._autocast():
            joints, spread = self.network(batch.values)
        joints, weigh = joints.float(), self.settings.losses
        every = torch.ones(len(joints), device=self.device)
        loss = losses.pose(joints, batch.joints, self._weights)
        loss = loss + weigh.velocity * losses.velocity(joints, batch.joints, every)
        loss = loss + weigh.symmetry * losses.symmetry(joints) + weigh.steadiness * losses.steadiness(joints)
        return loss + weigh.spread * losses.unlikeliness(spread.float(), joints.detach() - batch.joints)

    def _rate(self) -> float:
        """The paper's schedule: a twentieth less after every epoch, and half after every fifth."""
        done = self.step * self.settings.epochs // self.settings.steps
        return self.settings.rate * 0.95 ** (done - done // 5) * 0.5 ** (done // 5)

    @torch.no_grad()
    def _errors(self) -> tuple[float, float, float]:
        self.average.eval()
        found = Errors()
        for batch in self._held_out:
            joints, _ = self.average(batch.values)
            found.add(joints, batch.joints, batch.hidden)
        return found.means()


def held_out_windows(sampler: WindowSampler, rng: np.random.Generator, count: int) -> list[Windows]:
    """`count` sets of windows in which all is in sight, and as many with gaps."""
    clean = [sampler.windows(rng, ANY, None) for _ in range(count)]
    return clean + [sampler.windows(rng, NATURAL, GAPS) for _ in range(count)]
