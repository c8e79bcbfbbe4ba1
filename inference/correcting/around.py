"""Solving around corrections: one pose that is put right mends the hidden stretch around it, and all else stays.

A corrected pose tells by how much the motion errs there; what it errs by nearby follows (`inference.correcting.reach`) and is
taken out of where the fit expects the joints. Then the fit runs again over these frames, with the corrected poses as
constraints, and goes over into what stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from ...errors import ArgumentsError
from ...models.skeletons import BONE_NAMES, JOINT_CARRIERS, JOINTS
from .. import rotations as rot
from .. import turns
from ..along_time import blurred, spans, stretches
from ..camera import View
from ..contacts import CONTACTS, Contacts
from ..fitting.fit import FitSettings, drafted, problem_of, state_of
from ..fitting.terms import PlaceTerm
from ..observed import Observed, joint_belief
from ..poses import Poses
from .correction import CorrectingSettings, Correction
from .reach import Reach

# Spread of the logarithm of sizes that leaves none: a corrected motion keeps its body.
_FIXED = 1e-4
_PELVIS = JOINTS.index("pelvis")
_EVERY = list(range(len(JOINTS)))
_CARRIED = tuple(
    [joint for joint, carrier in enumerate(JOINT_CARRIERS) if carrier == bone and joint != _PELVIS]
    for bone in range(len(BONE_NAMES))
)
# Frames beside those that change which the fit sees as well.
_BESIDE = 10


@dataclass(frozen=True, slots=True)
class Corrected:
    """poses: the motion with its corrections. changed: `[T, 18]` bool, the bones that may have been turned.

    moved: `[T]` bool, where the pelvis may have been moved.
    """

    poses: Poses
    changed: np.ndarray
    moved: np.ndarray


def solve_around(
    poses: Poses,
    observed: Observed,
    view: View,
    contacts: Contacts,
    corrections: Sequence[Correction],
    fitting: FitSettings | None = None,
    settings: CorrectingSettings | None = None,
) -> Corrected:
    """The motion with `corrections` met, and with what they tell of the frames around them.

    poses: T frames as they were animated. observed, view, contacts: what they were animated from, and what stood. What is
    not changed stays as it is to the last bit. Raises ArgumentsError where a correction is of a frame in which the subject
    is not present, two are of one frame or there is none; SetupError where the extension's data is damaged.
    """
    settings = settings or CorrectingSettings()
    frames, right = _stacked(poses, corrections, observed.present)
    hidden = hidden_joints(observed, settings)
    way = _way(poses, hidden, observed.times, settings)
    reach = Reach(frames, observed.times, way, observed.present, settings.reach, settings.alike)
    expected = _expected(poses, right, hidden, reach, settings)
    fitted = _fitted(poses, expected, frames, right, observed, view, contacts, fitting or FitSettings(), settings)
    merged = _merged(poses, fitted, expected.told, observed.times, settings)
    return _met(merged, right, hidden, reach, expected, settings)


def hidden_joints(observed: Observed, settings: CorrectingSettings) -> np.ndarray:
    """`[T, 30]` bool, joints that were not seen; a short sight between two hidden stretches counts to them."""
    here = observed.present
    seen = (joint_belief(observed.belief) >= settings.hidden) & here[:, None]
    for joint in range(seen.shape[1]):
        for span in spans(seen[:, joint].copy(), observed.times):
            between = span.start > 0 and span.stop < len(here) and here[span.start - 1] and here[span.stop]
            if between and observed.times[span.stop] - observed.times[span.start] < settings.together:
                seen[span, joint] = False
    return ~seen & here[:, None]


def _way(poses: Poses, hidden: np.ndarray, times: np.ndarray, settings: CorrectingSettings) -> np.ndarray:
    """`[T]` metres that the joints in sight have gone about the pelvis, in the mean; all joints where none is in sight."""
    joints = poses.joints().astype(float)
    steps = np.linalg.norm(np.diff(joints - joints[:, :1], axis=0), axis=-1)
    seen = ~(hidden[1:] | hidden[:-1])
    seen |= ~seen.any(axis=1, keepdims=True)
    seconds = np.maximum(np.diff(times), 1e-6)
    speed = (steps * seen).sum(axis=1) / seen.sum(axis=1) / seconds
    if len(speed):
        speed = np.maximum(blurred(speed[:, None], times[1:], settings.even)[:, 0], settings.slowest)
    return np.concatenate([[0.0], np.cumsum(speed * seconds)])


def _stacked(poses: Poses, corrections: Sequence[Correction], present: np.ndarray) -> tuple[np.ndarray, Poses]:
    """The corrections' frames, rising, and their poses."""
    ordered = sorted(corrections, key=lambda correction: correction.frame)
    frames = np.array([correction.frame for correction in ordered], int)
    inside = (frames >= 0) & (frames < len(present))
    if not len(frames) or not inside.all() or not present[frames].all():
        raise ArgumentsError("The subject is not in the frame of a correction. Correct frames that have keys.")
    if len(np.unique(frames)) < len(frames):
        raise ArgumentsError("Two corrections are of one frame of the footage. Take one of them away.")
    root, rotations = (
        np.stack([getattr(one, name) for one in ordered]).astype(float) for name in ("root", "rotations")
    )
    return frames, Poses(poses.offsets.astype(float), root, rotations)


@dataclass(frozen=True, slots=True)
class _Expected:
    """Where the joints are with what the corrections tell; T frames.

    joints: `[T, 30, 3]` metres in the world. known: `[T, 30]`, the share of what joints err by that is explained. told:
    `[T, 30]` bool, about the pelvis; the pelvis's own column is its place.
    """

    joints: np.ndarray
    known: np.ndarray
    told: np.ndarray


def _expected(poses: Poses, right: Poses, hidden: np.ndarray, reach: Reach, settings: CorrectingSettings) -> _Expected:
    joints, goal = poses.joints().astype(float), right.joints()
    about, wanted = joints - joints[:, :1], goal - goal[:, :1]
    about[:, _PELVIS], wanted[:, _PELVIS] = joints[:, _PELVIS], goal[:, _PELVIS]
    change = wanted - about[reach.frames]
    spread = [reach.spread(change[:, joint], hidden[:, joint], settings.moved) for joint in _EVERY]
    about += np.stack([one.change for one in spread], axis=1)
    root = about[:, _PELVIS].copy()
    about[:, _PELVIS] = 0.0
    known, told = (np.stack([getattr(one, name) for one in spread], axis=1) for name in ("known", "told"))
    return _Expected(about + root[:, None], known, told)


def _fitted(
    poses: Poses,
    expected: _Expected,
    frames: np.ndarray,
    right: Poses,
    observed: Observed,
    view: View,
    contacts: Contacts,
    fitting: FitSettings,
    settings: CorrectingSettings,
) -> Poses:
    """The fit over all frames of which corrections tell, and some beside them."""
    told = np.flatnonzero(expected.told.any(axis=1))
    if not len(told):
        return poses
    span = slice(max(told[0] - _BESIDE, 0), told[-1] + 1 + _BESIDE)
    within = (frames >= span.start) & (frames < span.stop)
    here = observed.present[span]
    root = expected.joints[span, 0]
    start = Poses(poses.offsets.astype(float), root, poses.rotations[span].astype(float))
    shown = View(view.rotations[span], view.positions[span])
    left = np.sqrt(np.maximum(1.0 - expected.known[span], settings.sure**2))[..., None]
    lifted = Observed(**{field.name: getattr(observed, field.name)[span] for field in fields(observed)})
    lifted = replace(
        lifted,
        joints=np.einsum("tba,tjb->tja", shown.rotations, expected.joints[span] - root[:, None]),
        spread=lifted.spread * left,
    )
    # what the feet did while nobody saw them was a guess
    standing = Contacts(contacts.probability[span] * ~_feet_told(expected.told[span]))
    fitting = replace(fitting, size=_FIXED, steps=settings.steps)
    problem = problem_of(start, np.full((len(here), 3), settings.path), lifted, shown, standing, fitting)
    problem = replace(
        problem,
        terms=[*problem.terms, _constraint(right.joints()[within], frames[within] - span.start, here, settings)],
    )
    best = drafted(state_of(start, here), problem, fitting)[0]
    root, rotations = poses.root.astype(float), poses.rotations.astype(float)
    inside = np.arange(len(root))[span][here]
    root[inside], rotations[inside] = best.root, rot.from_matrix(best.matrices)
    return Poses(poses.offsets, root, rotations)


def _feet_told(told: np.ndarray) -> np.ndarray:
    """`[T, 6]` bool, the contacts of feet that corrections tell of; hands stay as they are."""
    feet = [told[:, JOINTS.index(name)] if name in JOINTS else np.zeros(len(told), bool) for name in CONTACTS]
    return np.stack(feet, axis=1)


def _constraint(joints: np.ndarray, frames: np.ndarray, here: np.ndarray, settings: CorrectingSettings) -> PlaceTerm:
    """The corrected joints `[C, 30, 3]` at `frames` `[C]` of a span, of which the frames `here` `[N]` bool are fitted."""
    places, weight = np.zeros((len(here), len(JOINTS), 3)), np.zeros((len(here), len(JOINTS)))
    places[frames], weight[frames] = joints, settings.exact**-2
    return PlaceTerm(_EVERY, places[here], weight[here])


def _merged(poses: Poses, fitted: Poses, told: np.ndarray, times: np.ndarray, settings: CorrectingSettings) -> Poses:
    """The fit where corrections tell of it, and the motion everywhere else, without a step between them."""
    root = poses.root.astype(float) + _eased(told[:, _PELVIS], times, settings)[:, None] * (fitted.root - poses.root)
    rotations = poses.rotations.astype(float)
    for bone, joints in enumerate(_CARRIED):
        share = _eased(told[:, joints].any(axis=1), times, settings)
        turned = share > 0.0
        rotations[turned, bone] = rot.slerp(rotations[turned, bone], fitted.rotations[turned, bone], share[turned])
    return Poses(poses.offsets, root, rotations)


def _eased(told: np.ndarray, times: np.ndarray, settings: CorrectingSettings) -> np.ndarray:
    """`[T]` 0 where nothing is told, rising to 1 within `settle` seconds of frames that stay."""
    share = np.zeros(len(told))
    for first, last in stretches(told):
        since, until = (
            (times[first:last] - times[max(first - 1, 0)]),
            (times[min(last, len(times) - 1)] - times[first:last]),
        )
        near = np.minimum(since if first > 0 else np.inf, until if last < len(times) else np.inf)
        risen = np.clip(near / settings.settle, 0.0, 1.0)
        share[first:last] = risen * risen * (3.0 - 2.0 * risen)
    return share


def _met(
    merged: Poses, right: Poses, hidden: np.ndarray, reach: Reach, expected: _Expected, settings: CorrectingSettings
) -> Corrected:
    """The motion with what it still lacks of the corrections, so that these are met as they were posed."""
    lacking = rot.multiply(right.rotations, rot.conjugate(merged.rotations[reach.frames]))
    change = rot.to_vector(lacking)
    rotations, changed = merged.rotations.copy(), np.zeros(merged.rotations.shape[:2], bool)
    for bone, joints in enumerate(_CARRIED):
        # what was told of is met to the last; what was not is only where it was meant
        least = 0.0 if expected.told[:, joints].any() else settings.turned
        spread = reach.spread(change[:, bone], hidden[:, joints].any(axis=1), least)
        turned = spread.told
        turn = turns.from_vector(spread.change[turned])
        rotations[turned, bone] = rot.multiply(turn, rotations[turned, bone])
        changed[:, bone] = turned | expected.told[:, joints].any(axis=1)
    place = reach.spread(right.root - merged.root[reach.frames], hidden[:, _PELVIS], settings.moved)
    moved = place.told | expected.told[:, _PELVIS]
    return Corrected(Poses(merged.offsets, merged.root + place.change, rotations), changed, moved)
