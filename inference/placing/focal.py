"""How long the lens is: told by somebody, or estimated from the clip with how far the estimate may be off."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ...models.skeletons import POINT_JOINTS
from .. import rotations as rot
from ..along_time import durations, median_step
from ..camera import SENSOR_WIDTH
from ..settings import CameraSettings
from .path_clip import point_variance
from .path_settings import PathSettings
from .place import RootPath, root_path
from .still_feet import standing_feet

Source = Literal["user", "metadata", "camera", "estimate"]

_BODY = list(POINT_JOINTS)
# A foot is seen to stand, and how far two moments lie apart between which it may not slip, in seconds.
_STANDS = 0.3
_LAG = 0.2


@dataclass(frozen=True, slots=True)
class FocalSettings:
    """How the focal length is estimated; sigmas are of its logarithm.

    spread: of the lenses that people film with, about a field of view of 53° corner to corner. user, metadata and camera:
    of what is told; a video is often cropped from the picture that its metadata speak of. reach: how many spreads to
    either side are tried, in `steps` steps. evidence: independent looks at the whole body in a second of footage, and
    standing: at a standing foot; what the lifter gets wrong it gets wrong for long. slip: metres by which a lifted foot
    that stands moves about the pelvis. most: frames that are looked at, at `rate` a second.
    """

    spread: float = 0.3
    user: float = 0.01
    metadata: float = 0.05
    camera: float = 0.005
    reach: float = 3.0
    steps: int = 9
    evidence: float = 0.25
    standing: float = 3.75
    slip: float = 0.08
    most: int = 300
    rate: float = 30.0


@dataclass(frozen=True, slots=True)
class FocalEstimate:
    """A focal length and where it is from.

    focal_length: millimetres on a sensor 36 mm along the picture's longer side. sigma: standard deviation of its
    logarithm, so 0.1 is 10 %. source: who says so.
    """

    focal_length: float
    sigma: float
    source: Source

    @property
    def note(self) -> str | None:
        """A sentence for people where the focal length is a guess."""
        if self.source != "estimate":
            return None
        return (
            f"The focal length of {self.focal_length:.0f} mm is a guess that may be {100 * math.expm1(self.sigma):.0f} % off, "
            "and the distance to the camera with it: set it under Camera if you know it."
        )


def usual_focal_length(width: int, height: int) -> float:
    """Millimetres on a 36 mm sensor whose picture of `width` × `height` pixels is 53° corner to corner (CLIFF, ECCV 2022)."""
    return math.hypot(width, height) / max(width, height) * SENSOR_WIDTH


def known_focal(
    camera: CameraSettings, metadata: float | None, settings: FocalSettings | None = None
) -> FocalEstimate | None:
    """What is told of the focal length: by a known camera, else by the user, else by the footage's metadata in mm.

    A known camera that zooms gives its middle focal length. None where nobody tells it.
    """
    settings = settings or FocalSettings()
    if camera.track is not None:
        middle = float(np.exp(np.mean(np.log(camera.track.focal_lengths))))
        return FocalEstimate(middle, settings.camera, "camera")
    if camera.focal_length is not None:
        return FocalEstimate(camera.focal_length, settings.user, "user")
    if metadata is not None:
        return FocalEstimate(metadata, settings.metadata, "metadata")
    return None


def estimate_focal(
    assumed: float,
    joints: np.ndarray,
    belief: np.ndarray,
    slopes: np.ndarray,
    present: np.ndarray,
    times: np.ndarray,
    spread: np.ndarray | None = None,
    settings: FocalSettings | None = None,
) -> FocalEstimate:
    """The focal length that explains the clip best, of lenses as people film with.

    assumed: millimetres on a 36 mm sensor with which the slopes were made and which is the usual one (`usual_focal_length`).
    The rest is as for `root_path`. Raises ValueError as that does, and for an assumed focal length that is not positive.

    The mean of the posterior over a grid of focal lengths: the prior is normal in the logarithm, and the likelihood that
    of the reprojection errors and of the slipping of standing feet once the root's path is fitted with each focal
    length. A longer lens puts the subject farther away, which flattens the body's perspective and stretches its way to and
    from the camera against its steps. Where a clip shows neither, sigma stays that of the prior.
    """
    if not (math.isfinite(assumed) and assumed > 0):
        raise ValueError("The assumed focal length has to be a positive number.")
    settings = settings or FocalSettings()
    trust = belief * present[:, None]
    slopes = np.where(trust[..., None] > 0, slopes, 0.0)
    chosen = _looked_at(trust, slopes, times, settings)
    shown = _Shown(
        joints[chosen].astype(float),
        trust[chosen],
        slopes[chosen],
        times[chosen],
        None if spread is None else spread[chosen],
    )
    grid = settings.spread * np.linspace(-settings.reach, settings.reach, settings.steps)
    costs = np.array([_cost(shown, factor, settings) for factor in grid])
    fine = np.linspace(grid[0], grid[-1], 20 * settings.steps)
    score = -0.5 * np.interp(fine, grid, costs) - 0.5 * (fine / settings.spread) ** 2
    share = np.exp(score - score.max())
    share /= share.sum()
    mean = float(share @ fine)
    return FocalEstimate(assumed * math.exp(mean), float(np.sqrt(share @ (fine - mean) ** 2)), "estimate")


@dataclass(frozen=True, slots=True)
class _Shown:
    """The frames that are looked at; the fields are those of `root_path`."""

    joints: np.ndarray
    trust: np.ndarray
    slopes: np.ndarray
    times: np.ndarray
    spread: np.ndarray | None


def _looked_at(trust: np.ndarray, slopes: np.ndarray, times: np.ndarray, settings: FocalSettings) -> slice:
    """Of a long clip the stretch in which the subject's apparent size changes most, and of many frames a second a part."""
    step = median_step(times, 1.0)
    every = max(1, round(1.0 / (settings.rate * max(step, 1e-3))))
    length = settings.most * every
    if len(times) <= length:
        return slice(0, len(times), every)
    weights = trust[..., None] / np.maximum(trust.sum(axis=1), 1e-9)[:, None, None]
    middle = np.sum(weights * slopes, axis=1, keepdims=True)
    size = np.sum(weights * (slopes - middle) ** 2, axis=(1, 2))
    logs = np.where(trust.sum(axis=1) > 1, np.log(np.maximum(size, 1e-9)), np.nan)
    starts = range(0, len(times) - length + 1, max(length // 2, 1))
    changes = [_range(logs[start : start + length]) for start in starts]
    best = starts[int(np.argmax(changes))]
    return slice(best, best + length, every)


def _range(values: np.ndarray) -> float:
    """From the tenth to the ninetieth percentile of the finite values; -1 where too few are."""
    known = values[np.isfinite(values)]
    return float(np.subtract(*np.quantile(known, [0.9, 0.1]))) if len(known) > 1 else -1.0


def _cost(shown: _Shown, factor: float, settings: FocalSettings) -> float:
    """Twice the negative logarithm of the likelihood of a focal length that is exp(`factor`) times the assumed one."""
    joints, slopes = _as_seen(shown, math.exp(-factor))
    always = np.ones(len(shown.times), bool)
    path = root_path(joints, shown.trust, slopes, always, shown.times, PathSettings(), shown.spread)
    return _missing(shown, joints, slopes, path, settings) + _slipping(shown, joints, slopes, path, settings)


def _as_seen(shown: _Shown, scale: float) -> tuple[np.ndarray, np.ndarray]:
    """Joints and slopes if the slopes were `scale` times as steep: the body turns with the ray to it, as it was lifted."""
    weights = shown.trust + 1e-6
    middle = np.einsum("tj,tjk->tk", weights, shown.slopes) / weights.sum(axis=1, keepdims=True)
    ones = np.ones((len(middle), 1))
    before, after = (np.concatenate([part, ones], axis=-1) for part in (middle, scale * middle))
    turn = rot.between(before, after)
    return rot.rotate(turn[:, None], shown.joints), scale * shown.slopes


def _missing(shown: _Shown, joints: np.ndarray, slopes: np.ndarray, path: RootPath, settings: FocalSettings) -> float:
    """By how much the points are missed, robustly (Cauchy), as far as a second's frames are independent."""
    place = joints[:, _BODY] + path.root[:, None]
    error = np.sum((place[..., :2] - slopes * place[..., 2:]) ** 2, axis=-1)
    outlier = PathSettings().outlier
    variance = point_variance(shown.slopes, shown.spread, PathSettings())
    missed = outlier**2 * np.log1p(error / variance / outlier**2)
    return settings.evidence * float(np.sum(shown.trust * missed * durations(shown.times, 1.0 / 30.0)[:, None]))


def _slipping(shown: _Shown, joints: np.ndarray, slopes: np.ndarray, path: RootPath, settings: FocalSettings) -> float:
    """By how much standing feet slip."""
    feet = standing_feet(joints, path.root, shown.trust, slopes, shown.times, PathSettings())
    seconds = durations(shown.times, 1.0 / 30.0)
    lag = max(1, round(_LAG / float(np.median(seconds))))
    if len(shown.times) <= lag:
        return 0.0
    frames = len(shown.times) - lag
    runs = np.min([feet.standing[shift : shift + frames] for shift in range(lag + 1)], axis=0)
    share = np.where(runs > _STANDS, np.minimum(feet.standing[lag:], feet.standing[:-lag]), 0.0)
    slipped = np.sum((feet.places[lag:] - feet.places[:-lag]) ** 2, axis=-1) / settings.slip**2
    return settings.standing * float(np.sum(share * np.log1p(slipped / 2) * seconds[:-lag, None]))
