from __future__ import annotations

import numpy as np
import pytest

from penumbra.errors import RigError
from penumbra.inference import rotations as rot
from penumbra.retarget.body import body_basis

# An upright body that leans a little and stands with its feet apart, in the product's axes.
JOINTS = {
    "hip.L": (0.1, 0.0, 0.9), "hip.R": (-0.1, 0.0, 0.9), "knee.L": (0.2, 0.0, 0.5), "knee.R": (-0.2, 0.0, 0.5),
    "ankle.L": (0.3, 0.05, 0.1), "ankle.R": (-0.3, 0.05, 0.1), "toe.L": (0.35, -0.1, 0.0), "toe.R": (-0.35, -0.1, 0.0),
    "shoulder.L": (0.18, -0.1, 1.4), "shoulder.R": (-0.18, -0.1, 1.4), "thorax": (0.0, -0.1, 1.4),
}  # fmt: skip


def turned(turn: np.ndarray) -> dict[str, np.ndarray]:
    return {name: turn @ np.array(place) for name, place in JOINTS.items()}


@pytest.mark.parametrize("axis", [(1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0), (1.0, 1.0, 1.0)])
@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
def test_a_body_modelled_along_axes_faces_along_them_although_it_leans(axis: tuple[float, ...], quarters: int):
    angle = (2 * np.pi / 3 if axis == (1.0, 1.0, 1.0) else np.pi / 2) * quarters
    turn = rot.to_matrix(np.concatenate([[np.cos(angle / 2)], np.sin(angle / 2) * rot.normalize(np.array(axis))]))
    assert body_basis("Figure", turned(turn)) == pytest.approx(turn, abs=1e-9)


def test_an_oblique_body_faces_where_it_faces():
    half = np.radians(40.0) / 2
    turn = rot.to_matrix(np.array([np.cos(half), 0.0, 0.0, np.sin(half)]))
    basis = body_basis("Figure", turned(turn))
    assert basis.T @ basis == pytest.approx(np.eye(3), abs=1e-9)
    assert np.degrees(np.arccos((np.trace(basis.T @ turn) - 1) / 2)) < 8.0


def test_swapped_sides_are_noticed_by_the_feet():
    swapped = {
        name.replace(".L", ".?").replace(".R", ".L").replace(".?", ".R"): np.array(p) for name, p in JOINTS.items()
    }
    with pytest.raises(RigError, match="Left and right look swapped"):
        body_basis("Figure", swapped)


def test_a_body_without_width_is_refused():
    flat = {name: np.array(place) * [0.0, 1.0, 1.0] for name, place in JOINTS.items()}
    with pytest.raises(RigError, match="have no width"):
        body_basis("Figure", flat)
