"""How the pelvis moves so that feet can stand: it follows what both want, and sinks where a leg does not reach."""

from __future__ import annotations

import numpy as np

from ...models.skeletons import JOINTS
from ..along_time import median_step, overlap
from .anchors import Foot
from .ramps import envelope
from .settings import FootLockSettings

_TINY = 1e-9
# Metres added to what a leg reaches in the pose, so that rounding sinks no pelvis.
_STILL = 1e-7
# Share of a leg's reach by which a goal lies aside at most; sinking brings none nearer that is farther aside.
_ASIDE = 0.98


def pelvis_path(
    feet: list[Foot], wanted: list[np.ndarray], times: np.ndarray, settings: FootLockSettings
) -> np.ndarray:
    """`[T, 3]` metres by which the pelvis follows: what both feet want, smoothed over time.

    wanted: `[T, 3]` metres for each foot, by which it has to move while it stands. times: `[T]` seconds, rising.
    """
    count = len(times)
    standing = [foot.standing for foot in feet]
    weight = np.sum(standing, axis=0)
    total = np.sum([shift * stands[:, None] for shift, stands in zip(wanted, standing, strict=True)], axis=0)
    step = max(median_step(times, settings.follow), _TINY)
    reach = max(1, round(4.0 * settings.follow / step))
    held, sums = np.full(count, 1e-3), np.zeros((count, 3))
    for shift in range(-min(reach, count - 1), min(reach, count - 1) + 1):
        here, there = overlap(count, shift)
        near = np.exp(-0.5 * ((times[there] - times[here]) / settings.follow) ** 2)
        held[here] += near * weight[there]
        sums[here] += near[:, None] * total[there]
    return sums / held[:, None]


def sinking(
    feet: list[Foot],
    joints: np.ndarray,
    path: np.ndarray,
    goals: list[np.ndarray],
    times: np.ndarray,
    settings: FootLockSettings,
) -> np.ndarray:
    """`[T]` metres by which the pelvis sinks, so that both legs reach their goals.

    joints: `[T, 30, 3]` metres in the world, the pose's. path: `[T, 3]` metres by which the pelvis moves besides. goals:
    `[T, 3]` metres in the world for each foot, where its ankle goes. times: `[T]` seconds, rising.
    """
    need = np.zeros(len(times))
    for foot, goal in zip(feet, goals, strict=True):
        hip, knee, ankle = (joints[:, JOINTS.index(f"{name}.{foot.side}")] for name in ("hip", "knee", "ankle"))
        whole = sum(float(np.linalg.norm(bone)) for bone in (knee[0] - hip[0], ankle[0] - knee[0]))
        had = np.linalg.norm(ankle - hip, axis=-1)
        reach = np.maximum(settings.straight * whole, had + _STILL)
        to = goal - (hip + path)
        across = np.minimum(np.linalg.norm(to[:, :2], axis=-1), _ASIDE * reach)
        need = np.maximum(need, -to[:, 2] - np.sqrt(reach**2 - across**2))
    return envelope(np.clip(need, 0.0, settings.sink), times, settings.bend)
