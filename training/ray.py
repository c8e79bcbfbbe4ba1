"""The lifting network of S0 (Roy et al., 2024, arXiv 2402.11036): each frame alone, and distances along rays instead of places.

The network says how far away the root is and how much farther each joint is; the joint then lies there on the ray through
its point in the picture. So a wrong point moves its joint sideways however good the depth is, which only the refiner can
mend. Distances are counted along the view's axis, so that sideways is along the picture. The paper takes the root's
distance from the truth; here it is learned, for a body of the usual size. The layers are those of Martinez et al. (ICCV 2017).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..inference.guided import CHANNELS, OVERALL, VALUES
from ..inference.sight_features import joint_shares
from ..models.skeletons import JOINTS, POINTS

_MADE = [index for index, name in enumerate(JOINTS) if name not in POINTS]
# Metres that the root mean square of the large joints' distances from the line of sight is in usual poses: what the
# network says of the root's distance is a factor of that at which such a body has the size that it has in the picture.
_RADIUS = 0.6


@dataclass(frozen=True, slots=True)
class RaySettings:
    """Sizes. blocks: residual blocks of two layers each."""

    width: int = 1024
    blocks: int = 2
    dropout: float = 0.25


class RayLifter(nn.Module):
    """Guided points `[N, F, VALUES]` to joints and the logarithm of their spread, `[N, F, 30, 3]` each, metres."""

    def __init__(self, settings: RaySettings) -> None:
        super().__init__()
        self.settings = settings
        width = settings.width
        self.enter = _layer(VALUES, width, settings.dropout)
        self.blocks = nn.ModuleList(
            nn.Sequential(_layer(width, width, settings.dropout), _layer(width, width, settings.dropout))
            for _ in range(settings.blocks)
        )
        # of the root its distance, of the others how much farther they are, of joints without a point a shift, the spread
        self.sizes = (1, len(JOINTS) - 1, 2 * len(_MADE), 3 * len(JOINTS))
        self.head = nn.Linear(width, sum(self.sizes))
        nn.init.normal_(self.head.weight, std=1e-3)
        nn.init.zeros_(self.head.bias)
        self.register_buffer("shares", torch.from_numpy(joint_shares()), persistent=False)
        self.register_buffer("made", functional.one_hot(torch.tensor(_MADE), len(JOINTS)).float(), persistent=False)

    def forward(self, values: Tensor) -> tuple[Tensor, Tensor]:
        """Joints about the pelvis in the axes of the points' view, and log spread along the same axes."""
        slopes, root, relative, spread = self.distances(values)
        return along_rays(slopes, root, relative), spread

    def distances(self, values: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """What the joints are made from, and their log spread `[N, F, 30, 3]`.

        These are the slopes `[N, F, 30, 2]` of the joints' rays in the points' view, the root's distance `[N, F]` from the
        camera in metres, and how much farther than the root each joint is, `[N, F, 30]`; along the view's axis.
        """
        hidden = self.enter(values.flatten(0, 1))
        for block in self.blocks:
            hidden = hidden + block(hidden)
        found = self.head(hidden).float().unflatten(0, values.shape[:2])
        far, relative, shift, spread = found.split(self.sizes, dim=-1)
        points, size = _points(values)
        # a place of 16 bits would be centimetres off
        with torch.autocast(values.device.type, enabled=False):
            places = self.get_buffer("shares") @ points
            places = places + self.get_buffer("made").T @ shift.unflatten(-1, (len(_MADE), 2))
        root = _RADIUS / size * far[..., 0].exp()
        relative = functional.pad(relative, (1, 0))
        return places * size[..., None, None], root, relative, spread.unflatten(-1, (len(JOINTS), 3))


def along_rays(slopes: Tensor, root: Tensor, relative: Tensor) -> Tensor:
    """Joints `[..., 30, 3]` about the pelvis: each at the root's distance and what it is farther, along its own ray.

    slopes: `[..., 30, 2]` of the rays (x/z, y/z). root: `[...]` metres from the camera. relative: `[..., 30]` metres,
    0 for the pelvis. Both are counted along the z axis.
    """
    rays = functional.pad(slopes, (0, 1), value=1.0)
    places = rays * (root[..., None] + relative)[..., None]
    return places - places[..., :1, :]


def _points(values: Tensor) -> tuple[Tensor, Tensor]:
    """The points `[N, F, 25, 2]` in their form of size one, and the size `[N, F]` in slopes of one of their units."""
    channels, overall = values.split((CHANNELS * len(POINTS), OVERALL), dim=-1)
    return channels.unflatten(-1, (len(POINTS), CHANNELS))[..., :2], (overall[..., 0] - 1.0).exp()


def _layer(inputs: int, width: int, dropout: float) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inputs, width), nn.BatchNorm1d(width), nn.ReLU(), nn.Dropout(dropout))
