"""How gravity and the floor are found."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class WorldSettings:
    """How gravity and the floor are found; angles in radians, lengths in metres, times in seconds.

    pitch, pitch_spread and roll_spread: how cameras are usually held (positive pitch looks down). upright and
    upright_bend: error of one straight body's axis, and what a bend of its knees and hips in radians adds to it.
    upright_clip: what stays off for the whole clip, in pitch and in roll, because the lifter leans every pose alike.
    furthest: from the camera's own up that a body's axis may claim to be upright. memory: over which an error stays.
    sole: error of a standing foot's height. depth: of its distance, as a share. place: size of one standing place.
    hand and hand_height: error of a tilt and a height given by hand. vague: tilt from which its doubt is told.
    steep: angle to straight down or up within which standing poses tell little. seen: belief from which a point is
    seen. short: of footage that tells little. stepped: angle between the body's axis
    and the plane of its places from which these are no floor but steps. apart: disagreement of heights, as a share, that is told.
    """

    pitch: float = np.radians(5.0)
    pitch_spread: float = np.radians(18.0)
    roll_spread: float = np.radians(4.0)
    upright: float = np.radians(3.0)
    upright_bend: float = 0.08
    upright_clip: tuple[float, float] = (np.radians(7.0), np.radians(2.5))
    furthest: float = np.radians(60.0)
    memory: float = 0.5
    sole: float = 0.05
    depth: float = 0.03
    place: float = 0.2
    hand: float = np.radians(0.5)
    hand_height: float = 0.02
    vague: float = np.radians(8.0)
    steep: float = np.radians(30.0)
    seen: float = 0.5
    short: float = 1.2
    stepped: float = np.radians(12.0)
    apart: float = 0.15
