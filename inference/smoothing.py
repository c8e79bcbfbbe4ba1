"""Noise is taken out of a motion without lag, and hits, steps and turns stay sharp.

The motion is split into bands by local parabolas of rising width (Savitzky and Golay, Analytical Chemistry 36, 1964; with
weights: Cleveland, JASA 74, 1979). Each band keeps what stands out from its noise (Wiener's gain with a local energy, as in
Donoho and Johnstone's shrinkage, Biometrika 81, 1994): where a limb is hit or stops, the finest bands stand out and stay;
where it rests or glides, they are noise and go.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..models.skeletons import BONE_NAMES
from . import rotations as rot
from .along_time import median_step, overlap, runs
from .contacts import CONTACTS, Contacts
from .poses import Poses

_TINY = 1e-12
# The points whose contacts change how a bone moves; the root and the trunk have none of their own.
_TOUCHING = {
    "thigh": ("heel", "toe"), "shin": ("heel", "toe"), "foot": ("heel", "toe"),
    "upper_arm": ("hand",), "forearm": ("hand",), "hand": ("hand",),
}  # fmt: skip

# From the quantile of noise's energy that `quiet` names to its median: chi-square with three degrees of freedom.
_TO_MEDIAN = 1.43


def _limbs() -> np.ndarray:
    """`[19, 19]` columns that average over the limb of each bone, or over the trunk with the root, which comes first."""
    limbs = {"thigh": "leg", "shin": "leg", "foot": "leg", "shoulder": "arm", "upper_arm": "arm", "forearm": "arm"}
    limbs["hand"] = "arm"
    parts = [name.partition(".") for name in ("root", *BONE_NAMES)]
    names = [f"{limbs[kind]}.{side}" if side else "trunk" for kind, _, side in parts]
    same = np.array([[one == two for two in names] for one in names], float)
    return same / same.sum(axis=0)


_LIMBS = _limbs()


@dataclass(frozen=True, slots=True)
class SmoothingSettings:
    """strength: 0 leaves the motion as it is, 0.5 is the recommended amount, 1 the most.

    widths: half-widths of the local parabolas, in frames at 30 a second; more frames at higher rates. quiet: share of a
    clip's frames that hold noise at most. goes, stays: how far above its noise, as a factor of energy, a band begins to
    stay and stays whole at half strength; less strength scales both. No band has more noise than a finer one. coarser: share
    of what the next coarser band says about whether a band stands out, because a hit does in all of them at once, and noise
    does not. limb: share of what the limb says about it. doubt: how much more noise there is where nothing is known
    than where all is.
    trust: least weight of a frame in its neighbors' parabolas. contact: how much less two frames have to do with each
    other with every contact that changes between them, as the logarithm of their weight.
    """

    strength: float = 0.5
    widths: tuple[float, ...] = (3.0, 5.0, 8.0, 12.0)
    quiet: float = 0.35
    goes: float = 10.0
    stays: float = 90.0
    coarser: float = 0.62
    limb: float = 0.1
    doubt: float = 4.0
    trust: float = 0.1
    contact: float = 3.0


def smooth(
    poses: Poses,
    confidence: np.ndarray,
    contacts: Contacts,
    times: np.ndarray,
    present: np.ndarray,
    settings: SmoothingSettings,
) -> Poses:
    """The motion with its noise taken out; bones keep their lengths.

    poses: T frames in Blender's world. confidence: `[T, 18]` 0 to 1 of the bones. times: `[T]` seconds, rising. present:
    `[T]` bool; absent frames stay as they are, and nothing is mixed across them. Every frame is smoothed by as much of what
    comes before as of what comes after, so that nothing lags.
    """
    if settings.strength <= 0.0 or present.sum() < 3:
        return poses
    root, rotations = np.array(poses.root, float), np.array(poses.rotations, float)
    number = runs(present)
    rotations = rot.continuous(rotations)
    values = np.concatenate([np.pad(root, ((0, 0), (0, 1)))[:, None], rotations], axis=1)
    trust = np.concatenate([confidence[:, BONE_NAMES.index("hips"), None], confidence], axis=1)
    trust = np.clip(np.nan_to_num(trust), 0.0, 1.0)
    apart = _changes(contacts, settings)
    smoothed = _smoothed(values, trust, apart, times, number, present, settings)
    values = np.where(present[:, None, None], smoothed, values)
    turns = rot.normalize(values[:, 1:])
    same = ~present[:, None, None]
    return Poses(poses.offsets, values[:, 0, :3], np.where(same, poses.rotations, turns))


def _changes(contacts: Contacts, settings: SmoothingSettings) -> np.ndarray:
    """`[T, 19]` how far contacts have changed up to each frame, for the root and each bone."""
    probability = np.clip(contacts.probability, 0.0, 1.0)
    steps = np.concatenate([np.zeros((1, len(CONTACTS))), np.abs(np.diff(probability, axis=0))])
    total = settings.contact * np.cumsum(steps, axis=0)
    result = np.zeros((len(probability), 1 + len(BONE_NAMES)))
    for bone, name in enumerate(BONE_NAMES):
        kind, _, side = name.partition(".")
        for point in _TOUCHING.get(kind, ()):
            result[:, 1 + bone] += total[:, CONTACTS.index(f"{point}.{side}")]
    return result


def _smoothed(
    values: np.ndarray,
    trust: np.ndarray,
    apart: np.ndarray,
    times: np.ndarray,
    number: np.ndarray,
    present: np.ndarray,
    settings: SmoothingSettings,
) -> np.ndarray:
    """Values `[T, N, 4]` without the parts of their bands that do not stand out from noise."""
    rate = 1.0 / max(median_step(times, 0.0), _TINY)
    unit = max(1.0, rate / 30.0)
    level = (2.0 * settings.strength) ** 2
    doubtful = (1.0 + settings.doubt * (1.0 - trust)) ** 2
    weight = np.maximum(trust, settings.trust)
    least = np.full(values.shape[1], np.inf)
    fine = values
    details, above = [], []
    for width in settings.widths:
        coarse = _parabolas(values, weight, apart, number, width * unit)
        detail = fine - coarse
        energy = np.sum(detail**2, axis=-1)
        usual = _TO_MEDIAN * np.quantile((energy / doubtful)[present], settings.quiet, axis=0)
        least = np.minimum(least, usual)
        noise = least * doubtful
        own = _around(energy, number, max(1, round(width * unit / 2))) / np.maximum(noise, _TINY)
        above.append((1.0 - settings.limb) * own + settings.limb * own @ _LIMBS)
        details.append(detail)
        fine = coarse
    standing_out = np.zeros(values.shape[:2])
    for detail, own in zip(reversed(details), reversed(above), strict=True):
        standing_out = own + settings.coarser * standing_out
        share = np.clip((standing_out / level - settings.goes) / (settings.stays - settings.goes), 0.0, 1.0)
        fine = fine + (share * share * (3.0 - 2.0 * share))[..., None] * detail
    return fine


def _parabolas(
    values: np.ndarray, weight: np.ndarray, apart: np.ndarray, number: np.ndarray, width: float
) -> np.ndarray:
    """Values `[T, N, 4]` of weighted local parabolas over `width` frames to either side."""
    count = len(values)
    reach = min(int(np.ceil(width)) - 1, count - 1)
    moments = np.zeros((5, *weight.shape))
    sums = np.zeros((3, *values.shape))
    for shift in range(-reach, reach + 1):
        here, there = overlap(count, shift)
        x = shift / width
        share = (1.0 - abs(x) ** 3) ** 3 * weight[there] * np.exp(-np.abs(apart[there] - apart[here]))
        share *= (number[there] == number[here])[:, None]
        for power in range(5):
            moments[power, here] += x**power * share
        weighted = share[..., None] * values[there]
        for power in range(3):
            sums[power, here] += x**power * weighted
    one, two, three, four, five = moments
    # a window that lies to one side of a frame tells little of curvature
    three, five = three + 1e-4 * one, five + 1e-3 * one
    level, slope, bend = three * five - four**2, three * four - two * five, two * four - three**2
    whole = one * level + two * slope + three * bend
    top = level[..., None] * sums[0] + slope[..., None] * sums[1] + bend[..., None] * sums[2]
    return top / np.maximum(whole, _TINY)[..., None]


def _around(energy: np.ndarray, number: np.ndarray, reach: int) -> np.ndarray:
    """The mean of `energy` `[T, N]` over `reach` frames to either side."""
    count = len(energy)
    total, weight = np.zeros(energy.shape), np.zeros((count, 1))
    for shift in range(-min(reach, count - 1), min(reach, count - 1) + 1):
        here, there = overlap(count, shift)
        share = ((1.0 - (shift / (reach + 1)) ** 2) * (number[there] == number[here]))[:, None]
        total[here] += share * energy[there]
        weight[here] += share
    return total / weight
