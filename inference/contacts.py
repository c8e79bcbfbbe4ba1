"""Which points of heels, toes and hands stand on the floor, and how surely.

Each point's height and speed say how much likelier they are of a point that stands than of one that is free, as far as
the point itself is known; a chain of two states that stand and move for a while (Rabiner, A Tutorial on Hidden Markov
Models, Proc. IEEE 77, 1989) then makes that consistent in time.

The floor is only believed near it: where the lower foot stays still for long well above or below, there is another level,
such as a box or the ground below a roof, and heights count from the nearest.

A hand counts only on the floor, low and still. One that rests on a table or a knee is still as one that is held in the
air is, and nothing in the motion tells the two apart.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..models.skeletons import JOINTS
from .along_time import median_step, overlap, runs

CONTACTS = ("heel.L", "toe.L", "heel.R", "toe.R", "hand.L", "hand.R")
"""The points that may stand on the floor."""
FEET = slice(0, 4)
HANDS = slice(4, 6)
NEAR_FLOOR = 0.22
"""Metres from the floor, z = 0, within which what stands, stands on it; what is farther stands on a level of its own."""

_MEMBERS = (
    ("heel.L",),
    ("toe.L",),
    ("heel.R",),
    ("toe.R",),
    ("index.L", "pinky.L", "wrist.L"),
    ("index.R", "pinky.R", "wrist.R"),
)
# Log odds of one frame beyond which it says no more, so that no frame is beyond its neighbors' doubt.
_MOST = 12.0
_TINY = 1e-9
# Seconds between frames where there is one only.
_USUAL_STEP = 1.0 / 30.0


@dataclass(frozen=True, slots=True)
class ContactSettings:
    """How a point that stands differs from one that is free. Near what fits the training clips best; the hands are set by hand.

    height, speed: usual distance from the floor in metres and speed in m/s of a point that stands; free_height,
    free_speed: of a free foot's. height_noise: share of a joint's standard deviation by which its height errs;
    speed_noise: the same for its speed, per second. window: seconds over which a speed is measured. weight: how much one
    frame says beside its neighbors, at 30 frames a second. unknown: metres, the standard deviation of a joint whose lifter
    tells none. doubt: power of the confidence by which a frame says less. highest: metres above its level from which on a point
    stands on none, however still.
    still, stood: speed in m/s of a foot that stays still, and seconds for which the lower foot has to, on what is a level of
    its own. thick: metres by which heights of one level differ.
    level: metres by which a clip's points may stand above or below the floor in the mean. levels: frames' worth of belief
    that they do not.
    stand, swing: seconds for which a foot usually stands and is free; hand_stand, hand_swing: the same for hands.
    palm: metres from the hand's lowest joint to the floor that it lies on. hand_height, hand_speed: of a free hand.
    """

    height: float = 0.03
    speed: float = 0.03
    free_height: float = 0.3
    free_speed: float = 0.9
    height_noise: float = 1.2
    speed_noise: float = 0.2
    window: float = 0.12
    weight: float = 0.5
    unknown: float = 0.04
    doubt: float = 0.7
    highest: float = 0.1
    still: float = 0.15
    stood: float = 0.4
    thick: float = 0.1
    level: float = 0.06
    levels: float = 150.0
    stand: float = 0.16
    swing: float = 0.36
    palm: float = 0.02
    hand_height: float = 0.8
    hand_speed: float = 0.8
    hand_stand: float = 0.7
    hand_swing: float = 15.0


@dataclass(frozen=True, slots=True)
class Contacts:
    """probability: `[T, 6]` 0 to 1 that each of `CONTACTS` stands on the floor; 0 where the subject is absent."""

    probability: np.ndarray


def contacts(
    joints: np.ndarray,
    sigma: np.ndarray,
    confidence: np.ndarray,
    times: np.ndarray,
    present: np.ndarray,
    settings: ContactSettings,
) -> Contacts:
    """How surely heels, toes and hands stand on the floor in every frame.

    joints: `[T, 30, 3]` metres in Blender's world, whose floor is z = 0. sigma: `[T, 30]` metres, the joints' standard
    deviations, NaN where none is known. confidence: `[T, 30]` 0 to 1 that a joint lies near its true place. times: `[T]`
    seconds, rising. present: `[T]` bool.
    A point of which little is known gets the share of time that points usually stand, neither 0 nor 1.
    """
    if not present.any():
        return Contacts(np.zeros((len(joints), len(CONTACTS))))
    height, places = _places(joints, settings)
    noise, trust = (_of_points(np.asarray(values, float)) for values in (sigma, confidence))
    noise = np.where(np.isfinite(noise), noise, settings.unknown)
    run = runs(present)
    speed = np.linalg.norm(_velocities(_despiked(places, run), times, run, settings.window), axis=-1)
    height = height - _grounds(height, speed, times, present, settings)
    height = height - _offsets(height, speed, present, settings)
    odds = _height_odds(height, noise, settings) + _speed_odds(speed, noise, settings)
    step = median_step(times, _USUAL_STEP)
    share = settings.weight * min(step * 30.0, 2.0) * np.clip(trust, 0.0, 1.0) ** settings.doubt
    odds = np.where(present[:, None], np.clip(share * odds, -_MOST, _MOST), 0.0)
    return Contacts(np.where(present[:, None], _consistent(odds, times, settings), 0.0))


def level_of(height: float) -> float:
    """Metres above the floor of what something at `height` stands on."""
    return height if abs(height) > NEAR_FLOOR else 0.0


def _places(joints: np.ndarray, settings: ContactSettings) -> tuple[np.ndarray, np.ndarray]:
    """Heights `[T, 6]` above the floor of what would touch it, and places `[T, 6, 3]` whose speed counts."""
    height, places = [], []
    for names in _MEMBERS:
        members = joints[:, [JOINTS.index(name) for name in names]].astype(float)
        palm = settings.palm if len(names) > 1 else 0.0
        height.append(members[..., 2].min(axis=1) - palm)
        places.append(members.mean(axis=1))
    return np.stack(height, axis=1), np.stack(places, axis=1)


def _of_points(values: np.ndarray) -> np.ndarray:
    """`[T, 6]` means of values `[T, 30]` over the joints that a point is made of."""
    return np.stack([values[:, [JOINTS.index(name) for name in names]].mean(axis=1) for names in _MEMBERS], axis=1)


def _despiked(places: np.ndarray, run: np.ndarray) -> np.ndarray:
    """The median of each frame and its two neighbors, places `[T, P, 3]`; a run's ends stay."""
    if len(places) < 3:
        return places
    before, here, after = places[:-2], places[1:-1], places[2:]
    middle = np.maximum(np.minimum(before, here), np.minimum(np.maximum(before, here), after))
    inner = (run[:-2] == run[2:])[:, None, None]
    return np.concatenate([places[:1], np.where(inner, middle, here), places[-1:]])


def _velocities(places: np.ndarray, times: np.ndarray, run: np.ndarray, window: float) -> np.ndarray:
    """`[T, P, 3]` m/s: slopes of straight lines through the places within `window` seconds about each frame."""
    count = len(times)
    step = median_step(times, window)
    reach = max(1, round(window / max(step, _TINY)))
    weight, first, second = np.zeros(count), np.zeros(count), np.zeros(count)
    total, leaning = np.zeros(places.shape), np.zeros(places.shape)
    for shift in range(-reach, reach + 1):
        here, there = overlap(count, shift)
        away = times[there] - times[here]
        share = (run[there] == run[here]) * (1.0 - (shift / (reach + 1)) ** 2)
        weight[here] += share
        first[here] += share * away
        second[here] += share * away**2
        total[here] += share[:, None, None] * places[there]
        leaning[here] += (share * away)[:, None, None] * places[there]
    spread = weight * second - first**2
    top = weight[:, None, None] * leaning - first[:, None, None] * total
    return np.where(spread > _TINY, 1.0, 0.0)[:, None, None] * top / np.maximum(spread, _TINY)[:, None, None]


def _grounds(
    height: np.ndarray, speed: np.ndarray, times: np.ndarray, present: np.ndarray, settings: ContactSettings
) -> np.ndarray:
    """`[T, 6]` metres above the floor of the level below each point: the nearest, and for hands the one nearest to the feet."""
    feet = height[:, FEET]
    lower = feet.argmin(axis=1)[:, None]
    low, slowness = (np.take_along_axis(values, lower, axis=1)[:, 0] for values in (feet, speed))
    still = np.exp(-0.5 * (slowness / settings.still) ** 2) * present
    levels = _levels(low, still * median_step(times, _USUAL_STEP), settings)
    wanted = height.copy()
    wanted[:, HANDS] = low[:, None]
    return levels[np.abs(wanted[..., None] - levels).argmin(axis=-1)]


def _levels(low: np.ndarray, seconds: np.ndarray, settings: ContactSettings) -> np.ndarray:
    """`[L]` metres above the floor of all that the clip's feet stand on; the first is the floor, 0.

    low: `[T]` metres of the lower foot. seconds: `[T]` for which it is still there. A body whose lower foot stays still
    stands on it, wherever that is; one raised foot may be still in the air.
    """
    levels = [0.0]
    while True:
        apart = np.abs(low[:, None] - levels).min(axis=1)
        left = np.where(apart > NEAR_FLOOR, seconds, 0.0)
        if left.sum() < settings.stood:
            return np.array(levels)
        first = low[left > 0.0].min()
        bins = ((low - first) / settings.thick).astype(int)
        held = np.bincount(np.where(left > 0.0, bins, 0), left)
        # two bins, because a level may lie across the edge of one
        most = int(np.argmax(held + np.append(held[1:], 0.0)))
        share = np.where((bins == most) | (bins == most + 1), left, 0.0)
        if share.sum() < settings.stood:
            return np.array(levels)
        levels.append(float(share @ low / share.sum()))


def _offsets(height: np.ndarray, speed: np.ndarray, present: np.ndarray, settings: ContactSettings) -> np.ndarray:
    """`[6]` metres above its level at which each point stands over the clip; 0 for the hands.

    A floor that was estimated lies a little off, and so do a heel and a toe of a body that was guessed.
    """
    slow = np.exp(-0.5 * (speed / settings.speed) ** 2) * present[:, None]
    level = np.zeros(height.shape[1])
    for _ in range(2):
        near = slow / (1.0 + ((height - level) / settings.level) ** 4)
        level = np.sum(near * height, axis=0) / (np.sum(near, axis=0) + settings.levels)
    level = np.clip(level, -settings.level, settings.level)
    level[HANDS] = 0.0
    return level


def _height_odds(height: np.ndarray, noise: np.ndarray, settings: ContactSettings) -> np.ndarray:
    """Log odds `[T, 6]` that heights are a standing point's; tails of Cauchy, because errors have outliers."""
    free = np.full(height.shape[1], settings.free_height)
    free[HANDS] = settings.hand_height
    err = settings.height_noise * noise
    near, far = np.hypot(settings.height, err), np.hypot(free, err)
    # what is below its level is a point on a level that lies a little off
    away = np.where(height < 0.0, 0.5 * height, height) ** 2
    # however still it is, a point well above its level is none that stands on it
    lost = np.square(np.maximum(height - settings.highest, 0.0) / np.hypot(settings.height, err))
    return np.log(far / near) - np.log1p(away / near**2) + np.log1p(away / far**2) - lost


def _speed_odds(speed: np.ndarray, noise: np.ndarray, settings: ContactSettings) -> np.ndarray:
    """Log odds `[T, 6]` that speeds are a standing point's, in three dimensions."""
    free = np.full(speed.shape[1], settings.free_speed)
    free[HANDS] = settings.hand_speed
    err = settings.speed_noise * noise
    near, far = np.hypot(settings.speed, err), np.hypot(free, err)
    away = speed**2
    return 3.0 * np.log(far / near) - 2.0 * (np.log1p(away / near**2) - np.log1p(away / far**2))


def _consistent(odds: np.ndarray, times: np.ndarray, settings: ContactSettings) -> np.ndarray:
    """Probabilities `[T, 6]` of a chain of two states, given each frame's log odds: the forward-backward sums.

    Odds instead of probabilities make of both sums one fraction per frame, which all points take at once.
    """
    count, points = odds.shape
    leave, catch = np.full(points, 1.0 / settings.stand), np.full(points, 1.0 / settings.swing)
    leave[HANDS], catch[HANDS] = 1.0 / settings.hand_stand, 1.0 / settings.hand_swing
    prior = catch / (catch + leave)
    # from each frame to the next: the share that has been forgotten of which state it was
    lost = 1.0 - np.exp((times[:-1] - times[1:])[:, None] * (catch + leave))
    stay, land, go, hover = 1 - lost * (1 - prior), lost * prior, lost * (1 - prior), 1 - lost * prior
    forward = np.stack([stay, land, go, hover])
    backward = np.stack([stay, go, land, hover])[:, ::-1]
    a, b, c, d = np.concatenate([forward, backward], axis=2)
    likelihood = np.exp(odds)
    times_by = np.concatenate([likelihood, likelihood[::-1]], axis=1)
    held = np.empty((count, 2 * points))
    state = np.concatenate([prior / (1 - prior), np.ones(points)]) * times_by[0]
    held[0] = state
    for frame in range(1, count):
        state = times_by[frame] * (a[frame - 1] * state + b[frame - 1]) / (c[frame - 1] * state + d[frame - 1])
        held[frame] = state
    # each frame's own likelihood is in both
    both = held[:, :points] * held[::-1, points:] / likelihood
    return both / (1.0 + both)
