"""The trainer's batches: windows of clips on varied bodies, filmed by virtual cameras, detected with noise, partly hidden."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

import numpy as np

from ..inference import turns
from ..inference.body import joints_of_matrices
from ..inference.reliability import ReliabilitySettings
from ..models.skeletons import POINT_JOINTS
from .bodies import training_bodies
from .cameras import assume_lens, sample_cameras, slopes
from .clips import Clip
from .cylinders import visible
from .detector import DetectorModel, observe, typical
from .occlusion_masks import Mixture, training_masks
from .sampler import Batch, Windows, network_batch
from .variety import MotionVariety, bank, vary_motion, window

# Shares: of windows in which the Cylinder Man is asked what the body hides; of those in which that is out of sight
# rather than only detected worse; of batches that a perfect detector sees.
_SELF_HIDING = 0.35
_SELF_HIDDEN = 0.5
_PERFECT = 0.35
# Poses of every kind teach to lift. To complete is to know how people move, which made-up motion only blurs.
ANY, NATURAL = MotionVariety(), MotionVariety(slow=0.2, exchanged=0.0, perturbed=0.3, turns=(0.2, 1.0), bent=0.1)
# A window without a gap teaches the completer nothing.
GAPS = Mixture(structured=0.95, random=0.05, bars=0.1, windows=5, shortest=4)


class SamplingSettings(Protocol):
    """What of a run's settings the sampler reads: see `settings.TrainingSettings`."""

    @property
    def seed(self) -> int: ...  # noqa: D102 - told there
    @property
    def batch(self) -> int: ...  # noqa: D102
    @property
    def frames(self) -> int: ...  # noqa: D102
    @property
    def cylinders(self) -> bool: ...  # noqa: D102
    @property
    def labelled(self) -> float: ...  # noqa: D102
    @property
    def unlabelled(self) -> bool: ...  # noqa: D102


class MotionSampler:
    """Draws batches from clips; all that is random comes from the generator that `batch` is given."""

    def __init__(self, clips: list[Clip], settings: SamplingSettings) -> None:
        order = np.random.default_rng(settings.seed).permutation(len(clips))
        labelled = order < settings.labelled * len(clips)
        used = [clip for clip, known in zip(clips, labelled, strict=True) if known or settings.unlabelled]
        self._motion = bank(used)
        self._labelled = labelled if settings.unlabelled else np.ones(len(used), bool)
        if not self._labelled.all():
            self._motion = replace(self._motion, chances=_halved(self._motion.chances, self._labelled))
        self._settings = settings
        self._threshold = ReliabilitySettings().threshold

    def batch(self, rng: np.random.Generator, *, masked: bool) -> Batch:
        """The next batch for S3. masked: hide points; else all that the detector knows is in sight."""
        return network_batch(self.windows(rng, NATURAL, GAPS) if masked else self.windows(rng, ANY, None))

    def windows(self, rng: np.random.Generator, variety: MotionVariety, masks: Mixture | None) -> Windows:
        """The next windows. masks: how points are hidden; without it all that the detector knows is in sight."""
        settings = self._settings
        windows = vary_motion(window(self._motion, rng, settings.frames, settings.batch, variety), rng, variety)
        matrices = turns.to_matrix(windows.rotations)
        bodies = training_bodies(windows.offsets, rng)
        joints = joints_of_matrices(matrices, bodies[:, None]) + windows.root[:, :, None]
        cameras = sample_cameras(rng, windows.root)
        joints = cameras.to_camera(joints).astype(np.float32)
        covered = self._covered(rng, joints)
        seen = observe(
            joints, cameras.turned(matrices), rng, DetectorModel() if rng.random() < _PERFECT else typical(), covered
        )
        points, factor = assume_lens(seen.points, rng)
        known = seen.confidence > 0
        return Windows(
            points=points,
            confidence=seen.confidence,
            seen=known if masks is None else self._reliable(rng, points, seen.confidence, covered, masks),
            joints=joints,
            truth=slopes(joints[:, :, list(POINT_JOINTS)]) * factor[:, None, None, None],
            labelled=self._labelled[windows.clip],
            known=None if masks is None else known,
        )

    def _covered(self, rng: np.random.Generator, joints: np.ndarray) -> np.ndarray | None:
        """Which points the body hides from the camera, `[B, T, 25]` bool, looked at in some of the windows."""
        if not self._settings.cylinders:
            return None
        covered = np.zeros((*joints.shape[:2], len(POINT_JOINTS)), bool)
        chosen = rng.random(len(joints)) < _SELF_HIDING
        covered[chosen] = ~visible(joints[chosen])
        return covered

    def _reliable(
        self,
        rng: np.random.Generator,
        points: np.ndarray,
        confidence: np.ndarray,
        covered: np.ndarray | None,
        masks: Mixture,
    ) -> np.ndarray:
        """Which points the network is told to be in sight, `[B, T, 25]` bool."""
        hidden = training_masks(rng, points.shape[0], points.shape[1], points, masks)
        if covered is not None:
            hidden |= covered & (rng.random((len(points), 1, 1)) < _SELF_HIDDEN)
        return ~hidden & (confidence >= self._threshold)


def _halved(chances: np.ndarray, labelled: np.ndarray) -> np.ndarray:
    """Chances `[C]` by which half of what is drawn is labelled, however few clips that are."""
    return 0.5 * np.where(labelled, chances / chances[labelled].sum(), chances / chances[~labelled].sum())
