"""Motion onto whole frames of a frame rate."""

from __future__ import annotations

import numpy as np

from ..inference import rotations as rot
from ..inference.hands import Hands
from ..inference.motion import Motion

# Times this near to a whole frame, in frames, lie on it.
_NEAR = 1e-3
# Rates that cameras have; a measured mean this near to one of them, relative, is that rate.
_STANDARD_RATES = (
    12.0, 15.0, 24000 / 1001, 24.0, 25.0, 30000 / 1001, 30.0, 48.0, 50.0, 60000 / 1001, 60.0,
    90.0, 100.0, 120000 / 1001, 120.0, 240.0,
)  # fmt: skip
_STANDARD_NEAR = 1e-4


def standard_rate(fps: float) -> float:
    """The camera rate that a measured mean rate stands for, or the measured rate itself when none is near."""
    nearest = min(_STANDARD_RATES, key=lambda rate: abs(rate - fps))
    return nearest if abs(nearest - fps) < _STANDARD_NEAR * fps else fps


def frame_numbers(motion: Motion, fps: float) -> np.ndarray:
    """`[T]` whole frames from the motion's first time, which is frame 0, for motion that lies on whole frames."""
    return np.round((motion.times - motion.times[0]) * fps).astype(int)


def resample(motion: Motion, fps: float) -> Motion:
    """The motion on the whole frames of `fps`, the first of which is its first time.

    Rotations turn along the shorter arc, everything else goes straight between neighbouring times; a frame is present
    only when both its neighbours are. Motion that lies on whole frames already is given back as it is.
    """
    frames = (motion.times - motion.times[0]) * fps
    whole = np.round(frames)
    if np.all(np.abs(frames - whole) < _NEAR) and np.all(np.diff(whole) > 0):
        return motion
    goal = np.arange(np.floor(frames[-1] + _NEAR) + 1)
    after = np.clip(np.searchsorted(frames, goal), 1, len(frames) - 1)
    before = after - 1
    share = np.clip((goal - frames[before]) / (frames[after] - frames[before]), 0.0, 1.0)
    column = share[:, None]
    on_before, on_after = np.abs(goal - frames[before]) < _NEAR, np.abs(goal - frames[after]) < _NEAR
    present = (motion.present[before] | on_after) & (motion.present[after] | on_before)

    def mixed(values: np.ndarray) -> np.ndarray:
        return (1.0 - column) * values[before] + column * values[after]

    return Motion(
        times=motion.times[0] + goal / fps,
        present=present,
        root=mixed(motion.root),
        rotations=rot.slerp(motion.rotations[before], motion.rotations[after], column),
        confidence=mixed(motion.confidence) * present[:, None],
        rest=motion.rest,
        fps=fps,
        contacts=None if motion.contacts is None else mixed(motion.contacts) * present[:, None],
        hands=None if motion.hands is None else _hands(motion.hands, before, after, share, present),
    )


def _hands(hands: Hands, before: np.ndarray, after: np.ndarray, share: np.ndarray, present: np.ndarray) -> Hands:
    """Hands between their frames `before` and `after`, `[T]` each, by `share` `[T]` of the latter."""
    column = share[:, None]
    turns = rot.slerp(hands.turns[before], hands.turns[after], share[:, None, None, None])
    confidence = (1.0 - column) * hands.confidence[before] + column * hands.confidence[after]
    return Hands(turns, np.where(present[:, None], confidence, 0.0))
