"""Weighted triangulation with gradients (Roy et al., On Triangulation as a Form of Self-Supervision, arXiv 2203.15865).

Every pair of views says where a point is; views whose pairs lie far from the median of all count little in the place
that all views give together. It makes targets of footage that nobody labelled. `multiview.triangulate` is the robust one
for measuring: it starts from the best pair and looks at errors in the pictures, and has no gradient.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from .multiview import CalibratedCamera

_ROUNDS = 20
_NEAREST = 1e-3


@dataclass(frozen=True, slots=True)
class TriangulationSettings:
    """sigma: metres from the median at which a pair counts for 1/e. angle: degrees between rays that tell of depth."""

    sigma: float = 0.05
    angle: float = 1.0


@dataclass(frozen=True, slots=True)
class Rig:
    """Where C cameras are: rotation `[C, 3, 3]` from the world's axes to the camera's, position `[C, 3]` metres."""

    rotation: Tensor
    position: Tensor


@dataclass(frozen=True, slots=True)
class Triangulated:
    """Points in the world.

    places: `[..., 3]` metres, 0 where the weight is. weights: `[...]` 0 to 1, how far a place may be trusted, 0 with fewer
    than two views at an angle. views: `[C, ...]` 0 to 1, how far each view counted. Only the places have a gradient: a
    network that is taught by it cannot lower its loss by making a view unbelievable.
    """

    places: Tensor
    weights: Tensor
    views: Tensor


def rig(cameras: Sequence[CalibratedCamera]) -> Rig:
    """The cameras as tensors."""
    return Rig(
        torch.from_numpy(np.stack([camera.rotation for camera in cameras])).double(),
        torch.from_numpy(np.stack([camera.position for camera in cameras])).double(),
    )


def weighted_triangulation(
    slopes: Tensor, sights: Tensor, cameras: Rig, settings: TriangulationSettings
) -> Triangulated:
    """The places of points that the cameras see.

    slopes: `[C, ..., 2]` (x/z, y/z) in each camera's frame, without the lens's distortion (`CalibratedCamera.rays`);
    not read where the sight is 0. sights: `[C, ...]` 0 to 1, how sure a view is of a point. Raises ValueError where these
    are not as many views as the rig has cameras, or fewer than two.
    """
    count = len(cameras.rotation)
    if count < 2 or len(slopes) != count or slopes.shape[:-1] != sights.shape:
        raise ValueError(f"{tuple(slopes.shape)} slopes and {tuple(sights.shape)} sights fit no {count} cameras.")
    leading, kind = sights.shape[1:], slopes.dtype
    sights = sights.detach().reshape(count, -1).double()
    # what is out of sight may be anything, even no number
    slopes = torch.where(sights[..., None] > 0, slopes.reshape(count, -1, 2).double(), 0.0)
    normal, right = _equations(slopes, cameras)
    with torch.no_grad():
        views = _agreement(normal, right, _rays(slopes, cameras), sights, settings)
        known = _second(views) > 0
    shares = views / torch.where(known, views.amax(dim=0), 1.0)
    places = _solve(_weighed(normal, shares), _weighed(right, shares), known)
    with torch.no_grad():
        missed = _distance(places, _rays(slopes, cameras), cameras)
        weights = _second(views * _bell(missed, settings.sigma))
    shaped = places.reshape(*leading, 3), weights.reshape(leading), views.reshape(count, *leading)
    return Triangulated(*(part.to(kind) for part in shaped))


def _equations(slopes: Tensor, cameras: Rig) -> tuple[Tensor, Tensor]:
    """Normal equations `[C, N, 3, 3]` and `[C, N, 3]` of each sight: x − z·slope is zero in its camera's frame (DLT)."""
    turn = cameras.rotation[:, None]
    rows = turn[..., :2, :] - slopes[..., None] * turn[..., 2:, :]
    goal = rows @ cameras.position[:, None, :, None]
    across = rows.transpose(-1, -2)
    return across @ rows, (across @ goal)[..., 0]


def _rays(slopes: Tensor, cameras: Rig) -> Tensor:
    """Directions `[C, N, 3]` of length one in the world."""
    return functional.normalize(functional.pad(slopes, (0, 1), value=1.0), dim=-1) @ cameras.rotation


def _agreement(normal: Tensor, right: Tensor, rays: Tensor, sights: Tensor, settings: TriangulationSettings) -> Tensor:
    """`[C, N]` how far each view's pairs, weighted by the sights behind them, agree with the median of all pairs."""
    pairs = torch.tensor(list(combinations(range(len(rays)), 2)))
    one, two = pairs.T
    wide = torch.linalg.vector_norm(torch.linalg.cross(rays[one], rays[two]), dim=-1)
    sure = sights[one] * sights[two] * (wide > np.sin(np.radians(settings.angle)))
    places = _solve(normal[one] + normal[two], right[one] + right[two], sure > 0)
    apart = torch.linalg.vector_norm(places - _median(places, sure), dim=-1)
    counted = sure * _bell(apart, settings.sigma)
    member = functional.one_hot(pairs, len(rays)).sum(dim=1).double()
    return sights * (member.T @ counted) / (member.T @ sure).clamp_min(1e-12)


def _median(places: Tensor, weights: Tensor) -> Tensor:
    """Geometric median `[N, 3]` of `places` `[P, N, 3]` with `weights` `[P, N]`, by Weiszfeld's iteration.

    Half of the weight may lie anywhere and it stays with the other half, which medians axis by axis do not.
    """
    weights = weights[..., None]
    shares = weights
    for _ in range(_ROUNDS):
        middle = (shares * places).sum(dim=0) / shares.sum(dim=0).clamp_min(1e-12)
        apart = torch.linalg.vector_norm(places - middle, dim=-1, keepdim=True)
        shares = weights / apart.clamp_min(_NEAREST)
    return (shares * places).sum(dim=0) / shares.sum(dim=0).clamp_min(1e-12)


def _weighed(equations: Tensor, views: Tensor) -> Tensor:
    """Sum over the views of `[C, N, ...]`, each with its weight `[C, N]`."""
    return torch.einsum("cn,cn...->n...", views, equations)


def _solve(normal: Tensor, right: Tensor, known: Tensor) -> Tensor:
    """Solutions `[..., 3]`; 0, and without a gradient, where nothing is known."""
    known = known[..., None]
    normal = torch.where(known[..., None], normal, torch.eye(3, dtype=normal.dtype))
    return torch.linalg.solve(normal, torch.where(known, right, 0.0))


def _distance(places: Tensor, rays: Tensor, cameras: Rig) -> Tensor:
    """`[C, N]` metres from each place to each ray."""
    away = places - cameras.position[:, None]
    return torch.linalg.vector_norm(torch.linalg.cross(away, rays), dim=-1)


def _bell(distance: Tensor, sigma: float) -> Tensor:
    return (-((distance / sigma) ** 2)).exp()


def _second(views: Tensor) -> Tensor:
    """`[N]` the second largest over the views `[C, N]`: a place stands on two of them."""
    return views.topk(2, dim=0).values[1]
