"""Where the captured world lies in an armature's own space."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..errors import RigError


@dataclass(frozen=True, slots=True)
class Floor:
    """The captured world's axes and floor in armature space.

    axes: rotation `[3, 3]`, the world's x, y and z as its columns. origin: `[3]` armature units, the world's origin.
    scale: `[3]` armature units for a meter along each of the world's axes. rise: armature units by which all stands higher.
    """

    axes: np.ndarray
    origin: np.ndarray
    scale: np.ndarray
    rise: float

    def along(self, points: np.ndarray) -> np.ndarray:
        """Captured points `[..., 3]` in meters as armature units along the world's axes."""
        return points * self.scale + np.array([0.0, 0.0, self.rise])

    def to_armature(self, points: np.ndarray) -> np.ndarray:
        """Points `[..., 3]` in armature units along the world's axes, brought to armature space."""
        return points @ self.axes.T + self.origin

    def from_armature(self, points: np.ndarray) -> np.ndarray:
        """The way back."""
        return (points - self.origin) @ self.axes

    @property
    def from_capture(self) -> np.ndarray:
        """`[4, 4]` from captured points in meters to armature space."""
        matrix = np.eye(4)
        matrix[:3, :3] = self.axes * self.scale
        matrix[:3, 3] = self.to_armature(np.array([0.0, 0.0, self.rise]))
        return matrix


def own_floor(basis: np.ndarray, ratio: float, rise: float) -> Floor:
    """The floor that the armature was made for: the captured world is shrunk or grown to the target by `ratio`.

    basis: rotation `[3, 3]` from the product's axes to armature space. ratio: armature units for a meter.
    """
    return Floor(basis, np.zeros(3), np.full(3, ratio), rise)


def world_floor(name: str, placed: np.ndarray, ratio: float, rise: float) -> Floor:
    """The floor of Blender's world, in which the subject was captured where it is.

    The way over the floor stays as it was, in meters. Heights go by `ratio` (armature units for a meter), so that the feet
    of a target with other legs still meet the floor. placed: `[4, 4]` from armature space to the world; `name` is the
    armature's. Raises RigError where it mirrors.
    """
    linear = placed[:3, :3]
    if np.linalg.det(linear) <= 0:
        raise RigError(f'"{name}" is mirrored by a negative scale. Apply its scale, then try again.')
    unit = float(np.cbrt(np.linalg.det(linear)))
    left, _, right = np.linalg.svd(linear)
    return Floor(
        axes=(left @ right).T,
        origin=-np.linalg.solve(linear, placed[:3, 3]),
        scale=np.array([1.0 / unit, 1.0 / unit, ratio]),
        rise=rise,
    )
