"""Weighted triangulation: exact where views agree, deaf to the one that does not, and with gradients one can use."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from penumbra.training.triangulation import Rig, Triangulated, TriangulationSettings, weighted_triangulation

SETTINGS = TriangulationSettings()


def _rig(angles: Tensor, away: float = 4.0) -> Rig:
    """Cameras on a circle about the world's z axis that look at its middle from 1.5 metres up."""
    position = torch.stack([away * angles.cos(), away * angles.sin(), torch.full_like(angles, 1.5)], dim=-1)
    ahead = functional.normalize(torch.tensor([0.0, 0.0, 1.0]) - position, dim=-1)
    side = functional.normalize(torch.linalg.cross(ahead, torch.tensor([0.0, 0.0, 1.0]).expand_as(ahead)), dim=-1)
    return Rig(torch.stack([side, torch.linalg.cross(ahead, side), ahead], dim=-2).double(), position.double())


def _around(count: int) -> Rig:
    return _rig(torch.arange(count) * 2 * torch.pi / count + 0.3)


def _seen(places: Tensor, rig: Rig) -> Tensor:
    inside = torch.einsum("cij,c...j->c...i", rig.rotation, _about(places, rig))
    return inside[..., :2] / inside[..., 2:]


def _about(places: Tensor, rig: Rig) -> Tensor:
    return places - rig.position.view(-1, *[1] * (places.dim() - 1), 3)


def _places(*leading: int) -> Tensor:
    torch.manual_seed(1)
    return torch.randn(*leading, 3).double() * 0.5 + torch.tensor([0.0, 0.0, 1.0])


def _triangulate(slopes: Tensor, rig: Rig, sights: Tensor | None = None) -> Triangulated:
    sights = torch.ones(slopes.shape[:-1]) if sights is None else sights
    return weighted_triangulation(slopes, sights, rig, SETTINGS)


@pytest.mark.parametrize("count", [2, 3, 4, 6])
def test_perfect_sights_give_the_very_places(count: int):
    rig, places = _around(count) if count > 2 else _rig(torch.tensor([0.3, 1.5])), _places(5, 30)
    found = _triangulate(_seen(places, rig), rig)
    torch.testing.assert_close(found.places, places, atol=1e-6, rtol=0)
    torch.testing.assert_close(found.weights, torch.ones(5, 30).double(), atol=1e-4, rtol=0)
    assert found.views.shape == (count, 5, 30)


@pytest.mark.parametrize("wrong", range(4))
def test_one_wrong_view_is_not_believed(wrong: int):
    rig, places = _around(4), _places(200)
    slopes = _seen(places, rig) + 0.002 * torch.randn(4, 200, 2)
    off = functional.normalize(torch.randn(200, 2).double(), dim=-1)
    slopes[wrong] += 0.15 * off
    found = _triangulate(slopes, rig)
    # the same equations with every view alike
    plain = weighted_triangulation(slopes, torch.ones(4, 200), rig, TriangulationSettings(sigma=1e6))
    error, before = (torch.linalg.vector_norm(one.places - places, dim=-1) for one in (found, plain))
    assert before.mean() > 0.1
    assert error.mean() < 0.1 * before.mean()
    assert error.quantile(0.95) < 0.05
    others = [view for view in range(4) if view != wrong]
    assert found.views[wrong].mean() < 0.02
    assert found.views[others].mean() > 20 * found.views[wrong].mean()
    # a place that not all agree on is trusted less than one that they do
    assert found.weights.mean() < 0.75
    assert _triangulate(_seen(places, rig), rig).weights.min() > 0.99


def test_what_fewer_than_two_views_see_has_no_weight_and_no_place():
    rig, places = _around(3), _places(3)
    slopes, sights = _seen(places, rig), torch.ones(3, 3)
    sights[1:, 0] = 0.0
    sights[2, 1] = 0.0
    sights[:, 2] = 0.0
    slopes[sights == 0] = torch.nan
    slopes.requires_grad_()
    found = _triangulate(slopes, rig, sights)
    assert (found.weights > 0).tolist() == [False, True, False]
    assert (found.places[[0, 2]] == 0).all()
    torch.testing.assert_close(found.places[1], places[1], atol=1e-6, rtol=0)
    assert (found.views[:, [0, 2]] == 0).all()
    found.places.sum().backward()
    assert slopes.grad is not None
    assert slopes.grad[sights > 0].isfinite().all()
    assert slopes.grad[:2, 1].any()


def test_two_views_whose_rays_pass_each_other_are_trusted_less():
    rig, places = _rig(torch.tensor([0.3, 1.5])), _places(10)
    slopes = _seen(places, rig)
    trust = []
    for apart in (0.0, 0.01, 0.05):
        slopes[0, :, 1] += apart
        trust.append(_triangulate(slopes, rig).weights.mean().item())
    assert trust[0] > 0.99 > trust[1] > 0.5 > trust[2]


def test_the_gradient_is_that_of_the_places():
    """A view's sideways error moves the place as finite differences say."""
    rig, places = _around(4), _places(6)
    slopes = (_seen(places, rig) + 0.003 * torch.randn(4, 6, 2)).requires_grad_()
    goal = torch.randn(6, 3).double()
    (_triangulate(slopes, rig).places * goal).sum().backward()
    assert slopes.grad is not None
    step = torch.zeros_like(slopes)
    step[1, 2, 0] = 1e-6
    with torch.no_grad():
        ahead, back = (_triangulate(slopes + sign * step, rig).places for sign in (1, -1))
    change = ((ahead - back) * goal).sum() / 2e-6
    # the weights, which change too, are not followed
    assert slopes.grad[1, 2, 0].item() == pytest.approx(change.item(), rel=0.25)


@pytest.mark.parametrize("angle", [0.0, 1e-9, 1e-4, 0.01, 0.03])
def test_nearly_parallel_rays_give_no_wild_gradients(angle: float):
    rig = _rig(torch.tensor([0.3, 0.3 + angle]))
    slopes = (_seen(_places(20), rig) + 1e-3 * torch.randn(2, 20, 2)).requires_grad_()
    found = _triangulate(slopes, rig)
    ((found.weights[:, None] + 0.1) * found.places).sum().backward()
    assert found.places.isfinite().all()
    assert slopes.grad is not None
    assert slopes.grad.isfinite().all()
    assert slopes.grad.abs().max() < 1e5
    # rays at less than a degree tell nothing of depth
    assert bool((found.weights > 0).any()) == (angle > 0.02)


def test_many_points_at_once_are_as_each_alone():
    rig, places = _around(4), _places(3, 4)
    slopes, sights = _seen(places, rig) + 0.02 * torch.randn(4, 3, 4, 2), torch.rand(4, 3, 4)
    sights[sights < 0.3] = 0.0
    whole = _triangulate(slopes, rig, sights)
    for row in range(3):
        for column in range(4):
            alone = _triangulate(slopes[:, row, column], rig, sights[:, row, column])
            torch.testing.assert_close(alone.places, whole.places[row, column])
            torch.testing.assert_close(alone.weights, whole.weights[row, column])
            torch.testing.assert_close(alone.views, whole.views[:, row, column])


def test_single_precision_is_kept_and_exact_enough():
    rig, places = _around(4), _places(30)
    found = _triangulate(_seen(places, rig).float(), rig)
    assert found.places.dtype == found.weights.dtype == torch.float32
    torch.testing.assert_close(found.places, places.float(), atol=1e-5, rtol=0)


@pytest.mark.parametrize(("views", "cameras"), [(3, 4), (1, 1)])
def test_views_that_are_not_those_of_the_rig_are_refused(views: int, cameras: int):
    with pytest.raises(ValueError, match="fit no"):
        weighted_triangulation(torch.zeros(views, 2, 2), torch.ones(views, 2), _around(cameras), SETTINGS)
