"""Training runs of the refiners: S0's graph with its fixed masks, and S1's pose transformer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ..inference.masks import MaskSettings, masksembles, structured_masks
from ..inference.refine_graph import how_far
from ..inference.sightings import neighbors
from ..models.skeletons import JOINTS
from . import losses
from .frozen import LiftedBatch, truth_of
from .fusion_settings import GraphRun, PptRun
from .graph import GraphRefiner
from .lifting_trainer import WindowSampler
from .loop import Errors, Loop, device, rise_and_fall
from .motion_sampler import ANY, NATURAL
from .occlusion_masks import MIXTURE
from .occlusion_units import WITH_DESCENDANTS, joint_hidden
from .ppt import USUAL_PLACE, PoseTransformer, placed_usually
from .sampler import Windows, gaps

# How much more a joint out of sight counts, of which there are few.
_HIDDEN = 2.0
# How far two masked answers to one clip may differ costs this much of what their errors do.
_CONSISTENCY = 0.3
# Frames between the poses that the pose transformer is given, because neighbors in time are alike; and the pre-training's
# shares of joints that are masked, and of poses in which whole limbs are.
_APART = 4
_SHARES = (0.05, 0.5)
_LIMBS = 0.4


@dataclass(frozen=True, slots=True)
class Asked:
    """A lifter at rest, and where the windows come from that it is asked of."""

    lifter: Callable[[Windows], LiftedBatch]
    sampler: WindowSampler


class GraphTrainer(Loop[GraphRefiner]):
    """A run of S0's refiner on what finished lifters answer. Every window is refined whole and with one of the masks."""

    def __init__(self, settings: GraphRun, lifters: list[Asked], held_out: list[Windows], folder: Path) -> None:
        torch.manual_seed(settings.seed)
        network = GraphRefiner(settings.network).to(device())
        optimizer = torch.optim.AdamW(network.parameters(), settings.rate, weight_decay=settings.decay)
        super().__init__(settings, network, optimizer, folder)
        self.settings = settings
        self._lifters = lifters
        self._held_out = [lifters[0].lifter(windows) for windows in held_out]
        self._masks = _masks(settings)
        self._weights = losses.joint_weights().to(self.device)
        self._resume()

    def _loss(self) -> Tensor:
        lifted = _next(self._rng, self._lifters)
        self.network.train()
        count = len(lifted.joints)
        masks = self._masks[self._rng.integers(len(self._masks), size=count)]
        masks = np.stack([np.roll(mask, self._rng.integers(mask.shape[0]), axis=0) for mask in masks])
        active = np.concatenate([np.ones_like(masks), ~masks])
        with self._autocast():
            joints, spread = self._refined(_twice(lifted), active)
        truth, seen = lifted.truth.repeat(2, 1, 1, 1), lifted.seen.repeat(2, 1, 1)
        weigh, every = self.settings.losses, torch.ones(2 * count, device=self.device)
        loss = losses.pose(joints, truth, self._weights * (1.0 + _HIDDEN * (1.0 - seen)))
        loss = loss + weigh.velocity * losses.velocity(joints, truth, every)
        loss = loss + weigh.symmetry * losses.symmetry(joints) + weigh.steadiness * losses.steadiness(joints)
        loss = loss + _CONSISTENCY * losses.pose(joints[:count], joints[count:], self._weights)
        return loss + weigh.spread * losses.unlikeliness(spread, joints.detach() - truth)

    def _refined(self, lifted: LiftedBatch, active: np.ndarray) -> tuple[Tensor, Tensor]:
        joints = gaps(neighbors(active)).to(self.device).bridge(lifted.joints)
        # a joint that is cut off in all frames has no line of its own to lie on
        joints = joints * torch.from_numpy(active.any(axis=1)).to(joints)[:, None, :, None]
        near = torch.from_numpy(how_far(lifted.seen.cpu().numpy() > 0)).to(self.device)
        sends = torch.from_numpy(active.astype(np.float32)).to(self.device)
        network = self.network if self.network.training else self.average
        return network(joints, lifted.confidence, lifted.seen, near, sends)

    def _rate(self) -> float:
        return rise_and_fall(self.step, self.settings.steps, self.settings.rate, self.settings.warmup)

    @torch.no_grad()
    def _errors(self) -> tuple[float, float, float]:
        self.network.eval()
        self.average.eval()
        found = Errors()
        for lifted in self._held_out:
            joints, _ = self._refined(lifted, np.ones(lifted.seen.shape, bool))
            found.add(joints, lifted.truth, 1.0 - lifted.seen)
        return found.means()


class PptTrainer(Loop[PoseTransformer]):
    """A run of S1's pose transformer: iterative masking of recorded poses, then what finished lifters answer."""

    def __init__(
        self,
        settings: PptRun,
        sampler: WindowSampler,
        lifters: list[Asked],
        held_out: list[Windows],
        folder: Path,
    ) -> None:
        torch.manual_seed(settings.seed)
        network = PoseTransformer(settings.network).to(device())
        optimizer = torch.optim.AdamW(network.parameters(), settings.rate, weight_decay=settings.decay)
        super().__init__(settings, network, optimizer, folder)
        self.settings = settings
        self._sampler = sampler
        self._lifters = lifters
        self._held_out = [lifters[0].lifter(windows) for windows in held_out]
        self._weights = losses.joint_weights().to(self.device)
        self._resume()

    def _loss(self) -> Tensor:
        self.network.train()
        if self.step < self.settings.pretraining:
            return self._masked()
        lifted = _poses(_next(self._rng, self._lifters))
        # now and then a guess is taken away, so that the network can do without
        kept = 1.0 - (torch.rand(len(lifted.seen), 1, device=self.device) < _LIMBS).float()
        with self._autocast():
            joints = self.network(self._placed(lifted.joints), lifted.seen, (1.0 - lifted.seen) * kept)
        return self._distance(self._about(joints.float()), lifted.truth, 1.0 - lifted.seen)

    def _masked(self) -> Tensor:
        """The pre-training: all passes against the recorded pose."""
        windows = self._sampler.windows(self._rng, ANY if self._rng.random() < 0.5 else NATURAL, None)
        poses = _poses(truth_of(windows))
        hidden = self._hidden(len(poses.truth))
        with self._autocast():
            answers = self.network.filled_once(self._placed(poses.truth), 1.0 - hidden)
        return sum(
            (self._distance(self._about(joints.float()), poses.truth, hidden) for joints in answers),
            start=torch.zeros((), device=self.device),
        )

    def _hidden(self, count: int) -> Tensor:
        """`[count, 30]` 1 where a joint is masked, never the pelvis: single joints, or limbs."""
        share = self._rng.uniform(*_SHARES, (count, 1))
        single = self._rng.random((count, len(JOINTS))) < share
        limbs = joint_hidden(WITH_DESCENDANTS[self._rng.integers(len(WITH_DESCENDANTS), size=count)])
        hidden = np.where(self._rng.random((count, 1)) < _LIMBS, limbs, single)
        hidden[:, 0] = False
        return torch.from_numpy(hidden.astype(np.float32)).to(self.device)

    def _placed(self, joints: Tensor) -> Tensor:
        """Joints `[N, 30, 3]` about the pelvis; for the absolute form where they may be before the camera."""
        if self.settings.network.form == "relative":
            return joints
        places = self._rng.normal(USUAL_PLACE, (0.3, 0.3, 1.0), (len(joints), 1, 3)).astype(np.float32)
        return joints + torch.from_numpy(places).to(joints.device)

    def _about(self, joints: Tensor) -> Tensor:
        return joints - joints[:, :1]

    def _distance(self, joints: Tensor, truth: Tensor, hidden: Tensor) -> Tensor:
        return losses.pose(joints, truth, self._weights * (1.0 + _HIDDEN * hidden))

    def _rate(self) -> float:
        settings = self.settings
        if self.step < settings.pretraining:
            return rise_and_fall(self.step, settings.pretraining, settings.rate, settings.warmup)
        rest = settings.steps - settings.pretraining
        return rise_and_fall(self.step - settings.pretraining, rest, settings.rate, settings.warmup)

    @torch.no_grad()
    def _errors(self) -> tuple[float, float, float]:
        self.average.eval()
        found = Errors()
        for lifted in self._held_out:
            poses = _poses(lifted)
            joints = self._about(
                self.average(placed_usually(poses.joints, self.settings.network), poses.seen, 1.0 - poses.seen)
            )
            found.add(joints[None], poses.truth[None], 1.0 - poses.seen[None])
        return found.means()


def _next(rng: np.random.Generator, lifters: list[Asked]) -> LiftedBatch:
    """The next windows as one of the lifters answers them."""
    asked = lifters[int(rng.integers(len(lifters)))]
    return asked.lifter(asked.sampler.windows(rng, ANY if rng.random() < 0.5 else NATURAL, MIXTURE))


def _twice(lifted: LiftedBatch) -> LiftedBatch:
    return LiftedBatch(
        lifted.joints.repeat(2, 1, 1, 1), lifted.truth, lifted.seen.repeat(2, 1, 1), lifted.confidence.repeat(2, 1, 1)
    )


def _poses(lifted: LiftedBatch) -> LiftedBatch:
    """Some of the frames, each alone: `[N, 30, ...]`."""
    parts = (lifted.joints, lifted.truth, lifted.seen, lifted.confidence)
    return LiftedBatch(*(part[:, ::_APART].flatten(0, 1) for part in parts))


def _masks(settings: GraphRun) -> np.ndarray:
    """The fixed set `[N, T, 30]` bool, True where a joint is cut off."""
    masks: MaskSettings = settings.masks
    if settings.structured:
        return structured_masks(settings.seed, settings.frames, masks)
    rng = np.random.default_rng(settings.seed)
    frames = [~masksembles(rng, len(JOINTS), masks.count, masks.scale) for _ in range(settings.frames)]
    found = np.stack(frames, axis=1)
    found[:, :, 0] = False
    return found
