"""Feet that stand are held where they stand, on the floor, and let go without a pop.

Every stretch of frames in which a heel, a toe or a hand stands has one anchor. Between the anchors the correction runs
out and in along smooth ramps. What the corrections of both feet have in common and what is slow about them the pelvis
takes, so that a path that drifts is put right as a whole; the legs take the rest by their knees.

The floor, z = 0, is only believed near it. What stands well above or below stands on a level of its own, such as a box or
the ground below a roof, and keeps its height.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..models.skeletons import BONE_NAMES, HINGES, JOINTS
from . import rotations as rot
from . import turns
from .contacts import CONTACTS, NEAR_FLOOR, Contacts, level_of, overlap, runs
from .limb import Limb, bent_to
from .poses import Poses
from .settings import FootLock

_UP = np.array([0.0, 0.0, 1.0])
_SIDES = ("L", "R")
_TINY = 1e-9
# Rounds of reweighting after which an anchor hardly changes, and of fitting heels' and toes' anchors to the foot's length.
_ROUNDS = 4
_FITTING = 8
# Frames for which heel and toe stand together at least where a foot rolls from one to the other.
_ROLL = 2
# Metres farther below than `NEAR_FLOOR` from which on a free foot certainly has no floor there.
_GONE = 0.15
# Metres from which on an ankle or wrist is moved.
_STILL = 1e-7


@dataclass(frozen=True, slots=True)
class FootLockSettings:
    """Times in seconds, lengths in metres.

    catch, release: probabilities from which on a point is held, and below which it is let go. shortest: a contact, shorter
    ones are none. gap: between two contacts of a point that are one. roll: between heel and toe of a foot that rolls.
    blend: for which a correction runs in before a contact and out after it. follow: spread of the Gaussian over which
    the pelvis follows the feet. bend: before and after a frame in which a leg does not reach, for which the pelvis sinks.
    straight: share of a leg's length to which a correction may stretch it. sink: by which the pelvis sinks at most.
    strain: by which a foot is moved to its anchor at most; farther ones get another anchor. robust: from an anchor at
    which a place counts half. depth: below the floor at which a free heel or toe is stopped; a standing foot's other end
    at half of it. leave: before and after a free foot is so far below the floor that there is none, for which the floor
    stops it less. lead: of the more probable foot's probability over the other's, with which "always" changes feet.
    airborne: of the lower foot from the floor from which "always" holds none. hands: whether hands are held too.
    """

    catch: float = 0.5
    release: float = 0.35
    shortest: float = 0.1
    gap: float = 0.07
    roll: float = 0.1
    blend: float = 0.2
    follow: float = 0.25
    bend: float = 0.2
    straight: float = 0.99
    sink: float = 0.25
    strain: float = 0.3
    robust: float = 0.02
    depth: float = 0.008
    leave: float = 0.4
    lead: float = 0.15
    airborne: float = 0.15
    hands: bool = True


@dataclass(slots=True)
class _Foot:
    """One foot of one stretch of frames.

    heel, toe: `[3]` metres from the ankle in the rest pose. ankle: `[T, 3]`, turn: `[T, 4]`: the pose's. held: `[T, 2]`
    bool, whether heel and toe stand. anchors: `[T, 2, 3]` metres, where they do.
    """

    heel: np.ndarray
    toe: np.ndarray
    ankle: np.ndarray
    turn: np.ndarray
    held: np.ndarray
    anchors: np.ndarray

    @property
    def standing(self) -> np.ndarray:
        """`[T]` bool, whether the foot is held at all."""
        return self.held.any(axis=1)


def lock_feet(
    poses: Poses, contacts: Contacts, times: np.ndarray, present: np.ndarray, mode: FootLock, settings: FootLockSettings
) -> Poses:
    """The motion with its feet held where they stand; the body's lengths stay.

    poses: T frames in Blender's world, whose floor is z = 0, of a body with flat soles. times: `[T]` seconds, rising.
    present: `[T]` bool; absent frames stay as they are and nothing is carried across them.
    mode: "auto" holds points that probably stand still and on the floor. "always" holds at least the more probable foot at
    any time, but not where both are far from the floor, and not while it is carried farther than the settings' strain.
    "grounding" only brings standing points to the floor's height. In all three no heel or toe is more than a centimeter below
    the floor, but where the subject leaves it for what lies deeper than `contacts.NEAR_FLOOR`. "never" changes nothing.
    """
    if mode == "never" or not present.any():
        return poses
    root, rotations = np.array(poses.root, float), np.array(poses.rotations, float)
    joints = poses.joints().astype(float)
    number = runs(present)
    for run in np.unique(number[present]):
        frames = np.nonzero(number == run)[0]
        here = slice(frames[0], frames[-1] + 1)
        part = Poses(poses.offsets.astype(float), root[here], rotations[here])
        locked = _locked(part, joints[here], contacts.probability[here], times[here], mode, settings)
        root[here], rotations[here] = locked.root, locked.rotations
    return Poses(poses.offsets, root, rotations)


def _locked(
    poses: Poses,
    joints: np.ndarray,
    probability: np.ndarray,
    times: np.ndarray,
    mode: FootLock,
    settings: FootLockSettings,
) -> Poses:
    """One stretch of frames in which the subject is present."""
    feet = _feet(poses, joints, probability, times, mode, settings)
    turned = [_foot_turns(foot, times, settings) for foot in feet]
    wanted = [_ankles(foot, turn) - foot.ankle for foot, turn in zip(feet, turned, strict=True)]
    path = _path(wanted, [foot.standing for foot in feet], times, settings)
    goals = []
    for foot, turn, shift in zip(feet, turned, wanted, strict=True):
        rest = ramped(shift - path, foot.standing, times, settings.blend, 1.0)
        goal = foot.ankle + path + rest
        goals.append(goal + _lifted(foot, turn, goal, times, settings)[:, None] * _UP)
    moved = joints + path[:, None]
    path = path - _sinking(moved, joints, goals, times, settings)[:, None] * _UP
    moved = joints + path[:, None]
    rotations = poses.rotations.copy()
    for side, goal, turn in zip(_SIDES, goals, turned, strict=True):
        _bend(rotations, moved, ("thigh", "shin"), ("hip", "knee", "ankle"), side, goal)
        rotations[:, BONE_NAMES.index(f"foot.{side}")] = turn
    if settings.hands and mode != "grounding":
        for side in _SIDES:
            goal = _wrist(moved, probability, times, side, settings)
            _bend(rotations, moved, ("upper_arm", "forearm"), ("shoulder", "elbow", "wrist"), side, goal)
    return Poses(poses.offsets, poses.root + path, rot.normalize(rotations))


# Which points are held, and where


def _feet(
    poses: Poses,
    joints: np.ndarray,
    probability: np.ndarray,
    times: np.ndarray,
    mode: FootLock,
    settings: FootLockSettings,
) -> list[_Foot]:
    held = _held(probability[:, :4], times, settings)
    points = joints[:, [JOINTS.index(name) for name in CONTACTS[:4]]]
    if mode == "always":
        held |= _leading(probability[:, :4], points, held, settings)
    feet = []
    for number, side in enumerate(_SIDES):
        heel, toe = (poses.offsets[JOINTS.index(f"{name}.{side}")] for name in ("heel", "toe"))
        own = slice(2 * number, 2 * number + 2)
        stands = _rolling(held[:, own], times, settings)
        ankle = joints[:, JOINTS.index(f"ankle.{side}")]
        turn = poses.rotations[:, BONE_NAMES.index(f"foot.{side}")]
        foot = _Foot(heel, toe, ankle, turn, stands, points[:, own].copy())
        if mode == "grounding":
            _keep_length(foot)
        else:
            _anchor(foot, points[:, own], probability[:, own], times, settings)
        _level(foot, points[:, own])
        feet.append(foot)
    return feet


def _held(probability: np.ndarray, times: np.ndarray, settings: FootLockSettings) -> np.ndarray:
    """`[T, N]` bool: points are held from when they probably stand until they probably do not."""
    frames = np.arange(len(probability))[:, None]
    caught = np.maximum.accumulate(np.where(probability >= settings.catch, frames, -1), axis=0)
    released = np.maximum.accumulate(np.where(probability <= settings.release, frames, -1), axis=0)
    held = caught > released
    for point in range(held.shape[1]):
        for start, stop in stretches(~held[:, point]):
            if start > 0 and stop < len(held) and times[stop] - times[start - 1] < settings.gap:
                held[start:stop, point] = True
        for start, stop in stretches(held[:, point]):
            if times[stop - 1] - times[start] < settings.shortest:
                held[start:stop, point] = False
    return held


def _leading(probability: np.ndarray, points: np.ndarray, held: np.ndarray, settings: FootLockSettings) -> np.ndarray:
    """`[T, 4]` bool: heel or toe of the foot that stands more probably, where none is held and one is near the floor."""
    feet = probability.reshape(-1, 2, 2).max(axis=2)
    lead = feet[:, 0] - feet[:, 1]
    frames = np.arange(len(lead))
    left = np.maximum.accumulate(np.where(lead > settings.lead, frames, -1))
    right = np.maximum.accumulate(np.where(lead < -settings.lead, frames, -1))
    foot = np.where(left == right, (lead < 0).astype(int), (right > left).astype(int))
    height = points[..., 2].reshape(-1, 2, 2)
    near = (np.abs(height.min(axis=(1, 2))) < settings.airborne) & ~held.any(axis=1)
    result = np.zeros(held.shape, bool)
    for number in (0, 1):
        own = held[:, 2 * number : 2 * number + 2]
        for start, stop in stretches(near & (foot == number)):
            before, after = own[max(start - 1, 0)], own[min(stop, len(own) - 1)]
            # the end that stands just before or after goes on standing, else it is the lower one
            beside = before if before.any() else after
            low = height[start:stop, number].mean(axis=0)
            end = np.argmin(np.where(beside, low, low + 1.0)) if beside.any() else np.argmin(low)
            result[start:stop, 2 * number + end] = True
    return result


def _rolling(held: np.ndarray, times: np.ndarray, settings: FootLockSettings) -> np.ndarray:
    """`[T, 2]` bool: heel and toe stand together for a moment where a foot rolls from one to the other."""
    held = held.copy()
    for one in (0, 1):
        for _, stop in list(stretches(held[:, one])):
            later = np.nonzero(held[stop:, 1 - one])[0]
            if not len(later) or held[stop - 1, 1 - one]:
                continue
            start = stop + int(later[0])
            again = np.nonzero(held[stop:start, one])[0]
            if not len(again) and times[start] - times[stop - 1] <= settings.roll:
                held[max(stop - _ROLL, 0) : start, 1 - one] = True
    return held


def _anchor(
    foot: _Foot, points: np.ndarray, probability: np.ndarray, times: np.ndarray, settings: FootLockSettings
) -> None:
    """Give every contact of the foot its anchor: the usual place of the point, as far as it probably stood there."""
    pieces: list[tuple[int, int, int]] = []
    for end in (0, 1):
        for start, stop in list(stretches(foot.held[:, end])):
            for first, last in _pieces(points[start:stop, end], times[start:stop], settings):
                pieces.append((start + first, start + last, end))
            foot.held[start:stop, end] = False
    for start, stop, end in pieces:
        foot.held[start:stop, end] = True
        place = _usual(points[start:stop, end, :2], probability[start:stop, end], settings.robust)
        foot.anchors[start:stop, end, :2] = place
    _fit_length(foot, sorted(pieces))


def _pieces(points: np.ndarray, times: np.ndarray, settings: FootLockSettings) -> list[tuple[int, int]]:
    """Stretches of a contact in which the point stays within reach of one anchor, with room to move between them."""
    found, start, count = [], 0, len(points)
    while start < count:
        far = np.nonzero(np.linalg.norm(points[start:] - points[start], axis=-1) > settings.strain)[0]
        stop = start + int(far[0]) if len(far) else count
        if times[stop - 1] - times[start] >= settings.shortest or stop - start == count:
            found.append((start, stop))
        start = max(int(np.searchsorted(times, times[stop - 1] + settings.blend)), stop)
    return found


def _usual(places: np.ndarray, weight: np.ndarray, scale: float) -> np.ndarray:
    """`[2]` robust mean of places `[N, 2]` (Cauchy weights, reweighted)."""
    weight = np.maximum(weight, 1e-3) ** 2
    middle = np.median(places, axis=0)
    for _ in range(_ROUNDS):
        share = weight / (1.0 + np.sum((places - middle) ** 2, axis=-1) / scale**2)
        middle = share @ places / share.sum()
    return middle


def _fit_length(foot: _Foot, pieces: list[tuple[int, int, int]]) -> None:
    """Move anchors of heels and toes that stand together apart by the foot's length: as little as it takes."""
    length = float(np.linalg.norm((foot.toe - foot.heel)[:2]))
    place = [foot.anchors[start, end, :2].copy() for start, _, end in pieces]
    pairs = [
        (one, two)
        for two, (start, _, end) in enumerate(pieces)
        for one in range(max(two - 3, 0), two)
        if pieces[one][1] > start and pieces[one][2] != end
    ]
    weight = [float(stop - start) for start, stop, _ in pieces]
    for turn in range(_FITTING + 1):
        for one, two in pairs:
            sign = 1.0 if pieces[two][2] == 1 else -1.0
            apart = place[two] - place[one]
            heading = _heading(foot, pieces[two][0]) * sign
            # two anchors in almost one place tell no direction
            heading = apart if apart @ heading > 0.5 * length * np.linalg.norm(heading) else heading
            lacking = length * heading / np.linalg.norm(heading) - apart
            # in the end every anchor is exactly where the one before it wants it
            share = 1.0 if turn == _FITTING else weight[one] / (weight[one] + weight[two])
            place[two] += share * lacking
            place[one] -= (1.0 - share) * lacking
    for (start, stop, end), where in zip(pieces, place, strict=True):
        foot.anchors[start:stop, end, :2] = where


def _level(foot: _Foot, points: np.ndarray) -> None:
    """Give every contact of the foot its height: the floor's, or where that is far its own; heel and toe alike."""
    for start, stop in stretches(foot.standing):
        held = foot.held[start:stop]
        heights = points[start:stop, :, 2][held]
        foot.anchors[start:stop, :, 2] = level_of(float(np.median(heights)))


def _heading(foot: _Foot, frame: int) -> np.ndarray:
    """`[2]` the way from heel to toe over the floor in the pose, of unit length."""
    return rot.normalize(rot.rotate(foot.turn[frame], foot.toe - foot.heel)[:2])


def _keep_length(foot: _Foot) -> None:
    """Lay the places of heel and toe apart by the foot's length where both stand, about their middle."""
    ahead = rot.rotate(foot.turn, foot.toe - foot.heel) * (1.0, 1.0, 0.0)
    half = rot.normalize(ahead) * np.linalg.norm(foot.toe - foot.heel) / 2
    flat = foot.held.all(axis=1)
    middle = foot.anchors.mean(axis=1)
    foot.anchors[flat, 0], foot.anchors[flat, 1] = (middle - half)[flat], (middle + half)[flat]


# How feet and pelvis come there


def _foot_turns(foot: _Foot, times: np.ndarray, settings: FootLockSettings) -> np.ndarray:
    """`[T, 4]` turns of the foot: flat where heel and toe stand, and neither end below the floor where one stands."""
    sole = foot.toe - foot.heel
    flat = foot.held.all(axis=1)
    ahead = np.where(flat[:, None], foot.anchors[:, 1] - foot.anchors[:, 0], rot.rotate(foot.turn, sole))
    stands = rot.from_matrix(rot.frame(ahead, _UP) @ np.swapaxes(rot.frame(sole, _UP), -1, -2))
    correction = ramped(_log(rot.multiply(stands, rot.conjugate(foot.turn))), flat, times, settings.blend, 5.0)
    turn = rot.multiply(_exp(correction), foot.turn)
    # the end that does not stand
    away = rot.rotate(turn, sole) * np.where(foot.held[:, 0], 1.0, -1.0)[:, None]
    height = _stopped(away[:, 2], -settings.depth / 2, settings.depth / 2)
    length = np.linalg.norm(sole)
    level = rot.normalize(away * (1.0, 1.0, 0.0))
    pitched = level * np.sqrt(np.maximum(length**2 - height**2, 0.0))[:, None] + height[:, None] * _UP
    pitch = rot.multiply(rot.between(away, pitched), turn)
    one = foot.standing & ~flat & (away[:, 2] < 0.0)
    turn = np.where(one[:, None], pitch, turn)
    correction = _log(rot.multiply(turn, rot.conjugate(foot.turn)))
    return rot.multiply(_exp(ramped(correction, foot.standing, times, settings.blend, 5.0)), foot.turn)


def _ankles(foot: _Foot, turn: np.ndarray) -> np.ndarray:
    """`[T, 3]` where the ankle is over the point that stands; means nothing where none does."""
    over_heel = foot.anchors[:, 0] - rot.rotate(turn, foot.heel)
    over_toe = foot.anchors[:, 1] - rot.rotate(turn, foot.toe)
    return np.where(foot.held[:, :1], over_heel, over_toe)


def _path(
    wanted: list[np.ndarray], standing: list[np.ndarray], times: np.ndarray, settings: FootLockSettings
) -> np.ndarray:
    """`[T, 3]` metres by which the pelvis follows: what both feet want, smoothed over time."""
    count = len(times)
    weight = np.sum(standing, axis=0)
    total = np.sum([shift * stands[:, None] for shift, stands in zip(wanted, standing, strict=True)], axis=0)
    step = _step(times, settings.follow)
    reach = max(1, round(4.0 * settings.follow / step))
    held, sums = np.full(count, 1e-3), np.zeros((count, 3))
    for shift in range(-min(reach, count - 1), min(reach, count - 1) + 1):
        here, there = overlap(count, shift)
        near = np.exp(-0.5 * ((times[there] - times[here]) / settings.follow) ** 2)
        held[here] += near * weight[there]
        sums[here] += near[:, None] * total[there]
    return sums / held[:, None]


def _lifted(
    foot: _Foot, turn: np.ndarray, ankle: np.ndarray, times: np.ndarray, settings: FootLockSettings
) -> np.ndarray:
    """`[T]` metres by which a free foot is lifted, so that neither end sinks below a floor that it is near to."""
    ends = np.stack([ankle + rot.rotate(turn, end) for end in (foot.heel, foot.toe)], axis=1)
    low = ends[..., 2].min(axis=1)
    lift = _stopped(low, -settings.depth, settings.depth / 2) - low
    below = np.clip((-low - NEAR_FLOOR) / _GONE, 0.0, 1.0)
    believed = 1.0 - _envelope(below, times, settings.leave)
    return np.where(foot.standing, 0.0, believed * lift)


def _stopped(height: np.ndarray, floor: float, soft: float) -> np.ndarray:
    """Heights that do not fall below `floor`: those above floor + soft stay, and the turn between is smooth."""
    above = height - floor
    return floor + np.where(above > soft, above, np.maximum(above + soft, 0.0) ** 2 / (4.0 * soft))


def _sinking(
    moved: np.ndarray, joints: np.ndarray, goals: list[np.ndarray], times: np.ndarray, settings: FootLockSettings
) -> np.ndarray:
    """`[T]` metres by which the pelvis sinks, so that both legs reach their goals."""
    need = np.zeros(len(times))
    for side, goal in zip(_SIDES, goals, strict=True):
        hip, knee, ankle = (JOINTS.index(f"{name}.{side}") for name in ("hip", "knee", "ankle"))
        bones = (joints[0, knee] - joints[0, hip], joints[0, ankle] - joints[0, knee])
        whole = sum(float(np.linalg.norm(bone)) for bone in bones)
        had = np.linalg.norm(joints[:, ankle] - joints[:, hip], axis=-1)
        reach = np.maximum(settings.straight * whole, had + _STILL)
        to = goal - moved[:, hip]
        across = np.minimum(np.linalg.norm(to[:, :2], axis=-1), 0.98 * reach)
        need = np.maximum(need, -to[:, 2] - np.sqrt(reach**2 - across**2))
    return _envelope(np.clip(need, 0.0, settings.sink), times, settings.bend)


def _envelope(need: np.ndarray, times: np.ndarray, span: float) -> np.ndarray:
    """`[T]` a smooth curve nowhere below `need` that is zero farther than `span` seconds from where it is above zero."""
    if not need.any():
        return need
    count = len(need)
    reach = max(1, round(span / 2 / _step(times, span)))
    widest = need.copy()
    for shift in range(-min(reach, count - 1), min(reach, count - 1) + 1):
        here, there = overlap(count, shift)
        widest[here] = np.maximum(widest[here], need[there])
    kernel = np.hanning(2 * reach + 3)[1:-1]
    padded = np.concatenate([np.full(reach, widest[0]), widest, np.full(reach, widest[-1])])
    return np.convolve(padded, kernel / kernel.sum(), mode="valid")


def _wrist(
    moved: np.ndarray, probability: np.ndarray, times: np.ndarray, side: str, settings: FootLockSettings
) -> np.ndarray:
    """`[T, 3]` metres, where the wrist is with the hand held where it stands."""
    point = CONTACTS.index(f"hand.{side}")
    wrist = moved[:, JOINTS.index(f"wrist.{side}")]
    held = _held(probability[:, point : point + 1], times, settings)[:, 0]
    knuckles = (moved[:, JOINTS.index(f"index.{side}")] + moved[:, JOINTS.index(f"pinky.{side}")]) / 2
    shift = np.zeros(wrist.shape)
    for start, stop in list(stretches(held)):
        held[start:stop] = False
        for first, last in _pieces(knuckles[start:stop], times[start:stop], settings):
            part = slice(start + first, start + last)
            held[part] = True
            place = _usual(knuckles[part, :2], probability[part, point], settings.robust)
            height = float(np.median(knuckles[part, 2]))
            height = max(height, level_of(min(height, 0.0)))
            shift[part] = np.append(place, height) - knuckles[part]
    return wrist + ramped(shift, held, times, settings.blend, 1.0)


def _bend(
    rotations: np.ndarray,
    joints: np.ndarray,
    bones: tuple[str, str],
    names: tuple[str, str, str],
    side: str,
    goal: np.ndarray,
) -> None:
    """Turn the two bones of a limb within `rotations` `[T, 18, 4]` so that it ends at `goal` `[T, 3]`."""
    start, middle, end = (joints[:, JOINTS.index(f"{name}.{side}")] for name in names)
    if np.abs(goal - end).max() < _STILL:
        return
    upper, lower = (BONE_NAMES.index(f"{name}.{side}") for name in bones)
    hinge = np.array(HINGES[f"{bones[0]}.{side}"])
    limb = Limb(start, middle, end, rotations[:, upper], rotations[:, lower], hinge)
    rotations[:, upper], rotations[:, lower] = bent_to(limb, goal)


# Along time


def stretches(mask: np.ndarray) -> Iterator[tuple[int, int]]:
    """First frame and the frame after the last of every stretch in which `mask` `[T]` is true."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    yield from zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)


def ramped(values: np.ndarray, known: np.ndarray, times: np.ndarray, span: float, steepest: float) -> np.ndarray:
    """`values` `[T, K]` where they are `known` `[T]`; elsewhere they run out to zero over `span` seconds.

    Value and slope pass on without a step (quintic Hermite ramps), so that what is added to a motion neither jumps nor
    kinks; slopes count up to `steepest` per second. Between two known stretches that are nearer than `span` the ramps
    are as long as the way.
    """
    result = np.where(known[:, None], values, 0.0)
    if not known.any():
        return result
    frames = np.arange(len(times))
    before = np.maximum.accumulate(np.where(known, frames, -1))
    after = np.minimum.accumulate(np.where(known, frames, len(frames))[::-1])[::-1]
    has_before, has_after = before >= 0, after < len(frames)
    before, after = np.maximum(before, 0), np.minimum(after, len(frames) - 1)
    length = np.where(has_before & has_after, np.minimum(times[after] - times[before], span), span)
    for near, has, sign in ((before, has_before, 1), (after, has_after, -1)):
        inner = np.clip(near - 2 * sign, 0, len(frames) - 1)
        # a slope is measured within its own stretch
        inner = np.where(known[inner] & known[np.clip(near - sign, 0, len(frames) - 1)], inner, near)
        over = np.where(inner == near, 1.0, times[near] - times[inner])
        slope = np.clip((values[near] - values[inner]) / over[:, None], -steepest, steepest)
        away = np.abs(times - times[near])
        part = np.clip(away / np.maximum(length, _TINY), 0.0, 1.0)
        level = 1.0 - part**3 * (10.0 - 15.0 * part + 6.0 * part**2)
        lean = part * (1.0 - part) ** 3 * (1.0 + 3.0 * part) * length * sign
        run_out = level[:, None] * values[near] + lean[:, None] * slope
        result += np.where((has & ~known)[:, None], run_out, 0.0)
    return result


def _step(times: np.ndarray, other: float) -> float:
    return max(float(np.median(np.diff(times))), _TINY) if len(times) > 1 else other


def _log(q: np.ndarray) -> np.ndarray:
    """Rotation vectors `[..., 3]` in radians of unit quaternions."""
    q = np.where(q[..., :1] < 0, -q, q)
    sine = np.linalg.norm(q[..., 1:], axis=-1, keepdims=True)
    angle = 2.0 * np.arctan2(sine, q[..., :1])
    return q[..., 1:] * np.where(sine > _TINY, angle / np.maximum(sine, _TINY), 2.0)


def _exp(vector: np.ndarray) -> np.ndarray:
    return turns.from_vector(np.ascontiguousarray(vector))
