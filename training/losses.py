"""What S3's networks are trained by: supervised and unlabelled terms, and the kinematic-chain discriminator.

Joints are `[B, T, 30, 3]` metres about the pelvis. Every loss is a mean, so that weights do not depend on the batch.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..models.skeletons import JOINT_PARENTS, JOINTS, partners

_PARENTS = list(JOINT_PARENTS)
_PARTNERS = partners(JOINTS)
_SIDED = [index for index, name in enumerate(JOINTS) if name.endswith(".L")]
# The bones of the field's 17 joints, as (child, parent).
_CHAIN = [(child, parent) for child, parent in enumerate(JOINT_PARENTS[:17]) if parent >= 0]
# Joints whose place the others hang on, and the ends of limbs, which move most.
_IMPORTANCE = {"elbow": 1.5, "wrist": 1.5, "knee": 1.5, "ankle": 2.0}

_RIDGE = 1e-6
_TINY = 1e-12
_NEAREST = 0.3
_LEAST_SPREAD = -5.3
# Metres of motion below which quiet windows are all the same.
_QUIET = 0.05


def joint_weights() -> Tensor:
    """`[30]` say of each joint in the pose loss, one on average: small parts of hands, feet and face have half."""
    base = [1.0 if index < 17 else 0.5 for index in range(len(JOINTS))]
    weights = torch.tensor([_IMPORTANCE.get(name.split(".")[0], base[index]) for index, name in enumerate(JOINTS)])
    return weights / weights.mean()


def length(vectors: Tensor) -> Tensor:
    """Lengths `[...]` of `vectors` `[..., D]`, with a gradient at zero too; many times as fast as torch's own norm."""
    return (vectors.square().sum(-1) + _TINY).sqrt()


def pose(joints: Tensor, truth: Tensor, weights: Tensor) -> Tensor:
    """Mean distance in metres between joints and truth, `weights` broadcast to `[B, T, 30]` (MPJPE, weighted)."""
    distance = length(joints - truth)
    weights = weights.expand_as(distance)
    return (weights * distance).sum() / weights.sum().clamp_min(1e-6)


def velocity(joints: Tensor, truth: Tensor, chosen: Tensor) -> Tensor:
    """Mean distance in metres between the steps from frame to frame; chosen: `[B]` share of each clip."""
    step = torch.diff(joints, dim=1) - torch.diff(truth, dim=1)
    distance = length(step).mean(dim=(1, 2))
    return (chosen * distance).sum() / chosen.sum().clamp_min(1e-6)


def unlikeliness(spread: Tensor, error: Tensor) -> Tensor:
    """Mean negative logarithm of a normal distribution's density at `error`, without its constant (NLL).

    spread: logarithm of the standard deviation in metres; both `[B, T, 30, 3]`. The pelvis, which
    everything is about and which cannot be off, is left out. A spread below five millimetres counts as those, so that no
    error is beyond all measure.
    """
    spread, error = spread[:, :, 1:].clamp_min(_LEAST_SPREAD), error[:, :, 1:]
    return (spread + 0.5 * (error * torch.exp(-spread)).square()).mean()


def evenly(joints: Tensor, hidden: Tensor) -> Tensor:
    """`[B]` weights of windows, one on average, by which those count more whose hidden joints move little.

    A wide motion's errors are many times those of a quiet one, which would be learned by nobody. joints: the truth;
    hidden: `[B, T, 30]` 1 where out of sight.
    """
    spread = joints.var(dim=1).sum(-1).sqrt()
    share = hidden.mean(dim=1)
    amount = (spread * share).sum(-1) / share.sum(-1).clamp_min(1e-6)
    weights = (_QUIET + amount).rsqrt()
    return weights / weights.mean()


def smoothing(points: Tensor, truth: Tensor, seen: Tensor) -> Tensor:
    """Mean distance of the 2D network's points `[B, T, 25, 2]` from the truth, over points in sight only.

    The term ‖C (f(C X) − X)‖ of Cheng et al. (2019): hidden points are neither supervised nor completed.
    """
    distance = length(points - truth)
    return (distance * seen).sum() / seen.sum().clamp_min(1.0)


def symmetry(joints: Tensor) -> Tensor:
    """Mean absolute difference in metres between the lengths of left and right bones."""
    parents = joints[:, :, [max(parent, 0) for parent in _PARENTS]]
    # a zero-length bone has no gradient of its own; the ridge keeps the square root's finite
    lengths = ((joints - parents).square().sum(-1) + _RIDGE).sqrt()
    left = [index for index in _SIDED if _PARENTS[index] >= 0]
    return (lengths[..., left] - lengths[..., [_PARTNERS[index] for index in left]]).abs().mean()


def steadiness(joints: Tensor) -> Tensor:
    """Mean change in metres of the bones' lengths from frame to frame: bodies do not stretch."""
    parents = joints[:, :, [max(parent, 0) for parent in _PARENTS]]
    lengths = ((joints - parents).square().sum(-1) + _RIDGE).sqrt()
    return torch.diff(lengths, dim=1).abs().mean()


def root_by_reprojection(joints: Tensor, slopes: Tensor, weights: Tensor) -> Tensor:
    """Place `[B, T, 3]` of the pelvis in the camera frame from which `joints` project onto `slopes` best.

    Weighted least squares on x + tx = u (z + tz), y + ty = v (z + tz), linear in the place; differentiable.
    joints: `[B, T, P, 3]`. slopes: `[B, T, P, 2]`. weights: `[B, T, P]`.
    """
    zeros, ones = torch.zeros_like(slopes[..., 0]), torch.ones_like(slopes[..., 0])
    rows = torch.stack(
        [torch.stack([ones, zeros, -slopes[..., 0]], -1), torch.stack([zeros, ones, -slopes[..., 1]], -1)], dim=-2
    )
    goal = slopes * joints[..., 2:] - joints[..., :2]
    left = torch.einsum("ntp,ntpka,ntpkb->ntab", weights, rows, rows)
    right = torch.einsum("ntp,ntpka,ntpk->nta", weights, rows, goal)
    return torch.linalg.solve(left + _RIDGE * torch.eye(3, device=joints.device), right)


def projection(joints: Tensor, root: Tensor, slopes: Tensor, weights: Tensor) -> Tensor:
    """Mean distance, in slopes, between where joints `[B, T, P, 3]` at `root` project and where they were seen."""
    places = joints + root[:, :, None]
    error = places[..., :2] / places[..., 2:].clamp_min(_NEAREST) - slopes
    distance = (error.square().sum(-1) + _RIDGE**2).sqrt()
    return (weights * distance).sum() / weights.sum().clamp_min(1e-6)


class Discriminator(nn.Module):
    """Tells poses of people from poses of the lifter by their kinematic chains.

    Input is the kinematic-chain-space matrix of a pose, the inner products of its 16 bones (Wandt & Rosenhahn, RepNet,
    CVPR 2019), of which the diagonal holds the squared lengths and the rest the angles, and the same of the next frame.
    """

    def __init__(self, width: int = 128) -> None:
        super().__init__()
        count = len(_CHAIN)
        self.register_buffer("upper", torch.triu_indices(count, count))
        self.layers = nn.Sequential(
            nn.Linear(count * (count + 1), width), nn.LeakyReLU(0.1), nn.Linear(width, width), nn.LeakyReLU(0.1),
            nn.Linear(width, 1),
        )  # fmt: skip

    def forward(self, joints: Tensor) -> Tensor:
        """Scores `[B, T - 1]` of `joints` `[B, T, 30, 3]`, high for people."""
        bones = torch.stack([joints[:, :, child] - joints[:, :, parent] for child, parent in _CHAIN], dim=2)
        matrix = 10.0 * bones @ bones.transpose(-1, -2)
        rows, columns = self.get_buffer("upper")
        chains = matrix[..., rows, columns]
        change = 10.0 * torch.diff(chains, dim=1)
        return self.layers(torch.cat([chains[:, :-1], change], dim=-1)).squeeze(-1)


def judged_real(scores: Tensor) -> Tensor:
    """What the lifter pays for being found out."""
    return functional.binary_cross_entropy_with_logits(scores, torch.ones_like(scores))


def told_apart(people: Tensor, lifted: Tensor) -> Tensor:
    """What the discriminator pays for mistakes."""
    real = functional.binary_cross_entropy_with_logits(people, torch.ones_like(people))
    return real + functional.binary_cross_entropy_with_logits(lifted, torch.zeros_like(lifted))
