"""The calibrated footage of the real check, with limbs painted over."""

from __future__ import annotations

from contextlib import closing
from dataclasses import asdict
from pathlib import Path

import numpy as np

from ..inference.cache import DetectionCache, cache_key
from ..inference.footage import fingerprint, open_footage
from ..inference.lift import combine
from ..inference.progress import finish
from ..inference.settings import FootageSettings, SubjectSettings
from ..inference.track import Track, TrackSettings, track
from ..models.open_model import open_pose_model
from ..models.skeletons import JOINTS
from ..models.weights import weight_hashes
from ..training.calibrated_footage import (
    SCENES,
    SCORED,
    SCORED_INDEX,
    Scene,
    Truth,
    View,
    in_camera,
    joint_confidence,
    truth,
    views,
)
from .blanking import Limb, blanked

__all__ = [
    "SCENES",
    "SCORED",
    "SCORED_INDEX",
    "Scene",
    "Truth",
    "View",
    "detect_doctored",
    "in_camera",
    "joint_confidence",
    "truth",
    "views",
]

# Raised whenever what is painted over, or detection itself, changes, so that detections kept from before are not used.
_BLANKING_VERSION = 1


def detect_doctored(view: View, limb: Limb, chosen: np.ndarray, cache: Path, threads: int) -> Track:
    """The track of the view's subject in pictures in which `limb` is painted over where `chosen` `[T]` bool."""
    settings = FootageSettings(view.path)
    landmarks = view.track.landmarks[..., :2].astype(float)
    hips = combine(landmarks[0])[JOINTS.index("pelvis")]
    subject = SubjectSettings(point=(float(hips[0]), float(hips[1])))
    kept = DetectionCache(cache)
    key = cache_key(
        version=_BLANKING_VERSION,
        footage=fingerprint(settings),
        limb=asdict(limb),
        chosen=np.flatnonzero(chosen).tolist(),
        weights=weight_hashes("heavy"),
        track=asdict(TrackSettings()),
    )
    arrays = kept.get(key)
    if arrays is None:
        with open_footage(settings) as footage, closing(open_pose_model(threads=threads)) as model:
            frames = blanked(footage.frames(), landmarks, limb, chosen)
            arrays = asdict(finish(track(frames, model, subject, None, None, TrackSettings())))
        kept.put(key, arrays)
    return Track(**arrays)
