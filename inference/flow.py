"""What the picture itself shows of the landmarks' motion: optical flow from one picture to the next, at points only."""

from __future__ import annotations

import cv2
import numpy as np

# The part of the picture that holds the points is shrunk until its longer side has this many pixels: the body stays
# large enough for a window to lie on an ankle, and the work is the same for footage of any size.
_WORKING_SIDE = 300
# Room around the points for what moves out of their box, as a share of the box's longer side.
_MARGIN = 0.1
# Side of the windows that are compared, in working pixels, and how often the pictures are halved: three halvings follow
# what moves up to a fifth of the body's height.
_WINDOW = (15, 15)
_HALVINGS = 3
_STOP = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 10, 0.03)
# Below this the window holds too little texture to be found again (OpenCV's measure, per pixel of the window).
_LEAST_TEXTURE = 5e-4
# Seconds after which a picture says nothing of the next one.
_LIFETIME = 0.2


class FlowMeter:
    """Measures flow at one subject's points, picture by picture."""

    def __init__(self) -> None:
        self._image: np.ndarray | None = None
        self._points = np.zeros((0, 2))
        self._time = 0.0

    def step(self, image: np.ndarray, time: float, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The flow that leads to this picture at the last picture's points.

        image: `[H, W, 3]` uint8 RGB, which must not change afterwards. time: seconds. points: `[P, 2]` pixels in this
        picture, kept for the next. Gives what `point_flow` gives; unknown for the first picture and after a pause.
        """
        before, last, elapsed = self._image, self._points, time - self._time
        self._image, self._points, self._time = image, points.astype(float), time
        if before is None or elapsed > _LIFETIME:
            return unknown_flow((len(points),))
        return point_flow(before, image, last, self._points)


def unknown_flow(shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Flow `[*shape, 2]` and error `[*shape]` of points that nothing is known of: zeros, with an infinite error."""
    return np.zeros((*shape, 2), np.float32), np.full(shape, np.inf, np.float32)


def point_flow(
    before: np.ndarray, after: np.ndarray, points: np.ndarray, goals: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Pyramidal Lucas-Kanade flow (Bouguet, 2000) at points, checked by following it back.

    before, after: `[H, W, 3]` uint8 RGB. points: `[P, 2]` pixels in the picture before. goals: `[P, 2]` pixels in the
    picture after that must lie in the part that is looked at; they do not guide the flow.
    Gives the flow `[P, 2]` in pixels and the forward-backward error `[P]`: how far from its start a point ends that
    follows the flow there and back (Kalal, Mikolajczyk and Matas, 2010), in pixels. Where the picture tells nothing
    (outside it, no texture), the flow is zero and the error infinite.
    """
    flow, error = unknown_flow((len(points),))
    height, width = before.shape[:2]
    inside = ((points >= 0) & (points <= (width - 1, height - 1))).all(axis=1)
    if before.shape != after.shape or not inside.any():
        return flow, error
    left, top, right, bottom = _part(np.concatenate([points, goals]), width, height)
    size = np.array([right - left, bottom - top])
    small = np.maximum(np.round(size * min(1.0, _WORKING_SIDE / size.max())), 1.0)
    one, other = (_gray(image[top:bottom, left:right], small) for image in (before, after))
    scale = small / size
    # a pixel's coordinates are its middle
    start = ((points[inside] + 0.5 - (left, top)) * scale - 0.5).astype(np.float32)
    there, found = _follow(one, other, start)
    back, returned = _follow(other, one, there)
    known = found & returned
    place = np.flatnonzero(inside)[known]
    flow[place] = ((there - start) / scale)[known]
    error[place] = np.linalg.norm((back - start) / scale, axis=1)[known]
    return flow, error


def _part(points: np.ndarray, width: int, height: int) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of the part of the picture around `points`, at least a window large where it can be."""
    low, high = points.min(axis=0), points.max(axis=0)
    room = max(_MARGIN * float((high - low).max()), _WINDOW[0])
    left, top = (int(value) for value in np.clip(low - room, 0, (width - 1, height - 1)))
    right, bottom = (int(value) + 1 for value in np.clip(high + room, (left, top), (width - 1, height - 1)))
    return left, top, right, bottom


def _gray(image: np.ndarray, size: np.ndarray) -> np.ndarray:
    """A picture in gray, shrunk to `size` (width, height)."""
    # bilinear sampling skips pixels, which costs a quarter of averaging them; footage is smooth enough for it
    return cv2.cvtColor(cv2.resize(image, (int(size[0]), int(size[1]))), cv2.COLOR_RGB2GRAY)


def _follow(one: np.ndarray, other: np.ndarray, start: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where the places `start` `[P, 2]` of one gray picture are in the other, and `[P]` whether they are found."""
    # OpenCV reads the third array only where it is told to start from a guess
    place, status, _ = cv2.calcOpticalFlowPyrLK(
        one,
        other,
        start,
        np.zeros_like(start),
        winSize=_WINDOW,
        maxLevel=_HALVINGS,
        criteria=_STOP,
        minEigThreshold=_LEAST_TEXTURE,
    )
    return place, status[:, 0] == 1
