"""A picture of the real check: one frame with the triangulated skeleton and two answers drawn over it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from ..inference.footage import open_footage
from ..inference.settings import FootageSettings, Moment
from ..models.skeletons import JOINT_PARENTS
from .blanking import Limb, blank_out
from .real_views import View

# The 17 joints of Human3.6M are drawn: hands, feet and face would hide them.
_DRAWN = 17
_TRUTH = (255, 255, 255)
_COLORS = ((230, 70, 40), (40, 200, 90))
_HEIGHT = 900


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel.

    limb: what is painted over, if anything. bodies: joints `[30, 3]` in metres in the camera frame of two methods.
    """

    title: str
    limb: Limb | None
    bodies: Mapping[str, np.ndarray]


def draw_overlay(view: View, frame: int, goal: np.ndarray, panels: Sequence[Panel], path: Path) -> None:
    """Write the PNG `path`: a panel beside the other, each with `goal` `[30, 3]` and the bodies over the picture."""
    moment = Moment(frame)
    with open_footage(FootageSettings(view.path, start=moment, end=moment)) as footage:
        image = next(iter(footage.frames())).image
    drawn = [_panel(view, image, frame, goal, panel) for panel in panels]
    path.parent.mkdir(parents=True, exist_ok=True)
    if not cv2.imwrite(str(path), cv2.cvtColor(np.hstack(drawn), cv2.COLOR_RGB2BGR)):
        raise OSError(f"The picture {path} cannot be written: check the folder.")


def _panel(view: View, image: np.ndarray, frame: int, goal: np.ndarray, panel: Panel) -> np.ndarray:
    landmarks = view.track.landmarks[frame, :, :2]
    picture = image.copy() if panel.limb is None else blank_out(image, landmarks, panel.limb)
    scale = _HEIGHT / picture.shape[0]
    picture = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    lines = [("triangulated", _TRUTH, goal)]
    lines += [(name, color, body) for (name, body), color in zip(panel.bodies.items(), _COLORS, strict=True)]
    cv2.putText(picture, panel.title, (12, 30), cv2.FONT_HERSHEY_SIMPLEX, 0.8, _TRUTH, 2, cv2.LINE_AA)
    for row, (name, color, joints) in enumerate(lines):
        cv2.putText(picture, name, (12, 60 + 26 * row), cv2.FONT_HERSHEY_SIMPLEX, 0.6, color, 2, cv2.LINE_AA)
        world = joints @ view.camera.rotation + view.camera.position
        places = np.round(view.camera.project(world) * scale)
        for child, parent in enumerate(JOINT_PARENTS[:_DRAWN]):
            ends = places[[child, parent]]
            if parent >= 0 and np.isfinite(ends).all():
                start, end = ((int(x), int(y)) for x, y in ends)
                cv2.line(picture, start, end, color, 2, cv2.LINE_AA)
    return picture
