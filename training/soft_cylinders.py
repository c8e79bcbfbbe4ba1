"""The Cylinder Man's soft visibility, which has a gradient: it may be a loss. Needs PyTorch."""

from __future__ import annotations

import numpy as np
import torch

from ..models.skeletons import POINTS
from .capsules import FACE, HEADED, TESTED, clearances

ACROSS, IN_DEPTH, TURN = 0.01, 0.02, 0.1
"""Widths of the borders: metres across and in depth on a body of the reference size, and a cosine for the face."""
_FACE = [POINTS.index(name) for name in FACE]
_TESTED = np.concatenate([TESTED, HEADED[:, None], np.ones((len(POINTS), 1), bool)], axis=1)


def soft_visible(joints: torch.Tensor) -> torch.Tensor:
    """How well each of the 25 `POINTS` is in sight, `[..., 25]`, 0 hidden to 1 visible, by `cylinders.visible`'s rules.

    joints: `[..., 30, 3]` in the camera frame (x right, y down, z forward), metres. A point is seen as far as no solid
    hides it: the product over the solids of 1 − sigmoid(inside) sigmoid(behind), and
    for the face sigmoid(facing).
    """
    flat = joints.reshape(-1, *joints.shape[-2:]).permute(2, 1, 0)
    clear = clearances(flat, lambda table: torch.as_tensor(table).to(joints), lambda parts: torch.cat(parts, dim=1))
    across = torch.sigmoid(clear.inside / (ACROSS * clear.scale))
    hides = across * torch.sigmoid(clear.behind / (IN_DEPTH * clear.scale))
    tested = torch.as_tensor(_TESTED).to(joints)
    seen = (1.0 - hides * tested[..., None]).prod(dim=1)
    faced = torch.ones_like(seen)
    faced[_FACE] = torch.sigmoid(torch.stack(clear.facing) / TURN)
    return (seen * faced).permute(1, 0).reshape(*joints.shape[:-2], len(POINTS))


def hiding_loss(joints: torch.Tensor, unreliable: torch.Tensor) -> torch.Tensor:
    """The regulariser of Cheng et al.: mean soft visibility of the points that the picture says are unreliable.

    joints: `[..., 30, 3]` of the estimated pose in the camera frame, metres. unreliable: `[..., 25]` bool. It is low
    where the estimated body explains why those points are not seen; zero where all are reliable.
    """
    weights = unreliable.to(joints)
    return (soft_visible(joints) * weights).sum() / weights.sum().clamp(min=1.0)
