"""Limbs painted over in real pictures, as if something stood in front of them, before any detector sees the pictures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np

from ..inference.footage import Frame
from ..models.skeletons import BLAZEPOSE

# The patch reaches this far around the limb's landmarks, as a share of the trunk's length, and its color is that of a
# ring of this width around it.
_MARGIN = 0.16
_RING = 0.12
# The patch begins this far down the limb's first bone, so that the trunk stays to be seen.
_START = 0.25


@dataclass(frozen=True, slots=True)
class Limb:
    """A part of the body to paint over: chains of BlazePose landmarks, and the product joints that vanish with them."""

    name: str
    chains: tuple[tuple[str, ...], ...]
    joints: tuple[str, ...]


def _arm(side: str) -> tuple[str, ...]:
    return (f"shoulder.{side}", f"elbow.{side}", f"wrist.{side}", f"index.{side}", f"pinky.{side}", f"thumb.{side}")


def _leg(side: str) -> tuple[str, ...]:
    return (f"hip.{side}", f"knee.{side}", f"ankle.{side}", f"heel.{side}", f"toe.{side}")


LIMBS = (
    Limb("left arm", (_arm("L"),), ("elbow.L", "wrist.L")),
    Limb("right arm", (_arm("R"),), ("elbow.R", "wrist.R")),
    Limb("left leg", (_leg("L"),), ("knee.L", "ankle.L")),
    Limb("right leg", (_leg("R"),), ("knee.R", "ankle.R")),
    Limb("both legs", (_leg("L"), _leg("R")), ("knee.L", "ankle.L", "knee.R", "ankle.R")),
)


def blanked(frames: Iterable[Frame], landmarks: np.ndarray, limb: Limb, chosen: np.ndarray) -> Iterator[Frame]:
    """The same frames with `limb` painted over in those that are `chosen` `[T]` bool.

    landmarks: `[T, 33, 2]` pixels, where the limb is in every frame.
    """
    for frame, places, paint in zip(frames, landmarks, chosen, strict=True):
        yield replace(frame, image=blank_out(frame.image, places, limb)) if paint else frame


def blank_out(image: np.ndarray, landmarks: np.ndarray, limb: Limb) -> np.ndarray:
    """A copy of a picture `[H, W, 3]` in which a patch of the surroundings' color covers `limb`.

    landmarks: `[33, 2]` pixels. The patch is the limb's convex hull, widened.
    """
    at = dict(zip(BLAZEPOSE, landmarks.astype(float), strict=True))
    trunk = np.linalg.norm((at["shoulder.L"] + at["shoulder.R"] - at["hip.L"] - at["hip.R"]) / 2)
    corners = []
    for chain in limb.chains:
        first, second, *rest = (at[name] for name in chain)
        corners += [first + _START * (second - first), second, *rest]
    patch = np.zeros(image.shape[:2], np.uint8)
    cv2.fillConvexPoly(patch, np.asarray(cv2.convexHull(np.round(corners).astype(np.int32))), (1,))
    patch = cv2.dilate(patch, _disc(_MARGIN * trunk))
    ring = cv2.dilate(patch, _disc(_RING * trunk)) > patch
    result = image.copy()
    result[patch > 0] = np.median(image[ring], axis=0) if ring.any() else 0
    return result


def _disc(radius: float) -> np.ndarray:
    side = 2 * max(1, round(radius)) + 1
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
