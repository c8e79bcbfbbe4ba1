"""Several calibrated cameras that film one subject: their calibration file, and points in space from their pictures."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import cv2
import numpy as np

from ..errors import TakeError

_SUBPIXELS = 64.0
_ROUNDS = 8


@dataclass(frozen=True, slots=True)
class CalibratedCamera:
    """A camera whose lens and place are known. Camera frame: x right, y down, z forward; the world has z up, metres.

    rotation: `[3, 3]` from world to camera. position: `[3]` of the camera in the world. focal, center: `[2]` pixels.
    distortion: `[4]` k1, k2, p1, p2 of the Brown–Conrady model, as OpenCV takes them. size: pixels.
    """

    name: str
    rotation: np.ndarray
    position: np.ndarray
    focal: np.ndarray
    center: np.ndarray
    distortion: np.ndarray
    size: tuple[int, int]

    def to_camera(self, points: np.ndarray) -> np.ndarray:
        """World points `[..., 3]` in the camera frame."""
        return (points - self.position) @ self.rotation.T

    def rays(self, pixels: np.ndarray) -> np.ndarray:
        """Slopes (x/z, y/z) `[..., 2]` of picture points `[..., 2]`, the lens's distortion taken out."""
        flat = np.ascontiguousarray(pixels.reshape(-1, 1, 2), dtype=float)
        return cv2.undistortPoints(flat, self._matrix(), self.distortion).reshape(pixels.shape)

    def project(self, points: np.ndarray) -> np.ndarray:
        """Picture points `[..., 2]` in pixels, the lens's distortion put in, of world points `[..., 3]`."""
        flat = np.ascontiguousarray(self.to_camera(points).reshape(-1, 1, 3), dtype=float)
        pixels, _ = cv2.projectPoints(flat, np.zeros(3), np.zeros(3), self._matrix(), self.distortion)
        return pixels.reshape(*points.shape[:-1], 2)

    def _matrix(self) -> np.ndarray:
        return np.array([[self.focal[0], 0.0, self.center[0]], [0.0, self.focal[1], self.center[1]], [0.0, 0.0, 1.0]])


def read_calibration(path: Path) -> tuple[CalibratedCamera, ...]:
    """The cameras of a Qualisys calibration file, in its order.

    There lengths are in millimetres, pixels are counted in 64ths, and the cameras look along -z with y up.
    Raises TakeError where the file is missing or no such calibration.
    """
    try:
        root = ET.parse(path).getroot()  # noqa: S314 - footage that a developer chose, pinned by its hash
        return tuple(_camera(element) for element in root.iter("camera"))
    except (OSError, ET.ParseError, KeyError, AttributeError, ValueError) as error:
        raise TakeError(f"{path} is no Qualisys calibration that can be read. Fetch the footage again.") from error


def triangulate(
    points: np.ndarray, weights: np.ndarray, cameras: Sequence[CalibratedCamera], tolerance: float = 5.0
) -> np.ndarray:
    """Places `[T, N, 3]` in metres in the world, NaN where fewer than two cameras see a point.

    points: `[C, T, N, 2]` pixels. weights: `[C, T, N]`, 0 where a camera does not see a point. tolerance: pixels beyond
    which a sight counts as wrong. Starts from the pair of cameras that the others agree with most, then refines over all
    cameras by iteratively reweighted least squares with Cauchy weights (Hartley and Zisserman, Multiple View
    Geometry, 2004, 12.2 and A6.8).
    """
    slopes = np.stack([camera.rays(picture) for camera, picture in zip(cameras, points, strict=True)])
    scale = np.array([camera.focal.mean() for camera in cameras])[:, None, None]
    ones = np.ones_like(weights)
    best = np.full((*weights.shape[1:], 3), np.nan)
    best_cost = np.full(weights.shape[1:], np.inf)
    for pair in combinations(range(len(cameras)), 2):
        chosen = np.zeros_like(weights)
        chosen[list(pair)] = weights[list(pair)] > 0
        usable = chosen.sum(axis=0) == 2
        place = _solve(slopes, chosen, cameras)
        error = _residual(slopes, place, cameras) * scale
        cost = (weights * np.log1p((error / tolerance) ** 2)).sum(axis=0)
        better = usable & (cost < best_cost)
        best[better], best_cost[better] = place[better], cost[better]
    for _ in range(_ROUNDS):
        depth = np.stack([camera.to_camera(best)[..., 2] for camera in cameras])
        error = _residual(slopes, best, cameras) * scale
        trust = np.divide(
            weights, (1.0 + (error / tolerance) ** 2) * depth**2, out=np.zeros_like(ones), where=depth > 0
        )
        known = np.isfinite(best).all(axis=-1)
        best[known] = _solve(slopes, np.nan_to_num(trust), cameras)[known]
    return best


def _camera(element: ET.Element) -> CalibratedCamera:
    transform, lens, view = element.find("transform"), element.find("intrinsic"), element.find("fov_video")
    if transform is None or lens is None or view is None:
        raise ValueError("A camera has no transform, lens or field of view.")
    turn = np.array([[float(transform.attrib[f"r{row}{column}"]) for column in "123"] for row in "123"])
    rotation = turn * np.array([[1.0], [-1.0], [-1.0]])
    left, top, right, bottom = (float(view.attrib[side]) for side in ("left", "top", "right", "bottom"))
    return CalibratedCamera(
        name=element.attrib["serial"],
        rotation=rotation,
        position=np.array([float(transform.attrib[axis]) for axis in "xyz"]) / 1000.0,
        focal=np.array([float(lens.attrib[f"focalLength{axis}"]) for axis in "UV"]) / _SUBPIXELS,
        center=np.array([float(lens.attrib[f"centerPoint{axis}"]) for axis in "UV"]) / _SUBPIXELS - (left, top),
        distortion=np.array(
            [float(lens.attrib[f"{kind}Distortion{number}"]) for kind in ("radial", "tangental") for number in "12"]
        ),
        size=(round(right - left) + 1, round(bottom - top) + 1),
    )


def _solve(slopes: np.ndarray, weights: np.ndarray, cameras: Sequence[CalibratedCamera]) -> np.ndarray:
    """Places `[T, N, 3]` of least algebraic error: every sight asks that x − z·slope be zero in its camera's frame."""
    normal = np.zeros((*weights.shape[1:], 3, 3))
    right = np.zeros((*weights.shape[1:], 3))
    for camera, slope, weight in zip(cameras, slopes, weights, strict=True):
        for axis in range(2):
            row = camera.rotation[axis] - slope[..., axis, None] * camera.rotation[2]
            normal += weight[..., None, None] * row[..., :, None] * row[..., None, :]
            right += (weight * (row @ camera.position))[..., None] * row
    # a trace of the identity keeps unseen points solvable; what comes of them is not used
    size = np.trace(normal, axis1=-2, axis2=-1)[..., None, None]
    normal += (1e-12 * size + 1e-30) * np.eye(3)
    return np.linalg.solve(normal, right[..., None])[..., 0]


def _residual(slopes: np.ndarray, places: np.ndarray, cameras: Sequence[CalibratedCamera]) -> np.ndarray:
    """Distance `[C, T, N]` in slopes between what each camera saw and where the place would be seen."""
    distances = []
    for camera, slope in zip(cameras, slopes, strict=True):
        inside = camera.to_camera(places)
        front = np.where(inside[..., 2:] > 1e-6, inside[..., 2:], np.nan)
        seen = inside[..., :2] / front
        distances.append(np.nan_to_num(np.linalg.norm(seen - slope, axis=-1), nan=1e3))
    return np.stack(distances)
