"""What a pose detector would see of a virtual subject: its own landmarks, with errors and confidence as detectors have."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from ..inference import turns
from ..models.skeletons import JOINT_CARRIERS, POINT_JOINTS, POINTS, STATURE, partners
from .cameras import slopes
from .landmarks import fitted
from .noise import drifting

_POINT_BONES = [JOINT_CARRIERS[joint] for joint in POINT_JOINTS]
_PARTNERS = np.array(partners(POINTS))
_NOT_IN_COCO = np.array([name.split(".")[0] in {"index", "pinky", "thumb", "heel", "toe"} for name in POINTS])
# Frames between the key frames of what drifts quickly and slowly.
_QUICK = (6.0, 20.0)
_SLOW = 75.0
# Frames for which a left-right swap lasts, and the part of its error that the confidence tells: detectors do not notice
# most of their swaps.
_SWAP_FRAMES = (2, 40)
_NOTICED = np.float32(0.2)


def _limb(*names: str) -> np.ndarray:
    return np.array([point.split(".")[0] in names for point in POINTS])


_SWAPS = np.stack(
    [
        _limb("elbow", "wrist", "index", "pinky", "thumb"),
        _limb("wrist", "index", "pinky", "thumb"),
        _limb("knee", "ankle", "heel", "toe"),
        _limb("ankle", "heel", "toe"),
        _limb("hip", "knee", "ankle", "heel", "toe"),
        _limb("ear"),
        np.ones(len(POINTS), bool),
    ]
)
_SWAP_CHANCES = (0.15, 0.15, 0.15, 0.2, 0.15, 0.05, 0.15)


@dataclass(frozen=True, slots=True)
class DetectorModel:
    """How a detector errs. Nothing set is a perfect detector; `typical` is one as measured.

    Lengths are shares of the subject's stature as it is seen, so that errors grow with its picture.
    error: usual distance of a point from its place (root of the mean square), before each point's own weight.
    bias, sway, drift: parts of its variance that stay for the clip, change over seconds, and change over some frames; the
    rest is new in every frame.
    quality: spread of the logarithm of the error from clip to clip. spikes: share of the points that jump; spike: how far.
    swaps: left-right swaps a clip in the mean. definition: spread of where a landmark lies on the body, in statures.
    coco: share of the clips that have COCO's landmarks instead of BlazePose's, no hands and no feet among them.
    hidden: how much greater errors are where a point is hidden. doubt: spread of the confidence's logit about the fitted
    curve; without doubt the confidence is 1 throughout.
    """

    error: float = 0.0
    bias: float = 0.0
    sway: float = 0.0
    drift: float = 0.0
    quality: float = 0.0
    spikes: float = 0.0
    spike: float = 0.0
    swaps: float = 0.0
    definition: float = 0.0
    coco: float = 0.0
    hidden: float = 1.0
    doubt: float = 0.0


@dataclass(frozen=True, slots=True)
class Observation:
    """points: `[B, T, 25, 2]` slopes. confidence: `[B, T, 25]` 0 to 1, 0 at points that the detector does not know."""

    points: np.ndarray
    confidence: np.ndarray


def typical() -> DetectorModel:
    """The model of the project's own detector, as fitted on real footage, with what one clip cannot tell added."""
    measured = fitted()["detector"]
    return DetectorModel(
        error=measured["error"],
        # what stays for the fitted clip's second and a half stays for ever or sways: one clip cannot tell, so half each
        bias=measured["bias"] / 2,
        sway=measured["bias"] / 2,
        drift=measured["drift"],
        quality=0.4,
        spikes=0.003,
        spike=0.08,
        swaps=0.25,
        definition=0.006,
        coco=0.2,
        hidden=3.0,
        doubt=measured["doubt"],
    )


def harsh() -> DetectorModel:
    """A worse detector, for footage that is dark, blurred or far away."""
    usual = typical()
    return replace(usual, error=2 * usual.error, spikes=0.01, swaps=0.6, quality=0.5)


def observe(
    joints: np.ndarray,
    matrices: np.ndarray,
    rng: np.random.Generator,
    model: DetectorModel | None = None,
    hidden: np.ndarray | None = None,
) -> Observation:
    """Points and confidence that a detector gives for a subject.

    joints: `[B, T, 30, 3]` metres in the camera frame. matrices: `[B, T, 18, 3, 3]` turns of the bones from the rest pose
    to the camera frame, which carry the landmarks' offsets. hidden: `[B, T, 25]` bool, points that the body covers.
    """
    model = model or DetectorModel()
    count, length = joints.shape[:2]
    coco = rng.random(count) < model.coco
    places = np.take(joints, list(POINT_JOINTS), axis=2).astype(np.float32, copy=False)
    if model.coco or model.definition:
        shift = coco[:, None, None] * coco_offsets()
        shift += np.float32(model.definition * STATURE) * rng.standard_normal(shift.shape, dtype=np.float32)
        places = _carried(places, matrices, shift)
    points = np.ascontiguousarray(slopes(places))
    size = (STATURE / np.maximum(joints[:, :, 0, 2].mean(axis=1), 0.5)).astype(np.float32)
    errors = _errors(rng, count, length, model, hidden)
    distance = turns.length(errors)
    swapped = _swapped(rng, count, length, model.swaps)
    for clip in np.nonzero(swapped.any(axis=(1, 2)))[0]:
        seen = np.where(swapped[clip][..., None], points[clip][:, _PARTNERS], points[clip])
        distance[clip] += _NOTICED * turns.length(seen - points[clip]) / size[clip]
        points[clip] = seen
    confidence = _confidence(rng, distance, hidden, model)
    errors *= size[:, None, None, None]
    points += errors
    for clip in np.nonzero(coco)[0]:
        points[clip][:, _NOT_IN_COCO] = 0.0
        confidence[clip][:, _NOT_IN_COCO] = 0.0
    return Observation(points, confidence)


@cache
def _coco() -> np.ndarray:
    table = fitted()["coco"]
    offsets = np.zeros((len(POINTS), 3), np.float32)
    for row, name in enumerate(POINTS):
        left = np.array(table.get(name.split(".")[0], (0.0, 0.0, 0.0)))
        offsets[row] = left * (-1.0, 1.0, 1.0) if name.endswith(".R") else left
    return STATURE * offsets


def coco_offsets() -> np.ndarray:
    """`[25, 3]` metres from each of BlazePose's landmarks to COCO's, in the rest pose."""
    return _coco().copy()


def point_weights() -> np.ndarray:
    """`[25]` how much greater a point's error is than the usual, left and right alike."""
    table = fitted()["points"]
    return np.array([table[name.split(".")[0]] for name in POINTS], np.float32)


def _carried(places: np.ndarray, matrices: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Places `[B, T, 25, 3]` moved by offsets `[B, 25, 3]` of the rest pose, as the bones `[B, T, 18, 3, 3]` turn them."""
    result = turns.room(places[..., 0], 3)
    for point, bone in enumerate(_POINT_BONES):
        result[:, :, point] = places[:, :, point] + turns.rotate(matrices[:, :, bone], offsets[:, None, point])
    return result


def _errors(
    rng: np.random.Generator, count: int, length: int, model: DetectorModel, hidden: np.ndarray | None
) -> np.ndarray:
    """Errors `[B, T, 25, 2]` in statures as seen: a bias, drifts, jitter and spikes."""
    channels = 2 * len(POINTS)
    shape = (count, length, len(POINTS), 2)
    if not model.error:
        return np.zeros(shape, np.float32)
    rest = max(1.0 - model.bias - model.sway - model.drift, 0.0)
    noise = np.float32(rest**0.5) * rng.standard_normal((count, length, channels), dtype=np.float32)
    for period in _QUICK:
        noise += np.float32((model.drift / len(_QUICK)) ** 0.5) * drifting(rng, count, length, channels, period)
    noise += np.float32(model.sway**0.5) * drifting(rng, count, length, channels, _SLOW)
    noise += np.float32(model.bias**0.5) * rng.standard_normal((count, 1, channels), dtype=np.float32)
    quality = np.exp(model.quality * rng.standard_normal((count, 1, 1))) * (model.error / np.sqrt(2.0))
    scale = (quality * point_weights()).astype(np.float32)
    if hidden is not None:
        scale = np.where(hidden, np.float32(model.hidden), np.float32(1.0)) * scale
    errors = noise.reshape(shape)
    errors *= scale[..., None]
    jumps = np.nonzero(rng.random(shape[:3], dtype=np.float32) < model.spikes)
    errors[jumps] += model.spike * rng.standard_normal((len(jumps[0]), 2), dtype=np.float32)
    return errors


def _swapped(rng: np.random.Generator, count: int, length: int, mean: float) -> np.ndarray:
    """`[B, T, 25]` bool, which points carry their partner's place."""
    result = np.zeros((count, length, len(POINTS)), bool)
    for clip in np.repeat(np.arange(count), rng.poisson(mean, count)):
        start = rng.integers(length)
        stop = start + int(np.exp(rng.uniform(*np.log(_SWAP_FRAMES))))
        # what is swapped twice is right again
        result[clip, start:stop] ^= _SWAPS[rng.choice(len(_SWAPS), p=_SWAP_CHANCES)]
    return result


def _confidence(
    rng: np.random.Generator, distance: np.ndarray, hidden: np.ndarray | None, model: DetectorModel
) -> np.ndarray:
    """Confidence `[B, T, 25]` of points that are `distance` statures off: the fitted curve, with doubt about it.

    The doubt is added where confidence has no bounds, in its logit, and part of it stays for the clip, part drifts.
    """
    if not model.doubt:
        return np.ones(distance.shape, np.float32)
    curve = {name: np.float32(value) for name, value in fitted()["confidence"].items()}
    count, length, points = distance.shape
    doubt = drifting(rng, count, length, points, 12.0) + rng.standard_normal((count, 1, points), dtype=np.float32)
    logit = curve["best"] - curve["slope"] * np.log1p(distance / curve["scale"])
    logit += np.float32(model.doubt * 0.5**0.5) * doubt
    if hidden is not None:
        logit -= curve["hidden"] * hidden
    return np.float32(1.0) / (np.float32(1.0) + np.exp(-logit))
