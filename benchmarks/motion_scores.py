"""How good one stage's motion is: every metric of one scene, and what many scenes say together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..inference import rotations as rot
from ..inference.camera import View
from ..inference.poses import Poses
from ..training.clips import RATE
from ..training.metrics import motion, rotation, world
from ..training.metrics.bootstrap import Interval
from ..training.metrics.position import errors, masked_mean, reprojection_error
from .motion_scenes import Scene, Sight
from .occlusion_scores import SCORED, ratio_interval

DEPTH = 0.01
"""Metres below the floor from which a foot is in it."""
MOVING = 1.5
"""Metres of path from which a clip counts as one that goes somewhere."""


@dataclass(frozen=True, slots=True)
class Score:
    """One scene under one occlusion after one stage; NaN where there is nothing to tell of.

    everything, visible, hidden: MPJPE in mm about the pelvis in the camera's axes; the pelvis counts for none. w, wa:
    W-MPJPE and WA-MPJPE in mm. acceleration, rooted: acceleration error in m/s², in space and about the root. jitter:
    m/s³. left, size: what there is of the truth's hits, and their own sum. skating: mm/frame. penetration: % of the frames.
    floating: mm. aligned, plain, path: of the root, in cm, cm and m. reprojection: px at 1000 px of focal length. spread:
    of the bones' lengths, %. swing, twist: degrees, of limbs, relative to the parents. pointing, rolling: the same in space.
    turn: degrees, of all bones in space.
    """

    everything: float = np.nan
    visible: float = np.nan
    hidden: float = np.nan
    w: float = np.nan
    wa: float = np.nan
    acceleration: float = np.nan
    rooted: float = np.nan
    jitter: float = np.nan
    left: float = np.nan
    size: float = np.nan
    skating: float = np.nan
    penetration: float = np.nan
    floating: float = np.nan
    aligned: float = np.nan
    plain: float = np.nan
    path: float = np.nan
    reprojection: float = np.nan
    spread: float = np.nan
    swing: float = np.nan
    twist: float = np.nan
    pointing: float = np.nan
    rolling: float = np.nan
    turn: float = np.nan


def score(joints: np.ndarray, view: View, scene: Scene, sight: Sight, poses: Poses | None = None) -> Score:
    """Score joints `[T, 30, 3]` in metres in the world of `view`, and their rotations where these are known.

    Feet are judged in that world, on its floor. All else is compared where the camera sees it: both worlds meet there, and
    how a world turns about its vertical nobody can know. Errors are over the 17 joints of Human3.6M.
    """
    seen, goal = view.to_camera(joints)[:, :SCORED], scene.trial.joints[:, :SCORED].astype(float)
    ours, truth = scene.view.to_world(seen), scene.joints[:, :SCORED]
    everything, visible, hidden = positions(seen, goal, sight.hidden)
    hits = motion.hits(ours, truth, root=None)
    root = world.root_error(seen[:, 0], goal[:, 0])
    standing = world.stands(scene.joints, RATE)
    told = {} if poses is None else _turns(poses, view, scene, sight)
    return Score(
        everything=everything,
        visible=visible,
        hidden=hidden,
        w=world.w_mpjpe(ours, truth),
        wa=world.wa_mpjpe(ours, truth),
        acceleration=motion.acceleration_error(ours, truth, RATE, root=None),
        rooted=motion.acceleration_error(ours, truth, RATE),
        jitter=motion.jitter(ours, RATE),
        left=hits.left,
        size=hits.size,
        skating=world.foot_skating(joints, standing),
        penetration=100.0 * world.penetration(joints, DEPTH),
        floating=world.foot_float(joints, standing),
        aligned=root.aligned,
        plain=root.plain,
        path=root.path,
        reprojection=reprojection_error(seen, goal[..., :2] / goal[..., 2:]),
        spread=motion.bone_spread(joints),
        **told,
    )


def positions(answer: np.ndarray, truth: np.ndarray, hidden: np.ndarray) -> tuple[float, float, float]:
    """MPJPE in mm about the pelvis over 17 joints `[T, 17, 3]`: of all, the visible and the `hidden` `[T, 30]` ones."""
    off, gone = errors(answer, truth)[:, 1:], hidden[:, 1:SCORED]
    return masked_mean(off), masked_mean(off, ~gone), masked_mean(off, gone)


def by_bone(poses: Poses, view: View, scene: Scene, sight: Sight) -> np.ndarray:
    """`[3, 18]` sums of local swing and twist in degrees over the frames in which each bone is in sight, and their count."""
    ours, truth = rotation.local(_in_truths_world(poses, view, scene)), rotation.local(scene.truth.rotations)
    found = rotation.swings(ours, truth), rotation.twists(ours, truth), np.ones(sight.bones.shape)
    return np.stack([np.where(sight.bones, values, 0.0).sum(axis=0) for values in found])


def _turns(poses: Poses, view: View, scene: Scene, sight: Sight) -> dict[str, float]:
    """Errors of rotations, those of the bones in sight."""
    ours, truth = _in_truths_world(poses, view, scene), scene.truth.rotations
    return {
        "swing": rotation.swing_error(ours, truth, sight.bones),
        "twist": rotation.twist_error(ours, truth, sight.bones),
        "pointing": rotation.swing_error(ours, truth, sight.bones, parents=False),
        "rolling": rotation.twist_error(ours, truth, sight.bones, parents=False),
        "turn": rotation.mpjae(ours, truth, sight.bones),
    }


def _in_truths_world(poses: Poses, view: View, scene: Scene) -> np.ndarray:
    """The rotations `[T, 18, 4]` in the truth's world, so that both cameras see the same."""
    between = rot.from_matrix(scene.view.rotations @ np.swapaxes(view.rotations, -1, -2))
    return rot.multiply(between[:, None], poses.rotations)


def mean(scores: Sequence[Score], field: str) -> float:
    """Mean of one field over the scores that have it."""
    values = np.array([getattr(item, field) for item in scores])
    known = np.isfinite(values)
    return float(values[known].mean()) if known.any() else float("nan")


def damping(scores: Sequence[Score]) -> float:
    """Percent by which the truth's hits are damped, all scenes together; large hits count for more."""
    return 100.0 * _hits(scores).damping


def own_damping(scores: Sequence[Score], before: Sequence[Score]) -> float:
    """Percent of what an earlier stage had of the truth's hits that a later one has lost."""
    return 100.0 * motion.Hits(_hits(scores).left, _hits(before).left).damping


def _hits(scores: Sequence[Score]) -> motion.Hits:
    return motion.Hits(sum(item.left for item in scores), sum(item.size for item in scores))


def path_error(scores: Sequence[Score]) -> float:
    """RTE: mean over the scenes that go somewhere (`MOVING`), in % of the path; NaN where none does."""
    shares = [item.aligned / item.path for item in scores if item.path > MOVING]
    return float(np.mean(shares)) if shares else float("nan")


def ratio(above: Sequence[Score], below: Sequence[Score], field: str, recordings: Sequence[str]) -> Interval:
    """The ratio of two means over the same scenes with its 95 % interval."""
    ours, theirs = (np.array([getattr(item, field) for item in scores]) for scores in (above, below))
    return ratio_interval(ours, theirs, recordings)
