"""Scenes in which it is known which points are wrong: what the reliability gate is calibrated on."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..inference import turns
from ..inference.body import joints_of_matrices
from ..inference.evidence import Evidence, body_size
from ..models.skeletons import JOINTS, POINT_JOINTS, POINTS
from .cameras import sample_cameras, slopes
from .clips import RATE, Clip
from .detector import DetectorModel, observe, typical
from .occlusion import Clean, Protocol, Wrong
from .simulated_flow import FlowNoise, background_flow, simulated_flow

FRAMES = 240
"""Frames of a scene: eight seconds."""
LIMIT = 0.1
"""Error from which a point is wrong, in lengths of the trunk as it is seen."""
PROTOCOLS: tuple[Protocol, ...] = (
    Clean(),
    *(Wrong(kind, length) for kind in ("swap", "edge", "drift") for length in (15, 45)),
)

_MOST = 40


@dataclass(frozen=True, slots=True)
class Scene:
    """B clips under one protocol.

    wrong: `[B, T, 25]` bool, the points whose error is above `LIMIT`. joints: `[B, T, 30, 3]` metres in the camera frame,
    None where nobody knows them.
    """

    name: str
    evidence: Evidence
    wrong: np.ndarray
    joints: np.ndarray | None = None


def scenes(clips: list[Clip], rng: np.random.Generator, detector: DetectorModel | None = None) -> list[Scene]:
    """At most `_MOST` windows of the clips, drawn by chance, seen by one camera each, under every one of `PROTOCOLS`.

    detector: how the points err before the protocol makes some wrong; unless given the typical one, without what stays
    off in a whole clip (no motion can tell it) and without swaps and spikes of its own. Raises ValueError where no clip is long enough.
    """
    windows = [(clip, start) for clip in clips for start in range(0, len(clip) - FRAMES + 1, FRAMES)]
    if not windows:
        raise ValueError(f"No clip has {FRAMES} frames.")
    picked = [windows[index] for index in rng.permutation(len(windows))[:_MOST]]
    long, rows = [clip for clip, _ in picked], [slice(start, start + FRAMES) for _, start in picked]
    root = np.stack([clip.root[row] for clip, row in zip(long, rows, strict=True)])
    matrices = turns.to_matrix(np.stack([clip.rotations[row] for clip, row in zip(long, rows, strict=True)]))
    offsets = np.stack([clip.offsets for clip in long])
    cameras = sample_cameras(rng, root)
    joints = cameras.to_camera(joints_of_matrices(matrices, offsets[:, None]) + root[:, :, None])
    detector = detector or _unbiased(typical())
    seen = observe(joints, cameras.turned(matrices), rng, detector)
    truth = slopes(joints[:, :, list(POINT_JOINTS)])
    background = background_flow(cameras, joints)
    made = []
    for protocol in PROTOCOLS:
        told = protocol.apply(seen.points, seen.confidence, joints, rng)
        size = body_size(told.points)
        flow, error = simulated_flow(joints, told.points, background, size, FlowNoise(), rng)
        evidence = Evidence(told.points, told.confidence, flow, error, size, np.ones(size.shape, bool), RATE, POINTS)
        far = np.linalg.norm(told.points - truth, axis=-1) > LIMIT * _trunk(joints)[..., None]
        made.append(Scene(protocol.name, evidence, far, joints))
    return made


def _unbiased(detector: DetectorModel) -> DetectorModel:
    rest = 1.0 - detector.bias
    return replace(
        detector,
        error=detector.error * rest**0.5,
        bias=0.0,
        sway=detector.sway / rest,
        drift=detector.drift / rest,
        definition=0.0,
        swaps=0.0,
        spikes=0.0,
        coco=0.0,
    )


def _trunk(joints: np.ndarray) -> np.ndarray:
    """`[B, T]` slopes that the trunk's length takes up at the pelvis's distance."""
    pelvis, thorax = joints[..., JOINTS.index("pelvis"), :], joints[..., JOINTS.index("thorax"), :]
    return np.linalg.norm(thorax - pelvis, axis=-1) / pelvis[..., 2]
