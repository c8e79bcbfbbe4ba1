"""The fine fit: the robust fit's energy, brought down over the whole clip by PyTorch where that is installed.

Gauss and Newton's steps (`inference.fitting.fit`) take every term as a sum of squares and stop early; here the energy itself is
followed, mixture and limits among it, to where it does not fall any more (L-BFGS; Liu and Nocedal, Mathematical
Programming 45, 1989). On hard validation clips the energy ends up to a quarter lower than the draft's at a tenth of its speed;
joints lie no nearer to their true places.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, cast

import numpy as np

from ...errors import SetupError
from ...models.skeletons import BONE_NAMES, JOINT_CARRIERS, REACH
from ..camera import View
from ..contacts import Contacts
from ..observed import Observed
from ..poses import Poses
from .fit import FitSettings, Fitted, Problem, fit
from .kinematics import State, ways
from .sizes import members
from .terms import (
    NEAREST,
    POINT_PLACES,
    HingeTerm,
    LifterTerm,
    PathTerm,
    PlaceTerm,
    PointTerm,
    ReachTerm,
    hinges,
)

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, slots=True)
class FineSettings:
    """steps: of L-BFGS at most, in rounds of `round_steps`. enough: fall of the energy a frame in a round below which it stops."""

    steps: int = 120
    round_steps: int = 20
    enough: float = 1e-4


def fit_fine(
    start: Poses,
    path_sigma: np.ndarray,
    observed: Observed,
    view: View,
    contacts: Contacts,
    settings: FitSettings,
    fine: FineSettings | None = None,
) -> Fitted:
    """The draft's fit (`inference.fitting.fit.fit`), and then the same energy further down; arguments as there.

    Raises SetupError where PyTorch is not installed, or the extension's data is damaged.
    """
    torch, chosen = open_torch(), fine or FineSettings()

    def further(draft: State, problem: Problem) -> State:
        return _followed(torch, draft, problem, chosen)

    return fit(start, path_sigma, observed, view, contacts, settings, further)


def open_torch() -> ModuleType:
    """PyTorch. Raises SetupError where it is not installed."""
    try:
        import torch  # noqa: PLC0415 - optional, and slow to import
    except ImportError as error:
        raise SetupError(
            "Fine fitting needs PyTorch, which is not installed: choose Draft for the fit, or press Install PyTorch in the "
            "add-on's preferences."
        ) from error
    return torch


def _followed(torch: ModuleType, state: State, problem: Problem, settings: FineSettings) -> State:
    """The best state on the way down from `state`, which may be itself."""
    energy = _Energy(torch, state, problem)
    best, lowest = state, problem.energy(state)
    optimizer = torch.optim.LBFGS(energy.unknowns, max_iter=settings.round_steps, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimizer.zero_grad()
        total = energy.total()
        total.backward()
        return total

    for _ in range(max(settings.steps // settings.round_steps, 1)):
        optimizer.step(closure)
        reached = energy.state()
        now = problem.energy(reached)
        if not now < lowest:
            break
        fell, best, lowest = lowest - now, reached, now
        if fell < settings.enough * len(state.root):
            break
    return best


class _Energy:
    """A problem's energy as a function of steps of the pelvis, turns of the bones and sizes of the body."""

    def __init__(self, torch: ModuleType, state: State, problem: Problem) -> None:
        self._torch, self._state, self._problem = torch, state, problem
        count = len(state.root)
        shapes = ((count, 3), (count, len(BONE_NAMES), 3), (len(state.sizes),))
        self.unknowns = [torch.zeros(shape, dtype=torch.float64, requires_grad=True) for shape in shapes]
        self._sums = {
            LifterTerm: self._lifter,
            PathTerm: self._path,
            PointTerm: self._points,
            HingeTerm: self._hinges,
            ReachTerm: self._reach,
            PlaceTerm: self._kept,
        }

    def state(self) -> State:
        """The state at which the unknowns are."""
        step, turn, sizes = (values.detach().numpy() for values in self.unknowns)
        return self._state.moved(np.concatenate([step, turn.reshape(len(turn), -1)], axis=1), sizes)

    def total(self) -> Tensor:
        """The whole clip's energy and the body's."""
        root, matrices, joints, sizes = self._placed()
        total = 0.5 * (sizes**2).sum() / self._problem.size**2
        for term in self._problem.terms:
            total = total + self._sums[type(term)](term, root, matrices, joints)
        return cast("Tensor", total)

    def _placed(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        step, turn, grown = self.unknowns
        x, y, z = turn.unbind(-1)
        none = self._torch.zeros_like(x)
        skew = self._torch.stack([none, -z, y, z, none, -x, -y, x, none], dim=-1).reshape(*x.shape, 3, 3)
        matrices = self._torch.matrix_exp(skew) @ self._tensor(self._state.matrices)
        longer = self._torch.exp(grown @ self._tensor(members()))
        offsets = self._tensor(self._state.offsets) * longer[:, None]
        segments = (matrices[:, list(JOINT_CARRIERS)] @ offsets[..., None])[..., 0]
        joints = self._tensor(ways()) @ segments
        return self._tensor(self._state.root) + step, matrices, joints, self._tensor(self._state.sizes) + grown

    def _lifter(self, term: LifterTerm, root: Tensor, matrices: Tensor, joints: Tensor) -> Tensor:  # noqa: ARG002
        off = joints @ self._tensor(term.view.rotations) - self._tensor(term.joints)
        apart = self._tensor(term.apart)
        alone = self._torch.einsum("anj,tja->tan", apart, off / self._tensor(term.spread))
        change = self._torch.einsum("anj,tja->tan", apart, off.diff(dim=0) / self._tensor(term.between()))
        changes = (self._tensor(term.change) * (change**2).sum(dim=(1, 2))).sum()
        return 0.5 * term.alone * (alone**2).sum() + 0.5 * changes

    def _path(self, term: PathTerm, root: Tensor, matrices: Tensor, joints: Tensor) -> Tensor:  # noqa: ARG002
        off = root - self._tensor(term.path)
        alone = self._torch.einsum("ta,tab,tb->", off, self._tensor(term.weight), off)
        return 0.5 * alone + 0.5 * (self._tensor(term.change) * (off.diff(dim=0) ** 2).sum(dim=1)).sum()

    def _points(self, term: PointTerm, root: Tensor, matrices: Tensor, joints: Tensor) -> Tensor:  # noqa: ARG002
        placed = (joints[:, POINT_PLACES] + root[:, None] - self._tensor(term.view.positions)[:, None]) @ self._tensor(
            term.view.rotations
        )
        seen = placed[..., :2] / placed[..., 2:].clamp(min=NEAREST)
        off = (seen - self._tensor(term.slopes)) / self._tensor(term.sigma)[..., None]
        body = self._tensor(term.belief) * self._torch.exp(-0.5 * (off**2).sum(dim=-1))
        return -term.weight * self._torch.log(body + self._tensor(term.clutter_likelihood())).sum()

    def _hinges(self, term: HingeTerm, root: Tensor, matrices: Tensor, joints: Tensor) -> Tensor:  # noqa: ARG002
        total = self._torch.zeros((), dtype=self._torch.float64)
        for upper, lower, axis, along in hinges():
            gap = (matrices[:, lower] - matrices[:, upper]) @ self._tensor(axis)
            across = matrices[:, upper] @ self._tensor(np.cross(axis, along))
            over = (across * (matrices[:, lower] @ self._tensor(along))).sum(dim=-1).clamp(max=0.0)
            total = total + 0.5 * term.weight * (gap**2).sum() + 0.5 * term.backwards * (over**2).sum()
        return total

    def _reach(self, term: ReachTerm, root: Tensor, matrices: Tensor, joints: Tensor) -> Tensor:  # noqa: ARG002
        total = self._torch.zeros((), dtype=self._torch.float64)
        for bone, reach in REACH.items():
            own, parent = (matrices[:, BONE_NAMES.index(name)] for name in (bone, reach.parent))
            turn = own @ parent.mT
            skew = self._torch.stack(
                [turn[:, 2, 1] - turn[:, 1, 2], turn[:, 0, 2] - turn[:, 2, 0], turn[:, 1, 0] - turn[:, 0, 1]], dim=-1
            )
            # the root has no slope where a bone is not turned at all
            sine = ((skew**2).sum(dim=-1) + 1e-18).sqrt()
            angle = self._torch.atan2(sine, turn.diagonal(dim1=1, dim2=2).sum(dim=-1) - 1.0)
            total = total + 0.5 * term.weight * ((angle - reach.angle).clamp(min=0.0) ** 2).sum()
        return total

    def _kept(self, term: PlaceTerm, root: Tensor, matrices: Tensor, joints: Tensor) -> Tensor:  # noqa: ARG002
        off = joints[:, term.members] + root[:, None] - self._tensor(term.places)
        return 0.5 * (self._tensor(term.weight)[..., None] * off**2).sum()

    def _tensor(self, values: np.ndarray) -> Tensor:
        return cast("Tensor", self._torch.as_tensor(np.ascontiguousarray(values, float)))
